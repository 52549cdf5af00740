"""On a schedule: compare Stripe's event log with our records, and repair them."""

from functools import cache
from typing import TYPE_CHECKING, Any

from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.config import ReconcileConfig, RefundsConfig, StripeModeConfig
from checkout.flows.announce_closing import ClosingWindows
from checkout.flows.check_due import DueItems
from checkout.flows.compare_events import EventComparison
from checkout.flows.compare_money_events import MoneyStream
from checkout.flows.compare_session_events import SessionStream
from checkout.flows.read_stream import StreamReader
from checkout.flows.reconcile import Reconciler
from checkout.flows.record_receipts import balance_streams
from checkout.flows.watch_delivery import DeliveryWatch
from checkout.flows.watch_endpoint import EndpointWatch
from checkout.metric import Metric
from checkout.tables.audit_log import AuditLog
from checkout.tables.closing_offers import ClosingOffers
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.tables.reconcile_state import ReconcileState
from checkout.telemetry import count, logger, metrics
from checkout.wiring.refunds import purchase_changes, refunds
from checkout.wiring.sessions import stripe_checkout
from checkout.wiring.stripe import stripe_api

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# Time reserved for the last item of a run.
MARGIN_MILLISECONDS = 60_000


@cache
def reconciler() -> Reconciler:
    c, own = RefundsConfig(), ReconcileConfig()
    state = ReconcileState(c.payment_sessions_table)
    sessions = PaymentSessions(c.payment_sessions_table)
    purchases = Purchases(c.purchases_table)
    queue = PaymentEventsQueue(own.payment_events_queue_url)
    stripe = stripe_api(c, own.reconcile_calls_per_second)
    changes = purchase_changes(c)
    deliveries = DeliveryWatch(state=state)
    comparison = EventComparison(queue=queue, livemode=StripeModeConfig().livemode)
    return Reconciler(
        state=state,
        reader=StreamReader(state=state),
        money=MoneyStream(
            purchases=purchases, stripe=stripe, comparison=comparison, state=state
        ),
        sessions=SessionStream(
            sessions=sessions,
            purchases=purchases,
            stripe=stripe,
            comparison=comparison,
            deliveries=deliveries,
            stack_id=own.stack_id,
        ),
        deliveries=deliveries,
        balance=balance_streams(purchases, changes, stripe),
        due_items=DueItems(
            sessions=sessions,
            purchases=purchases,
            queue=queue,
            stripe=stripe,
            stripe_checkout=stripe_checkout(c, queue, stripe),
            changes=changes,
            refunds=refunds(c, changes, stripe),
        ),
        closing_windows=ClosingWindows(
            offers=ClosingOffers(c.offers_table),
            sessions=sessions,
            audit_log=AuditLog(c.audit_log_table),
            ahead=own.window_reminder,
        ),
        endpoint_watch=EndpointWatch(
            state=state, stripe=stripe, urls=own.watched_webhook_urls
        ),
    )


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    def seconds_left() -> float:
        return (context.get_remaining_time_in_millis() - MARGIN_MILLISECONDS) / 1000

    run = reconciler().reconcile(seconds_left)
    count(Metric.RECONCILE_CHECKED, run.checked)
    names = ("checked", "queued", "failed", "unfinished", "is_second")
    result = {name: getattr(run, name) for name in names}
    logger.info("reconciled", extra=result)
    return result
