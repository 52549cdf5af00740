"""Watch whether Stripe's events arrive by webhook: reconcile should find none."""

from collections.abc import Container, Iterable

from checkout.flows import flow
from checkout.flows.compare_events import StripeEvent
from checkout.flows.run import LeaseLostError, Run
from checkout.metric import Metric
from checkout.tables.reconcile_state import ReconcileState
from checkout.telemetry import gauge


@flow
class DeliveryWatch:
    """
    Counts the events in a row that the webhook did not deliver.

    One event may be late in a shop of any size. Several without one that arrived mean
    that the webhook takes none, however few there are in a day: its secret is wrong, or
    its address, or something before it refuses them.
    """

    state: ReconcileState

    def note(
        self, run: Run, ours: Iterable[StripeEvent], queued: Container[str]
    ) -> None:
        """Note what a page says about *ours*; reconcile had to queue those *queued*."""
        for event in ours:
            if str(event.get("id")) in queued:
                run.undelivered += 1
            # We may also know it from a buyer who came back. Stripe has waited for no
            # endpoint since only if each has accepted it.
            elif event.get("pending_webhooks") == 0:
                run.delivered = True

    def report(self, run: Run) -> None:
        """Report how many they are by now; a run that saw one arrive begins anew."""
        before = self.state.undelivered()
        number = 0 if run.delivered else before + run.undelivered
        gauge(Metric.EVENTS_UNDELIVERED, number)
        unchanged = number == before
        if not (unchanged or self.state.store_undelivered(run.owner, number)):
            raise LeaseLostError
