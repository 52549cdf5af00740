"""Write, list and withdraw offers, for those who sell."""

from functools import cache
from typing import TYPE_CHECKING, Any

from checkout.api.json_object import json_object
from checkout.api.query import whole_number
from checkout.api.request import Request
from checkout.api.response import Created, Handler, Response, serve
from checkout.config import WriteOffersConfig, WritersConfig
from checkout.errors import ForbiddenError
from checkout.flows.write_offer import OfferWriter
from checkout.telemetry import logger, metrics
from checkout.wiring.offers import offer_writer

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

DEFAULT_LIMIT, LARGEST_LIMIT = 20, 100


@cache
def writers() -> WritersConfig:
    return WritersConfig()


@cache
def writer() -> OfferWriter:
    return offer_writer(WriteOffersConfig())


def require_writer(request: Request) -> None:
    request.require_buyer()
    if not request.is_writer(writers()):
        raise ForbiddenError("Only a writer may change offers.")


def put_offer(request: Request) -> dict[str, Any]:
    require_writer(request)
    kind, offer_id = request.path["kind"], request.path["id"]
    fields, version = json_object(request.body), request.expected_version
    offer, is_new = writer().put(kind, offer_id, fields, version)
    return Created(offer) if is_new else offer


def list_offers(request: Request) -> dict[str, Any]:
    require_writer(request)
    limit = whole_number(request.query, "limit", DEFAULT_LIMIT, LARGEST_LIMIT)
    after = request.query.get("cursor")
    data, following = writer().page(request.path["kind"], limit, after)
    return {"data": data, "next_cursor": following}


def withdraw_offer(request: Request) -> dict[str, Any]:
    require_writer(request)
    return writer().withdraw(request.path["kind"], request.path["id"])


ROUTES: dict[str, Handler] = {
    "PUT /api/offers/{kind}/{id}": put_offer,
    "GET /api/offers/{kind}": list_offers,
    "POST /api/offers/{kind}/{id}/withdraw": withdraw_offer,
}


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Response:
    return serve(ROUTES, event, context)
