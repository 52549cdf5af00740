"""Settle a payment: what Stripe says of a session becomes a purchase, exactly once."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from checkout import clock
from checkout.offers import kind_named
from checkout.payment_events import (
    ASYNC_PAYMENT_FAILED,
    PAYMENT_FAILED,
    SESSION_EXPIRED,
    Event,
)
from checkout.payment_session import RANK, PaymentSession, Status
from checkout.purchase import Purchase, PurchaseStatus
from checkout.stripe_session import StripeSession, bank_refused
from checkout.tables import transaction
from checkout.tables.audit_log import AuditLog
from checkout.tables.offers import Offers
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import count, logger


class Outcome(StrEnum):
    """What an event did; each is a fine way to end."""

    SETTLED = "settled"
    QUARANTINED = "quarantined"
    PROCESSING = "processing"
    FAILED = "failed"
    DECLINED = "declined"
    EXPIRED = "expired"
    NOTHING_NEW = "nothing_new"
    NOT_OURS = "not_ours"


AUDIT_ACTIONS = {
    Status.PROCESSING: "payment_processing",
    Status.FAILED: "payment_failed",
    Status.EXPIRED: "checkout_expired",
}

# An expired session keeps what was known: that a card was declined, for one.
PAYMENT_STATUS = {Status.PROCESSING: "unpaid", Status.FAILED: "failed"}

# What can stand in the way of a paid session, most telling first, and its name.
OBSTACLES = {
    "ownership": "owned_already",
    "offer": "offer_not_sellable",
    "pointer": "another_stripe_session",
    "payment_intent": "payment_intent_recorded_already",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Applies events to payment sessions; every event may come twice, late or never."""

    offers: Offers
    sessions: PaymentSessions
    purchases: Purchases
    audit_log: AuditLog

    def apply(self, event: Event) -> Outcome:
        """Do what *event* means; raises TryAgainError when it must come again."""
        payment_session_id = (event.object.get("metadata") or {}).get(
            "payment_session_id"
        )
        session = self.sessions.get(payment_session_id) if payment_session_id else None
        if session is None:
            # The intent is written before Stripe is asked, so this is not ours:
            # another application of the same account.
            count("payments.events.not_ours")
            return Outcome.NOT_OURS
        if event.type == PAYMENT_FAILED:
            return self._decline(session, event)
        found = StripeSession.from_dict(event.object)
        if found.status == "complete" and found.payment_status != "unpaid":
            return self._settle(session, event, found)
        if status := _status_without_money(event, found):
            return self._move(session, status, event, found)
        return Outcome.NOTHING_NEW

    def _settle(
        self, session: PaymentSession, event: Event, found: StripeSession
    ) -> Outcome:
        if RANK[session.status] == RANK[Status.COMPLETE]:
            return _recorded_already(session.to_dict(), found)
        if mismatch := _mismatch(session, found):
            return self._quarantine(session, event, found, mismatch)
        purchase = Purchase.of(session, found, clock.iso(clock.now()))
        actions = self._record(purchase, session, event, found)
        actions["offer"] = kind_named(session.kind).sold(session, self.offers)
        if session.claim:
            actions["ownership"] = self.purchases.take_ownership(
                session.claim, purchase
            )
        failed = transaction.write(actions)
        if not failed:
            count("payments.checkout.session_completed")
            logger.info(
                "purchase_recorded",
                payment_session_id=session.id,
                purchase_id=purchase.id,
                event_id=event.id,
                kind=session.kind,
                amount=purchase.amount,
                currency=purchase.currency,
            )
            return Outcome.SETTLED
        if failed.keys() & {"session", "purchase"}:
            return _recorded_already(failed.get("session", {}), found)
        reason = next(reason for name, reason in OBSTACLES.items() if name in failed)
        return self._quarantine(session, event, found, reason)

    def _quarantine(
        self, session: PaymentSession, event: Event, found: StripeSession, reason: str
    ) -> Outcome:
        """Keep money that arrived though something does not add up; raise the alarm."""
        purchase = Purchase.of(session, found, clock.iso(clock.now()), reason)
        actions = self._record(purchase, session, event, found)
        while failed := transaction.write(actions):
            if failed.keys() & {"session", "purchase"}:
                return _recorded_already(failed.get("session", {}), found)
            # A pointer that leads elsewhere is part of what does not add up.
            actions = {n: action for n, action in actions.items() if n not in failed}
        count("payments.checkout.quarantined")
        logger.error(
            "purchase_quarantined",
            payment_session_id=session.id,
            purchase_id=purchase.id,
            event_id=event.id,
            reason=reason,
        )
        return Outcome.QUARANTINED

    def _record(
        self,
        purchase: Purchase,
        session: PaymentSession,
        event: Event,
        found: StripeSession,
    ) -> dict[str, Any]:
        """Make the writes that every recorded payment needs, whatever became of it."""
        completed = purchase.status is PurchaseStatus.COMPLETED
        actions = {
            "session": self.sessions.move(
                session.id,
                Status.COMPLETE if completed else Status.QUARANTINED,
                payment_status=found.payment_status,
                stripe_session_id=session.stripe_session_id or found.id,
                stripe_payment_intent_id=found.payment_intent,
            ),
            "purchase": self.purchases.add(purchase),
            "audit": self.audit_log.entry(
                session.id,
                "checkout_completed" if completed else "purchase_quarantined",
                clock.now(),
                event_id=event.id,
                purchase_id=purchase.id,
                reason=purchase.quarantine_reason,
                amount=purchase.amount,
                currency=purchase.currency,
            ),
        }
        if session.stripe_session_id is None:
            # The event overtook the answer to our own request, or we crashed between.
            actions["pointer"] = self.sessions.point_from(found.id, session.id)
        if found.payment_intent:
            actions["payment_intent"] = self.purchases.point_from(
                found.payment_intent, purchase
            )
        if purchase.buyer_id:
            actions["count"] = self.purchases.count(purchase)
        return actions

    def _move(
        self,
        session: PaymentSession,
        status: Status,
        event: Event,
        found: StripeSession,
    ) -> Outcome:
        """Move a session that brought no money, if its rank allows."""
        if session.stripe_session_id not in {None, found.id}:
            return Outcome.NOTHING_NEW
        failed = transaction.write(
            {
                "session": self.sessions.move(
                    session.id,
                    status,
                    payment_status=PAYMENT_STATUS.get(status),
                    stripe_session_id=session.stripe_session_id or found.id,
                ),
                "pointer": self.sessions.point_from(found.id, session.id),
                "audit": self.audit_log.entry(
                    session.id, AUDIT_ACTIONS[status], clock.now(), event_id=event.id
                ),
            }
        )
        if failed:
            return Outcome.NOTHING_NEW
        if status is Status.FAILED:
            count("payments.checkout.failed")
        logger.info(
            AUDIT_ACTIONS[status], payment_session_id=session.id, event_id=event.id
        )
        return Outcome(status)

    def _decline(self, session: PaymentSession, event: Event) -> Outcome:
        """Note a declined card; the session stays open for another try."""
        failed = transaction.write(
            {
                "session": self.sessions.decline(session.id, event.id),
                "audit": self.audit_log.entry(
                    session.id,
                    "payment_failed",
                    clock.now(),
                    event_id=event.id,
                    stripe_payment_intent_id=event.object["id"],
                ),
            }
        )
        if failed:
            return Outcome.NOTHING_NEW
        count("payments.checkout.failed")
        logger.info(
            "payment_declined", payment_session_id=session.id, event_id=event.id
        )
        return Outcome.DECLINED


def _recorded_already(session: Mapping[str, Any], found: StripeSession) -> Outcome:
    """Say that nothing is new; raises if another charge than *found* settled it."""
    if session.get("stripe_payment_intent_id") != found.payment_intent:
        # The session's one purchase holds other money: this goes to the dead letters.
        raise RuntimeError("another charge has settled this payment session")
    return Outcome.NOTHING_NEW


def _status_without_money(event: Event, found: StripeSession) -> Status | None:
    """Return what becomes of an unpaid session, None if it is still open."""
    if event.type == ASYNC_PAYMENT_FAILED or bank_refused(event.object):
        return Status.FAILED
    if event.type == SESSION_EXPIRED or found.status == "expired":
        return Status.EXPIRED
    # A bank debit, for one: the buyer is done, the money is on its way.
    return Status.PROCESSING if found.status == "complete" else None


def _mismatch(session: PaymentSession, found: StripeSession) -> str | None:
    """Name what Stripe's session and our intent disagree on, None if they agree."""
    if session.stripe_session_id not in {None, found.id}:
        return "another_stripe_session"
    if found.livemode != session.livemode:
        return "another_mode"
    if found.currency != session.currency:
        return "another_currency"
    if found.amount_total != session.amount:
        return "another_amount"
    return None
