"""What is for sale: an order with its payments, and a row with its tiles."""

from functools import cache
from typing import TYPE_CHECKING, Any

from checkout.api.request import Request
from checkout.api.response import Handler, Response, serve
from checkout.config import OffersConfig
from checkout.errors import NotFoundError
from checkout.kinds.bid import buy_now
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
    buyer = request.require_buyer()
    found = offers().get("order", request.path["orderId"])
    if found is None or found["owner_id"] != buyer.id:
        raise NotFoundError("There is no such order of yours.")
    items = [
        {name: item[name] for name in ("name", "quantity", "unit_price_cents")}
        for item in found["items"]
    ]
    return {
        "id": found["order_id"],
        "status": found["status"],
        "currency": found["currency"],
        "total_cents": sum(
            item["quantity"] * item["unit_price_cents"] for item in items
        ),
        "items": items,
        "payments": payments(found.get("purchase_id")),
    }


def payments(purchase_id: str | None) -> list[dict[str, Any]]:
    purchase = purchases().get(purchase_id) if purchase_id else None
    if purchase is None:
        return []
    return [
        {
            "id": purchase.id,
            "provider": "stripe",
            "provider_ref": purchase.stripe_payment_intent_id
            or purchase.stripe_session_id,
            "status": purchase.status,
            "created_at": purchase.purchased_at,
        }
    ]


def get_row(request: Request) -> dict[str, Any]:
    buyer = request.require_buyer()
    found = offers().get("row", request.path["rowId"])
    if found is None or found["owner_id"] != buyer.id:
        raise NotFoundError("There is no such row of yours.")
    return {
        "row_id": found["row_id"],
        "title": found.get("title"),
        "status": found["status"],
        "bids": [tile(bid, found) for bid in offers().bids_of(found["row_id"])],
    }


def tile(bid: dict[str, Any], of_row: dict[str, Any]) -> dict[str, Any]:
    price = bid.get("price") or {}
    return {
        "bid_id": bid["bid_id"],
        "title": bid["title"],
        "price_cents": price.get("amount"),
        "currency": price.get("currency"),
        "image_url": bid.get("image_url"),
        "buy_now": buy_now(bid, of_row),
        "clickout_url": bid.get("clickout_url"),
    }


ROUTES: dict[str, Handler] = {
    "GET /orders/{orderId}": get_order,
    "GET /api/rows/{rowId}": get_row,
}


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Response:
    return serve(ROUTES, event, context)
