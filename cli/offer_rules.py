"""
Checks offers before they are loaded: no buyer's request may fail on an invalid item.

Each kind lists the fields of its items in ITEM_FIELDS; this module has the checks that
those lists name, and the checks that all items share.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pkgutil import iter_modules
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from checkout import kinds
from checkout.domain import stripe_limits
from checkout.domain.money import Money
from checkout.domain.offer import LineItem, Offer, order_line, revenue_split
from checkout.domain.offer_item import OfferItem
from checkout.errors import BrokenOfferError
from checkout.tables.item import LONGEST_KEY_BYTES

type Item = dict[str, Any]
type ItemFields = Mapping[str, str | tuple[str, ...]]

# An error in a field: the field's name, and the message.
type Errors = Iterator[tuple[str, str]]

OPTIONAL_TEXTS = ("title", "description", "slug", "creator_id", "merchant", "source")
SHOWN_BY_STRIPE = {
    "title": stripe_limits.LONGEST_NAME,
    "description": stripe_limits.LONGEST_DESCRIPTION,
}
FEES = ("platform_fee_bps", "organization_fee_bps")
URLS = ("image_url", "clickout_url")


@dataclass(frozen=True, slots=True)
class Problem:
    """An error in an offer; *field* lists several names if they conflict."""

    offer: str
    field: str
    problem: str


def item_types() -> dict[str, ItemFields]:
    """Return the required fields of each item type, collected from the kinds."""
    return {
        item_type: fields
        for module in iter_modules(kinds.__path__)
        for item_type, fields in kinds.kind_named(module.name).ITEM_FIELDS.items()
    }


def item_type_of(item: Item) -> str:
    return str(item["id"]).partition("#")[0]


def statuses_of(fields: ItemFields) -> Sequence[str]:
    """Return the statuses for sale, sold and returned; fewer if a sale sets none."""
    statuses = fields.get("status", ())
    assert isinstance(statuses, tuple)  # noqa: S101 - no kind names a check here
    return statuses


def problems_of(offers: Sequence[Item]) -> Iterator[Problem]:
    types = item_types()
    seen: set[object] = set()
    for number, offer in enumerate(offers, start=1):
        offer_id = offer.get("id")
        if not isinstance(offer_id, str):
            yield Problem(f"number {number}", "id", "is missing")
            continue
        if offer_id in seen:
            yield Problem(offer_id, "id", "is a duplicate")
        seen.add(offer_id)
        for field, problem in _errors(offer, types):
            yield Problem(offer_id, field, problem)


def _errors(item: Item, types: Mapping[str, ItemFields]) -> Errors:
    fields = types.get(item_type_of(item))
    if fields is None:
        yield "id", f"must be one of {', '.join(sorted(types))}, then # and an id"
        return
    yield from _identity(item)
    is_for_sale = item.get("status") in statuses_of(fields)[:1]
    for name, check in fields.items():
        # A time is set when the offer is put up for sale.
        if check != "time" or is_for_sale:
            yield from _required(name, check, item)
    for name in OPTIONAL_TEXTS:
        if name not in fields and item.get(name) is not None:
            yield from _text(name, item)
    for name in URLS:
        if item.get(name) is not None:
            yield from _url(name, item)
    if "price" not in fields and item.get("price") is not None:
        yield from _price("price", item)
    yield from _too_long(item)
    yield from _revenue_split(item)
    yield from _fractions(item)


def _required(name: str, check: str | tuple[str, ...], item: Item) -> Errors:
    if isinstance(check, tuple):
        yield from _required(name, "text", item)
        yield from _status(check, item.get(name))
    elif item.get(name) in (None, ""):
        yield name, "is missing"
    else:
        yield from CHECKS[check](name, item)


# ---------------------------------------------------------------- checks of all items


def _identity(item: Item) -> Errors:
    item_type, _, rest = item["id"].partition("#")
    if not rest or len(item["id"].encode(errors="replace")) > LONGEST_KEY_BYTES:
        yield "id", f"must be {item_type}# and an id of moderate length"
    elif item.get(f"{item_type}_id") != rest:
        yield f"{item_type}_id", f"must be the text {rest!r}, as in the id"


def _url(name: str, item: Item) -> Errors:
    value = item[name]
    if name == "image_url":
        if not (isinstance(value, str) and stripe_limits.is_image_url(value)):
            longest = stripe_limits.LONGEST_IMAGE_URL
            yield name, f"must be a URL with https:// of at most {longest} characters"
    elif not _is_url(value):
        yield name, "must be a URL that begins with https:// or http://"


def _is_url(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        url = urlsplit(value)
    except ValueError:
        return False
    return url.scheme in {"https", "http"} and bool(url.netloc)


def _too_long(item: Item) -> Errors:
    """Find texts that are shortened on Stripe's page."""
    for name, longest in SHOWN_BY_STRIPE.items():
        if isinstance(item.get(name), str) and len(item[name]) > longest:
            yield name, f"is shown with {longest} characters only; shorten it"


