"""The status of a session, for the return page and for the buyer who created it."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from checkout.api.request import Request
from checkout.api.response import Handler, Response, serve
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.clients.recent_sessions import RecentSessions
from checkout.config import SessionStatusConfig
from checkout.errors import InvalidRequestError
from checkout.flows.show_session import ShownSessions
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import logger, metrics
from checkout.wiring.stripe import stripe_api

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

STRIPE_SESSION_ID = re.compile(r"cs_(test|live)_[A-Za-z0-9]{1,200}")


@cache
def shown_sessions() -> ShownSessions:
    c = SessionStatusConfig()
    return ShownSessions(
        sessions=PaymentSessions(c.payment_sessions_table),
        purchases=Purchases(c.purchases_table),
        queue=PaymentEventsQueue(c.payment_events_queue_url),
        recent_sessions=RecentSessions(stripe_api(c).session),
    )


def get_checkout_status(request: Request) -> dict[str, Any]:
    return shown_sessions().status(stripe_session_id(request))


def get_payment_status(request: Request) -> dict[str, Any]:
    return shown_sessions().payment_status(stripe_session_id(request))


def stripe_session_id(request: Request) -> str:
    """Return the id of the Checkout Session; raises InvalidRequestError."""
    given = request.query.get("session_id", "")
    if not STRIPE_SESSION_ID.fullmatch(given):
        problem = "is not the id of a Checkout Session" if given else "is missing"
        raise InvalidRequestError("The session_id is refused.", session_id=problem)
    return given


def get_payment_session(request: Request) -> dict[str, Any]:
    buyer = request.require_buyer()
    return shown_sessions().of_buyer(request.path["paymentSessionId"], buyer.id)


ROUTES: dict[str, Handler] = {
    "GET /api/checkout/session-status": get_checkout_status,
    "GET /api/checkout/payment-status": get_payment_status,
    "GET /payments/sessions/{paymentSessionId}": get_payment_session,
}


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Response:
    return serve(ROUTES, event, context)
