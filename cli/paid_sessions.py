"""The sessions of purchases: each has the status that its purchase stands for."""

from dataclasses import dataclass

from checkout.domain.payment_session import (
    RANK,
    PaymentSession,
    Status,
)
from checkout.domain.purchase import Purchase, id_for
from checkout.domain.purchase_status import Arrival
from checkout.tables import transaction
from checkout.tables.item import read_all
from cli.rebuilt import Rebuilt
from cli.restored import Item
from cli.stack import Stack

# In place of what only a lost session's record could tell.
REBUILT = "rebuilt"


@dataclass
class PaidSessions:
    """Makes sessions that were lost, and moves those that are behind."""

    stack: Stack
    done: Rebuilt

    def rebuild(self, purchases: tuple[Purchase, ...]) -> None:
        sessions = self.stack.sessions.get_all(
            (purchase.payment_session_id for purchase in purchases), consistent=True
        )
        found = self._leading_to(purchases)
        for purchase in purchases:
            session = sessions.get(purchase.payment_session_id)
            own = purchase.id == id_for(purchase.payment_session_id)
            if own and session is None:
                session = self._made_from(purchase)
            if session is None:
                continue
            if own:
                self._follow(session, purchase)
            elif purchase.id not in found or session.paid_beside is None:
                self._list_beside(session, purchase)
            pointer = found.get(purchase.stripe_session_id)
            if pointer is None or "ttl" in pointer:
                self._point_to(session, purchase)

    def _leading_to(self, purchases: tuple[Purchase, ...]) -> dict[str, Item]:
        """Return the items by which purchases are found, and their sessions."""
        ids = (i for each in purchases for i in (each.id, each.stripe_session_id))
        table = self.stack.output("PaymentSessionsTable")
        return {item["id"]: item for item in read_all(table, ids, consistent=True)}

    def _made_from(self, purchase: Purchase) -> PaymentSession | None:
        """
        Make the session of a purchase from what the purchase tells of it.

        It has its status at once: one that is prepared reconcile would discard.
        """
        session = _session_of(purchase, livemode=self.stack.livemode)
        if self.stack.sessions.prepare(session, None, None):
            self.done.sessions += 1
            return session
        # It exists, so it was not among those that can be read.
        self.done.problem(f"{session.id} cannot be read: it is as it was")
        return None

    def _follow(self, session: PaymentSession, purchase: Purchase) -> None:
        """Let a session that is behind have the status that its purchase stands for."""
        to = _status_of(purchase)
        sessions = self.stack.sessions
        if RANK[session.status] < RANK[to]:
            moved = sessions.moved(
                session,
                to,
                stripe_session_id=purchase.stripe_session_id,
                stripe_payment_intent_id=purchase.stripe_payment_intent_id,
                payment_status=_payment_status(purchase, to),
            )
            self.done.sessions += transaction.execute_alone(moved)
        elif session.status is not to and RANK[session.status] == RANK[to]:
            followed = sessions.followed(purchase, to)
            self.done.sessions += transaction.execute_alone(followed)

    def _list_beside(self, session: PaymentSession, purchase: Purchase) -> None:
        """Let a purchase beside the session be found, and the session be kept."""
        listed = self.stack.sessions.listed(purchase, session)
        self.done.pointers += not transaction.execute_required(listed)

    def _point_to(self, session: PaymentSession, purchase: Purchase) -> None:
        """Let Stripe's id lead to the session, for good."""
        pointer = self.stack.sessions.pointer(purchase.stripe_session_id, session.id)
        self.done.pointers += transaction.execute_alone(pointer)


def _status_of(purchase: Purchase) -> Status:
    if purchase.arrival == Arrival.UNDER_WAY:
        return Status.PROCESSING
    if not purchase.has_arrived:
        return Status.FAILED
    return Status.QUARANTINED if purchase.is_undecided else Status.COMPLETE


def _payment_status(purchase: Purchase, status: Status) -> str:
    known = {Status.PROCESSING: "unpaid", Status.FAILED: "failed"}
    paid = "paid" if purchase.stripe_payment_intent_id else "no_payment_required"
    return known.get(status, paid)


def _session_of(purchase: Purchase, *, livemode: bool) -> PaymentSession:
    """Return what a purchase tells of its session; what was asked of Stripe is lost."""
    added = purchase.tax_amount + purchase.shipping_amount
    status = _status_of(purchase)
    return PaymentSession(
        id=purchase.payment_session_id,
        kind=purchase.kind,
        offer_id=purchase.offer_id,
        buyer_id=purchase.buyer_id,
        sale_key=purchase.sale_key,
        attempt=1,
        status=status,
        payment_status=_payment_status(purchase, status),
        stripe_session_id=purchase.stripe_session_id,
        stripe_payment_intent_id=purchase.stripe_payment_intent_id,
        amount=purchase.amount - added + purchase.discount_amount,
        currency=purchase.currency,
        title=purchase.title,
        terms_digest=REBUILT,
        idempotency_key=REBUILT,
        stripe_request="{}",
        livemode=livemode,
        created_at=purchase.purchased_at,
        expires_at=purchase.purchased_at,
        creator_id=purchase.creator_id,
        platform_fee_bps=purchase.platform_fee_bps,
        organization_fee_bps=purchase.organization_fee_bps,
        sale=purchase.sale,
        details=purchase.details,
        metadata=purchase.metadata,
        shown=purchase.shown,
    )
