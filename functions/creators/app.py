"""A creator's revenue by day, and the purchases that it comes from."""

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from checkout.api.query import period, whole_number
from checkout.api.request import Request
from checkout.api.response import Handler, Response, serve
from checkout.config import CreatorsConfig, OperatorConfig
from checkout.domain.cursor import Cursor
from checkout.domain.offer import LONGEST_CREATOR_ID, is_creator_id
from checkout.domain.revenue import to_json
from checkout.errors import ForbiddenError, InvalidRequestError
from checkout.flows.show_purchase import show_each, show_to_creator
from checkout.tables.daily_revenue import DailyRevenue
from checkout.tables.purchases import Purchases
from checkout.telemetry import logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

DEFAULT_PAGE_SIZE = 20
LARGEST_PAGE_SIZE = 100


@cache
def config() -> CreatorsConfig:
    return CreatorsConfig()


@cache
def operators() -> OperatorConfig:
    return OperatorConfig()


@cache
def purchases() -> Purchases:
    return Purchases(config().purchases_table)


@cache
def revenue() -> DailyRevenue:
    return DailyRevenue(config().purchases_table)


def get_revenue(request: Request) -> dict[str, Any]:
    """Return sums in minor units, in total and by day, for each currency."""
    creator_id = authorized_creator_id(request)
    first, last = period(request.query)
    days = range(first.toordinal(), last.toordinal() + 1)
    sums = revenue().totals(creator_id, (str(date.fromordinal(day)) for day in days))
    shown = {"creatorId": creator_id, "from": str(first), "to": str(last)}
    return shown | to_json(sums)


def list_sales(request: Request) -> dict[str, Any]:
    """Return a page of purchases, newest first, and the cursor of the next page."""
    creator_id = authorized_creator_id(request)
    first, last = period(request.query)
    limit = whole_number(request.query, "limit", DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE)
    since, until = f"{first}T00:00:00.000Z", f"{last}T23:59:59.999Z"
    after = cursor_within(request.query.get("cursor"), since, until)
    page, following = purchases().page_of_creator(
        creator_id, since, until, limit, after
    )
    shown = {"creatorId": creator_id, "from": str(first), "to": str(last)}
    return shown | {
        "data": show_each(page, show_to_creator),
        "nextCursor": following.encode() if following else None,
    }


def authorized_creator_id(request: Request) -> str:
    """Return the creator of the path, if the caller may see their revenue."""
    caller, creator_id = request.require_buyer(), request.path["creatorId"]
    if caller.id != creator_id and not request.is_operator(operators()):
        raise ForbiddenError("Only the creator and operators may see this.")
    if not is_creator_id(creator_id):
        problem = f"must have 1 to {LONGEST_CREATOR_ID} characters"
        raise InvalidRequestError("The creator is refused.", creatorId=problem)
    return creator_id


def cursor_within(text: str | None, since: str, until: str) -> Cursor | None:
    """Return the cursor if it lies in the period; raises InvalidRequestError."""
    if text is None:
        return None
    try:
        cursor = Cursor.decode(text)
    except ValueError:
        cursor = None
    if not cursor or not since <= cursor.purchased_at <= until:
        problem = "is not a cursor of this period"
        raise InvalidRequestError("The cursor is refused.", cursor=problem)
    return cursor


ROUTES: dict[str, Handler] = {
    "GET /api/creators/{creatorId}/revenue": get_revenue,
    "GET /api/creators/{creatorId}/purchases": list_sales,
}


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Response:
    return serve(ROUTES, event, context)
