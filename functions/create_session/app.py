"""The create endpoints: may this buyer buy? Then start a Stripe Checkout Session."""

import ipaddress
from functools import cache
from typing import TYPE_CHECKING, Any

from checkout import clock
from checkout.api import body
from checkout.api.request import Request
from checkout.api.response import Handler, Response, serve
from checkout.clients import credentials
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.clients.stripe_api import StripeApi
from checkout.config import CreateSessionConfig, StripeModeConfig
from checkout.domain.terms import Terms
from checkout.errors import TooManyRequestsError
from checkout.flows.create_session import SessionCreator
from checkout.flows.open_checkout import StripeCheckout
from checkout.kinds import kind_named
from checkout.tables.audit_log import AuditLog
from checkout.tables.offers import Offers
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def config() -> CreateSessionConfig:
    return CreateSessionConfig()


@cache
def creator() -> SessionCreator:
    c = config()
    sessions = PaymentSessions(c.payment_sessions_table)
    return SessionCreator(
        sessions=sessions,
        purchases=Purchases(c.purchases_table),
        payable=StripeCheckout(
            sessions=sessions,
            audit_log=AuditLog(c.audit_log_table),
            payment_events=PaymentEventsQueue(c.payment_events_queue_url),
            stripe=StripeApi(
                lambda: credentials.secret(c.stripe_secret_key_name), c.stripe_api_base
            ),
        ),
        allowed_origins=c.allowed_origins,
        livemode=StripeModeConfig().livemode,
        stack_id=c.stack_id,
    )


@cache
def offers() -> Offers:
    return Offers(config().offers_table)


def create(kind_name: str, request: Request) -> dict[str, Any]:
    kind = kind_named(kind_name)
    if kind.ANONYMOUS:
        limit_rate(request)
    buyer = request.buyer if kind.ANONYMOUS else request.require_buyer()
    path = {name: value for name, value in request.path.items() if name != "kind"}
    wanted = body.parse(kind.Request, request.body, path)
    terms = Terms.for_offer(
        kind_name,
        kind.find_offer(wanted, buyer, offers()),
        buyer=buyer,
        frontend_url=config().frontend_url,
        request_key=request.idempotency_key,
    )
    started = creator().start(terms)
    return kind.create_response(started.session, started.client_secret)


def limit_rate(request: Request) -> None:
    """Bound what one client may start without logging in: card testers pay nobody."""
    now = clock.now()
    limit = config().anonymous_requests_per_minute
    if not creator().sessions.count_request(client_of(request.source_ip), now, limit):
        raise TooManyRequestsError("Too many checkouts; please wait.", 60 - now.second)


def client_of(address: str) -> str:
    """Return the network of an IPv6 client, who has a whole /64 to ask from."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ipaddress.ip_network(f"{ip}/64", strict=False))


ROUTES: dict[str, Handler] = {
    "POST /api/checkout/create-session": lambda request: create("bid", request),
    "POST /payments/checkout/create": lambda request: create("auction", request),
    "POST /orders/{orderId}/checkout": lambda request: create("order", request),
    "POST /api/checkout/embedded-session": lambda request: create("product", request),
    "POST /api/checkout": lambda request: create("content", request),
    "POST /api/checkout/{kind}": lambda request: create(request.path["kind"], request),
}


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Response:
    return serve(ROUTES, event, context)
