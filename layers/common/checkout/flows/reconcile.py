"""Reconcile: compare Stripe's event log with our records, and repair what differs."""

import random
from collections.abc import Callable
from datetime import timedelta

from checkout import clock
from checkout.flows import flow
from checkout.flows.announce_closing import ClosingWindows
from checkout.flows.check_due import DueItems
from checkout.flows.read_stream import Stream, StreamReader
from checkout.flows.run import LeaseLostError, Run
from checkout.flows.watch_delivery import DeliveryWatch
from checkout.flows.watch_endpoint import EndpointWatch
from checkout.metric import Metric
from checkout.tables.reconcile_state import ReconcileState
from checkout.telemetry import count, logger

# The function's reserve for its last item, and some seconds more: a run that was killed
# is over before the next one is due.
LEASE_AFTER_RUN = timedelta(seconds=90)


@flow
class Reconciler:
    """
    Brings every session and purchase to its end, whatever became of the webhooks.

    No payment is fulfilled here: what is behind goes on the queue, as the webhook's
    events do. The work of a run grows with Stripe's new events and with what is
    unresolved, neither with what was sold nor with what is waiting
    (docs/adr/0032-reconcile-reads-the-event-log.md).
    """

    state: ReconcileState
    reader: StreamReader
    money: Stream
    sessions: Stream
    deliveries: DeliveryWatch
    balance: tuple[Stream, ...]
    due_items: DueItems
    closing_windows: ClosingWindows
    endpoint_watch: EndpointWatch

    def reconcile(self, seconds_left: Callable[[], float]) -> Run:
        """Do one run while there is time; only one run works at a time."""
        run = Run(seconds_left)
        until = clock.now() + timedelta(seconds=seconds_left()) + LEASE_AFTER_RUN
        if not self.state.take_lease(run.owner, until):
            run.is_second = True
            logger.info("reconcile_in_progress")
            return run
        try:
            self._stages(run)
        except LeaseLostError:
            # A run that slept too long; the other one continues from our last cursor.
            count(Metric.RECONCILE_UNEXPECTED)
            logger.error("reconcile_lease_lost")
            return run
        self.state.release_lease(run.owner)
        if run.unfinished:
            count(Metric.RECONCILE_UNFINISHED)
        return run

    def _stages(self, run: Run) -> None:
        # The shares of the time; what one stage leaves, the next one has.
        self.due_items.report_age(run)
        run.begin_stage(0.20)
        self.due_items.check_refund_requests(run)
        run.begin_stage(0.05)
        self.closing_windows.announce(run)
        run.begin_stage(0.25)
        self._read(run, self.money)
        run.begin_stage(0.30)
        self._read(run, self.sessions)
        with run.guard(stage="deliveries"):
            self.deliveries.report(run)
        run.begin_stage(0.05)
        self.due_items.check_purchases(run)
        run.begin_stage(0.05)
        self.due_items.check_sessions(run)
        run.begin_stage(0.10)
        # Payments found just now, or still to be found, are recorded later. Then the
        # balance is read again, for their receipts.
        found = (run.read_until.get(self.sessions.name), run.oldest_payment)
        again_from = min((at for at in found if at is not None), default=None)
        # In random order: the one must not always leave no time for the other.
        for stream in random.sample(self.balance, len(self.balance)):
            self._read(run, stream, again_from)
        with run.guard(stage="endpoint"):
            self.endpoint_watch.watch(run)

    def _read(self, run: Run, stream: Stream, again_from: int | None = None) -> None:
        with run.guard(stream=stream.name):
            self.reader.read(run, stream, again_from)
