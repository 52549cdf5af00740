"""An operator refunds a purchase, in part or in full."""

from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from checkout.api import body
from checkout.api.refund_body import RefundBody
from checkout.api.request import Request
from checkout.api.response import Handler, Response, serve
from checkout.config import OperatorConfig, RefundsConfig
from checkout.errors import ForbiddenError
from checkout.flows.refund_purchase import Refunds
from checkout.flows.show_purchase import show_to_buyer
from checkout.metric import Metric
from checkout.telemetry import count, logger, metrics
from checkout.wiring import refunds as wiring
from checkout.wiring.stripe import stripe_api

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def operators() -> OperatorConfig:
    return OperatorConfig()


@cache
def refunds() -> Refunds:
    c = RefundsConfig()
    return wiring.refunds(c, wiring.purchase_changes(c), stripe_api(c))


def refund_purchase(request: Request) -> dict[str, Any]:
    """Return the purchase after the refund; raises ForbiddenError to non-operators."""
    count(Metric.REFUNDS_REQUESTED)
    operator = request.require_buyer()
    if not request.is_operator(operators()):
        raise ForbiddenError("Only an operator may refund a purchase.")
    wanted = body.parse(RefundBody, request.body, {})
    purchase = refunds().refund(
        request.path["id"],
        amount=wanted.amountCents,
        reason=wanted.reason,
        # Without the caller's own key, each request is another refund.
        request_key=request.idempotency_key or uuid4().hex,
        requested_by=operator.id,
    )
    return show_to_buyer(purchase)


ROUTES: dict[str, Handler] = {"POST /api/purchases/{id}/refund": refund_purchase}


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Response:
    return serve(ROUTES, event, context)
