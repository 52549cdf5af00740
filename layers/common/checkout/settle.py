"""Settle a payment: what Stripe says of a session becomes a purchase, exactly once."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from checkout import clock, refunds
from checkout.errors import CheckoutError, TryAgainError
from checkout.payment_events import (
    ASYNC_PAYMENT_FAILED,
    PAYMENT_FAILED,
    SESSION_EXPIRED,
    Event,
)
from checkout.payment_session import RANK, PaymentSession, Status
from checkout.purchase import Purchase, PurchaseStatus
from checkout.purchase_changes import (
    OWNED_ALREADY,
    PurchaseChanges,
    alarm_of_quarantine,
)
from checkout.refunds import Refunds
from checkout.stripe_session import StripeSession, bank_refused
from checkout.tables import transaction
from checkout.telemetry import count, logger


class Outcome(StrEnum):
    """What an event did; each is a fine way to end."""

    SETTLED = "settled"
    QUARANTINED = "quarantined"
    GIVEN_BACK = "given_back"
    CHANGED = "changed"
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
AUDIT_ACTIONS_OF_MONEY = {
    PurchaseStatus.COMPLETED: "checkout_completed",
    PurchaseStatus.QUARANTINED: "purchase_quarantined",
    PurchaseStatus.REFUNDING: "paid_in_vain",
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
PAID_IN_VAIN = frozenset([OWNED_ALREADY, "offer_not_sellable"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
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
        return self.nothing_new(session, event)

    def _settle(
        self, session: PaymentSession, event: Event, found: StripeSession
    ) -> Outcome:
        if mismatch := _mismatch(session, found):
            return self._keep(session, event, found, mismatch)
        if RANK[session.status] == RANK[Status.COMPLETE]:
            return self.nothing_new(session, event)
        purchase = Purchase.of(session, found, clock.iso(clock.now()))
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
            return Outcome.SETTLED
        if failed.keys() & {"session", "purchase"}:
            settled_by = failed.get("session", {}).get("stripe_session_id", found.id)
            if settled_by != found.id:
                raise TryAgainError("Another Stripe session has just settled this one.")
            return self.nothing_new(session, event)
        return self._keep(session, event, found, _obstacle(failed))

    def _keep(
        self, session: PaymentSession, event: Event, found: StripeSession, reason: str
    ) -> Outcome:
        """Keep money that arrived though something stands in the way of the sale."""
        now = clock.iso(clock.now())
        purchase = Purchase.of(session, found, now, reason)
        if reason in PAID_IN_VAIN and purchase.stripe_payment_intent_id:
            purchase = purchase.asking_refund(refunds.automatic(purchase, now))
        actions = self._record(purchase, session, event, found)
        while failed := transaction.write(actions):
            if "purchase" in failed:
                return self.nothing_new(session, event)
            # A pointer that leads elsewhere is part of what does not add up.
            actions = {n: action for n, action in actions.items() if n not in failed}
        if not purchase.open_requests:
            alarm_of_quarantine(purchase, event.id)
            return Outcome.QUARANTINED
        count("payments.checkout.paid_in_vain")
        logger.warning(
            "paid_in_vain",
            payment_session_id=session.id,
            purchase_id=purchase.id,
            event_id=event.id,
            reason=reason,
        )
        self._give_back(purchase)
        return Outcome.GIVEN_BACK

    def _give_back(self, purchase: Purchase) -> None:
        """Refund what was paid in vain; what fails now, the sweep takes up again."""
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
        found: StripeSession,
    ) -> dict[str, Any]:
        """Make the writes that a payment needs, whatever became of it."""
        actions = self.changes.entailed(None, purchase)
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
        found: StripeSession,
    ) -> Outcome:
        """Move a session that brought no money, if its rank allows."""
        if session.stripe_session_id not in {None, found.id}:
            return self.nothing_new(session, event)
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
            return self.nothing_new(session, event)
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
            return self.nothing_new(session, event)
        count("payments.checkout.failed")
        logger.info(
            "payment_declined", payment_session_id=session.id, event_id=event.id
        )
        return Outcome.DECLINED

    def nothing_new(self, about: PaymentSession | Purchase, event: Event) -> Outcome:
        """Note an event that came again, or too late to matter: it has not vanished."""
        self.changes.audit_log.append(
            self.changes.audit_log.entry(
                about,
                "event_changed_nothing",
                clock.now(),
                event_id=event.id,
                event_type=event.type,
            )
        )
        return Outcome.NOTHING_NEW


def _obstacle(failed: Mapping[str, Mapping[str, Any]]) -> str:
    """Name what stood in the way; of an offer that is gone there is nothing left."""
    part = next(name for name in OBSTACLES if name in failed)
    return VANISHED if part == "offer" and not failed[part] else OBSTACLES[part]


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
