"""After the payment: refunds, disputes and warnings that Stripe tells us of."""

from dataclasses import dataclass

from checkout.domain.checkout_session import id_of
from checkout.domain.dispute import INQUIRY, LOST, OPEN, WON, Dispute
from checkout.domain.purchase import Purchase
from checkout.domain.refund import Refund
from checkout.domain.stripe_events import (
    CHARGE_REFUNDED,
    FRAUD_WARNING,
    OF_DISPUTES,
    SESSION_OBSERVED,
    Event,
)
from checkout.errors import TryAgainError
from checkout.flows.fulfill import Fulfillment, Outcome
from checkout.flows.refund_purchase import Refunds
from checkout.telemetry import count, logger

AUDIT_ACTIONS = {
    INQUIRY: "dispute_inquiry",
    OPEN: "dispute_opened",
    LOST: "dispute_lost",
    WON: "dispute_won",
}
COUNTED = {
    "dispute_opened": "payments.disputes.opened",
    "dispute_lost": "payments.disputes.lost",
    "dispute_won": "payments.disputes.won",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyEvents:
    """
    Applies what happened to money that had arrived; every event may come twice or late.

    One may even come before the event of the payment itself: then the payment is
    fulfilled first.
    """

    fulfillment: Fulfillment
    refunds: Refunds

    def apply(self, event: Event) -> Outcome:
        """Do what *event* means; raises TryAgainError when it must come again."""
        purchase = self._purchase_of(self._payment_intent_of(event))
        if purchase is None:
            count("payments.events.foreign")
            return Outcome.FOREIGN
        if event.type == CHARGE_REFUNDED:
            is_news = self._record_refunds(purchase, event)
        elif event.type in OF_DISPUTES:
            is_news = self._record_dispute(purchase, event)
        elif event.type == FRAUD_WARNING:
            is_news = self._record_fraud_warning(purchase, event)
        else:
            found = Refund.from_stripe(event.object)
            _, is_news = self.refunds.record(purchase.id, found, event.id)
        if is_news:
            return Outcome.CHANGED
        return self.fulfillment.record_no_effect(purchase, event)

    def _payment_intent_of(self, event: Event) -> str | None:
        """Return what was paid; where Stripe leaves it out, the charge has it."""
        if payment_intent_id := id_of(event.object.get("payment_intent")):
            return payment_intent_id
        charge_id = id_of(event.object.get("charge"))
        return self.refunds.stripe.payment_intent_of(charge_id) if charge_id else None

    def _purchase_of(self, payment_intent_id: str | None) -> Purchase | None:
        """Return the purchase, None if the payment is none of ours."""
        if payment_intent_id is None:
            return None
        purchases = self.refunds.changes.purchases
        if purchase := purchases.by_payment_intent(payment_intent_id):
            return purchase
        # Nothing in these events says whose payment it was; only its session does.
        session = self.refunds.stripe.session_paid_by(payment_intent_id)
        if session is None:
            return None
        observed = Event(f"observed:{session['id']}", SESSION_OBSERVED, session)
        if self.fulfillment.apply(observed) is Outcome.FOREIGN:
            return None
        if purchase := purchases.by_payment_intent(payment_intent_id):
            return purchase
        raise TryAgainError("The payment itself is not recorded yet.")

    def _record_refunds(self, purchase: Purchase, event: Event) -> bool:
        """Record the refunds of a charge, of which the event has only the sum."""
        if event.object["amount_refunded"] == purchase.outgoing_amount:
            return False
        assert purchase.stripe_payment_intent_id  # noqa: S101 - it was found by it
        is_news = False
        failure: Exception | None = None
        for refund in self.refunds.stripe.refunds(purchase.stripe_payment_intent_id):
            try:
                found = Refund.from_stripe(refund)
                is_news |= self.refunds.record(purchase.id, found, event.id)[1]
            except Exception as error:  # noqa: BLE001 - the others are recorded first
                failure = error
        if failure:
            raise failure
        return is_news

    def _record_dispute(self, purchase: Purchase, event: Event) -> bool:
        found = Dispute.from_stripe(event.object)
        changed, is_news = self.refunds.changes.apply(
            purchase.id,
            lambda before: before.with_dispute(found),
            lambda before: _said_of(found, before),
            dispute_id=found.id,
            dispute_amount=found.amount,
            reason=found.reason,
            event_id=event.id,
        )
        if is_news:
            action = _said_of(found, purchase)
            count(COUNTED.get(action, "payments.disputes.updated"))
            if found.id not in purchase.disputes and found.rank == LOST:
                # Its alarm rings on disputes that are opened: this one is told late.
                count(COUNTED["dispute_opened"])
            logger.warning(
                action,
                purchase_id=purchase.id,
                dispute_id=found.id,
                event_id=event.id,
                status=changed.status,
            )
        return is_news

    def _record_fraud_warning(self, purchase: Purchase, event: Event) -> bool:
        warning_id = event.object["id"]
        _, is_news = self.refunds.changes.apply(
            purchase.id,
            lambda before: before.with_fraud_warning(warning_id),
            "fraud_warning_received",
            fraud_warning_id=warning_id,
            reason=event.object["fraud_type"],
            event_id=event.id,
        )
        if is_news:
            count("payments.fraud_warnings")
            logger.warning(
                "fraud_warning_received",
                purchase_id=purchase.id,
                fraud_warning_id=warning_id,
                event_id=event.id,
            )
        return is_news


def _said_of(found: Dispute, before: Purchase) -> str:
    """Name what a dispute has come to; any of its events may be the first to say so."""
    known = before.disputes.get(found.id)
    if known is None or found.rank > known.rank:
        return AUDIT_ACTIONS[found.rank]
    return "dispute_funds_moved"
