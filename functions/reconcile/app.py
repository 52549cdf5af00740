"""On a schedule: nothing stays unresolved, nothing paid stays unrecorded."""

from functools import cache
from typing import TYPE_CHECKING, Any

from checkout.config import ReconcileConfig
from checkout.payable import PayableSessions
from checkout.payment_events import PaymentEvents
from checkout.reconcile import Sweep
from checkout.refunds import Refunds
from checkout.telemetry import count, logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# The last session that a run begins has this long to be dealt with.
MARGIN_MILLISECONDS = 60_000


@cache
def sweep() -> Sweep:
    config = ReconcileConfig()
    refunds = Refunds.of(config, float(config.sweep_calls_per_second))
    changes = refunds.changes
    payment_events = PaymentEvents(config.payment_events_queue_url)
    payable = PayableSessions(
        sessions=changes.sessions,
        audit_log=changes.audit_log,
        payment_events=payment_events,
        stripe=refunds.stripe,
    )
    return Sweep(payable=payable, payment_events=payment_events, refunds=refunds)


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, int]:
    def seconds_left() -> float:
        return (context.get_remaining_time_in_millis() - MARGIN_MILLISECONDS) / 1000

    run = sweep().run(seconds_left)
    count("payments.sweep.looked_at", run.looked_at)
    logger.info("swept", looked_at=run.looked_at, failed=run.failed)
    return {"looked_at": run.looked_at, "failed": run.failed}