def _revenue_split(item: Item) -> Errors:
    try:
        revenue_split(OfferItem(item))
    except BrokenOfferError as error:
        yield error.field, error.problem


def _fractions(item: Item) -> Errors:
    for name, value in item.items():
        if name not in {"price", *FEES} and _has_fraction(value):
            yield name, "has a number with a fraction, which cannot be stored"


def _has_fraction(value: object) -> bool:
    match value:
        case dict():
            return any(_has_fraction(member) for member in value.values())
        case list():
            return any(_has_fraction(member) for member in value)
    return isinstance(value, float)


# ---------------------------------------------------------------- checks by name


def _status(known: Sequence[str], status: object) -> Errors:
    """Find a misspelled status; any other status belongs to the host application."""
    for each in known:
        if each != status and each.casefold() == str(status).casefold():
            yield "status", f"must be spelled {each}"


def _text(name: str, item: Item) -> Errors:
    yield from _read(lambda: OfferItem(item).text(name))


def _read(read: Callable[[], object]) -> Errors:
    """Find what the functions that read the stored offer would refuse."""
    try:
        read()
    except BrokenOfferError as error:
        yield error.field, error.problem


def _uuid(name: str, item: Item) -> Errors:
    value = item[name]
    try:
        is_canonical = str(UUID(str(value))) == value
    except ValueError:
        is_canonical = False
    if not is_canonical:
        yield name, "must be a UUID in lower case"


def _time(name: str, item: Item) -> Errors:
    yield from _read(lambda: OfferItem(item).moment(name))


def _price(name: str, item: Item) -> Errors:
    price = item[name]
    if not isinstance(price, dict) or not isinstance(price.get("currency"), str):
        yield name, 'must be like {"amount": 999, "currency": "usd"}'
    elif price.get("amount") is None:
        yield name, "has no amount; an offer that is free has the amount 0"
    elif price["currency"] != price["currency"].lower():
        yield name, "must have its currency in lower case"
    else:
        for _, problem in _read(lambda: _sold(_line_at(name, item))):
            yield name, problem


def _line_at(name: str, item: Item) -> LineItem | None:
    price = OfferItem(item).price(name)
    return LineItem(title="", price=price) if price else None


def _sold(*lines: LineItem | None) -> Money | None:
    """Return the total; raises BrokenOfferError as a sale of *lines* would."""
    priced = tuple(line for line in lines if line)
    if not any(line.price.amount for line in priced):
        return None
    return Offer(id="", sale_key=None, title="", lines=priced, metadata={}).total


def _lines(name: str, item: Item) -> Errors:
    order = OfferItem(item)
    try:
        members, currency = order.members(name), order.currency("currency")
    except BrokenOfferError as error:
        yield error.field, error.problem
        return
    problems: list[tuple[str, str]] = []
    lines: list[LineItem] = []
    for member in members:
        try:
            lines.append(order_line(member, currency))
        except BrokenOfferError as error:
            problems.append((error.field, error.problem))
    yield from problems
    if not problems:
        for _, problem in _read(lambda: _sold(*lines)):
            yield name, problem


CHECKS: dict[str, Callable[[str, Item], Errors]] = {
    "text": _text,
    "uuid": _uuid,
    "time": _time,
    "price": _price,
    "lines": _lines,
}
