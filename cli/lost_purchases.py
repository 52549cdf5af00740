"""Purchases that were lost are recorded again, from their sessions and from Stripe."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import batched
from typing import Any, NamedTuple

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
from cli.audit_entries import Entry, decided_by, entries_since
from cli.rebuilt import Rebuilt
from cli.restored import scan
from cli.returned_money import (
    UnknownReturnsError,
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


# What the audit log says once the money has come.
RECORDED = frozenset(
    [
        AuditAction.CHECKOUT_COMPLETED,
        AuditAction.PURCHASE_QUARANTINED,
        AuditAction.UNFULFILLABLE_PAYMENT,
        AuditAction.PURCHASE_RECORDED_AGAIN,
    ]
)


class Known(NamedTuple):
    """A purchase that must exist, by a record that speaks of it."""

    purchase_id: str
    session_id: str | None
    stripe_session_id: str | None
    has_arrived: bool = False


@dataclass
class LostPurchases:
    """Finds purchases that do not exist, or are behind what speaks of them."""

    stack: Stack
    done: Rebuilt

    def record_again(self, since: datetime | None) -> None:
        """Record what sessions speak of, and what the audit log has *since* then."""
        self._record_all(self._of_sessions())
        if since:
            # Its session may have been restored as it was before the payment. The
            # worker would find the offer sold, and give the money back.
            self._record_all(self._of_audit_log(since))

    def _of_sessions(self) -> Iterator[Known]:
        for item in map(from_item, scan(self.stack.output("PaymentSessionsTable"))):
            item_id = str(item["id"])
            if "kind" in item and item.get("status") in PAID:
                yield Known(id_for(item_id), item_id, item.get("stripe_session_id"))
            elif item_id.startswith(PURCHASE):
                stripe_id = item_id.removeprefix(PURCHASE)
                session_id = self.stack.sessions.id_by_stripe_id(stripe_id)
                yield Known(item_id, session_id, stripe_id)

    def _of_audit_log(self, since: datetime) -> Iterator[Known]:
        for entry in entries_since(self.stack, since, RECORDED):
            purchase_id, session_id = entry["purchase_id"], entry["payment_session_id"]
            is_own = purchase_id == id_for(session_id)
            stripe_id = None if is_own else purchase_id.removeprefix(PURCHASE)
            yield Known(purchase_id, session_id, stripe_id, has_arrived=True)

    def _record_all(self, known: Iterator[Known]) -> None:
        for some in batched(known, MOST_KEYS_AT_ONCE, strict=False):
            wanted = {each.purchase_id: each for each in some}
            purchases = {p.id: p for p in self.stack.purchases.get_all(wanted)}
            unreadable = self.stack.purchases.existing(wanted) - purchases.keys()
            for each in wanted.values():
                before = purchases.get(each.purchase_id)
                # Of one whose money has arrived nothing else knows better.
                if each.purchase_id in unreadable or (before and before.has_arrived):
                    continue
                try:
                    self._record_again(each, before)
                except UnreadableItemError as error:
                    self.done.problem(f"{each.purchase_id} is as it was: {error}")
                except (StripeError, UnknownReturnsError, ValueError) as error:
                    because = error.__cause__ or error
                    self.done.problem(
                        f"The purchase of {each.session_id} is lost; {because}"
                    )

    def _record_again(self, known: Known, before: Purchase | None) -> None:
        session = self.stack.sessions.get(known.session_id or "")
        if session is None:
            # What only the audit log has is quarantined when its event comes again.
            if before is None and not known.has_arrived:
                self.done.problem(f"{known.purchase_id} is lost, and so is its session")
            return
        if _is_stand_in(known, session):
            return
        if before and not (known.has_arrived or _is_behind(before, session)):
            return
        entries = self.stack.audit_log.entries(session.id)
        if stripe_id := known.stripe_session_id or _stripe_session_id(session, entries):
            self._record(session, stripe_id, before, entries)
        else:
            self.done.problem(
                f"{known.purchase_id} is lost, and nothing has Stripe's id of it"
            )

    def _record(
        self,
        session: PaymentSession,
        stripe_id: str,
        before: Purchase | None,
        entries: list[Entry],
    ) -> None:
        """
        Record a payment from the session and from Stripe, without a sale's checks.

        What it paid for is sold already, by this very payment.
        """
        stripe_object = self.stack.stripe.session(stripe_id)
        checkout = CheckoutSession.from_stripe(stripe_object)
        arrival = _arrival(stripe_object, checkout, session)
        if arrival is None:
            self.done.problem(
                f"The purchase of {session.id} is lost: {stripe_id} is unpaid"
            )
            return
        if before and before.arrival == arrival:
            return
        observed = Event(f"observed:{stripe_id}", SESSION_OBSERVED, stripe_object)
        paid = paid_at(observed, clock.now())
        purchase = new_purchase(session, checkout, paid, arrival=arrival)
        if arrival is Arrival.ARRIVED:
            purchase = _as_decided(purchase, entries, session, checkout)
        if before:
            purchase = paid_after_all(before, purchase)
        returned = returned_money(self.stack.stripe, purchase)
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


def _is_stand_in(known: Known, session: PaymentSession) -> bool:
    """
    Return whether it was recorded while its session was lost.

    It was no sale; the worker records the session's purchase, with a sale's checks.
    """
    is_own = known.purchase_id == id_for(session.id)
    ids = {None, known.stripe_session_id}
    return not is_own and session.stripe_session_id in ids


def _stripe_session_id(session: PaymentSession, entries: list[Entry]) -> str | None:
    """Return Stripe's id; of a session that was not open yet the audit log has it."""
    named = (entry.get("stripe_session_id") for entry in entries)
    return session.stripe_session_id or next(filter(None, named), None)


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
