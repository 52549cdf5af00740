"""How long sessions are kept, and what leads from Stripe's id to them: items."""

from datetime import datetime, timedelta

from checkout.domain.payment_session import (
    KEPT_UNPAID,
    POINTER_KEPT_UNPAID,
    PaymentSession,
)
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.tables.transaction import Condition, Write, insertion, item_update


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


def kept(
    table: str,
    session: PaymentSession,
    paid_beside: str | None,
    gone: tuple[str, ...],
    *,
    done: bool,
) -> Write:
    """Return the update of a session without what is *gone*; it must exist."""
    exists = Condition(
        "session_exists",
        "attribute_exists(id)",
        QuarantineReason.SESSION_LOST,
        required=False,
    )
    known = {"paid_beside": paid_beside} if paid_beside else {}
    if done:
        known["stripe_request"] = session.request_when_done
    return item_update(table, session.id, exists, set_=known, remove=gone)


def kept_longer(
    table: str, session: PaymentSession, stripe_session_id: str, since: datetime
) -> dict[str, Write]:
    """
    Return the writes that keep an unpaid session, as if it had ended at *since*.

    The Checkout Session *stripe_session_id* continued it, and can be recovered too.
    """
    later = kept_until(since)
    is_later = Condition(
        "session_is_kept_longer",
        "#ttl < :later",
        "it is kept as long already, or for good",
        values={"later": later},
    )
    ids = dict.fromkeys(filter(None, (session.stripe_session_id, stripe_session_id)))
    ttl = kept_until(since, POINTER_KEPT_UNPAID)
    return {
        "session": item_update(table, session.id, is_later, set_={"ttl": later}),
        **{each: pointer(table, each, session.id, ttl) for each in ids},
    }
