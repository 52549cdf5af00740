"""Check what no event resolves: abandoned sessions, pending refunds, open disputes."""

import random
from datetime import timedelta

from checkout import clock
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.clients.stripe_api import StripeApi
from checkout.domain.checkout_session import is_ahead
from checkout.domain.dispute import Dispute
from checkout.domain.next_check import purchase_check, session_check
from checkout.domain.payment_session import UNRESOLVED, PaymentSession, Status
from checkout.domain.purchase import Purchase
from checkout.domain.receipt import Receipt
from checkout.domain.refund import Refund
from checkout.domain.unpaid_end import NEVER_ANSWERED, TIME_TO_PAY_OVER
from checkout.errors import AlreadyPurchasedError, PaymentInProgressError
from checkout.flows import flow
from checkout.flows.change_purchase import PurchaseChanges
from checkout.flows.open_checkout import StripeCheckout
from checkout.flows.record_dispute import record_dispute
from checkout.flows.record_receipts import record_receipt
from checkout.flows.refund_purchase import Refunds, record_refund
from checkout.flows.run import Run
from checkout.metric import Metric
from checkout.tables import transaction
from checkout.tables.due import PARTITIONS, REFUND_PARTITIONS, DueItem
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import gauge_seconds, logger

# Of one partition in one run; the next run continues where this one stopped.
MOST_AT_ONCE = 100
PAUSE_AFTER_FAILURE = timedelta(minutes=30)
# Stripe books a payment within minutes, with some methods within days.
BOOKED_WITHIN = timedelta(days=7)


