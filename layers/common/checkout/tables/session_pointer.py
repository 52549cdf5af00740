"""The item that leads from Stripe's Checkout Session to ours: PaymentSessions table."""

from datetime import datetime, timedelta

from checkout.domain.payment_session import KEPT_UNPAID
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.tables.transaction import Condition, Write, insertion


def kept_until(end: datetime, kept: timedelta = KEPT_UNPAID) -> int:
    """Return when DynamoDB may delete what has ended unpaid: a time to live."""
    return int((end + kept).timestamp())


def pointer(
    table: str, stripe_session_id: str, payment_session_id: str, ttl: int | None
) -> Write:
    """Return the put by which a session is found by Stripe's id."""
    ours_if_any = Condition(
        "stripe_session_is_ours",
        "attribute_not_exists(id) OR payment_session_id = :ours",
        QuarantineReason.STRIPE_SESSION_RECORDED_ALREADY,
        # Money is recorded even if its Stripe session belongs to another of ours.
        required=False,
        values={"ours": payment_session_id},
    )
    return insertion(
        table,
        {"id": stripe_session_id, "payment_session_id": payment_session_id, "ttl": ttl},
        ours_if_any,
    )
