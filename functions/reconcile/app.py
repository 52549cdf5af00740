"""On a schedule: resolve every session and purchase that no webhook has resolved."""

from functools import cache
from typing import TYPE_CHECKING, Any

from checkout import wiring
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.config import ReconcileConfig, RefundsConfig
from checkout.flows.fetch_events import UndeliveredEvents
from checkout.flows.open_checkout import StripeCheckout
from checkout.flows.reconcile import Reconciler
from checkout.metric import Metric
from checkout.tables.audit_log import AuditLog
from checkout.tables.fetched_events import FetchedEventsNote
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import count, logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# Time reserved for the last item of a run.
MARGIN_MILLISECONDS = 60_000


@cache
def reconciler() -> Reconciler:
    c, own = RefundsConfig(), ReconcileConfig()
    sessions = PaymentSessions(c.payment_sessions_table)
    queue = PaymentEventsQueue(own.payment_events_queue_url)
    stripe = wiring.stripe_api(c, own.reconcile_calls_per_second)
    changes = wiring.purchase_changes(c)
    return Reconciler(
        sessions=sessions,
        purchases=Purchases(c.purchases_table),
        queue=queue,
        stripe=stripe,
        stripe_checkout=StripeCheckout(
            sessions=sessions,
            audit_log=AuditLog(c.audit_log_table),
            queue=queue,
            stripe=stripe,
        ),
        changes=changes,
        refunds=wiring.refunds(c, changes, stripe),
        undelivered_events=UndeliveredEvents(
            note=FetchedEventsNote(c.payment_sessions_table), queue=queue, stripe=stripe
        ),
    )


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, int]:
    def seconds_left() -> float:
        return (context.get_remaining_time_in_millis() - MARGIN_MILLISECONDS) / 1000

    run = reconciler().reconcile(seconds_left)
    count(Metric.RECONCILE_CHECKED, run.checked)
    logger.info("reconciled", checked=run.checked, failed=run.failed)
    return {"checked": run.checked, "failed": run.failed}
