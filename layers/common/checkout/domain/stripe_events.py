"""The events of Stripe that we act on."""

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


class Event(NamedTuple):
    """
    A verified event: Stripe's id and type, and the object that it is about.

    *created* is in Unix seconds. It decides nothing: Stripe's events come in any order.
    """

    id: str
    type: str
    object: dict[str, Any]
    created: int | None = None
