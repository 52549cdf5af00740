"""The PaymentSessions table: sessions, their pointers, the live one of a sale key."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import batched
from typing import Any, NamedTuple, Self

from checkout import clock
from checkout.domain.next_check import session_check
from checkout.domain.payment_session import RANK, UNRESOLVED, PaymentSession, Status
from checkout.domain.purchase import PREFIX as PURCHASE
from checkout.domain.purchase import Purchase, id_for
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.tables import due, transaction
from checkout.tables.due import DueItem
from checkout.tables.item import MOST_KEYS_AT_ONCE, Value, query, read, read_all
from checkout.tables.readable import all_readable, readable
from checkout.tables.transaction import Condition, Write, insertion, item_update

IS_NEW = Condition(
    "session_is_new", "attribute_not_exists(id)", "impossible: the id is random"
)
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


class PaymentSessions:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, payment_session_id: str) -> PaymentSession | None:
        item = read(self._table, payment_session_id)
        # Only sessions have a kind: no caller may read the table's other items.
        if item is None or "kind" not in item:
            return None
        return readable(PaymentSession.from_dict, item)

    def by_stripe_id(self, stripe_session_id: str) -> PaymentSession | None:
        return self.get(self.id_by_stripe_id(stripe_session_id) or "")

    def id_by_stripe_id(self, stripe_session_id: str | None) -> str | None:
        pointer = read(self._table, stripe_session_id or "") or {}
        return pointer.get("payment_session_id")

    def live(self, live_id: str) -> LiveSession | None:
        item = read(self._table, f"live#{live_id}")
        return readable(LiveSession.from_item, item) if item else None

    def prepare(
        self, session: PaymentSession, live_id: str | None, after: LiveSession | None
    ) -> bool:
        """
        Write a prepared session and make it the live one; return whether it is.

        False means that another request has made a session live since *after* was read.
        """
        item: dict[str, Value] = session.to_dict() | {
            "rank": RANK[Status.PREPARED],
            "offer": _offer(session.kind, session.offer_id),
            **due.index(
                session.id, session_check(session, session.status, clock.now())
            ),
        }
        writes = {"session": insertion(self._table, item, IS_NEW)}
        if live_id:
            writes["live"] = self._made_live(session, live_id, after)
        return not transaction.execute(writes)

    def _made_live(
        self, session: PaymentSession, live_id: str, after: LiveSession | None
    ) -> Write:
        item: dict[str, Value] = {
            "id": f"live#{live_id}",
            "payment_session_id": session.id,
            "attempt": session.attempt,
        }
        if after is None:
            return insertion(self._table, item, NEVER_LIVE)
        # Each attempt has another session, so the session's id alone is enough.
        unchanged = Condition(
            "live_session_is_unchanged",
            "payment_session_id = :before",
            "another request was faster",
            values={"before": after.payment_session_id},
        )
        return insertion(self._table, item, unchanged)

    def moved(self, session: PaymentSession, to: Status, **attributes: Value) -> Write:
        """
        Return the update that moves a session to a status of higher rank.

        Only a prepared session can be discarded: an open one can be paid until it
        expires. Attributes that are None stay as they are.
        """
        limit = RANK[Status.OPEN] if to is Status.DISCARDED else RANK[to]
        below = Condition(
            "rank_is_lower",
            "#rank < :limit",
            "the session has got as far already",
            # Money is recorded also if its session cannot move.
            required=False,
            values={"limit": limit},
        )
        known = {name: value for name, value in attributes.items() if value is not None}
        unresolved = to in UNRESOLVED
        index = (
            due.index(session.id, session_check(session, to, clock.now()))
            if unresolved
            else {}
        )
        return item_update(
            self._table,
            session.id,
            below,
            set_={"status": to, "rank": RANK[to], **known, **index},
            remove=() if unresolved else ("unresolved", "due_at"),
        )

    def pointer(self, stripe_session_id: str, payment_session_id: str) -> Write:
        """Return the put by which a session is found by Stripe's id."""
        item: dict[str, Value] = {
            "id": stripe_session_id,
            "payment_session_id": payment_session_id,
        }
        ours_if_any = Condition(
            "stripe_session_is_ours",
            "attribute_not_exists(id) OR payment_session_id = :ours",
            QuarantineReason.STRIPE_SESSION_RECORDED_ALREADY,
            # Money is recorded even if its Stripe session belongs to another of ours.
            required=False,
            values={"ours": payment_session_id},
        )
        return insertion(self._table, item, ours_if_any)

    def declined(self, payment_session_id: str, event_id: str) -> Write:
        """Return the update that notes a declined payment, once for each event."""
        not_processing_and_new = Condition(
            "decline_is_new",
            "#rank < :processing AND NOT contains(#declines, :declines_event)",
            "the decline is known, or the session cannot be paid any more",
            values={
                "processing": RANK[Status.PROCESSING],
                "declines_event": event_id,
            },
        )
        return item_update(
            self._table,
            payment_session_id,
            not_processing_and_new,
            set_={"payment_status": "failed"},
            append={"declines": event_id},
        )

    def followed(self, purchase: Purchase, to: Status, **attributes: Value) -> Write:
        """
        Return the update that moves a paid session to what its purchase has become.

        Attributes that are None stay as they are.
        """
        paid_by_this = Condition(
            "session_is_paid_by_this_purchase",
            "#rank = :paid AND #stripe_session_id = :stripe_session",
            "the session was not paid, or by another purchase",
            # The change of the purchase stands in any case.
            required=False,
            values={
                "paid": RANK[Status.COMPLETE],
                "stripe_session": purchase.stripe_session_id,
            },
        )
        known = {name: value for name, value in attributes.items() if value is not None}
        return item_update(
            self._table,
            purchase.payment_session_id,
            paid_by_this,
            set_={"status": to, "rank": RANK[to], **known},
        )

    def get_all(
        self, payment_session_ids: Iterable[str], *, consistent: bool = False
    ) -> dict[str, PaymentSession]:
        """Return the sessions by id, without those that do not exist."""
        items = read_all(self._table, payment_session_ids, consistent=consistent)
        found = all_readable(
            PaymentSession.from_dict, (item for item in items if "kind" in item)
        )
        return {session.id: session for session in found}

    def due(self, partition: str, at: datetime, limit: int) -> list[DueItem]:
        """Return unresolved sessions that are due, the longest due first."""
        return due.find(self._table, partition, at, limit)

    def postpone(self, item: DueItem, due_at: datetime) -> DueItem | None:
        """Make the item due later; None if it has been changed meanwhile."""
        return due.postpone(self._table, item, due_at)

    def of_offer(self, kind: str, offer_id: str) -> Iterator[PaymentSession]:
        """Yield an offer's sessions, newest first; the last second may be missing."""
        keys = query(
            self._table,
            "offer = :offer",
            {":offer": _offer(kind, offer_id)},
            IndexName="by-offer",
            ScanIndexForward=False,
        )
        for batch in batched(keys, MOST_KEYS_AT_ONCE, strict=False):
            ids = [key["id"] for key in batch]
            found = self.get_all(ids, consistent=True)
            yield from (found[each] for each in ids if each in found)

    def purchase_ids(self, kind: str, offer_id: str) -> list[str]:
        """Return every id that a purchase of the offer can have."""
        keys = query(
            self._table,
            "offer = :offer",
            {":offer": _offer(kind, offer_id)},
            IndexName="by-offer",
        )
        found = [key["id"] for key in keys]
        return [i if i.startswith(PURCHASE) else id_for(i) for i in found]

    def listed(self, purchase: Purchase) -> Write:
        """
        Return the put by which `purchase_ids` finds a purchase beside its session's.

        It was paid through another Checkout Session than the session's own.
        """
        item: dict[str, Value] = {
            "id": purchase.id,
            "offer": _offer(purchase.kind, purchase.offer_id),
            "created_at": purchase.purchased_at,
        }
        return insertion(self._table, item)


def _offer(kind: str, offer_id: str) -> str:
    return f"{kind}#{offer_id}"
