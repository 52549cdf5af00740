"""On a schedule: nothing stays unresolved, nothing paid stays unrecorded."""

from functools import cache
from typing import TYPE_CHECKING, Any

from checkout import credentials
from checkout.config import ReconcileConfig
from checkout.payable import PayableSessions
from checkout.payment_events import PaymentEvents
from checkout.reconcile import Sweep
from checkout.stripe_gateway import StripeGateway
from checkout.tables.audit_log import AuditLog
from checkout.tables.payment_sessions import PaymentSessions
from checkout.telemetry import count, logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# The last session that a run begins has this long to be dealt with.
MARGIN_MILLISECONDS = 60_000


@cache
def sweep() -> Sweep:
    config = ReconcileConfig.from_env()
    sessions = PaymentSessions(config.payment_sessions_table)
    payment_events = PaymentEvents(config.payment_events_queue_url)
    stripe = StripeGateway(
        lambda: credentials.secret(config.stripe_secret_key_name),
        config.stripe_api_base,
    )
    return Sweep(
        sessions=sessions,
        payable=PayableSessions(
            sessions=sessions,
            audit_log=AuditLog(config.audit_log_table),
            payment_events=payment_events,
            stripe=stripe,
        ),
        payment_events=payment_events,
        stripe=stripe,
    )


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, int]:
    def has_time() -> bool:
        return context.get_remaining_time_in_millis() > MARGIN_MILLISECONDS

    looked_at = sweep().run(has_time)
    count("payments.sweep.looked_at", looked_at)
    logger.info("swept", looked_at=looked_at)
    return {"looked_at": looked_at}
