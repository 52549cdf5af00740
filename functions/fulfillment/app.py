"""The worker: apply each queued Stripe event; one that fails goes back alone."""

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from checkout.config import RefundsConfig
from checkout.domain import stripe_events
from checkout.domain.stripe_events import AFTER_PAYMENT
from checkout.errors import TryAgainError
from checkout.flows.apply_money_event import MoneyEvents
from checkout.flows.fulfill import Fulfillment
from checkout.flows.refund_purchase import Refunds
from checkout.telemetry import count, logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

# What a message may take that asks a slow Stripe, and is retried once.
MARGIN_MILLISECONDS = 25_000

# A batch of one poison message reports that message, and does not raise.
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


@cache
def after_payment() -> MoneyEvents:
    refunds = Refunds.of(RefundsConfig())
    fulfillment = Fulfillment(changes=refunds.changes, refunds=refunds)
    return MoneyEvents(fulfillment=fulfillment, refunds=refunds)


def apply(record: "SQSRecord", lambda_context: "LambdaContext") -> None:
    try:
        check_time(lambda_context)
        event = stripe_events.read(record.body)
        flow = after_payment()
        if event.type in AFTER_PAYMENT:
            outcome = flow.apply(event)
        else:
            outcome = flow.fulfillment.apply(event)
    except Exception:
        count("payments.events.failed")
        logger.exception("event_failed", message_id=record.message_id)
        raise
    count("payments.events.applied")
    logger.info("event_applied", event_id=event.id, type=event.type, outcome=outcome)


def check_time(context: "LambdaContext") -> None:
    """Hand a message back rather than lose what its batch has done so far."""
    if context.get_remaining_time_in_millis() < MARGIN_MILLISECONDS:
        raise TryAgainError("Stripe has taken all the time of this batch.")


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(
    event: dict[str, Any], context: "LambdaContext"
) -> "PartialItemFailureResponse":
    return process_partial_response(event, apply, processor, context)
