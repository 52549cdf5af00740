"""Resolve every session and purchase that no webhook has resolved, by asking Stripe."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from checkout import clock
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.clients.stripe_api import StripeApi
from checkout.domain.audit_action import AuditAction
from checkout.domain.checkout_session import is_ahead
from checkout.domain.payment_session import UNRESOLVED, PaymentSession, Status
from checkout.domain.purchase import Purchase
from checkout.domain.receipt import Receipt
from checkout.domain.refund import Refund
from checkout.errors import AlreadyPurchasedError, PaymentInProgressError
from checkout.flows import flow
from checkout.flows.change_purchase import PurchaseChanges
from checkout.flows.fetch_events import UndeliveredEvents
from checkout.flows.open_checkout import StripeCheckout
from checkout.flows.refund_purchase import Refunds, record_refund
from checkout.flows.run import Run
from checkout.tables.payment_sessions import FIRST_CHECK_AFTER, PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import logger

LONGEST_PAUSE = timedelta(hours=1)
# Of one partition in one run; the next run continues where this one stopped.
MOST_AT_ONCE = 100
# Stripe books a payment within minutes, with some methods within days.
BOOKED_WITHIN = timedelta(days=7)


@flow
class Reconciler:
    """
    Brings every session and purchase to its end, whatever became of the webhooks.

    The work of a run grows with what is unresolved, not with what has been sold. No
    payment is fulfilled here: what is behind goes on the queue, as the webhook's events
    do.
    """

    sessions: PaymentSessions
    purchases: Purchases
    queue: PaymentEventsQueue
    stripe: StripeApi
    stripe_checkout: StripeCheckout
    changes: PurchaseChanges
    refunds: Refunds
    undelivered_events: UndeliveredEvents

    def reconcile(self, seconds_left: Callable[[], float]) -> Run:
        """Check what is due while there is time; a failure does not end the run."""
        run = Run(seconds_left)
        # Payments that are not recorded are the most urgent, receipts the least.
        self._check_due(run, self.sessions, self._check_session)
        with run.guard(stage="undelivered_events"):
            # If Stripe or the queue is slow, the purchases still get their turn.
            run.reserved = seconds_left() / 2
            self.undelivered_events.fetch(run)
        run.reserved = 0
        self._check_due(run, self.purchases, self._check_purchase)
        return run

    def _check_due(
        self,
        run: Run,
        table: PaymentSessions | Purchases,
        check: Callable[[Run, str], None],
    ) -> None:
        # In random order: a run that is cut short must not always omit the same ones.
        for partition in random.sample(table.partitions, len(table.partitions)):
            if not run.has_time():
                return
            with run.guard(table=type(table).__name__, partition=partition):
                for item_id in table.due(partition, clock.now(), MOST_AT_ONCE):
                    if not run.has_time():
                        return
                    with run.guard(item_id=item_id):
                        check(run, item_id)
                    run.checked += 1

    def _check_session(self, _run: Run, payment_session_id: str) -> None:
        due_at = clock.now() + LONGEST_PAUSE
        try:
            session = self.sessions.get(payment_session_id)
            if session:
                due_at = _next_check(session)
        finally:
            # Before anything else, and even if the item cannot be read: a bad item must
            # not stay the first of its partition.
            self.sessions.postpone(payment_session_id, due_at)
        if session is None or session.status not in UNRESOLVED:
            return
        try:
            self._resolve_session(session)
        except (AlreadyPurchasedError, PaymentInProgressError):
            # It was paid before we expired it; its fulfillment is on the queue.
            logger.info("fulfillment_queued", payment_session_id=session.id)

    def _resolve_session(self, session: PaymentSession) -> None:
        over = clock.now() >= clock.from_iso(session.expires_at)
        if session.status is Status.PREPARED or (
            session.status is Status.OPEN and over
        ):
            self.stripe_checkout.expire(session)
            return
        if session.stripe_session_id is None:
            raise LookupError(f"{session.id} is open, and has no id of Stripe's")
        stripe_object = self.stripe.session(session.stripe_session_id)
        if is_ahead(stripe_object, session):
            self.queue.send_observed(stripe_object)
            logger.info("fulfillment_queued", payment_session_id=session.id)

    def _check_purchase(self, run: Run, purchase_id: str) -> None:
        due_at = clock.now() + LONGEST_PAUSE
        try:
            purchase = self.purchases.get(purchase_id)
            if purchase:
                due_at = _later(purchase.purchased_at)
        finally:
            self.purchases.postpone(purchase_id, due_at)
        if purchase and purchase.is_unresolved:
            self._resolve_purchase(run, purchase)

    def _resolve_purchase(self, run: Run, purchase: Purchase) -> None:
        payment_intent_id = purchase.stripe_payment_intent_id
        if payment_intent_id is None:
            raise LookupError(f"{purchase.id} is unresolved, and has no payment intent")
        for request in purchase.open_requests:
            with run.guard(item_id=purchase.id, refund_request_id=request.id):
                purchase = self.refunds.send(purchase, request)
        if purchase.pending_refunds:
            with run.guard(item_id=purchase.id):
                for stripe_refund in self.stripe.refunds(payment_intent_id):
                    refund_id = str(stripe_refund["id"])
                    with run.guard(item_id=purchase.id, refund_id=refund_id):
                        refund = Refund.from_stripe(stripe_refund)
                        purchase, _ = record_refund(self.changes, purchase, refund)
        if purchase.receipt is None:
            self._fetch_receipt(purchase, payment_intent_id)

    def _fetch_receipt(self, purchase: Purchase, payment_intent_id: str) -> None:
        receipt = Receipt.from_stripe(self.stripe.payment_intent(payment_intent_id))
        age = clock.now() - clock.from_iso(purchase.purchased_at)
        if receipt.fee is not None or age > BOOKED_WITHIN:
            self.changes.change(
                purchase,
                lambda before: before.with_receipt(receipt),
                AuditAction.RECEIPT_RECEIVED,
                stripe_fee=receipt.fee,
            )


def _next_check(session: PaymentSession) -> datetime:
    """Return when to check a session again: ever later, and once at its deadline."""
    later = _later(session.created_at)
    end = clock.from_iso(session.expires_at)
    return end if clock.now() < end < later else later


def _later(begun_at: str) -> datetime:
    """Return a time as far ahead as *begun_at* is behind: ten minutes to an hour."""
    now = clock.now()
    age = now - clock.from_iso(begun_at)
    return now + min(max(age, FIRST_CHECK_AFTER), LONGEST_PAUSE)
