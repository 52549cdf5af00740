"""Fetch the events that Stripe could not deliver, and put them on the queue."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from checkout import clock
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.clients.stripe_api import StripeApi
from checkout.domain.stripe_events import FROM_STRIPE
from checkout.flows import flow
from checkout.flows.run import Run
from checkout.metric import Metric
from checkout.tables.fetched_events import FetchedEvents, FetchedEventsNote, Window
from checkout.telemetry import count, logger, report

# A younger event may still be on its first way to the webhook.
DELIVERED_BY = timedelta(minutes=10)
# Stripe itself repeats a delivery for three days.
FURTHEST_BACK = timedelta(days=3)
KEPT_BY_STRIPE = timedelta(days=30)
WINDOW = timedelta(hours=1)
PAUSE_AFTER_FAILURE = timedelta(hours=1)


@flow
class UndeliveredEvents:
    """
    Reads Stripe's event log from where the last run stopped, an hour at a time.

    A window that fails is noted and fetched again by a later run; the windows after it
    are fetched all the same.
    """

    note: FetchedEventsNote
    queue: PaymentEventsQueue
    stripe: StripeApi

    def fetch(self, run: Run) -> None:
        now = clock.now()
        end = now - DELIVERED_BY
        until, again, again_at = self.note.get() or FetchedEvents(
            end - FURTHEST_BACK, [], now
        )
        repeated = random.sample(again, len(again)) if again_at <= now else []
        for window in [*_windows(until, end), *repeated]:
            if not run.has_time():
                return
            failed_before = run.failed
            rest = self._fetch_window(run, window)
            if window in repeated and run.failed > failed_before:
                # A window that only ran out of time continues in the next run.
                again_at = now + PAUSE_AFTER_FAILURE
            until = max(until, window.until)
            again = _joined([*(w for w in again if w != window), *rest])
            again = _kept(again, now - KEPT_BY_STRIPE)
            self.note.store(FetchedEvents(until, again, again_at))

    def _fetch_window(self, run: Run, window: Window) -> list[Window]:
        """Queue the events of *window*; return which parts must be fetched again."""
        failed: list[Window] = []
        rest = [window]
        with run.guard(events_since=clock.iso(window.since)):
            for event in self.stripe.events(
                int(window.since.timestamp()),
                int(window.until.timestamp()),
                FROM_STRIPE,
                undelivered=True,
            ):
                if not run.has_time():
                    return failed + rest
                second = _second_of(event) or window
                queued = False
                with run.guard(event_id=str(event.get("id"))):
                    self._queue(event)
                    queued = True
                if not queued:
                    failed.append(second)
                # The newest events come first: the older ones are still to be fetched.
                rest = [Window(window.since, second.until)]
            rest = []
        return failed + rest

    def _queue(self, event: dict[str, Any]) -> None:
        event_id, event_type = event["id"], event["type"]
        self.queue.send(event)
        report(
            "event_fetched",
            Metric.EVENTS_FETCHED,
            event_id=event_id,
            event_type=event_type,
        )


def _windows(since: datetime, until: datetime) -> Iterator[Window]:
    while since < until:
        following = min(since + WINDOW, until)
        yield Window(since, following)
        since = following


def _joined(windows: list[Window]) -> list[Window]:
    """Join adjacent windows, so that a long outage leaves one for each hour."""
    joined: list[Window] = []
    for window in sorted(windows):
        last = joined[-1] if joined else None
        if last and window.since <= last.until and window.until - last.since <= WINDOW:
            joined[-1] = Window(last.since, max(last.until, window.until))
        else:
            joined.append(window)
    return joined


def _kept(windows: list[Window], since: datetime) -> list[Window]:
    """Return the windows whose events Stripe still has; report those that are lost."""
    for window in (w for w in windows if w.until < since):
        count(Metric.RECONCILE_UNEXPECTED)
        logger.error("events_given_up", events_since=clock.iso(window.since))
    return [window for window in windows if window.until >= since]


def _second_of(event: dict[str, Any]) -> Window | None:
    """Return the second in which Stripe made the event: the smallest window."""
    if not isinstance(event.get("created"), int):
        return None
    created = datetime.fromtimestamp(event["created"], UTC)
    return Window(created, created + timedelta(seconds=1))
