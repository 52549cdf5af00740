"""Settle a payment: what Stripe says of a session becomes a purchase, exactly once."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from checkout import clock
from checkout.domain.checkout_session import CheckoutSession, bank_refused
from checkout.domain.payment_session import RANK, PaymentSession, Status
from checkout.domain.purchase import Purchase, PurchaseStatus
from checkout.domain.stripe_events import (
    ASYNC_PAYMENT_FAILED,
    PAYMENT_FAILED,
    SESSION_EXPIRED,
    Event,
)
from checkout.errors import CheckoutError, TryAgainError
from checkout.flows import refund_purchase
from checkout.flows.change_purchase import (
    OWNED_ALREADY,
    PurchaseChanges,
    report_quarantine,
)
from checkout.flows.refund_purchase import Refunds
from checkout.tables import transaction
from checkout.telemetry import count, logger


class Outcome(StrEnum):
    """What an event did; each is a fine way to end."""

    FULFILLED = "fulfilled"
    QUARANTINED = "quarantined"
    UNFULFILLABLE = "unfulfillable"
    CHANGED = "changed"
    PROCESSING = "processing"
    FAILED = "failed"
    DECLINED = "declined"
    EXPIRED = "expired"
    NO_EFFECT = "no_effect"
    FOREIGN = "foreign"


AUDIT_ACTIONS = {
    Status.PROCESSING: "payment_processing",
    Status.FAILED: "payment_failed",
    Status.EXPIRED: "checkout_expired",
}
AUDIT_ACTIONS_OF_MONEY = {
    PurchaseStatus.COMPLETED: "checkout_completed",
    PurchaseStatus.QUARANTINED: "purchase_quarantined",
    PurchaseStatus.REFUNDING: "unfulfillable_payment",
}

# An expired session keeps what was known: that a card was declined, for one.
PAYMENT_STATUS = {Status.PROCESSING: "unpaid", Status.FAILED: "failed"}

# What can stand in the way of a paid session, most telling first, and its name.
OBSTACLES = {
    "ownership": OWNED_ALREADY,
    "offer": "offer_not_sellable",
    "payment_intent": "payment_intent_recorded_already",
    "pointer": "stripe_session_recorded_already",
}
VANISHED = "offer_vanished"
# Nobody has to look at these: the buyer paid for what somebody has, or nobody can have.
UNFULFILLABLE = frozenset([OWNED_ALREADY, "offer_not_sellable"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfillment:
    """Applies events to payment sessions; every event may come twice, late or never."""

    changes: PurchaseChanges
    refunds: Refunds

    def apply(self, event: Event) -> Outcome:
        """Do what *event* means; raises TryAgainError when it must come again."""
        payment_session_id = (event.object.get("metadata") or {}).get(
            "payment_session_id"
        )
        session = (
            self.changes.sessions.get(payment_session_id)
            if payment_session_id
            else None
        )
        if session is None:
            # We prepare a session before we ask Stripe, so this one is not ours:
            # another application of the same account.
            count("payments.events.foreign")
            return Outcome.FOREIGN
        if event.type == PAYMENT_FAILED:
            return self._decline(session, event)
        found = CheckoutSession.from_dict(event.object)
        if found.status == "complete" and found.payment_status != "unpaid":
            return self._fulfill(session, event, found)
        if status := _status_without_money(event, found):
            return self._move(session, status, event, found)
        return self.record_no_effect(session, event)

    def _fulfill(
        self, session: PaymentSession, event: Event, found: CheckoutSession
    ) -> Outcome:
        if mismatch := _mismatch(session, found):
            return self._keep(session, event, found, mismatch)
        if RANK[session.status] == RANK[Status.COMPLETE]:
            return self.record_no_effect(session, event)
        purchase = Purchase.of(session, found, clock.iso(clock.now()))
        if not self.changes.can_be_sold(purchase):
            return self._keep(session, event, found, VANISHED)
        failed = transaction.write(self._record(purchase, session, event, found))
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
            return Outcome.FULFILLED
        if failed.keys() & {"session", "purchase"}:
            fulfilled_by = failed.get("session", {}).get("stripe_session_id", found.id)
            if fulfilled_by != found.id:
                raise TryAgainError(
                    "Another Stripe session has just fulfilled this one."
                )
            return self.record_no_effect(session, event)
        return self._keep(session, event, found, _obstacle(failed))

    def _keep(
        self, session: PaymentSession, event: Event, found: CheckoutSession, reason: str
    ) -> Outcome:
        """Keep money that arrived though something stands in the way of the sale."""
        now = clock.iso(clock.now())
        purchase = Purchase.of(session, found, now, reason)
        if reason in UNFULFILLABLE and purchase.stripe_payment_intent_id:
            purchase = purchase.with_refund_request(
                refund_purchase.automatic(purchase, now)
            )
        actions = self._record(purchase, session, event, found)
        while failed := transaction.write(actions):
            if "purchase" in failed:
                return self.record_no_effect(session, event)
            # A pointer that leads elsewhere is part of what does not add up.
            actions = {n: action for n, action in actions.items() if n not in failed}
        if not purchase.open_requests:
            report_quarantine(purchase, event.id)
            return Outcome.QUARANTINED
        count("payments.checkout.unfulfillable")
        logger.warning(
            "unfulfillable_payment",
            payment_session_id=session.id,
            purchase_id=purchase.id,
            event_id=event.id,
            reason=reason,
        )
        self._give_back(purchase)
        return Outcome.UNFULFILLABLE

    def _give_back(self, purchase: Purchase) -> None:
        """Refund what was unfulfillable; what fails now, reconcile takes up again."""
        for request in purchase.open_requests:
            try:
                self.refunds.execute(purchase, request, resumed=False)
            except CheckoutError as error:
                logger.warning(
                    "refund_postponed", purchase_id=purchase.id, code=error.code
                )

    def _record(
        self,
        purchase: Purchase,
        session: PaymentSession,
        event: Event,
        found: CheckoutSession,
    ) -> dict[str, Any]:
        """Make the writes that a payment needs, whatever became of it."""
        actions = self.changes.writes_for(None, purchase)
        actions["audit"] = self.changes.audit_log.entry(
            purchase,
            AUDIT_ACTIONS_OF_MONEY[purchase.status],
            clock.now(),
            event_id=event.id,
            purchase_id=purchase.id,
            reason=purchase.quarantine_reason,
        )
        if found.payment_intent:
            actions["payment_intent"] = self.changes.purchases.point_from(
                found.payment_intent, purchase
            )
        if session.stripe_session_id not in {None, found.id}:
            # Not the session that we asked Stripe for: ours may be paid yet.
            return actions
        quarantined = purchase.status is PurchaseStatus.QUARANTINED
        actions["session"] = self.changes.sessions.move(
            session.id,
            Status.QUARANTINED if quarantined else Status.COMPLETE,
            payment_status=found.payment_status,
            stripe_session_id=found.id,
            stripe_payment_intent_id=found.payment_intent,
        )
        if session.stripe_session_id is None:
            # The event overtook the answer to our own request, or we crashed between.
            actions["pointer"] = self.changes.sessions.point_from(found.id, session.id)
        return actions

    def _move(
        self,
        session: PaymentSession,
        status: Status,
        event: Event,
        found: CheckoutSession,
    ) -> Outcome:
        """Move a session that brought no money, if its rank allows."""
        if session.stripe_session_id not in {None, found.id}:
            return self.record_no_effect(session, event)
        failed = transaction.write(
            {
                "session": self.changes.sessions.move(
                    session.id,
                    status,
                    payment_status=PAYMENT_STATUS.get(status),
                    stripe_session_id=session.stripe_session_id or found.id,
                ),
                "pointer": self.changes.sessions.point_from(found.id, session.id),
                "audit": self.changes.audit_log.entry(
                    session, AUDIT_ACTIONS[status], clock.now(), event_id=event.id
                ),
            }
        )
        if failed:
            return self.record_no_effect(session, event)
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
                "session": self.changes.sessions.decline(session.id, event.id),
                "audit": self.changes.audit_log.entry(
                    session,
                    "payment_failed",
                    clock.now(),
                    event_id=event.id,
                    stripe_payment_intent_id=event.object["id"],
                ),
            }
        )
        if failed:
            return self.record_no_effect(session, event)
        count("payments.checkout.failed")
        logger.info(
            "payment_declined", payment_session_id=session.id, event_id=event.id
        )
        return Outcome.DECLINED

    def record_no_effect(
        self, about: PaymentSession | Purchase, event: Event
    ) -> Outcome:
        """Note an event that came again, or too late to matter: it has not vanished."""
        self.changes.audit_log.append(
            self.changes.audit_log.entry(
                about,
                "event_had_no_effect",
                clock.now(),
                event_id=event.id,
                event_type=event.type,
            )
        )
        return Outcome.NO_EFFECT


def _obstacle(failed: Mapping[str, Mapping[str, Any]]) -> str:
    """Name what stood in the way; of an offer that is gone there is nothing left."""
    part = next(name for name in OBSTACLES if name in failed)
    return VANISHED if part == "offer" and not failed[part] else OBSTACLES[part]


def _status_without_money(event: Event, found: CheckoutSession) -> Status | None:
    """Return what becomes of an unpaid session, None if it is still open."""
    if event.type == ASYNC_PAYMENT_FAILED or bank_refused(event.object):
        return Status.FAILED
    if event.type == SESSION_EXPIRED or found.status == "expired":
        return Status.EXPIRED
    # A bank debit, for one: the buyer is done, the money is on its way.
    return Status.PROCESSING if found.status == "complete" else None


def _mismatch(session: PaymentSession, found: CheckoutSession) -> str | None:
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
