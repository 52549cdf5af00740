"""Resolve what no webhook has resolved, by asking Stripe: reconcile."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from checkout import clock
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.domain.checkout_session import is_ahead
from checkout.domain.payment_session import UNRESOLVED, PaymentSession, Status
from checkout.domain.purchase import Purchase
from checkout.domain.receipt import Receipt
from checkout.domain.refund import Refund
from checkout.domain.stripe_events import FROM_STRIPE
from checkout.errors import AlreadyPurchasedError, CheckoutError, PaymentInProgressError
from checkout.flows.open_checkout import StripeCheckout
from checkout.flows.refund_purchase import Refunds
from checkout.tables.payment_sessions import (
    FIRST_CHECK_AFTER,
    FetchedEvents,
    PaymentSessions,
    Window,
)
from checkout.tables.purchases import Purchases
from checkout.telemetry import count, logger

LONGEST_PAUSE = timedelta(hours=1)
# Of one partition in one run; the next run goes on where this one stopped.
MOST_AT_ONCE = 100

# An event younger than this may still be on its first way to the webhook.
DELIVERED_BY = timedelta(minutes=10)
# Stripe itself tries for three days; what is older, somebody has looked at by now.
FURTHEST_BACK = timedelta(days=3)
KEPT_BY_STRIPE = timedelta(days=30)
WINDOW = timedelta(hours=1)
# Stripe books a payment within minutes, with some methods within days.
BOOKED_WITHIN = timedelta(days=7)


@dataclass(slots=True)
class Run:
    """
    The clock and the counters of one run.

    What fails does not end the run; *failed* counts what must be tried again. A stage
    leaves the *reserved* seconds to those after it.
    """

    seconds_left: Callable[[], float]
    reserved: float = 0
    checked: int = 0
    failed: int = 0

    def has_time(self) -> bool:
        return self.seconds_left() > self.reserved

    @contextmanager
    def guard(self, **about: str) -> Iterator[None]:
        """
        Count and log what fails inside, and go on after it.

        Any exception: an item that cannot be read, a fault of AWS or of ours must not
        keep the rest from being looked at.
        """
        try:
            yield
        except CheckoutError as error:
            self.failed += 1
            count("payments.reconcile.failed")
            logger.warning("reconcile_item_failed", code=error.code, extra=about)
        except Exception:  # noqa: BLE001 - the outermost edge: Stripe gets an answer
            self.failed += 1
            count("payments.reconcile.failed")
            count("payments.reconcile.unexpected")
            logger.exception("reconcile_item_failed", extra=about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """
    Brings everything to an end that no event has brought there.

    Its work grows with what is unresolved, never with what has been. It fulfills no
    payment itself: what it finds of a session, and every event that Stripe could not
    deliver, goes on the queue as the webhook's events do.
    """

    payable: StripeCheckout
    payment_events: PaymentEventsQueue
    refunds: Refunds

    def run(self, seconds_left: Callable[[], float]) -> Run:
        """Look at what is due while there is time, whatever fails meanwhile."""
        run = Run(seconds_left)
        # Money that is not recorded comes first, receipts can wait.
        self._look_at_due(run, self.payable.sessions, self._look_at_session)
        with run.guard(stage="undelivered_events"):
            # Where Stripe or the queue hangs, the purchases still get their turn.
            run.reserved = seconds_left() / 2
            self._fetch_undelivered(run)
        run.reserved = 0
        self._look_at_due(run, self.refunds.changes.purchases, self._look_at_purchase)
        return run

    def _look_at_due(
        self,
        run: Run,
        table: PaymentSessions | Purchases,
        look_at: Callable[[Run, str], None],
    ) -> None:
        # In any order, so that a run cut short does not always cut off the same.
        for partition in random.sample(table.partitions, len(table.partitions)):
            if not run.has_time():
                return
            with run.guard(table=type(table).__name__, partition=partition):
                for item_id in table.due(partition, clock.now(), MOST_AT_ONCE):
                    if not run.has_time():
                        return
                    with run.guard(item_id=item_id):
                        look_at(run, item_id)
                    run.checked += 1

    # ------------------------------------------------------------ sessions

    def _look_at_session(self, _run: Run, payment_session_id: str) -> None:
        due_at = clock.now() + LONGEST_PAUSE
        try:
            session = self.payable.sessions.get(payment_session_id)
            if session:
                due_at = _next_look(session)
        finally:
            # First of all, and also if reading fails: a bad item must not be the first
            # of its partition again.
            self.payable.sessions.postpone(payment_session_id, due_at)
        if session is None or session.status not in UNRESOLVED:
            return
        try:
            self._resolve_session(session)
        except (AlreadyPurchasedError, PaymentInProgressError):
            # It had been paid when we closed it; its fulfillment is on the queue.
            logger.info("fulfillment_queued", payment_session_id=session.id)

    def _resolve_session(self, session: PaymentSession) -> None:
        over = clock.now() >= clock.from_iso(session.expires_at)
        if session.status is Status.PREPARED or (
            session.status is Status.OPEN and over
        ):
            self.payable.close(session)
            return
        assert session.stripe_session_id  # noqa: S101 - Stripe has just given it
        found = self.refunds.stripe.session(session.stripe_session_id)
        if is_ahead(found, session):
            self.payment_events.send_observed(found)
            logger.info("fulfillment_queued", payment_session_id=session.id)

    # ------------------------------------------------------------ events

    def _fetch_undelivered(self, run: Run) -> None:
        """
        Queue the events that Stripe could not deliver, an hour of them at a time.

        A window that fails is noted, and fetched again by a later run; the windows
        after it are fetched all the same.
        """
        sessions = self.payable.sessions
        now = clock.now()
        end = now - DELIVERED_BY
        until, again, again_at = sessions.fetched_events() or FetchedEvents(
            end - FURTHEST_BACK, [], now
        )
        tried_before = random.sample(again, len(again)) if again_at <= now else []
        for window in [*_windows(until, end), *tried_before]:
            if not run.has_time():
                return
            failed_before = run.failed
            left = self._fetch_window(run, window)
            if window in tried_before and run.failed > failed_before:
                # Not where only the time was over: that goes on in the next run.
                again_at = now + LONGEST_PAUSE
            until = max(until, window.until)
            again = _joined([*(w for w in again if w != window), *left])
            again = _kept(again, now - KEPT_BY_STRIPE)
            sessions.note_fetched_events(FetchedEvents(until, again, again_at))

    def _fetch_window(self, run: Run, window: Window) -> list[Window]:
        """Queue the events of *window*; return what of it must be fetched again."""
        left: list[Window] = []
        rest = [window]
        with run.guard(events_since=clock.iso(window.since)):
            for event in self.refunds.stripe.events(
                int(window.since.timestamp()),
                int(window.until.timestamp()),
                FROM_STRIPE,
                undelivered=True,
            ):
                if not run.has_time():
                    return left + rest
                second = _second_of(event) or window
                queued = False
                with run.guard(event_id=str(event.get("id"))):
                    self._queue(event)
                    queued = True
                if not queued:
                    left.append(second)
                # The newest come first: what is older is still to be fetched.
                rest = [Window(window.since, second.until)]
            rest = []
        return left + rest

    def _queue(self, event: dict[str, Any]) -> None:
        event_id, event_type = event["id"], event["type"]
        self.payment_events.send(json.dumps(event))
        count("payments.events.fetched")
        logger.info("event_fetched", event_id=event_id, event_type=event_type)

    # ------------------------------------------------------------ purchases

    def _look_at_purchase(self, run: Run, purchase_id: str) -> None:
        purchases = self.refunds.changes.purchases
        due_at = clock.now() + LONGEST_PAUSE
        try:
            purchase = purchases.get(purchase_id)
            if purchase:
                due_at = _later(purchase.purchased_at)
        finally:
            purchases.postpone(purchase_id, due_at)
        if purchase and purchase.is_unresolved:
            self._resolve_purchase(run, purchase)

    def _resolve_purchase(self, run: Run, purchase: Purchase) -> None:
        for request in purchase.open_requests:
            with run.guard(item_id=purchase.id, refund_request_id=request.id):
                purchase = self.refunds.execute(purchase, request)
        payment_intent_id = purchase.stripe_payment_intent_id
        assert payment_intent_id  # noqa: S101 - or all would be known
        if purchase.pending_refunds:
            with run.guard(item_id=purchase.id):
                for found in self.refunds.stripe.refunds(payment_intent_id):
                    with run.guard(item_id=purchase.id, refund_id=str(found["id"])):
                        self.refunds.record(purchase.id, Refund.from_stripe(found))
        if purchase.receipt is None:
            self._fetch_receipt(purchase, payment_intent_id)

    def _fetch_receipt(self, purchase: Purchase, payment_intent_id: str) -> None:
        receipt = Receipt.from_stripe(
            self.refunds.stripe.payment_intent(payment_intent_id)
        )
        age = clock.now() - clock.from_iso(purchase.purchased_at)
        if receipt.fee is not None or age > BOOKED_WITHIN:
            self.refunds.changes.apply(
                purchase.id,
                lambda before: before.with_receipt(receipt),
                "receipt_received",
                stripe_fee=receipt.fee,
            )


def _next_look(session: PaymentSession) -> datetime:
    """Look less and less often, but once when the time to pay is over."""
    later = _later(session.created_at)
    end = clock.from_iso(session.expires_at)
    return end if clock.now() < end < later else later


def _later(begun_at: str) -> datetime:
    """Wait as long as it has taken so far: ten minutes at least, an hour at most."""
    now = clock.now()
    age = now - clock.from_iso(begun_at)
    return now + min(max(age, FIRST_CHECK_AFTER), LONGEST_PAUSE)


def _windows(since: datetime, until: datetime) -> Iterator[Window]:
    while since < until:
        following = min(since + WINDOW, until)
        yield Window(since, following)
        since = following


def _joined(windows: list[Window]) -> list[Window]:
    """Join windows that touch, so that a long outage leaves one for each hour."""
    joined: list[Window] = []
    for window in sorted(windows):
        last = joined[-1] if joined else None
        if last and window.since <= last.until and window.until - last.since <= WINDOW:
            joined[-1] = Window(last.since, max(last.until, window.until))
        else:
            joined.append(window)
    return joined


def _kept(windows: list[Window], since: datetime) -> list[Window]:
    """Return those whose events Stripe still has; alarm what is lost by that."""
    for window in (w for w in windows if w.until < since):
        count("payments.reconcile.unexpected")
        logger.error("events_given_up", events_since=clock.iso(window.since))
    return [window for window in windows if window.until >= since]


def _second_of(event: dict[str, Any]) -> Window | None:
    """Return the second in which Stripe made the event, the least that can be asked."""
    if not isinstance(event.get("created"), int):
        return None
    created = datetime.fromtimestamp(event["created"], UTC)
    return Window(created, created + timedelta(seconds=1))
