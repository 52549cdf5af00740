"""The worker: apply each event of the queue; one that fails returns to it alone."""

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from checkout import wiring
from checkout.clients.payment_events_queue import read_event
from checkout.config import RefundsConfig
from checkout.domain.stripe_events import AFTER_PAYMENT
from checkout.errors import TryAgainError
from checkout.flows.apply_money_event import MoneyEvents
from checkout.flows.apply_session_event import SessionEvents
from checkout.flows.fulfill import Fulfillment
from checkout.metric import Metric
from checkout.tables.audit_log import AuditLog
from checkout.tables.offers import Offers
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import count, logger, metrics, report

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

# The longest that one message takes: Stripe is slow, and is asked twice.
MARGIN_MILLISECONDS = 25_000

# Otherwise a batch in which every message fails would raise, and report none.
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


@cache
def flows() -> tuple[SessionEvents, MoneyEvents]:
    c = RefundsConfig()
    sessions = PaymentSessions(c.payment_sessions_table)
    purchases = Purchases(c.purchases_table)
    audit_log = AuditLog(c.audit_log_table)
    stripe = wiring.stripe_api(c)
    changes = wiring.purchase_changes(c)
    fulfillment = Fulfillment(
        offers=Offers(c.offers_table),
        sessions=sessions,
        purchases=purchases,
        audit_log=audit_log,
        changes=changes,
        refunds=wiring.refunds(c, changes, stripe),
    )
    session_events = SessionEvents(
        sessions=sessions,
        purchases=purchases,
        audit_log=audit_log,
        changes=changes,
        fulfillment=fulfillment,
    )
    return session_events, MoneyEvents(
        purchases=purchases,
        audit_log=audit_log,
        stripe=stripe,
        changes=changes,
        session_events=session_events,
    )


def handle_message(record: "SQSRecord", lambda_context: "LambdaContext") -> None:
    try:
        check_time(lambda_context)
        event = read_event(record.body)
        session_events, money_events = flows()
        if event.type in AFTER_PAYMENT:
            outcome = money_events.apply_money_event(event)
        else:
            outcome = session_events.apply_session_event(event)
    except Exception:
        count(Metric.EVENTS_FAILED)
        logger.exception("event_failed", message_id=record.message_id)
        raise
    report(
        "event_applied",
        Metric.EVENTS_APPLIED,
        event_id=event.id,
        type=event.type,
        outcome=outcome,
    )


def check_time(context: "LambdaContext") -> None:
    """Return a message to the queue rather than time out with the batch's results."""
    if context.get_remaining_time_in_millis() < MARGIN_MILLISECONDS:
        raise TryAgainError("The other messages of this batch took all the time.")


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(
    event: dict[str, Any], context: "LambdaContext"
) -> "PartialItemFailureResponse":
    return process_partial_response(event, handle_message, processor, context)
