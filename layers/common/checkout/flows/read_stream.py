"""Read a list of Stripe's from where the last run stopped, page by page."""

from datetime import timedelta
from typing import Any, Protocol

from checkout import clock
from checkout.clients.stripe_connection import ListPage
from checkout.flows import flow
from checkout.flows.run import LeaseLostError, Run
from checkout.metric import Metric
from checkout.stripe_errors import StripeError, StripeRefusedError
from checkout.tables.reconcile_state import Progress, ReconcileState
from checkout.telemetry import count, gauge_seconds, logger

# Stripe's lists are not quite consistent: what it made just now may be missing.
LISTED_WITHIN = timedelta(seconds=60)
WINDOW = timedelta(hours=1)
# A new stack, or one that lost its cursor, reads what Stripe itself would deliver.
FIRST_WINDOW = timedelta(days=3)
KEPT_BY_STRIPE = timedelta(days=30)


class Stream(Protocol):
    """A list of Stripe's, newest first, and what is done with its members."""

    name: str
    lag: Metric
    overlap: timedelta

    def page(self, since: int, until: int, after: str | None) -> ListPage:
        """Return a page of the list, from *since* to before *until*."""

    def process(self, run: Run, members: list[dict[str, Any]]) -> list[str] | None:
        """
        Do what the *members* mean; raise an error if the page must be read again.

        Return the ids that must not be queued again, None if they are unchanged.
        """


@flow
class StreamReader:
    """
    Reads a stream in windows of an hour, the oldest first.

    The cursor moves once a window is read. Within a window each page leaves a mark, so
    that a run that ends early loses no page. The first window of a run overlaps what
    earlier runs have read: Stripe may list a member late.
    """

    state: ReconcileState

    def read(self, run: Run, stream: Stream, again_from: int | None = None) -> None:
        """
        Read *stream* up to a minute ago, or until its time is over.

        The next run reads it from *again_from* on, in Unix seconds, if it would
        otherwise begin later.
        """
        end = int((clock.now() - LISTED_WITHIN).timestamp())
        progress = self._progress(stream, end)
        overlap = _seconds(stream.overlap)
        try:
            while (progress.after or progress.until < end) and run.has_time():
                # A window that an earlier run began has its bounds already.
                begins = progress.first is None
                progress = self._read_page(run, stream, progress, end, overlap)
                overlap = 0 if begins else overlap
        except StripeError:
            # The list itself failed: the next run continues at the page mark.
            run.unfinished = True
            raise
        finally:
            gauge_seconds(stream.lag, _now() - progress.until)
        run.read_until[stream.name] = progress.until
        if again_from is not None and not progress.after:
            self._set_back(run, stream, progress.until, again_from)

    def _set_back(self, run: Run, stream: Stream, until: int, again_from: int) -> None:
        back = Progress(until=again_from + _seconds(stream.overlap))
        if back.until >= until:
            return
        if not self.state.store(run.owner, stream.name, back, None):
            raise LeaseLostError

    def _progress(self, stream: Stream, end: int) -> Progress:
        progress = self.state.progress(stream.name)
        oldest = _now() - _seconds(KEPT_BY_STRIPE)
        if progress is None:
            return Progress(until=end - _seconds(FIRST_WINDOW))
        if (progress.first or progress.until) < oldest:
            count(Metric.RECONCILE_UNEXPECTED)
            logger.error("events_given_up", stream=stream.name, until=progress.until)
            return Progress(until=oldest)
        return progress

    def _read_page(
        self, run: Run, stream: Stream, progress: Progress, end: int, overlap: int
    ) -> Progress:
        first, last, after = progress.first, progress.last, progress.after
        if first is None or last is None:
            first = progress.until - overlap
            last = min(progress.until + _seconds(WINDOW), end)
        try:
            page = stream.page(first, last, after)
        except StripeRefusedError as refusal:
            if after is None or refusal.stripe_code != "resource_missing":
                raise
            # Stripe does not have the mark any more: the window is read once more.
            page = stream.page(first, last, None)
        run.checked += len(page.members)
        queued_ids = stream.process(run, page.members)
        if page.has_more and page.members:
            after = str(page.members[-1]["id"])
            following = Progress(progress.until, first, last, after)
        else:
            following = Progress(until=last)
        if not self.state.store(run.owner, stream.name, following, queued_ids):
            raise LeaseLostError
        return following


def _now() -> int:
    return int(clock.now().timestamp())


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())
