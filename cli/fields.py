"""The fields of a payment that commands print: ids, statuses and amounts, by name."""

from typing import Any

from checkout.domain.money import InvalidMoneyError, Money
from checkout.domain.payment_session import PaymentSession
from checkout.domain.purchase import Purchase
from checkout.tables.purchase_item import item_of

type Fields = dict[str, Any]

# Not stripe_request, which may have an e-mail address, and not the payment page's URL.
OF_SESSION = (
    *("id", "kind", "offer_id", "title", "buyer_id", "creator_id", "sale_key"),
    *("status", "payment_status", "attempt", "amount", "currency", "livemode"),
    *("created_at", "expires_at", "stripe_session_id", "stripe_payment_intent_id"),
    *("refusal_code", "refusal_param", "metadata"),
)
# Not the receipt's URL.
OF_PURCHASE = (
    *("id", "kind", "offer_id", "title", "buyer_id", "creator_id", "sale_key"),
    *("status", "quarantine_reason", "accepted_at", "dismissed_at"),
    *("amount", "currency", "refunded_amount", "lost_amount"),
    *("platform_fee", "organization_fee", "creator_payout"),
    *("stripe_session_id", "stripe_payment_intent_id", "purchased_at", "metadata"),
)
OF_REFUND_REQUEST = (
    *("id", "amount", "reason", "requested_by", "requested_at", "refund_id"),
    *("refusal_code", "refusal_param", "refusal_decline_code"),
)
OF_REFUND = (
    *("id", "amount", "currency", "status", "created_at", "reason", "failure_reason"),
)
OF_DISPUTE = ("id", "amount", "currency", "status", "created_at", "reason")

# The status of a session that is not recorded, while its purchase is.
LOST = "lost"

# JSON has them in the currency's minor unit; tables as 9.99 USD.
AMOUNTS = {
    *("amount", "refunded_amount", "lost_amount", "refundable_amount"),
    *(
        "platform_fee",
        "organization_fee",
        "creator_payout",
        "amount_subtotal",
        "amount_total",
        "discount_amount",
        "tax_amount",
        "shipping_amount",
        "amount_received",
    ),
}
# In the currency of our account, which may differ from the buyer's.
OF_ACCOUNT = {"stripe_fee": "stripe_fee_currency"}


def of_session(session: PaymentSession) -> Fields:
    shown = _select(session.to_dict(), OF_SESSION)
    return shown | {"status": LOST} if session.is_lost else shown


def of_purchase(purchase: Purchase) -> Fields:
    stored = item_of(purchase)
    receipt = purchase.receipt
    return _select(stored, OF_PURCHASE) | {
        "quarantine_reason": purchase.review_reason,
        "refundable_amount": (
            0 if purchase.refund_problem else purchase.refundable_amount
        ),
        "stripe_fee": receipt.fee if receipt else None,
        "stripe_fee_currency": receipt.currency if receipt else None,
        "refund_requests": _select_each(stored["refund_requests"], OF_REFUND_REQUEST),
        "refunds": _select_each(stored["refunds"], OF_REFUND),
        "disputes": _select_each(stored["disputes"], OF_DISPUTE),
        "fraud_warnings": stored["fraud_warnings"],
    }


def _select(stored: Fields, names: tuple[str, ...]) -> Fields:
    return {name: stored[name] for name in names}


def _select_each(stored: dict[str, Fields], names: tuple[str, ...]) -> list[Fields]:
    return [_select(each, names) for each in stored.values()]


def readable(fields: Fields) -> Fields:
    """Format amounts with their currency, and each member of a list as a line."""
    shown = {**fields}
    for name, currency_name in OF_ACCOUNT.items():
        currency = shown.pop(currency_name, None)
        if shown.get(name) is not None:
            shown[name] = money(shown[name], currency)
    currency = fields["currency"]
    return {name: _readable(name, value, currency) for name, value in shown.items()}


def _readable(name: str, value: object, currency: str) -> object:
    match value:
        case int() if name in AMOUNTS:
            return money(value, currency)
        case list():
            return [_line(member, currency) for member in value] or None
        case dict():
            return [f"{key}: {text}" for key, text in value.items()] or None
    return value


def _line(member: object, currency: str) -> str:
    if not isinstance(member, dict):
        return str(member)
    # A refund or a dispute may be in another currency than its purchase.
    own = member.get("currency") or currency
    shown = {name: value for name, value in member.items() if name != "currency"}
    parts = (_readable(name, value, own) for name, value in shown.items())
    return ", ".join(str(part) for part in parts if part is not None)


def details_line(
    details: Fields, currency: str, account_currency: str | None = None
) -> str:
    """Return the details of a timeline's entry; each amount has its currency."""
    currencies = {
        "refund_amount": details.get("refund_currency") or currency,
        "dispute_amount": details.get("dispute_currency") or currency,
        "refunded_amount": currency,
        "stripe_fee": account_currency,
    }
    shown = {
        name: money(value, currencies[name])
        if name in currencies and value is not None
        else value
        for name, value in details.items()
        if name not in ("refund_currency", "dispute_currency")
    }
    return ", ".join(f"{name} {value}" for name, value in shown.items())


def money(amount: int, currency: str | None) -> str:
    if currency is None:
        # Stripe's types allow it.
        return f"{amount} in the minor unit"
    try:
        return str(Money(amount, currency))
    except InvalidMoneyError:
        # Stripe's amounts may be outside the range that we charge.
        return f"{amount} {currency} in the minor unit"
