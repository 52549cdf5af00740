"""What an offer must be like, so that no buyer's request fails on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from checkout import clock
from checkout.domain.money import InvalidMoneyError, Money
from checkout.domain.offer import revenue_split
from checkout.errors import NotPurchasableError
from checkout.tables.item import LONGEST_KEY_BYTES
from cli.find import KINDS

type Item = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """
    What the items of a noun need, as docs/architecture.md lists it.

    We sell what has the status *for_sale*, and write those *from_us*: sold, and given
    back. Any other belongs to the host application.
    """

    texts: tuple[str, ...]
    price: bool = False
    for_sale: str | None = None
    from_us: tuple[str, ...] = ()


SHAPES = {
    "row": Shape(
        texts=("owner_id", "status"), for_sale="open", from_us=("purchased", "refunded")
    ),
    "bid": Shape(texts=("row_id", "title", "offer_type")),
    "auction": Shape(
        texts=("winner_id", "status", "title"),
        price=True,
        for_sale="accepted",
        from_us=("paid", "refunded"),
    ),
    "order": Shape(
        texts=("owner_id", "status", "currency"),
        for_sale="CREATED",
        from_us=("PAID", "REFUNDED"),
    ),
    "content": Shape(texts=("status", "title"), price=True, for_sale="published"),
    "product": Shape(texts=("status", "title"), price=True, for_sale="active"),
}
# A kind that was added has no row here: its own file knows what else it needs.
ADDED_KIND = Shape(texts=())

OPTIONAL_TEXTS = ("title", "description", "slug", "creator_id", "merchant", "source")
URLS = ("image_url", "clickout_url")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an offer; *field* is empty if it is no single field."""

    offer: str
    field: str
    problem: str


def shape_of(offer: Item) -> Shape:
    return SHAPES.get(str(offer["id"]).partition("#")[0], ADDED_KIND)


def problems_of(offers: Sequence[Item]) -> Iterator[Problem]:
    seen: set[object] = set()
    for number, offer in enumerate(offers, start=1):
        offer_id = offer.get("id")
        if not isinstance(offer_id, str):
            yield Problem(f"number {number}", "id", "is missing")
            continue
        if offer_id in seen:
            yield Problem(offer_id, "id", "is there twice")
        seen.add(offer_id)
        for field, problem in _problems(offer):
            yield Problem(offer_id, field, problem)


def _problems(offer: Item) -> Iterator[tuple[str, str]]:
    item_type, _, rest = offer["id"].partition("#")
    if item_type not in SHAPES and item_type not in KINDS:
        yield "id", f"must be one of {', '.join(sorted(SHAPES))}, then # and an id"
        return
    shape = SHAPES.get(item_type, ADDED_KIND)
    yield from _identity(item_type, rest, offer)
    yield from _texts(shape, offer)
    yield from _status(shape, offer.get("status"))
    yield from _price(shape, offer)
    yield from _terms(offer)
    yield from _fractions(offer)
    if own := OWN_PROBLEMS.get(item_type):
        yield from own(offer)


def _identity(item_type: str, rest: str, offer: Item) -> Iterator[tuple[str, str]]:
    if not rest or len(offer["id"].encode(errors="replace")) > LONGEST_KEY_BYTES:
        yield "id", f"must be {item_type}# and an id of moderate length"
    elif offer.get(f"{item_type}_id") != rest:
        yield f"{item_type}_id", f"must be the text {rest!r}, as in the id"


def _texts(shape: Shape, offer: Item) -> Iterator[tuple[str, str]]:
    for name in dict.fromkeys((*shape.texts, *OPTIONAL_TEXTS)):
        value = offer.get(name)
        if name in shape.texts and value in (None, ""):
            yield name, "is missing"
        elif not isinstance(value, str | None):
            yield name, "must be text"
    for name in URLS:
        if not _is_url(offer.get(name)):
            yield name, "must be an address that begins with https:// or http://"


def _is_url(value: object) -> bool:
    if not isinstance(value, str):
        return value is None
    try:
        url = urlsplit(value)
    except ValueError:
        return False
    return url.scheme in {"https", "http"} and bool(url.netloc)


def _status(shape: Shape, status: object) -> Iterator[tuple[str, str]]:
    """Find a status that was meant to be one of ours; any other is the host's own."""
    for known in (shape.for_sale, *shape.from_us):
        if known and known != status and known.casefold() == str(status).casefold():
            yield "status", f"must be spelled {known}"


def _price(shape: Shape, offer: Item) -> Iterator[tuple[str, str]]:
    price = offer.get("price")
    if price is None:
        if shape.price:
            yield "price", "is missing"
    elif not isinstance(price, dict) or not isinstance(price.get("currency"), str):
        yield "price", 'must be like {"amount": 999, "currency": "usd"}'
    else:
        try:
            Money(price.get("amount"), price["currency"])  # type: ignore[arg-type]
        except InvalidMoneyError as error:
            yield "price", str(error)


def _terms(offer: Item) -> Iterator[tuple[str, str]]:
    try:
        revenue_split(offer)
    except NotPurchasableError:
        fees = "platform_fee_bps, organization_fee_bps"
        yield fees, "must be basis points, 10000 together at most"


def _fractions(offer: Item) -> Iterator[tuple[str, str]]:
    for name, value in offer.items():
        if name != "price" and _has_fraction(value):
            yield name, "has a number with a fraction, which is not stored"


def _has_fraction(value: object) -> bool:
    match value:
        case dict():
            return any(_has_fraction(member) for member in value.values())
        case list():
            return any(_has_fraction(member) for member in value)
    return isinstance(value, float)


# ---------------------------------------------------------------- what one noun has


def _of_auction(offer: Item) -> Iterator[tuple[str, str]]:
    if offer.get("status") != SHAPES["auction"].for_sale:
        return
    try:
        is_clear = clock.from_iso(offer["accepted_at"]).tzinfo is not None
    except (KeyError, TypeError, ValueError):
        is_clear = False
    if not is_clear:
        yield "accepted_at", "must say when it was accepted, as 2026-01-31T12:00:00Z"


def _of_order(offer: Item) -> Iterator[tuple[str, str]]:
    lines = offer.get("items")
    if not isinstance(lines, list) or not lines:
        yield "items", "must be a list of lines"
        return
    for number, line in enumerate(lines):
        yield from _line(f"items[{number}]", line, offer.get("currency"))


def _line(at: str, line: object, currency: object) -> Iterator[tuple[str, str]]:
    if not isinstance(line, dict):
        yield at, "must be an object"
        return
    if not (isinstance(line.get("name"), str) and line["name"]):
        yield f"{at}.name", "must be text"
    quantity = line.get("quantity")
    if type(quantity) is not int or quantity < 1:
        yield f"{at}.quantity", "must be a whole number from 1"
        return
    try:
        Money(line.get("unit_price_cents"), str(currency)) * quantity  # type: ignore[arg-type]
    except InvalidMoneyError as error:
        yield f"{at}.unit_price_cents", str(error)


def _of_content(offer: Item) -> Iterator[tuple[str, str]]:
    content_id = str(offer["id"]).partition("#")[2]
    try:
        is_uuid = str(UUID(content_id)) == content_id
    except ValueError:
        is_uuid = False
    if not is_uuid:
        yield "content_id", "must be a UUID in lower case"


OWN_PROBLEMS = {"auction": _of_auction, "order": _of_order, "content": _of_content}
