"""Fulfill a payment: turn a paid Checkout Session into a purchase, exactly once."""

from collections.abc import Mapping

from checkout import clock
from checkout.domain.audit_action import AuditAction
from checkout.domain.checkout_session import CheckoutSession, mismatch
from checkout.domain.outcome import Outcome
from checkout.domain.payment_session import RANK, UNKNOWN, PaymentSession, Status
from checkout.domain.purchase import Purchase
from checkout.domain.purchase_status import PurchaseStatus
from checkout.domain.quarantine_reason import UNFULFILLABLE, QuarantineReason
from checkout.domain.stripe_events import Event
from checkout.domain.stripe_object import metadata_of
from checkout.errors import CheckoutError, TryAgainError
from checkout.flows import flow
from checkout.flows.change_purchase import PurchaseChanges, report_quarantine
from checkout.flows.refund_purchase import Refunds
from checkout.kinds import kind_named
from checkout.metric import Metric
from checkout.tables import transaction
from checkout.tables.audit_log import AuditLog
from checkout.tables.offers import Offers
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.tables.transaction import Failures, Write
from checkout.telemetry import logger, report

AUDIT_ACTIONS = {
    PurchaseStatus.COMPLETED: AuditAction.CHECKOUT_COMPLETED,
    PurchaseStatus.QUARANTINED: AuditAction.PURCHASE_QUARANTINED,
    PurchaseStatus.REFUNDING: AuditAction.UNFULFILLABLE_PAYMENT,
}


