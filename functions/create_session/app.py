"""Create a session: check that this buyer can buy, then open it; or cancel one."""

from functools import cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from checkout.api import body
from checkout.api.request import Request
from checkout.api.response import Handler, Response, serve
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.config import CreateSessionConfig, StripeModeConfig
from checkout.flows.check_buyable import BuyableCheck
from checkout.flows.create_session import SessionCreator
from checkout.flows.limit_checkouts import CheckoutLimits
from checkout.flows.offer_terms import terms_offered
from checkout.kinds import kind_named
from checkout.metric import Metric
from checkout.tables.offers import Offers
from checkout.tables.ownerships import Ownerships
from checkout.tables.payment_sessions import PaymentSessions
from checkout.telemetry import count, logger, metrics
from checkout.wiring.limits import checkout_limits
from checkout.wiring.sessions import stripe_checkout
from checkout.wiring.stripe import stripe_api

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

FAILURE = HTTPStatus.INTERNAL_SERVER_ERROR


@cache
def config() -> CreateSessionConfig:
    return CreateSessionConfig()


@cache
def creator() -> SessionCreator:
    c = config()
    sessions = PaymentSessions(c.payment_sessions_table)
    queue = PaymentEventsQueue(c.payment_events_queue_url)
    return SessionCreator(
        sessions=sessions,
        check=BuyableCheck(sessions, Ownerships(c.purchases_table)),
        stripe_checkout=stripe_checkout(c, queue, stripe_api(c)),
        allowed_origins=c.allowed_origins,
        allows_loopback=c.allows_loopback,
        livemode=StripeModeConfig().livemode,
        stack_id=c.stack_id,
    )


@cache
def offers() -> Offers:
    return Offers(config().offers_table)


@cache
def limits() -> CheckoutLimits:
    return checkout_limits(config())


def create_session(kind_name: str, request: Request) -> dict[str, Any]:
    """Create a session of one kind; the response is in the kind's own shape."""
    kind = kind_named(kind_name)
    buyer = request.buyer if kind.ANONYMOUS else request.require_buyer()
    limits().check(request, None if kind.ANONYMOUS else buyer)
    path = {name: value for name, value in request.path.items() if name != "kind"}
    wanted = body.parse(kind.Request, request.body, path)
    terms = terms_offered(
        kind_name,
        wanted,
        buyer,
        offers(),
        creator().check,
        frontend_url=config().frontend_url,
        request_key=request.idempotency_key,
    )
    opened = creator().create(terms)
    return opened.in_every_answer | kind.create_response(*opened)


def create_embedded_session(request: Request) -> dict[str, Any]:
    """Return the client secret and nothing else, as this route's contract says."""
    return {"client_secret": create_session("product", request)["client_secret"]}


def cancel_session(request: Request) -> dict[str, Any]:
    creator().cancel(request.path["paymentSessionId"], request.require_buyer().id)
    return {"status": "expired"}


CANCEL = "POST /payments/sessions/{paymentSessionId}/cancel"
ROUTES: dict[str, Handler] = {
    "POST /api/checkout/create-session": partial(create_session, "bid"),
    "POST /payments/checkout/create": partial(create_session, "auction"),
    "POST /orders/{orderId}/checkout": partial(create_session, "order"),
    "POST /api/checkout/embedded-session": create_embedded_session,
    "POST /api/checkout/quote": partial(create_session, "quote"),
    "POST /api/checkout": partial(create_session, "content"),
    "POST /api/checkout/{kind}": lambda r: create_session(r.path["kind"], r),
    CANCEL: cancel_session,
}


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Response:
    answer = serve(ROUTES, event, context)
    if answer["statusCode"] >= FAILURE and event["routeKey"] != CANCEL:
        count(Metric.CREATE_FAILED)
    return answer
