"""Apply an event of a Checkout Session: paid, failed, expired or declined."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from checkout import clock
from checkout.clients.stripe_api import StripeApi
from checkout.domain.audit_action import AuditAction
from checkout.domain.checkout_payment import (
    decline_reason,
    is_delayed,
    made_at,
    new_purchase,
    paid_at,
)
from checkout.domain.checkout_session import (
    CheckoutSession,
    bank_refused,
    payment_session_id_of,
    status_after,
)
from checkout.domain.outcome import Outcome
from checkout.domain.payment_session import RANK, PaymentSession, Status
from checkout.domain.purchase import Purchase, id_for
from checkout.domain.purchase_status import Arrival
from checkout.domain.stack import is_of_stack
from checkout.domain.stripe_events import PAYMENT_FAILED, Event
from checkout.domain.stripe_object import id_of, word_of
from checkout.domain.unpaid_end import unpaid_end
from checkout.errors import TryAgainError
from checkout.flows import flow
from checkout.flows.change_purchase import PurchaseChanges
from checkout.flows.fulfill import Fulfillment, record_no_effect
from checkout.flows.keep_session import keep
from checkout.metric import Metric
from checkout.stripe_errors import StripeError
from checkout.tables import transaction
from checkout.tables.audit_log import AuditLog
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import count, logger, report

AUDIT_ACTIONS = {
    Status.PROCESSING: AuditAction.PAYMENT_PROCESSING,
    Status.FAILED: AuditAction.PAYMENT_FAILED,
}
# An expired session keeps its payment status: a card may have been declined before.
PAYMENT_STATUS = {Status.PROCESSING: "unpaid", Status.FAILED: "failed"}
# A payment of a bank debit is a purchase from the moment in which the buyer is done.
ARRIVALS = {Status.PROCESSING: Arrival.UNDER_WAY, Status.FAILED: Arrival.REFUSED}


@flow
class SessionEvents:
    """Applies events to payment sessions; each may come twice, late or never."""

    sessions: PaymentSessions
    purchases: Purchases
    audit_log: AuditLog
    changes: PurchaseChanges
    fulfillment: Fulfillment
    stripe: StripeApi
    stack_id: str

    def apply_session_event(self, event: Event) -> Outcome:
        """Do what *event* means; raises TryAgainError when it must come again."""
        payment_session_id = payment_session_id_of(
            event.object
        ) or self.sessions.id_by_stripe_id(word_of(event.object, "recovered_from"))
        if payment_session_id is None:
            return self._ignore_foreign()
        session = self.sessions.get(payment_session_id)
        if session is None:
            return self._without_session(payment_session_id, event)
        if event.type == PAYMENT_FAILED:
            return self._decline(session, event)
        checkout = CheckoutSession.from_stripe(event.object, event.type)
        status = status_after(event.type, checkout)
        if status is Status.COMPLETE:
            return self.fulfillment.fulfill(session, checkout, event)
        if bank_refused(event.object, session):
            status = Status.FAILED
        if status:
            return self._move(session, status, event, checkout)
        return record_no_effect(self.audit_log, session, event)

    def _without_session(self, payment_session_id: str, event: Event) -> Outcome:
        """
        Quarantine money of a session that this stack made and does not know any more.

        A session is prepared before Stripe is asked. All others were made by another
        stack or application with the same Stripe account.
        """
        # A pointer of ours has led here if the metadata did not.
        led_by_us = payment_session_id_of(event.object) is None
        is_ours = led_by_us or is_of_stack(event.object, self.stack_id)
        if event.type == PAYMENT_FAILED or not is_ours:
            return self._ignore_foreign()
        checkout = CheckoutSession.from_stripe(event.object, event.type)
        if status_after(event.type, checkout) is not Status.COMPLETE:
            return self._ignore_foreign()
        return self.fulfillment.keep_lost(payment_session_id, checkout, event)

    def _ignore_foreign(self) -> Outcome:
        count(Metric.EVENTS_FOREIGN)
        return Outcome.FOREIGN

    def _move(
        self,
        session: PaymentSession,
        status: Status,
        event: Event,
        checkout: CheckoutSession,
    ) -> Outcome:
        """Move a session that brought no money, if *status* has a higher rank."""
        if session.stripe_session_id not in {None, checkout.id}:
            keep(self.sessions, session, status, event, checkout.id)
            return record_no_effect(self.audit_log, session, event)
        before, purchase = self._purchase(session, status, event, checkout)
        writes = self.changes.writes_for(before, purchase) if purchase else {}
        action, reason, recovery = self._what_happened(session, status, event, checkout)
        # Another purchase may hold what was accepted for money that has not come.
        execute = (
            transaction.execute_required
            if before and before.has_arrived
            else transaction.execute
        )
        failures = execute(
            {
                "session": self.sessions.moved(
                    session,
                    status,
                    payment_status=PAYMENT_STATUS.get(status),
                    stripe_session_id=session.stripe_session_id or checkout.id,
                ),
                "pointer": self.sessions.pointer(
                    checkout.id, session.id, deleted=session.is_deleted_as(status)
                ),
                **writes,
                "audit": self.audit_log.entry(
                    purchase or session,
                    action,
                    event_id=event.id,
                    purchase_id=purchase.id if purchase else None,
                    **(purchase.beside_price if purchase else {}),
                    **reason,
                    **recovery,
                ),
            }
        )
        if failures.keys() == {"purchase"}:
            raise TryAgainError("Another event of this payment was applied just now.")
        if failures:
            return record_no_effect(self.audit_log, session, event)
        if status is Status.FAILED:
            count(Metric.CHECKOUT_FAILED)
        logger.info(
            action,
            payment_session_id=session.id,
            event_id=event.id,
            **reason,
        )
        return Outcome(status)

    def _what_happened(
        self,
        session: PaymentSession,
        status: Status,
        event: Event,
        checkout: CheckoutSession,
    ) -> tuple[AuditAction, dict[str, Any], dict[str, str]]:
        """Return the audit action, its reason, and what is never logged."""
        if status is Status.EXPIRED:
            return unpaid_end(session, checkout, made_at(event, clock.now()))
        return AUDIT_ACTIONS[status], self._refusal(event, status), {}

    def _purchase(
        self,
        session: PaymentSession,
        status: Status,
        event: Event,
        checkout: CheckoutSession,
    ) -> tuple[Purchase | None, Purchase | None]:
        """
        Return the purchase of a payment before and after the session's new *status*.

        The first event about money that is on its way, or is refused, makes the
        purchase. A session that expires has none.
        """
        arrival = ARRIVALS.get(status)
        if arrival is None:
            return None, None
        before = None
        has_purchase = RANK[session.status] == RANK[Status.COMPLETE]
        if session.status is Status.PROCESSING or has_purchase:
            before = self.purchases.get(id_for(session.id))
        if before and before.is_of_unknown_status and status is Status.FAILED:
            after = replace(before.not_paid(arrival), version=before.version + 1)
            return before, after
        if before and not before.has_arrived:
            version = before.version + 1
            return before, replace(before, arrival=arrival, version=version)
        at = paid_at(event, clock.now())
        return None, new_purchase(session, checkout, at, arrival=arrival)

    def _refusal(self, event: Event, status: Status) -> dict[str, Any]:
        """Return why a bank refused, as far as known; events have only Stripe's id."""
        payment_intent = event.object.get("payment_intent")
        reason = decline_reason(payment_intent)
        if status is not Status.FAILED or reason:
            return reason
        if payment_intent_id := id_of(payment_intent):
            # The failure is recorded in any case: nobody waits for its reason.
            with suppress(StripeError):
                return decline_reason(self.stripe.payment_intent(payment_intent_id))
        return {}

    def _decline(self, session: PaymentSession, event: Event) -> Outcome:
        """Record a declined card; the session stays open for another attempt."""
        reason = decline_reason(event.object)
        if is_delayed(event.object):
            # The session's own event reports it, once and with this reason.
            return record_no_effect(self.audit_log, session, event, **reason)
        failures = transaction.execute(
            {
                "session": self.sessions.declined(session.id, event.id),
                "audit": self.audit_log.entry(
                    session,
                    AuditAction.PAYMENT_FAILED,
                    event_id=event.id,
                    stripe_payment_intent_id=word_of(event.object, "id"),
                    **reason,
                ),
            }
        )
        if failures:
            return record_no_effect(self.audit_log, session, event, **reason)
        report(
            "payment_declined",
            Metric.CHECKOUT_FAILED,
            payment_session_id=session.id,
            event_id=event.id,
            **reason,
        )
        return Outcome.DECLINED
