"""An offer as anybody sees it, and as its buyer does; an order and a row whole."""

from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from checkout.api.request import Request
from checkout.api.response import Handler, Response, serve
from checkout.config import OffersConfig
from checkout.domain.offer_item import OfferItem
from checkout.domain.payment_session import PaymentSession
from checkout.errors import NotFoundError
from checkout.flows.check_buyable import BuyableCheck
from checkout.flows.show_buyable import BuyersOffers, show_to_anybody
from checkout.flows.show_offer import show_order, show_row
from checkout.kinds.bid import key_of_row
from checkout.tables.offers import Offers
from checkout.tables.ownerships import Ownerships
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.tables.readable import UnreadableItemError
from checkout.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def config() -> OffersConfig:
    return OffersConfig()


@cache
def offers() -> Offers:
    return Offers(config().offers_table)


@cache
def sessions() -> PaymentSessions:
    return PaymentSessions(config().payment_sessions_table)


@cache
def purchases() -> Purchases:
    return Purchases(config().purchases_table)


@cache
def ownerships() -> Ownerships:
    return Ownerships(config().purchases_table)


@cache
def buyers_offers() -> BuyersOffers:
    check = BuyableCheck(sessions(), ownerships())
    return BuyersOffers(offers(), check, config().frontend_url)


def get_offer(request: Request) -> dict[str, Any]:
    return show_to_anybody(request.path["kind"], request.path["id"], offers())


def get_buyers_offer(request: Request) -> dict[str, Any]:
    """Return an offer with what a create request of the buyer would be answered."""
    kind, offer_id = request.path["kind"], request.path["id"]
    return buyers_offers().show(kind, offer_id, request.require_buyer())


def get_order(request: Request) -> dict[str, Any]:
    order_id = request.path["orderId"]
    order = owned_offer(request, "order", order_id)
    ids = sessions().purchase_ids("order", order_id)
    # A former owner's payments are not the caller's.
    own = [p for p in purchases().get_all(ids) if p.buyer_id == order["owner_id"]]
    return show_order(order, own)


def get_row(request: Request) -> dict[str, Any]:
    row = owned_offer(request, "row", request.path["rowId"])
    sale_key = key_of_row(row.item_id)
    undecided = purchases().get_all(ownerships().undecided(sale_key))
    latest, owner = latest_session(sale_key), ownerships().get(sale_key)
    return show_row(row, offers().of_row(row.item_id), latest, owner, undecided)


def latest_session(sale_key: str) -> PaymentSession | None:
    """Return the live session of the sale key, None if there is none to be read."""
    with suppress(UnreadableItemError):
        if live := sessions().live(sale_key):
            return sessions().get(live.payment_session_id)
    return None


def owned_offer(request: Request, item_type: str, item_id: str) -> OfferItem:
    """Return the caller's own offer; raises NotFoundError for any other."""
    buyer = request.require_buyer()
    offer = offers().get(item_type, item_id)
    if offer is None or offer.get("owner_id") != buyer.id:
        raise NotFoundError(f"There is no such {item_type} of yours.")
    return offer


ROUTES: dict[str, Handler] = {
    "GET /api/offers/{kind}/{id}": get_offer,
    "GET /api/me/offers/{kind}/{id}": get_buyers_offer,
    "GET /orders/{orderId}": get_order,
    "GET /api/rows/{rowId}": get_row,
}


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Response:
    return serve(ROUTES, event, context)
