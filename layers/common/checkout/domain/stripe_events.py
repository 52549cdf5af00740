"""The events of Stripe that we act on, and what we keep of each."""

from collections.abc import Mapping
from typing import Any, NamedTuple

SESSION_COMPLETED = "checkout.session.completed"
ASYNC_PAYMENT_SUCCEEDED = "checkout.session.async_payment_succeeded"
ASYNC_PAYMENT_FAILED = "checkout.session.async_payment_failed"
SESSION_EXPIRED = "checkout.session.expired"
PAYMENT_FAILED = "payment_intent.payment_failed"
REFUND_CREATED = "refund.created"
REFUND_UPDATED = "refund.updated"
REFUND_FAILED = "refund.failed"
CHARGE_REFUNDED = "charge.refunded"
DISPUTE_CREATED = "charge.dispute.created"
DISPUTE_UPDATED = "charge.dispute.updated"
DISPUTE_CLOSED = "charge.dispute.closed"
FUNDS_WITHDRAWN = "charge.dispute.funds_withdrawn"
FUNDS_REINSTATED = "charge.dispute.funds_reinstated"
FRAUD_WARNING = "radar.early_fraud_warning.created"
# Ours: we retrieved a Checkout Session, and it was ahead of our record.
SESSION_OBSERVED = "checkout.session.observed"

OF_SESSIONS = frozenset(
    [
        SESSION_COMPLETED,
        ASYNC_PAYMENT_SUCCEEDED,
        ASYNC_PAYMENT_FAILED,
        SESSION_EXPIRED,
        PAYMENT_FAILED,
    ]
)
OF_REFUNDS = frozenset([REFUND_CREATED, REFUND_UPDATED, REFUND_FAILED, CHARGE_REFUNDED])
OF_DISPUTES = frozenset(
    [
        DISPUTE_CREATED,
        DISPUTE_UPDATED,
        DISPUTE_CLOSED,
        FUNDS_WITHDRAWN,
        FUNDS_REINSTATED,
    ]
)
AFTER_PAYMENT = OF_REFUNDS | OF_DISPUTES | {FRAUD_WARNING}
FROM_STRIPE = OF_SESSIONS | AFTER_PAYMENT

# What reconcile lists in one call; Stripe takes twenty types at most. A decline leaves
# the session open, so only the webhook reports it.
SESSION_STREAM = OF_SESSIONS - {PAYMENT_FAILED}
MONEY_STREAM = AFTER_PAYMENT


def is_thin(event: Mapping[str, Any]) -> bool:
    """
    Return whether an event only names its object; raises ValueError or TypeError.

    https://docs.stripe.com/event-destinations#thin-events
    """
    fields = dict(event)
    about, kind = str(fields.get("object")), str(fields.get("type"))
    return about.startswith("v2.") or kind.startswith(("v1.", "v2."))


def is_live(event: Mapping[str, Any]) -> bool:
    """Return whether an event is of live mode; raises KeyError or TypeError."""
    livemode = event["livemode"]
    if type(livemode) is not bool:
        raise TypeError("livemode is neither true nor false")
    return livemode