@flow
class DueItems:
    """
    Asks Stripe about each session and purchase whose time has come.

    A webhook or the event log resolves nearly all of them before; the index holds what
    remains. An item is postponed before Stripe is asked about it: a bad item must not
    stay the first of its partition.
    """

    sessions: PaymentSessions
    purchases: Purchases
    queue: PaymentEventsQueue
    stripe: StripeApi
    stripe_checkout: StripeCheckout
    changes: PurchaseChanges
    refunds: Refunds

    def check_refund_requests(self, run: Run) -> None:
        """Send the refunds that were requested and not answered: they come first."""
        for partition in _in_random_order(REFUND_PARTITIONS):
            self._check(run, self.purchases, partition)

    def check_purchases(self, run: Run) -> None:
        """Follow what Stripe has yet to decide; find the receipts of late payments."""
        for partition in _in_random_order(PARTITIONS):
            self._check(run, self.purchases, partition)

    def check_sessions(self, run: Run) -> None:
        """Expire, or ask about, what should have ended by now."""
        for partition in _in_random_order(PARTITIONS):
            self._check(run, self.sessions, partition)

    def report_age(self, run: Run) -> None:
        """
        Report for how long the oldest item, and session, has been due; 0 if none is.

        A session is due when its time is over and nobody has said how it ended.
        """
        session = self._longest_due(run, self.sessions, PARTITIONS)
        partitions = REFUND_PARTITIONS + PARTITIONS
        purchase = self._longest_due(run, self.purchases, partitions)
        gauge_seconds(Metric.ORPHANED_AGE, session)
        gauge_seconds(Metric.RECONCILE_DUE_AGE, max(session, purchase))

    def _longest_due(
        self,
        run: Run,
        table: PaymentSessions | Purchases,
        partitions: tuple[str, ...],
    ) -> int:
        oldest = now = clock.now()
        for partition in partitions:
            with run.guard(partition=partition):
                for item in table.due(partition, now, 1):
                    oldest = min(oldest, clock.from_iso(item.due_at))
        return int((now - oldest).total_seconds())

    def _check(
        self, run: Run, table: PaymentSessions | Purchases, partition: str
    ) -> None:
        if run.is_rate_limited or not run.has_time():
            return
        is_session = table is self.sessions
        check = self._check_session if is_session else self._check_purchase
        with run.guard(table=type(table).__name__, partition=partition):
            due = table.due(partition, clock.now(), MOST_AT_ONCE)
            for item in due:
                if run.is_rate_limited or not run.has_time():
                    return
                with run.guard(item_id=item.id):
                    check(run, item)
                run.checked += 1
            run.unfinished |= len(due) == MOST_AT_ONCE

    def _check_session(self, _run: Run, item: DueItem) -> None:
        later = self.sessions.postpone(item, clock.now() + PAUSE_AFTER_FAILURE)
        session = self.sessions.get(item.id) if later else None
        if later is None or session is None:
            return
        if session.is_deleted_as(session.status):
            return  # it has ended just now, and nobody paid it
        if session.status not in UNRESOLVED:
            # It was due for the e-mail address alone, which no request needs any more.
            transaction.execute_alone(self.sessions.kept(session))
            return
        try:
            self._resolve_session(session, later)
        except (AlreadyPurchasedError, PaymentInProgressError):
            # It was paid before we expired it; its fulfillment is on the queue.
            logger.info("fulfillment_queued", payment_session_id=session.id)

    def _resolve_session(self, session: PaymentSession, item: DueItem) -> None:
        if session.status is not Status.PROCESSING:
            is_open = session.status is Status.OPEN
            reason = TIME_TO_PAY_OVER if is_open else NEVER_ANSWERED
            self.stripe_checkout.expire(session, reason)
            return
        if session.stripe_session_id is None:
            raise LookupError(f"{session.id} is processing, and has no id of Stripe's")
        stripe_object = self.stripe.session(session.stripe_session_id)
        if is_ahead(stripe_object, session):
            self.queue.send_observed(stripe_object)
            logger.info("fulfillment_queued", payment_session_id=session.id)
        else:
            # The bank has not decided.
            self.sessions.postpone(
                item, session_check(session, session.status, clock.now())
            )

    def _check_purchase(self, run: Run, item: DueItem) -> None:
        later = self.purchases.postpone(item, clock.now() + PAUSE_AFTER_FAILURE)
        purchase = self.purchases.get(item.id) if later else None
        if later is None or purchase is None:
            return
        if purchase_check(purchase, clock.now()) is None:
            return
        payment_intent_id = purchase.stripe_payment_intent_id
        if payment_intent_id is None:
            raise LookupError(f"{purchase.id} is unresolved, and has no payment intent")
        failed_before = run.failed
        for request in purchase.open_requests:
            with run.guard(item_id=purchase.id, refund_request_id=request.id):
                purchase = self.refunds.send(purchase, request)
        if purchase.pending_refunds:
            purchase = self._follow_refunds(run, purchase, payment_intent_id)
        if purchase.open_disputes:
            purchase = self._follow_disputes(run, purchase, payment_intent_id)
        if purchase.receipt is None:
            with run.guard(item_id=purchase.id):
                purchase = self._fetch_receipt(purchase, payment_intent_id)
        if run.failed == failed_before and (
            due_at := purchase_check(purchase, clock.now())
        ):
            # Stripe has answered, and nothing has changed: else it has a time already.
            self.purchases.postpone(later, due_at)

    def _follow_refunds(
        self, run: Run, purchase: Purchase, payment_intent_id: str
    ) -> Purchase:
        with run.guard(item_id=purchase.id):
            for stripe_refund in self.stripe.refunds(payment_intent_id):
                with run.guard(item_id=purchase.id, refund_id=str(stripe_refund["id"])):
                    refund = Refund.from_stripe(stripe_refund)
                    purchase, _ = record_refund(self.changes, purchase, refund)
        return purchase

    def _follow_disputes(
        self, run: Run, purchase: Purchase, payment_intent_id: str
    ) -> Purchase:
        with run.guard(item_id=purchase.id):
            for stripe_dispute in self.stripe.disputes(payment_intent_id):
                dispute_id = str(stripe_dispute["id"])
                with run.guard(item_id=purchase.id, dispute_id=dispute_id):
                    dispute = Dispute.from_stripe(stripe_dispute)
                    purchase, _ = record_dispute(self.changes, purchase, dispute)
        return purchase

    def _fetch_receipt(self, purchase: Purchase, payment_intent_id: str) -> Purchase:
        receipt = Receipt.from_stripe(self.stripe.payment_intent(payment_intent_id))
        age = clock.now() - clock.from_iso(purchase.purchased_at)
        if receipt.fee is None and age <= BOOKED_WITHIN:
            return purchase
        return record_receipt(self.changes, purchase, receipt)


def _in_random_order(partitions: tuple[str, ...]) -> list[str]:
    """A run that is cut short must not always omit the same ones."""
    return random.sample(partitions, len(partitions))
