"""Fulfill a payment: turn a paid Checkout Session into a purchase, exactly once."""

from checkout import clock
from checkout.domain.audit_action import AuditAction
from checkout.domain.checkout_payment import (
    action_of,
    given_back,
    new_purchase,
    paid_after_all,
    paid_at,
)
from checkout.domain.checkout_session import CheckoutSession
from checkout.domain.mismatch import mismatch
from checkout.domain.outcome import Outcome
from checkout.domain.payment_session import (
    ENDED_UNPAID,
    PAYMENT_WORDS,
    RANK,
    UNKNOWN,
    PaymentSession,
    Status,
)
from checkout.domain.purchase import Purchase
from checkout.domain.quarantine_reason import UNFULFILLABLE, QuarantineReason
from checkout.domain.stripe_events import Event
from checkout.domain.stripe_object import metadata_of
from checkout.errors import CheckoutError, TryAgainError
from checkout.flows import flow
from checkout.flows.change_purchase import (
    PurchaseChanges,
    check_recorded,
    reason_of,
    report_quarantine,
)
from checkout.flows.refund_purchase import Refunds
from checkout.metric import Metric
from checkout.tables import transaction
from checkout.tables.audit_log import AuditLog
from checkout.tables.item import Value
from checkout.tables.offers import Offers
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.tables.transaction import Write
from checkout.telemetry import count_money, logger, report

# The statuses of a session whose payment has a purchase that may be replaced.
RECORDED_BEFORE = frozenset([Status.PROCESSING, Status.FAILED, Status.QUARANTINED])


@flow
class Fulfillment:
    """
    Records every payment: as a sale, quarantined, or unfulfillable and refunded.

    Events come again and in any order: the transaction's conditions show what is done.
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
        before, purchase = self._purchase(session, checkout, event)
        if before is None and RANK[session.status] == RANK[Status.COMPLETE]:
            return record_no_effect(self.audit_log, session, event)
        if reason := self._why_no_sale(before, purchase):
            return self._keep(session, checkout, event, reason)
        writes = self._writes(before, purchase, session, checkout, event)
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
            count_money(Metric.MONEY_SOLD, purchase.amount, purchase.currency)
            return Outcome.FULFILLED
        if failures.keys() & {"session", "purchase"}:
            check_recorded(failures, session, purchase)
            fulfilled_by = failures.get("session", {}).get("stripe_session_id")
            if fulfilled_by not in {None, checkout.id}:
                raise TryAgainError("Another Checkout Session was fulfilled just now.")
            return record_no_effect(self.audit_log, session, event)
        return self._keep(session, checkout, event, reason_of(writes, failures))

    def _why_no_sale(
        self, before: Purchase | None, purchase: Purchase
    ) -> QuarantineReason | None:
        if before and before.dismissed_at:
            return QuarantineReason.PAID_AFTER_DISMISSAL
        # The offer is read before the transaction. A condition in the transaction would
        # lock the item, and the sales of a popular offer would conflict there.
        sale = purchase.sale
        return self.offers.withdrawn(sale) if sale else None

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
        Record money that cannot be a sale, for a person, or refund it automatically.

        Only the purchase itself must be new: a session that has got further and
        pointers that lead to another payment stay as they are.
        """
        refused = session.status is Status.FAILED and not checkout.is_paid
        if refused and reason is QuarantineReason.UNKNOWN_STATUS:
            # The bank's own word has come already.
            return record_no_effect(self.audit_log, session, event)
        before, purchase = self._purchase(session, checkout, event, reason)
        ended = given_back(purchase, clock.iso(clock.now()))
        automatic = reason in UNFULFILLABLE and ended is not None
        if automatic and ended:
            purchase = ended
        writes = self._writes(before, purchase, session, checkout, event)
        if failures := transaction.execute_required(writes):
            check_recorded(failures, session, purchase)
            return record_no_effect(self.audit_log, session, event)
        if not automatic:
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
        before: Purchase | None,
        purchase: Purchase,
        session: PaymentSession,
        checkout: CheckoutSession,
        event: Event,
    ) -> dict[str, Write]:
        """Return the writes that record a payment, the most telling condition first."""
        writes = self.changes.writes_for(before, purchase)
        if checkout.payment_intent:
            writes["payment_intent"] = self.purchases.pointer(
                checkout.payment_intent, purchase
            )
        # A payment through another Checkout Session leaves ours open for payment.
        if session.stripe_session_id not in {None, checkout.id}:
            writes |= self.sessions.listed(purchase, session)
        else:
            status = Status.QUARANTINED if purchase.is_undecided else Status.COMPLETE
            paid = {
                "payment_status": checkout.payment_status,
                "stripe_payment_intent_id": checkout.payment_intent,
            }
            writes["session"] = (
                self.sessions.followed(purchase, status, **paid)
                if before and before.has_arrived
                else self.sessions.moved(
                    session, status, stripe_session_id=checkout.id, **paid
                )
            )
        if session.stripe_session_id != checkout.id or session.status in ENDED_UNPAID:
            # New; or it would be deleted, as that of a session that nobody pays.
            writes["pointer"] = self.sessions.pointer(checkout.id, session.id)
        writes["audit"] = self.audit_log.entry(
            purchase,
            action_of(purchase),
            event_id=event.id,
            purchase_id=purchase.id,
            reason=purchase.quarantine_reason,
            **purchase.beside_price,
        )
        return writes

    def _purchase(
        self,
        session: PaymentSession,
        checkout: CheckoutSession,
        event: Event,
        reason: QuarantineReason | None = None,
    ) -> tuple[Purchase | None, Purchase]:
        """
        Return the purchase of a payment, and before it the record that it replaces.

        It has one if its money was on its way, or if nobody knew whether it has come.
        """
        at = paid_at(event, clock.now())
        purchase = new_purchase(session, checkout, at, quarantine_reason=reason)
        before = None
        is_known = session.payment_status in PAYMENT_WORDS
        if session.status in RECORDED_BEFORE or not is_known:
            before = self.purchases.get(purchase.id)
        if before is None:
            return None, purchase
        unknown = reason is QuarantineReason.UNKNOWN_STATUS
        if before.has_arrived and (unknown or not before.is_decided_by(is_paid=True)):
            return None, purchase
        return before, paid_after_all(before, purchase)


def record_no_effect(
    audit_log: AuditLog,
    about: PaymentSession | Purchase,
    event: Event,
    **details: Value,
) -> Outcome:
    """Record an event that came again, or too late: no event disappears."""
    audit_log.append_no_effect(about, event, **details)
    return Outcome.NO_EFFECT
