"""The worker: apply each queued Stripe event; one that fails goes back alone."""

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from checkout import payment_events
from checkout.config import FulfillmentConfig
from checkout.settle import Settlement
from checkout.tables.audit_log import AuditLog
from checkout.tables.offers import Offers
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import count, logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

# A batch of one poison message reports that message, and does not raise.
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


@cache
def settlement() -> Settlement:
    config = FulfillmentConfig.from_env()
    return Settlement(
        offers=Offers(config.offers_table),
        sessions=PaymentSessions(config.payment_sessions_table),
        purchases=Purchases(config.purchases_table),
        audit_log=AuditLog(config.audit_log_table),
    )


def apply(record: "SQSRecord") -> None:
    try:
        event = payment_events.read(record.body)
        outcome = settlement().apply(event)
    except Exception:
        count("payments.events.failed")
        logger.exception("event_failed", message_id=record.message_id)
        raise
    count("payments.events.applied")
    logger.info("event_applied", event_id=event.id, type=event.type, outcome=outcome)


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(
    event: dict[str, Any], context: "LambdaContext"
) -> "PartialItemFailureResponse":
    return process_partial_response(event, apply, processor, context)
