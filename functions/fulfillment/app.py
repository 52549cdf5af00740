"""The worker: apply each event of the queue; one that fails comes again, ever later."""

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import process_partial_response

from checkout.clients import retried_batch
from checkout.clients.payment_events_queue import PaymentEventsQueue, read_event
from checkout.config import FulfillmentConfig, RefundsConfig
from checkout.domain.stripe_events import AFTER_PAYMENT
from checkout.flows.apply_money_event import MoneyEvents
from checkout.flows.apply_session_event import SessionEvents
from checkout.flows.fulfill import Fulfillment
from checkout.metric import Metric
from checkout.tables.audit_log import AuditLog
from checkout.tables.offers import Offers
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import count, logger, metrics
from checkout.wiring.refunds import purchase_changes, refunds
from checkout.wiring.stripe import stripe_api

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

MARGIN_MILLISECONDS = 30_000  # the longest message: Stripe is slow, and asked twice

processor = retried_batch.RetriedBatch()


@cache
def flows() -> tuple[SessionEvents, MoneyEvents]:
    c = RefundsConfig()
    sessions = PaymentSessions(c.payment_sessions_table)
    purchases = Purchases(c.purchases_table)
    audit_log = AuditLog(c.audit_log_table)
    stripe = stripe_api(c)
    changes = purchase_changes(c)
    session_events = SessionEvents(
        sessions=sessions,
        purchases=purchases,
        audit_log=audit_log,
        changes=changes,
        fulfillment=Fulfillment(
            offers=Offers(c.offers_table),
            sessions=sessions,
            purchases=purchases,
            audit_log=audit_log,
            changes=changes,
            refunds=refunds(c, changes, stripe),
        ),
        stripe=stripe,
        stack_id=FulfillmentConfig().stack_id,
    )
    return session_events, MoneyEvents(
        purchases=purchases,
        audit_log=audit_log,
        stripe=stripe,
        changes=changes,
        session_events=session_events,
    )


def payment_events() -> PaymentEventsQueue:
    return PaymentEventsQueue(FulfillmentConfig().payment_events_queue_url)


def handle_message(record: "SQSRecord", lambda_context: "LambdaContext") -> None:
    """Apply one message; raise what returns it, and it alone, to the queue."""
    keys = {
        "message_id": record.message_id,
        "receive_count": retried_batch.attempt(record),
    }
    # Otherwise the function times out, and the results of the batch are lost.
    if lambda_context.get_remaining_time_in_millis() < MARGIN_MILLISECONDS:
        retried_batch.hand_back(record, payment_events())
        return
    try:
        event = read_event(record.body)
        session_events, money_events = flows()
        if event.type in AFTER_PAYMENT:
            outcome = money_events.apply_money_event(event)
        else:
            outcome = session_events.apply_session_event(event)
    except Exception as error:
        retried_batch.report_failed(error, keys)
        raise
    count(Metric.EVENTS_APPLIED)
    logger.info("event_applied", event_id=event.id, type=event.type, outcome=outcome)


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(
    event: dict[str, Any], context: "LambdaContext"
) -> "PartialItemFailureResponse":
    answer = process_partial_response(event, handle_message, processor, context)
    payment_events().hide(processor.pauses())
    return answer
