"""What may be shown of a payment: ids, states and amounts, named one by one."""

from typing import Any

from checkout.domain.money import InvalidMoneyError, Money
from checkout.domain.payment_session import PaymentSession
from checkout.domain.purchase import Purchase
from checkout.tables.purchase_item import item_of

type Facts = dict[str, Any]

# Neither stripe_request, which may hold an e-mail address, nor the payment page's url.
OF_SESSION = (
    *("id", "kind", "offer_id", "title", "buyer_id", "creator_id", "sale_key"),
    *("status", "payment_status", "attempt", "amount", "currency", "livemode"),
    *("created_at", "expires_at", "stripe_session_id", "stripe_payment_intent_id"),
)
# Nor the receipt's url.
OF_PURCHASE = (
    *("id", "kind", "offer_id", "title", "buyer_id", "creator_id", "sale_key"),
    *(
        "status",
        "quarantine_reason",
        "accepted_at",
        "dismissed_at",
        "amount",
        "currency",
    ),
    *("refunded_amount", "platform_fee", "organization_fee", "creator_payout"),
    *("stripe_session_id", "stripe_payment_intent_id", "purchased_at"),
)
OF_REFUND_REQUEST = (
    *("id", "amount", "reason", "requested_by", "requested_at", "refund_id"),
    "refusal_code",
)
OF_REFUND = ("id", "amount", "status", "created_at", "reason")
OF_DISPUTE = ("id", "amount", "status", "created_at", "reason")

# In the currency beside them; JSON keeps the minor unit, people read 9.99 USD.
AMOUNTS = {
    *("amount", "refunded_amount", "refundable_amount", "platform_fee"),
    *("organization_fee", "creator_payout", "amount_total", "amount_received"),
}


def of_session(session: PaymentSession) -> Facts:
    return _picked(session.to_dict(), OF_SESSION)


def of_purchase(purchase: Purchase) -> Facts:
    stored = item_of(purchase)
    receipt = purchase.receipt
    return _picked(stored, OF_PURCHASE) | {
        "refundable_amount": purchase.refundable_amount,
        "stripe_fee": receipt.fee if receipt else None,
        "stripe_fee_currency": receipt.currency if receipt else None,
        "refund_requests": _each(stored["refund_requests"], OF_REFUND_REQUEST),
        "refunds": _each(stored["refunds"], OF_REFUND),
        "disputes": _each(stored["disputes"], OF_DISPUTE),
        "fraud_warnings": stored["fraud_warnings"],
    }


def _each(things: dict[str, Facts], names: tuple[str, ...]) -> list[Facts]:
    return [_picked(thing, names) for thing in things.values()]


def _picked(stored: Facts, names: tuple[str, ...]) -> Facts:
    return {name: stored[name] for name in names}


def for_people(facts: Facts) -> Facts:
    """Write the amounts as people do, and what is several as a line for each."""
    currency = facts["currency"]
    return {name: _readable(name, value, currency) for name, value in facts.items()}


def _readable(name: str, value: object, currency: str) -> object:
    match value:
        case int() if name in AMOUNTS:
            return money(value, currency)
        case list():
            return [_in_a_line(member, currency) for member in value] or None
    return value


def _in_a_line(thing: object, currency: str) -> str:
    if not isinstance(thing, dict):
        return str(thing)
    parts = (_readable(name, value, currency) for name, value in thing.items())
    return ", ".join(str(part) for part in parts if part is not None)


def money(amount: int, currency: str) -> str:
    try:
        return str(Money(amount, currency))
    except InvalidMoneyError:
        # Stripe may say more than we would charge.
        return f"{amount} {currency} in the minor unit"
