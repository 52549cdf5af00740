"""Watch the webhook endpoint at Stripe: without it, payments are recorded late."""

from datetime import timedelta

from checkout import clock
from checkout.clients.stripe_api import StripeApi
from checkout.clients.stripe_connection import api_version
from checkout.domain.webhook_endpoint import best_of
from checkout.flows import flow
from checkout.flows.run import LeaseLostError, Run
from checkout.metric import Metric
from checkout.stripe_errors import StripeDeniedError
from checkout.tables.reconcile_state import ReconcileState
from checkout.telemetry import count, logger

PAUSE = timedelta(hours=1)


@flow
class EndpointWatch:
    """
    Compares the endpoint with what it must be, once an hour.

    Stripe disables an endpoint that fails for days, and a person may delete it, or
    leave out a type of event. Reconcile still finds every event then, minutes later.
    *urls* are the addresses of the stack; without any, nothing is watched.
    """

    state: ReconcileState
    stripe: StripeApi
    urls: tuple[str, ...]

    def watch(self, run: Run) -> None:
        checked_at = self.state.endpoint_checked_at()
        due = checked_at is None or clock.now() >= clock.from_iso(checked_at) + PAUSE
        if not (self.urls and due and run.has_time()):
            return
        try:
            endpoints = self.stripe.webhook_endpoints()
        except StripeDeniedError:
            # The key is right without this permission; then a person has to look.
            count(Metric.WEBHOOK_ENDPOINT_UNKNOWN)
            logger.warning("webhook_endpoint_unknown")
        else:
            endpoint, problems = best_of(endpoints, self.urls, api_version())
            if problems:
                count(Metric.WEBHOOK_ENDPOINT_WRONG)
                logger.error(
                    "webhook_endpoint_wrong",
                    endpoint_id=endpoint and endpoint.get("id"),
                    problems=problems,
                )
        if not self.state.store_endpoint_check(run.owner):
            raise LeaseLostError
