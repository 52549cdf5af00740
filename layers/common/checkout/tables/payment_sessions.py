"""The PaymentSessions table: sessions, their pointers, the live one of a sale key."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import batched

from checkout import clock
from checkout.domain.next_check import session_check
from checkout.domain.payment_session import (
    ENDED_UNPAID,
    POINTER_KEPT_UNPAID,
    RANK,
    UNRESOLVED,
    PaymentSession,
    Status,
)
from checkout.domain.purchase import PREFIX as PURCHASE
from checkout.domain.purchase import Purchase, id_for
from checkout.tables import due, transaction
from checkout.tables.due import DueItem
from checkout.tables.item import MOST_KEYS_AT_ONCE, Value, query, read, read_all
from checkout.tables.live_session import LiveSession, made_live
from checkout.tables.readable import all_readable, readable
from checkout.tables.session_pointer import kept, kept_longer, kept_until, pointer
from checkout.tables.transaction import Condition, Write, insertion, item_update

IS_NEW = Condition(
    "session_is_new", "attribute_not_exists(id)", "impossible: the id is random"
)
INDEX = ("unresolved", "due_at")


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
        Write a new session and make it the live one; return whether it is.

        False means that another request has made a session live since *after* was read.
        """
        item: dict[str, Value] = session.to_dict() | {
            "rank": RANK[session.status],
            "offer": _offer(session.kind, session.offer_id),
        }
        if session.status in UNRESOLVED:
            due_at = session_check(session, session.status, clock.now())
            item |= due.index(session.id, due_at)
        writes = {"session": insertion(self._table, item, IS_NEW)}
        if live_id:
            writes["live"] = made_live(self._table, session, live_id, after)
        return not transaction.execute(writes)

    def moved(self, session: PaymentSession, to: Status, **attributes: Value) -> Write:
        """
        Return the update that moves a session to a status of higher rank.

        Only a prepared session can be discarded: an open one can be paid until it
        expires. Attributes that are None stay as they are. DynamoDB deletes a session
        that nobody paid; one whose buyer is done loses the e-mail address.
        """
        limit = RANK[Status.OPEN] if to is Status.DISCARDED else RANK[to]
        deleted = session.is_deleted_as(to)
        may_move = "#rank < :limit"
        if deleted:  # reconcile ends a session again that was paid beside just now
            may_move += " AND attribute_not_exists(#paid_beside)"
        below = Condition(
            "rank_is_lower",
            may_move,
            "the session has got as far already",
            # Money is recorded also if its session cannot move.
            required=False,
            values={"limit": limit},
        )
        known = {name: value for name, value in attributes.items() if value is not None}
        now = clock.now()
        gone: tuple[str, ...] = (*INDEX, "ttl")
        if to in UNRESOLVED:
            known |= due.index(session.id, session_check(session, to, now))
            gone = ("ttl",)
        elif deleted:
            known["ttl"] = kept_until(now)
            gone = INDEX
        elif session.is_sent_again:
            known |= due.index(session.id, clock.from_iso(session.expires_at))
            gone = ("ttl",)
        if not deleted and RANK[to] > RANK[Status.OPEN]:
            known["stripe_request"] = session.request_when_done
        known |= {"status": to, "rank": RANK[to]}
        return item_update(self._table, session.id, below, set_=known, remove=gone)

    def pointer(
        self, stripe_session_id: str, payment_session_id: str, *, deleted: bool = False
    ) -> Write:
        """
        Return the put by which a session is found by Stripe's id.

        It is *deleted* some time after its session, if that one is.
        """
        ttl = kept_until(clock.now(), POINTER_KEPT_UNPAID) if deleted else None
        return pointer(self._table, stripe_session_id, payment_session_id, ttl)

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

    def listed(self, purchase: Purchase, session: PaymentSession) -> dict[str, Write]:
        """
        Return the put by which `purchase_ids` finds a purchase beside its session's.

        It was paid through another Checkout Session than the session's own. If nobody
        paid that one, or pays it later, the session is kept for this purchase.
        """
        item: dict[str, Value] = {
            "id": purchase.id,
            "offer": _offer(purchase.kind, purchase.offer_id),
            "created_at": purchase.purchased_at,
        }
        writes = {"listed": insertion(self._table, item)}
        if not session.is_lost:
            writes["kept"] = self.kept(session, purchase.id)
            if session.stripe_session_id and session.status in ENDED_UNPAID:
                stripe_id = session.stripe_session_id
                writes["kept_pointer"] = self.pointer(stripe_id, session.id)
        return writes

    def recoverable(
        self, session: PaymentSession, stripe_session_id: str, since: datetime
    ) -> dict[str, Write]:
        """Return the writes that keep an unpaid session as if it ended at *since*."""
        return kept_longer(self._table, session, stripe_session_id, since)

    def kept(self, session: PaymentSession, paid_beside: str | None = None) -> Write:
        """Return the update that keeps a session, and forgets what is over in it."""
        done = session.status not in UNRESOLVED
        gone = INDEX if done and not session.is_sent_again else ()
        return kept(self._table, session, paid_beside, (*gone, "ttl"), done=done)


def _offer(kind: str, offer_id: str) -> str:
    return f"{kind}#{offer_id}"
