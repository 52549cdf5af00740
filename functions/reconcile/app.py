"""On a schedule: nothing stays unresolved, nothing paid stays unrecorded."""

from functools import cache
from typing import TYPE_CHECKING, Any

from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.config import ReconcileConfig, RefundsConfig
from checkout.flows.open_checkout import StripeCheckout
from checkout.flows.reconcile import Reconciler
from checkout.flows.refund_purchase import Refunds
from checkout.telemetry import count, logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# The last session that a run begins has this long to be dealt with.
MARGIN_MILLISECONDS = 60_000


@cache
def reconcile() -> Reconciler:
    config = ReconcileConfig()
    refunds = Refunds.of(RefundsConfig(), config.reconcile_calls_per_second)
    changes = refunds.changes
    payment_events = PaymentEventsQueue(config.payment_events_queue_url)
    payable = StripeCheckout(
        sessions=changes.sessions,
        audit_log=changes.audit_log,
        payment_events=payment_events,
        stripe=refunds.stripe,
    )
    return Reconciler(payable=payable, payment_events=payment_events, refunds=refunds)


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, int]:
    def seconds_left() -> float:
        return (context.get_remaining_time_in_millis() - MARGIN_MILLISECONDS) / 1000

    run = reconcile().run(seconds_left)
    count("payments.reconcile.checked", run.checked)
    logger.info("reconciled", checked=run.checked, failed=run.failed)
    return {"checked": run.checked, "failed": run.failed}