# What we keep of an event. Each name stands for a value, for an object with the names
# below it, or, in square brackets, for a list of such objects.
METADATA = dict.fromkeys(
    [
        "payment_session_id",
        "kind",
        "stack",
        "refund_request_id",
        "purchase_id",
        "reason",
    ]
)
REFERENCE = {"id": None}
BALANCE_TRANSACTION = dict.fromkeys(["id", "created", "currency", "fee", "net"])
# A session's payment intent may be expanded, and a payment intent's latest charge.
PAYMENT_INTENT = {
    **dict.fromkeys(["id", "object", "status", "created", "livemode"]),
    **dict.fromkeys(["amount", "currency"]),
    "last_payment_error": {
        **dict.fromkeys(["type", "code", "decline_code"]),
        "payment_method": {"type": None},
    },
    "latest_charge": {
        **dict.fromkeys(["id", "created", "receipt_url"]),
        "balance_transaction": BALANCE_TRANSACTION,
    },
    "metadata": METADATA,
}
ADDRESS = dict.fromkeys(["line1", "line2", "postal_code", "city", "state", "country"])
CHECKOUT_SESSION = {
    **dict.fromkeys(["id", "object", "status", "payment_status", "created"]),
    **dict.fromkeys(["livemode", "expires_at", "client_reference_id"]),
    **dict.fromkeys(["amount_subtotal", "amount_total", "currency"]),
    "total_details": dict.fromkeys(
        ["amount_discount", "amount_shipping", "amount_tax"]
    ),
    "shipping_cost": dict.fromkeys(["amount_subtotal", "amount_tax", "amount_total"]),
    "recovered_from": None,
    # What the buyer entered.
    "collected_information": {"shipping_details": {"name": None, "address": ADDRESS}},
    "customer_details": {
        "phone": None,
        "address": ADDRESS,
        "tax_ids": [dict.fromkeys(["type", "value"])],
    },
    "custom_fields": [
        {
            **dict.fromkeys(["key", "type"]),
            **{name: {"value": None} for name in ("text", "numeric", "dropdown")},
        }
    ],
    "consent": dict.fromkeys(["terms_of_service", "promotions"]),
    "after_expiration": {"recovery": dict.fromkeys(["url", "expires_at"])},
    "payment_intent": PAYMENT_INTENT,
    "metadata": METADATA,
}
CHARGE = {
    **dict.fromkeys(["id", "object", "created", "livemode"]),
    **dict.fromkeys(["amount", "amount_refunded", "currency", "refunded"]),
    "payment_intent": REFERENCE,
    "metadata": METADATA,
}
REFUND = {
    **dict.fromkeys(["id", "object", "status", "created", "amount", "currency"]),
    **dict.fromkeys(["reason", "failure_reason"]),
    "charge": REFERENCE,
    "payment_intent": REFERENCE,
    "metadata": METADATA,
}
DISPUTE = {
    **dict.fromkeys(["id", "object", "status", "created", "livemode"]),
    **dict.fromkeys(["amount", "currency", "reason"]),
    "charge": REFERENCE,
    "payment_intent": REFERENCE,
    "balance_transactions": [BALANCE_TRANSACTION],
    "evidence_details": {"due_by": None},
    "metadata": METADATA,
}
EARLY_FRAUD_WARNING = {
    **dict.fromkeys(["id", "object", "created", "livemode", "fraud_type"]),
    "charge": REFERENCE,
    "payment_intent": REFERENCE,
}
# The first prefix of an event's type says what the event is about.
KEPT_BY_PREFIX = {
    "checkout.session.": CHECKOUT_SESSION,
    "payment_intent.": PAYMENT_INTENT,
    "refund.": REFUND,
    "charge.dispute.": DISPUTE,
    "charge.": CHARGE,
    "radar.early_fraud_warning.": EARLY_FRAUD_WARNING,
}
# Stripe's ids have at most 255 characters, and values in metadata at most 500.
LONGEST_TEXT = 900
# Stripe's own limit is two balance transactions of a dispute, and three custom fields.
MOST_ENTRIES = 3


class Event(NamedTuple):
    """
    A verified event: Stripe's id and type, and the object that it is about.

    *created* is in Unix seconds. It decides nothing: Stripe's events come in any order.
    """

    id: str
    type: str
    object: dict[str, Any]
    # When Stripe made the event, in Unix seconds; None for SESSION_OBSERVED.
    created: int | None = None
    api_version: str | None = None


def reduced(event: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return what we act on of *event*, and nothing else.

    The result has a bounded size whatever Stripe, or a caller through the metadata, has
    put into the event. It reads like the event for everything that reads events, also
    where a value is null, absent or of another type.
    """
    event_type = event.get("type")
    about = next(
        (
            kept
            for prefix, kept in KEPT_BY_PREFIX.items()
            if isinstance(event_type, str) and event_type.startswith(prefix)
        ),
        REFERENCE,
    )
    names = dict.fromkeys(
        ["id", "object", "type", "created", "livemode", "api_version"]
    )
    kept: dict[str, Any] = _kept(event, {**names, "data": {"object": about}})
    return kept


def _kept(value: Any, names: Any) -> Any:  # noqa: ANN401 - any JSON
    match value:
        case Mapping():
            known = names if isinstance(names, dict) else {}
            return {n: _kept(value[n], known[n]) for n in known if n in value}
        case list():
            [entry] = names if isinstance(names, list) else [None]
            most = MOST_ENTRIES if entry else 0
            return [_kept(member, entry) for member in value[:most]]
        case int() | float() | None:
            return value
    return str(value)[:LONGEST_TEXT]
