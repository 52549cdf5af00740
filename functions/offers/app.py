"""A buyer's own offers: an order with its payments, and a row with its bids."""

from functools import cache
from typing import TYPE_CHECKING, Any

from checkout.api.request import Request
from checkout.api.response import Handler, Response, serve
from checkout.config import OffersConfig
from checkout.domain.offer_item import OfferItem
from checkout.errors import NotFoundError
from checkout.flows.show_offer import show_order, show_row
from checkout.tables.offers import Offers
from checkout.tables.purchases import Purchases
from checkout.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def config() -> OffersConfig:
    return OffersConfig()


@cache
def offers() -> Offers:
    return Offers(config().offers_table)


@cache
def purchases() -> Purchases:
    return Purchases(config().purchases_table)


def get_order(request: Request) -> dict[str, Any]:
    order = owned_offer(request, "order", request.path["orderId"])
    purchase_id = order.decoration("purchase_id")
    return show_order(order, purchases().get(purchase_id) if purchase_id else None)


def get_row(request: Request) -> dict[str, Any]:
    row = owned_offer(request, "row", request.path["rowId"])
    return show_row(row, offers().bids_of(row.item_id))


def owned_offer(request: Request, item_type: str, item_id: str) -> OfferItem:
    """Return the caller's own offer; raises NotFoundError for any other."""
    buyer = request.require_buyer()
    offer = offers().get(item_type, item_id)
    if offer is None or offer.get("owner_id") != buyer.id:
        raise NotFoundError(f"There is no such {item_type} of yours.")
    return offer


ROUTES: dict[str, Handler] = {
    "GET /orders/{orderId}": get_order,
    "GET /api/rows/{rowId}": get_row,
}


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Response:
    return serve(ROUTES, event, context)
