"""Purchases that were lost are recorded again, from their sessions and from Stripe."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any

from checkout import clock
from checkout.domain.audit_action import AuditAction
from checkout.domain.checkout_payment import new_purchase, paid_after_all, paid_at
from checkout.domain.checkout_session import CheckoutSession, bank_refused
from checkout.domain.mismatch import mismatch
from checkout.domain.payment_session import PaymentSession, Status
from checkout.domain.purchase import PREFIX as PURCHASE
from checkout.domain.purchase import Purchase, id_for
from checkout.domain.purchase_status import Arrival
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.domain.stripe_events import SESSION_OBSERVED, Event
from checkout.stripe_errors import StripeError
from checkout.tables import transaction
from checkout.tables.item import MOST_KEYS_AT_ONCE, from_item
from checkout.tables.readable import UnreadableItemError
from cli.audited_decisions import Entry, decided_by
from cli.rebuilt import Rebuilt
from cli.restored import Item, scan
from cli.returned_money import (
    record_news,
    returned_money,
    what_stripe_lacks,
    with_audited,
)
from cli.stack import Stack

# Such a session has a purchase.
PAID = frozenset(
    [Status.PROCESSING, Status.FAILED, Status.COMPLETE, Status.QUARANTINED]
)


@dataclass
class LostPurchases:
    """Finds purchases that do not exist, or are behind their sessions."""

    stack: Stack
    done: Rebuilt

    def record_again(self) -> None:
        for lost in self._lost():
            self._record_again(*lost)

    def _lost(self) -> Iterator[tuple[PaymentSession, str, Purchase | None]]:
        """
        Yield the sessions whose purchase does not exist, or is behind them.

        Each comes with Stripe's id, and with the purchase that is behind.
        """
        table = self.stack.output("PaymentSessionsTable")
        items = map(from_item, scan(table))
        wanted = (found for item in items if (found := self._wanted(item)))
        for some in batched(wanted, MOST_KEYS_AT_ONCE, strict=False):
            ids = [purchase_id for purchase_id, _, _ in some]
            purchases = {p.id: p for p in self.stack.purchases.get_all(ids)}
            unreadable = {*self.stack.purchases.existing(ids)} - purchases.keys()
            for purchase_id, session_id, stripe_id in some:
                before = purchases.get(purchase_id)
                # Of one whose money has arrived the session knows nothing better.
                if purchase_id in unreadable or (before and before.has_arrived):
                    continue
                try:
                    session = self.stack.sessions.get(session_id or "")
                except UnreadableItemError as error:
                    self.done.problem(f"{purchase_id} is as it was: {error}")
                    continue
                if session is None or stripe_id is None:
                    if before is None:
                        self.done.problem(
                            f"{purchase_id} is lost, and so is its session"
                        )
                elif before is None or _is_behind(before, session):
                    yield session, stripe_id, before

    def _wanted(self, item: Item) -> tuple[str, str | None, str | None] | None:
        """Return the purchase that an item speaks of, its session and Stripe's id."""
        item_id = str(item["id"])
        if "kind" in item and item.get("status") in PAID:
            return id_for(item_id), item_id, item.get("stripe_session_id")
        if item_id.startswith(PURCHASE):
            stripe_id = item_id.removeprefix(PURCHASE)
            session_id = self.stack.sessions.id_by_stripe_id(stripe_id)
            return item_id, session_id, stripe_id
        return None

    def _record_again(
        self, session: PaymentSession, stripe_id: str, before: Purchase | None
    ) -> None:
        """
        Record a payment from the session and from Stripe, without a sale's checks.

        What it paid for is sold already, by this very payment.
        """
        try:
            stripe_object = self.stack.stripe.session(stripe_id)
        except StripeError as error:
            because = error.__cause__ or error
            self.done.problem(
                f"The purchase of {session.id} is lost; Stripe: {because}"
            )
            return
        checkout = CheckoutSession.from_stripe(stripe_object)
        arrival = _arrival(stripe_object, checkout, session)
        if arrival is None:
            self.done.problem(
                f"The purchase of {session.id} is lost: {stripe_id} is unpaid"
            )
            return
        observed = Event(f"observed:{stripe_id}", SESSION_OBSERVED, stripe_object)
        paid = paid_at(observed, clock.now())
        purchase = new_purchase(session, checkout, paid, arrival=arrival)
        entries = self.stack.audit_log.entries(session.id)
        if arrival is Arrival.ARRIVED:
            purchase = _as_decided(purchase, entries, session, checkout)
        if before:
            purchase = paid_after_all(before, purchase)
        try:
            returned = returned_money(self.stack.stripe, purchase)
        except (StripeError, ValueError) as error:
            # Without them money that went back would come back as a sale.
            because = error.__cause__ or error
            self.done.problem(
                f"The purchase of {session.id} is lost; its refunds and disputes "
                f"cannot be read: {because}"
            )
            return
        purchase = with_audited(purchase, returned, entries)
        purchases = self.stack.purchases
        written = (
            purchases.updated(before, purchase) if before else purchases.added(purchase)
        )
        entry = self.stack.audit_log.entry(
            purchase,
            AuditAction.PURCHASE_RECORDED_AGAIN,
            purchase_id=purchase.id,
            recorded_by=self.stack.operator,
        )
        if transaction.execute({"purchase": written, "audit": entry}):
            return
        self.done.purchases += 1
        record_news(self.stack.purchase_changes, purchase, returned)
        self.done.problems += what_stripe_lacks(purchase, returned, entries)


def _arrival(
    stripe_object: dict[str, Any], checkout: CheckoutSession, session: PaymentSession
) -> Arrival | None:
    """Return whether the money has come, None if nobody has paid."""
    if checkout.is_paid or session.status is Status.QUARANTINED:
        return Arrival.ARRIVED
    if bank_refused(stripe_object, session):
        return Arrival.REFUSED
    return Arrival.UNDER_WAY if checkout.status == "complete" else None


def _is_behind(purchase: Purchase, session: PaymentSession) -> bool:
    """Return whether the session knows better if the money has come."""
    if purchase.id != id_for(session.id):
        return False
    behind = {
        Status.FAILED: purchase.arrival == Arrival.UNDER_WAY,
        Status.COMPLETE: not purchase.has_arrived,
        Status.QUARANTINED: not purchase.has_arrived,
    }
    return behind.get(session.status, False)


def _as_decided(
    purchase: Purchase,
    entries: list[Entry],
    session: PaymentSession,
    checkout: CheckoutSession,
) -> Purchase:
    """Return the purchase as the audit log tells of it, as far as Stripe cannot."""
    found = decided_by(purchase, entries)
    is_own = found.id == id_for(session.id)
    awaits = is_own and session.status is Status.QUARANTINED
    if awaits and not found.is_undecided:
        reason = mismatch(checkout, session) or QuarantineReason.OFFER_NOT_SELLABLE
        found = found.quarantined(reason)
    erased = [
        e["at"] for e in entries if e["action"] == AuditAction.PERSONAL_DATA_ERASED
    ]
    return replace(found, erased_at=erased[0]) if erased else found
