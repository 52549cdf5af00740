"""The status of a session, for the return page and for the buyer who created it."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from checkout import clock
from checkout.api.request import Request
from checkout.api.response import Handler, Response, serve
from checkout.clients import credentials
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.clients.recent_sessions import RecentSessions
from checkout.clients.stripe_api import StripeApi
from checkout.config import SessionStatusConfig
from checkout.domain.checkout_session import is_ahead, shown_status
from checkout.domain.payment_session import STRIPE_STATUS
from checkout.errors import InvalidRequestError, NotFoundError
from checkout.tables.payment_sessions import PaymentSessions
from checkout.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

STRIPE_SESSION_ID = re.compile(r"cs_(test|live)_[A-Za-z0-9]{1,200}")


@cache
def config() -> SessionStatusConfig:
    return SessionStatusConfig()


@cache
def sessions() -> PaymentSessions:
    return PaymentSessions(config().payment_sessions_table)


@cache
def payment_events() -> PaymentEventsQueue:
    return PaymentEventsQueue(config().payment_events_queue_url)


@cache
def stripe() -> StripeApi:
    c = config()
    return StripeApi(
        lambda: credentials.secret(c.stripe_secret_key_name), c.stripe_api_base
    )


@cache
def recent_sessions() -> RecentSessions:
    return RecentSessions(stripe().session)


def get_checkout_status(request: Request) -> dict[str, Any]:
    """Return Stripe's status of a session, from our record once that is final."""
    stripe_session_id = request.query.get("session_id", "")
    if not STRIPE_SESSION_ID.fullmatch(stripe_session_id):
        problem = (
            "is not the id of a Checkout Session" if stripe_session_id else "is missing"
        )
        raise InvalidRequestError("The session_id is refused.", session_id=problem)
    session = sessions().by_stripe_id(stripe_session_id)
    if session is None:
        raise NotFoundError("There is no such session.")
    if answer := STRIPE_STATUS.get(session.status):
        return {"status": answer}
    found = recent_sessions().session(stripe_session_id)
    if is_ahead(found, session):
        payment_events().send_observed(found)
        logger.info("fulfillment_queued", payment_session_id=session.id)
    return {"status": shown_status(found, session)}


def get_payment_session(request: Request) -> dict[str, Any]:
    """Return the caller's own session; times are ISO 8601."""
    buyer = request.require_buyer()
    session = sessions().get(request.path["paymentSessionId"])
    if session is None or session.buyer_id != buyer.id:
        raise NotFoundError("There is no such payment session of yours.")
    return {
        "payment_session_id": session.id,
        "status": session.status,
        "payment_status": session.payment_status,
        "expires_at": session.expires_at,
        "seconds_remaining": clock.seconds_until(session.expires_at),
    }


ROUTES: dict[str, Handler] = {
    "GET /api/checkout/session-status": get_checkout_status,
    "GET /payments/sessions/{paymentSessionId}": get_payment_session,
}


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Response:
    return serve(ROUTES, event, context)
