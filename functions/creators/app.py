"""What a creator has earned, day by day, and the purchases that it comes from."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from checkout import clock
from checkout.api.request import Request
from checkout.api.response import Handler, Response, serve
from checkout.config import CreatorsConfig, OperatorConfig
from checkout.domain.offer import LONGEST_CREATOR_ID, is_creator_id
from checkout.domain.revenue import to_json
from checkout.errors import ForbiddenError, InvalidRequestError
from checkout.flows.show_purchase import show_to_creator
from checkout.tables.daily_revenue import DailyRevenue
from checkout.tables.purchases import Cursor, Purchases
from checkout.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

DEFAULT_DAYS = 30
MOST_DAYS = 366
DEFAULT_PAGE_SIZE = 20
LARGEST_PAGE_SIZE = 100

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
POSITION = re.compile(rf"({MOMENT}) (pur_\w{{1,255}})", re.ASCII)


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
    creator_id = authorized_creator_id(request)
    first, last = period(request)
    days = range(first.toordinal(), last.toordinal() + 1)
    sums = revenue().totals(creator_id, (str(date.fromordinal(day)) for day in days))
    return {
        "creatorId": creator_id,
        "from": str(first),
        "to": str(last),
        **to_json(sums),
    }


def list_sales(request: Request) -> dict[str, Any]:
    creator_id = authorized_creator_id(request)
    first, last = period(request)
    limit = request.whole_number("limit", DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE)
    since, until = f"{first}T00:00:00.000Z", f"{last}T23:59:59.999Z"
    after = position(request.query.get("cursor"), since, until)
    found, following = purchases().page_of_creator(
        creator_id, since, until, limit, after
    )
    return {
        "creatorId": creator_id,
        "from": str(first),
        "to": str(last),
        "data": [show_to_creator(purchase) for purchase in found],
        "nextCursor": cursor(following) if following else None,
    }


def authorized_creator_id(request: Request) -> str:
    """Return whose revenue it is about, if the caller may see it."""
    caller, creator_id = request.require_buyer(), request.path["creatorId"]
    group = operators()
    is_operator = request.is_of_group(group.operator_claim, group.operator_group)
    if caller.id != creator_id and not is_operator:
        raise ForbiddenError("Only the creator and operators may see this.")
    if not is_creator_id(creator_id):
        problem = f"must have 1 to {LONGEST_CREATOR_ID} characters"
        raise InvalidRequestError("The creator is refused.", creatorId=problem)
    return creator_id


def period(request: Request) -> tuple[date, date]:
    """Return the first and the last day asked for, by default the last thirty."""
    last = day(request, "to") or clock.now().date()
    # By number, since no date comes before the year 1.
    default = date.fromordinal(max(1, last.toordinal() - DEFAULT_DAYS + 1))
    first = day(request, "from") or default
    if not 0 <= (last - first).days < MOST_DAYS:
        problem = f"must be `to` or at most {MOST_DAYS - 1} days before it"
        raise InvalidRequestError("The period is refused.", **{"from": problem})
    return first, last


def day(request: Request, name: str) -> date | None:
    given = request.query.get(name)
    if given is None:
        return None
    try:
        found = date.fromisoformat(given)
    except ValueError:
        found = None
    # Python knows further ways to write a date, such as 2026-W01-1.
    if found is None or str(found) != given:
        problem = "must be a date such as 2026-01-31"
        raise InvalidRequestError(f"The {name} is refused.", **{name: problem})
    return found


def cursor(following: Cursor) -> str:
    return urlsafe_b64encode(" ".join(following).encode()).decode()


def position(given: str | None, since: str, until: str) -> Cursor | None:
    """Read a cursor: a place in the period, in the list of whoever is asked about."""
    if given is None:
        return None
    try:
        found = POSITION.fullmatch(urlsafe_b64decode(given).decode())
    except ValueError:
        found = None
    if not found or not since <= found[1] <= until:
        problem = "is none that was given for this period"
        raise InvalidRequestError("The cursor is refused.", cursor=problem)
    return Cursor(*found.groups())


ROUTES: dict[str, Handler] = {
    "GET /api/creators/{creatorId}/revenue": get_revenue,
    "GET /api/creators/{creatorId}/purchases": list_sales,
}


@logger.inject_lambda_context
def lambda_handler(event: dict[str, Any], context: "LambdaContext") -> Response:
    return serve(ROUTES, event, context)