@flow
class Fulfillment:
    """
    Records every payment: as a sale, quarantined, or unfulfillable and refunded.

    One transaction writes the purchase and all that depends on it. Events come more
    than once and in any order; the transaction's conditions show what is done already.
    """

    offers: Offers
    sessions: PaymentSessions
    purchases: Purchases
    audit_log: AuditLog
    changes: PurchaseChanges
    refunds: Refunds

    def fulfill(
        self, session: PaymentSession, checkout: CheckoutSession, event: Event
    ) -> Outcome:
        """Record the paid *checkout*; raises TryAgainError if it must come again."""
        if reason := mismatch(checkout, session):
            return self._keep(session, checkout, event, reason)
        if RANK[session.status] == RANK[Status.COMPLETE]:
            return record_no_effect(self.audit_log, session, event)
        purchase = Purchase.from_checkout(session, checkout, clock.iso(clock.now()))
        if self._offer_vanished(purchase):
            vanished = QuarantineReason.OFFER_VANISHED
            return self._keep(session, checkout, event, vanished)
        writes = self._writes(purchase, session, checkout, event)
        failures = transaction.execute(writes)
        if not failures:
            report(
                "purchase_recorded",
                Metric.SESSION_COMPLETED,
                payment_session_id=session.id,
                purchase_id=purchase.id,
                event_id=event.id,
                kind=session.kind,
                amount=purchase.amount,
                currency=purchase.currency,
            )
            return Outcome.FULFILLED
        if failures.keys() & {"session", "purchase"}:
            fulfilled_by = failures.get("session", {}).get("stripe_session_id")
            if fulfilled_by not in {None, checkout.id}:
                raise TryAgainError("Another Checkout Session was fulfilled just now.")
            return record_no_effect(self.audit_log, session, event)
        return self._keep(session, checkout, event, _reason(writes, failures))

    def keep_lost(
        self, payment_session_id: str, checkout: CheckoutSession, event: Event
    ) -> Outcome:
        """Quarantine the paid *checkout* of a session of ours that is not recorded."""
        session = PaymentSession.lost(
            payment_session_id,
            metadata_of(event.object, "kind") or UNKNOWN,
            checkout.amount_total or 0,
            checkout.currency or UNKNOWN,
            clock.iso(clock.now()),
        )
        return self._keep(session, checkout, event, QuarantineReason.SESSION_LOST)

    def _keep(
        self,
        session: PaymentSession,
        checkout: CheckoutSession,
        event: Event,
        reason: QuarantineReason,
    ) -> Outcome:
        """
        Record money that cannot be a sale, for *reason*.

        A person decides about it, unless it is refunded automatically. Only the
        purchase itself must be new: a session that has got further and pointers that
        lead to another payment stay as they are.
        """
        now = clock.iso(clock.now())
        purchase = Purchase.from_checkout(session, checkout, now, reason)
        if reason in UNFULFILLABLE and purchase.stripe_payment_intent_id:
            purchase = purchase.with_automatic_refund(now)
        writes = self._writes(purchase, session, checkout, event)
        if transaction.execute_required(writes):
            return record_no_effect(self.audit_log, session, event)
        if not purchase.open_requests:
            report_quarantine(purchase, event.id)
            return Outcome.QUARANTINED
        report(
            AuditAction.UNFULFILLABLE_PAYMENT,
            Metric.UNFULFILLABLE,
            level="warning",
            payment_session_id=session.id,
            purchase_id=purchase.id,
            event_id=event.id,
            reason=reason,
        )
        self._refund(purchase)
        return Outcome.UNFULFILLABLE

    def _refund(self, purchase: Purchase) -> None:
        """Refund an unfulfillable payment; reconcile repeats what fails now."""
        for request in purchase.open_requests:
            try:
                self.refunds.send(purchase, request, resumed=False)
            except CheckoutError as error:
                logger.warning(
                    "refund_postponed", purchase_id=purchase.id, code=error.code
                )

    def _writes(
        self,
        purchase: Purchase,
        session: PaymentSession,
        checkout: CheckoutSession,
        event: Event,
    ) -> dict[str, Write]:
        """Return the writes that record a payment, the most telling condition first."""
        writes = self.changes.writes_for(None, purchase)
        if checkout.payment_intent:
            writes["payment_intent"] = self.purchases.pointer(
                checkout.payment_intent, purchase
            )
        # A payment through another Checkout Session leaves ours open for payment.
        if session.stripe_session_id in {None, checkout.id}:
            quarantined = purchase.status is PurchaseStatus.QUARANTINED
            writes["session"] = self.sessions.moved(
                session,
                Status.QUARANTINED if quarantined else Status.COMPLETE,
                payment_status=checkout.payment_status,
                stripe_session_id=checkout.id,
                stripe_payment_intent_id=checkout.payment_intent,
            )
        if session.stripe_session_id is None:
            # The event came before the answer to our own request, or we crashed.
            writes["pointer"] = self.sessions.pointer(checkout.id, session.id)
        writes["audit"] = self.audit_log.entry(
            purchase,
            AUDIT_ACTIONS[purchase.status],
            event_id=event.id,
            purchase_id=purchase.id,
            reason=purchase.quarantine_reason,
        )
        return writes

    def _offer_vanished(self, purchase: Purchase) -> bool:
        """
        Return whether an offer that can be sold any number of times is gone.

        It is read before the transaction. A condition in the transaction would lock
        the item, and the sales of a popular offer would conflict there. An offer that
        is sold once is written by the transaction, which then finds that it is gone.
        """
        sale = kind_named(purchase.kind).sale(purchase)
        return not (sale.sellable or self.offers.get(sale.item_type, sale.id))


def record_no_effect(
    audit_log: AuditLog, about: PaymentSession | Purchase, event: Event
) -> Outcome:
    """Record an event that came again, or too late: no event disappears."""
    audit_log.append_no_effect(about, event)
    return Outcome.NO_EFFECT


def _reason(writes: Mapping[str, Write], failures: Failures) -> QuarantineReason:
    """Return what the first failed condition means."""
    name = next(iter(failures))
    if name == "offer" and not failures[name]:
        return QuarantineReason.OFFER_VANISHED
    condition = writes[name].condition
    if condition and isinstance(condition.failure, QuarantineReason):
        return condition.failure
    raise RuntimeError(f"the condition of {name} gives no reason")
