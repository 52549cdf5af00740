"""The live session of a sale key, an item of the PaymentSessions table."""

from typing import Any, NamedTuple, Self

from checkout import clock
from checkout.domain.payment_session import PaymentSession
from checkout.tables.session_pointer import kept_until
from checkout.tables.transaction import Condition, Write, insertion

NEVER_LIVE = Condition(
    "never_live", "attribute_not_exists(id)", "another request was first"
)


class LiveSession(NamedTuple):
    """The one session of a sale key that can be paid, and the number of attempts."""

    payment_session_id: str
    attempt: int

    @classmethod
    def from_item(cls, item: dict[str, Any]) -> Self:
        return cls(str(item["payment_session_id"]), int(item["attempt"]))


def made_live(
    table: str, session: PaymentSession, live_id: str, after: LiveSession | None
) -> Write:
    """
    Return the put that makes *session* live, if *after* still is.

    DynamoDB deletes the item when no payment can follow from it any more: then the
    ownership says who has paid, and Stripe has forgotten the attempts' keys.
    """
    item: dict[str, Any] = {
        "id": f"live#{live_id}",
        "payment_session_id": session.id,
        "attempt": session.attempt,
        "ttl": kept_until(clock.from_iso(session.expires_at)),
    }
    if after is None:
        return insertion(table, item, NEVER_LIVE)
    # Each attempt has another session, so the session's id alone is enough.
    unchanged = Condition(
        "live_session_is_unchanged",
        "payment_session_id = :before",
        "another request was faster",
        values={"before": after.payment_session_id},
    )
    return insertion(table, item, unchanged)
