"""A buyer's purchases: the list, one purchase, and the access check."""

from functools import cache
from typing import TYPE_CHECKING, Any

from checkout.api.query import whole_number
from checkout.api.request import Request
from checkout.api.response import Handler, Response, serve
from checkout.config import PurchasesConfig
from checkout.domain.purchase_status import PurchaseStatus
from checkout.errors import InvalidRequestError, NotFoundError
from checkout.flows.check_access import has_access
from checkout.flows.show_purchase import show_each, show_to_buyer
from checkout.tables.ownerships import Ownerships
from checkout.tables.purchases import Purchases
from checkout.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

DEFAULT_PAGE_SIZE = 20
LARGEST_PAGE_SIZE = 100
LARGEST_PAGE = 10_000


@cache
def config() -> PurchasesConfig:
    return PurchasesConfig()


@cache
def purchases() -> Purchases:
    return Purchases(config().purchases_table)


@cache
def ownerships() -> Ownerships:
    return Ownerships(config().purchases_table)


def list_purchases(request: Request) -> dict[str, Any]:
    """Return a page of purchases, newest first, with the total number of pages."""
    buyer = request.require_buyer()
    status = status_filter(request.query.get("status"))
    page = whole_number(request.query, "page", 1, LARGEST_PAGE)
    size = whole_number(request.query, "pageSize", DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE)
    found, total = purchases().page(buyer.id, status, page, size)
    return {
        "data": show_each(found, show_to_buyer),
        "pagination": {
            "page": page,
            "pageSize": size,
            "totalCount": total,
            "totalPages": -(-total // size),
        },
    }


def status_filter(given: str | None) -> PurchaseStatus | None:
    try:
        return PurchaseStatus(given) if given is not None else None
    except ValueError as error:
        problem = f"must be one of {', '.join(PurchaseStatus)}"
        raise InvalidRequestError("The status is refused.", status=problem) from error


def get_purchase(request: Request) -> dict[str, Any]:
    buyer = request.require_buyer()
    purchase = purchases().get(request.path["id"])
    if purchase is None or purchase.buyer_id != buyer.id:
        raise NotFoundError("There is no such purchase of yours.")
    return show_to_buyer(purchase)


def get_access(request: Request) -> dict[str, Any]:
    """Return whether the caller owns an offer; False also for unknown offers."""
    buyer = request.require_buyer()
    kind, offer_id = request.path["kind"], request.path["id"]
    return {"hasAccess": has_access(kind, offer_id, buyer.id, ownerships())}


ROUTES: dict[str, Handler] = {
    "GET /api/purchases": list_purchases,
    "GET /api/purchases/{id}": get_purchase,
    "GET /api/access/{kind}/{id}": get_access,
}


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Response:
    return serve(ROUTES, event, context)
