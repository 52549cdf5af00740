"""Apply an event about money that had arrived: a refund, a dispute, a fraud warning."""

from checkout.clients.stripe_api import StripeApi
from checkout.domain.audit_action import AuditAction
from checkout.domain.dispute import Dispute
from checkout.domain.outcome import Outcome
from checkout.domain.purchase import Purchase, id_named_by
from checkout.domain.refund import Refund
from checkout.domain.stripe_events import (
    CHARGE_REFUNDED,
    FRAUD_WARNING,
    OF_DISPUTES,
    SESSION_OBSERVED,
    Event,
)
from checkout.domain.stripe_object import id_of, number_of, text_of, word_of
from checkout.errors import TryAgainError
from checkout.flows import flow
from checkout.flows.apply_session_event import SessionEvents
from checkout.flows.change_purchase import PurchaseChanges
from checkout.flows.fulfill import record_no_effect
from checkout.flows.record_dispute import record_dispute
from checkout.flows.refund_purchase import record_refund
from checkout.metric import Metric
from checkout.tables.audit_log import AuditLog
from checkout.tables.purchases import Purchases
from checkout.telemetry import count, report


@flow
class MoneyEvents:
    """
    Applies events to purchases; each may come more than once, or late.

    An event may come before the event of the payment itself. Then the payment is
    fulfilled first.
    """

    purchases: Purchases
    audit_log: AuditLog
    stripe: StripeApi
    changes: PurchaseChanges
    session_events: SessionEvents

    def apply_money_event(self, event: Event) -> Outcome:
        """Do what *event* means; raises TryAgainError when it must come again."""
        payment_intent_id = self._payment_intent_of(event)
        if payment_intent_id:
            purchase = self._purchase_of(payment_intent_id)
        else:
            # Stripe's types allow a refund that names neither payment nor charge.
            purchase = self.purchases.get(id_named_by(event.object) or "")
        if purchase is None:
            count(Metric.EVENTS_FOREIGN)
            return Outcome.FOREIGN
        payment_intent_id = payment_intent_id or purchase.stripe_payment_intent_id
        if event.type == CHARGE_REFUNDED:
            is_news = payment_intent_id is not None and self._record_refunds(
                purchase, payment_intent_id, event
            )
        elif event.type in OF_DISPUTES:
            dispute = Dispute.from_stripe(event.object)
            _, is_news = record_dispute(self.changes, purchase, dispute, event.id)
        elif event.type == FRAUD_WARNING:
            is_news = self._record_fraud_warning(purchase, event)
        else:
            refund = Refund.from_stripe(event.object)
            _, is_news = record_refund(self.changes, purchase, refund, event.id)
        if is_news:
            return Outcome.CHANGED
        return record_no_effect(self.audit_log, purchase, event)

    def _payment_intent_of(self, event: Event) -> str | None:
        """Return the payment intent's id; where it is absent, the charge has it."""
        if payment_intent_id := id_of(event.object.get("payment_intent")):
            return payment_intent_id
        charge_id = (
            word_of(event.object, "id")
            if event.type == CHARGE_REFUNDED
            else id_of(event.object.get("charge"))
        )
        return self.stripe.payment_intent_of(charge_id) if charge_id else None

    def _purchase_of(self, payment_intent_id: str) -> Purchase | None:
        """Return the purchase, None if the payment is not ours."""
        if purchase := self.purchases.by_payment_intent(payment_intent_id):
            return purchase
        # These events do not name our session; only its Checkout Session does.
        stripe_session = self.stripe.session_paid_by(payment_intent_id)
        if stripe_session is None:
            return None
        observed = Event(
            f"observed:{stripe_session['id']}", SESSION_OBSERVED, stripe_session
        )
        if self.session_events.apply_session_event(observed) is Outcome.FOREIGN:
            return None
        if purchase := self.purchases.by_payment_intent(payment_intent_id):
            return purchase
        raise TryAgainError("The payment itself is not recorded yet.")

    def _record_refunds(
        self, purchase: Purchase, payment_intent_id: str, event: Event
    ) -> bool:
        """Record every refund of a charge: the event has only their sum."""
        # If the sum is absent, the refunds are read in any case.
        if number_of(event.object, "amount_refunded") == purchase.outgoing_amount:
            return False
        is_news = False
        failure: Exception | None = None
        for stripe_refund in self.stripe.refunds(payment_intent_id):
            try:
                refund = Refund.from_stripe(stripe_refund)
                purchase, is_new = record_refund(
                    self.changes, purchase, refund, event.id
                )
                is_news |= is_new
            except Exception as error:  # noqa: BLE001 - the others are recorded first
                failure = error
        if failure:
            raise failure
        return is_news

    def _record_fraud_warning(self, purchase: Purchase, event: Event) -> bool:
        warning_id = text_of(event.object, "id")
        _, is_news = self.changes.change(
            purchase,
            lambda before: before.with_fraud_warning(warning_id),
            AuditAction.FRAUD_WARNING_RECEIVED,
            fraud_warning_id=warning_id,
            reason=word_of(event.object, "fraud_type"),
            event_id=event.id,
        )
        if is_news:
            report(
                AuditAction.FRAUD_WARNING_RECEIVED,
                Metric.FRAUD_WARNINGS,
                level="warning",
                purchase_id=purchase.id,
                fraud_warning_id=warning_id,
                event_id=event.id,
            )
        return is_news
