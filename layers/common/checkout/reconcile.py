"""The sweep: ask Stripe about all that is due, until each thing has come to its end."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from checkout import clock
from checkout.errors import (
    AlreadyPurchasedError,
    CheckoutError,
    PaymentInProgressError,
    TryAgainError,
)
from checkout.payable import PayableSessions
from checkout.payment_events import FROM_STRIPE, PaymentEvents
from checkout.payment_session import UNRESOLVED, PaymentSession, Status
from checkout.purchase import Purchase
from checkout.receipt import Receipt
from checkout.refund import Refund
from checkout.refunds import Refunds
from checkout.stripe_session import is_ahead
from checkout.tables.payment_sessions import (
    FIRST_LOOK,
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
WINDOW = timedelta(hours=1)
# More do not fail by themselves: then Stripe does, or the queue.
MOST_FAILED_WINDOWS = 3
MOST_FAILED_EVENTS_IN_A_ROW = 10
# Stripe books a payment within minutes, with some methods within days.
BOOKED_WITHIN = timedelta(days=7)


@dataclass(slots=True)
class Run:
    """
    One run of the sweep: what it has time for, and how it fared.

    A run is never ended by what it works on: *failed* counts what must be tried again.
    """

    has_time: Callable[[], bool]
    looked_at: int = 0
    failed: int = 0

    def attempt[**P](
        self,
        about: Mapping[str, str],
        work: Callable[P, None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> bool:
        """
        Do *work*; say whether it went well, and count and log it where it did not.

        Any exception: an item that cannot be read, a fault of AWS or of ours must not
        keep the rest from being looked at.
        """
        try:
            work(*args, **kwargs)
        except CheckoutError as error:
            logger.warning("sweep_failed", code=error.code, extra=about)
        except Exception:  # noqa: BLE001 - see above
            count("payments.sweep.unexpected")
            logger.exception("sweep_failed", extra=about)
        else:
            return True
        self.failed += 1
        count("payments.sweep.failed")
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """
    Brings everything to an end that no event has brought there.

    Its work grows with what is unresolved, never with what has been. It settles no
    payment itself: what it finds of a session, and every event that Stripe could not
    deliver, goes on the queue as the webhook's events do.
    """

    payable: PayableSessions
    payment_events: PaymentEvents
    refunds: Refunds

    def run(self, has_time: Callable[[], bool]) -> Run:
        """Look at what is due while *has_time* says yes, whatever fails meanwhile."""
        run = Run(has_time)
        changes = self.refunds.changes
        # Money that is not recorded comes first, receipts can wait.
        self._look_at_due(run, self.payable.sessions, self._look_at_session)
        run.attempt({"stage": "undelivered_events"}, self._fetch_undelivered, run)
        self._look_at_due(run, changes.purchases, self._look_at_purchase)
        return run

    def _look_at_due(
        self,
        run: Run,
        table: PaymentSessions | Purchases,
        look_at: Callable[[str], None],
    ) -> None:
        # In any order, so that a run cut short does not always cut off the same.
        for partition in random.sample(table.partitions, len(table.partitions)):
            about = {"table": type(table).__name__, "partition": partition}
            run.attempt(about, self._look_at_partition, run, table, look_at, partition)

    def _look_at_partition(
        self,
        run: Run,
        table: PaymentSessions | Purchases,
        look_at: Callable[[str], None],
        partition: str,
    ) -> None:
        if not run.has_time():
            return
        for item_id in table.due(partition, clock.now(), MOST_AT_ONCE):
            if not run.has_time():
                return
            run.attempt({"item_id": item_id}, look_at, item_id)
            run.looked_at += 1

    # ------------------------------------------------------------ sessions

    def _look_at_session(self, payment_session_id: str) -> None:
        due_at = clock.now() + LONGEST_PAUSE
        try:
            session = self.payable.sessions.get(payment_session_id)
            if session:
                due_at = _next_look(session)
        finally:
            # First of all: what fails here, or cannot even be read, must not be the
            # first to fail again.
            self.payable.sessions.postpone(payment_session_id, due_at)
        if session is None or session.status not in UNRESOLVED:
            return
        try:
            self._resolve_session(session)
        except (AlreadyPurchasedError, PaymentInProgressError):
            # It had been paid when we closed it; its settlement is on the queue.
            logger.info("settlement_queued", payment_session_id=session.id)

    def _resolve_session(self, session: PaymentSession) -> None:
        over = clock.now() >= clock.from_iso(session.expires_at)
        if session.status is Status.INTENT or (session.status is Status.OPEN and over):
            self.payable.close(session)
            return
        assert session.stripe_session_id  # noqa: S101 - Stripe has it by now
        found = self.refunds.stripe.session(session.stripe_session_id)
        if is_ahead(found, session):
            self.payment_events.send_observed(found)
            logger.info("settlement_queued", payment_session_id=session.id)

    # ------------------------------------------------------------ events

    def _fetch_undelivered(self, run: Run) -> None:
        """
        Queue the events that Stripe could not deliver, an hour of them at a time.

        A window that fails is noted and fetched again by the next run; those after it
        are fetched all the same. Where many fail, Stripe itself does: then this ends.
        """
        sessions = self.payable.sessions
        end = clock.now() - DELIVERED_BY
        fetched = sessions.fetched_events() or FetchedEvents(end - FURTHEST_BACK, [])
        until, again = fetched
        failed = 0
        for window in [*_windows(until, end), *random.sample(again, len(again))]:
            if not run.has_time() or failed == MOST_FAILED_WINDOWS:
                return
            left = self._fetch_window(run, window)
            failed += window in left
            until = max(until, window.until)
            again = _joined([*(w for w in again if w != window), *left])
            sessions.note_fetched_events(FetchedEvents(until, again))

    def _fetch_window(self, run: Run, window: Window) -> list[Window]:
        """Queue the events of *window*; return what of it must be fetched again."""
        left: list[Window] = []
        about = {"events_since": clock.iso(window.since)}
        return left if run.attempt(about, self._queue, run, window, left) else [window]

    def _queue(self, run: Run, window: Window, left: list[Window]) -> None:
        """Queue the events of *window*; add to *left* the seconds of what fails."""
        failed_in_a_row = 0
        first, last = int(window.since.timestamp()), int(window.until.timestamp())
        for event in self.refunds.stripe.events(
            first, last, FROM_STRIPE, undelivered=True
        ):
            if run.attempt({"event_id": event["id"]}, self._queue_one, event):
                failed_in_a_row = 0
                continue
            created = datetime.fromtimestamp(event["created"], UTC)
            left.append(Window(created, created + timedelta(seconds=1)))
            failed_in_a_row += 1
            if failed_in_a_row == MOST_FAILED_EVENTS_IN_A_ROW:
                raise TryAgainError("The queue itself fails.")

    def _queue_one(self, event: dict[str, Any]) -> None:
        self.payment_events.send(json.dumps(event))
        count("payments.events.fetched")
        logger.info("event_fetched", event_id=event["id"], event_type=event["type"])

    # ------------------------------------------------------------ purchases

    def _look_at_purchase(self, purchase_id: str) -> None:
        due_at = clock.now() + LONGEST_PAUSE
        try:
            purchase = self.refunds.changes.purchases.get(purchase_id)
            if purchase:
                due_at = _later(purchase.purchased_at)
        finally:
            self.refunds.changes.purchases.postpone(purchase_id, due_at)
        if purchase and purchase.is_unresolved:
            self._resolve_purchase(purchase)

    def _resolve_purchase(self, purchase: Purchase) -> None:
        for request in purchase.open_requests:
            purchase = self.refunds.execute(purchase, request)
        assert purchase.stripe_payment_intent_id  # noqa: S101 - or all would be known
        if purchase.pending_refunds:
            for found in self.refunds.stripe.refunds(purchase.stripe_payment_intent_id):
                self.refunds.record(purchase.id, Refund.from_stripe(found))
        if purchase.receipt is None:
            self._fetch_receipt(purchase, purchase.stripe_payment_intent_id)

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
    return now + min(max(age, FIRST_LOOK), LONGEST_PAUSE)


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
