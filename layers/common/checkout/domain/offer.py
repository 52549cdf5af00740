"""An offer: what can be bought, at what price, and who gets which share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeIs
from urllib.parse import urlsplit

from checkout.domain import stripe_limits
from checkout.domain.money import BASIS_POINTS, InvalidMoneyError, Money
from checkout.domain.offer_item import LONGEST_RECORDED, OfferItem
from checkout.domain.sale import Sale
from checkout.errors import BrokenOfferError, NotPurchasableError

# The longest `sub` of a token. The id is part of keys in DynamoDB.
LONGEST_CREATOR_ID = 255
# The status of an offer that its writer has taken back, for most kinds.
WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """One line on Stripe's page: *quantity* units at *price* each."""

    title: str
    price: Money
    quantity: int = 1
    description: str | None = None
    image_url: str | None = None


class ReturnUrls(NamedTuple):
    """
    Where Stripe sends the buyer after paying or cancelling; None means our default.

    *names* are the fields of the request that had them, for error messages. Whether
    the URLs are allowed is checked later.
    """

    success: str | None = None
    cancel: str | None = None
    names: tuple[str, str] = ("success_url", "cancel_url")


DEFAULT_URLS = ReturnUrls()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """
    What this buyer can buy now, at its price now.

    *sale_key* identifies what can be sold only once, None if the offer can be sold any
    number of times. *sale* is what the payment expects of the offer and changes.
    *metadata* goes to Stripe together with ours. *caller_metadata* is what the caller
    sent of it; it is copied to the purchase. So are *details*, for events, and *shown*,
    what the purchase shows beside the common fields.
    *readable_key* has the two parts of Stripe's idempotency key, if the kind's contract
    fixes them. The purchase is that of *buyer_id*, by default of whoever pays.
    *pay_by* is the buyer's deadline, if there is one. *return_path* is the frontend's
    path for requests without URLs; it may contain {id}. *ui_mode* is Stripe's:
    hosted_page or embedded_page. *options* are Checkout's options.
    """

    id: str
    sale_key: str | None
    title: str
    lines: tuple[LineItem, ...]
    metadata: Mapping[str, str]
    caller_metadata: Mapping[str, str] = field(default_factory=dict, repr=False)
    sale: Sale | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)
    readable_key: tuple[str, ...] = ()
    return_path: str = "/"
    return_urls: ReturnUrls = DEFAULT_URLS
    ui_mode: str = "hosted_page"
    options: Mapping[str, Any] = field(default_factory=dict)
    email: str | None = field(default=None, repr=False)
    buyer_id: str | None = None
    pay_by: datetime | None = None
    creator_id: str | None = None
    platform_fee_bps: int = 0
    organization_fee_bps: int = 0

    @property
    def total(self) -> Money:
        """The sum of all lines; raises BrokenOfferError if Stripe cannot charge it."""
        if not 0 < len(self.lines) <= stripe_limits.MOST_LINES:
            problem = f"must have 1 to {stripe_limits.MOST_LINES} lines"
            raise BrokenOfferError(self.id, "items", problem)
        try:
            first, *others = (line.price * line.quantity for line in self.lines)
            total = sum(others, start=first)
        except InvalidMoneyError as error:
            problem = f"cannot be charged: {error}"
            raise BrokenOfferError(self.id, "total", problem) from error
        if total.currency not in stripe_limits.CURRENCIES:
            problem = f"is in {total.currency}, which Stripe does not charge"
            raise BrokenOfferError(self.id, "total", problem)
        minimum = stripe_limits.minimum(total.currency)
        if total.amount < minimum:
            least = Money(minimum, total.currency)
            problem = f"of {total} is below {least}, the least that Stripe charges"
            raise BrokenOfferError(self.id, "total", problem)
        return total

    @property
    def recorded_title(self) -> str:
        """The title for our own records, which bound its length."""
        return stripe_limits.shortened(self.title, LONGEST_RECORDED)


def single_line(item: Mapping[str, Any], refusal: str) -> tuple[LineItem]:
    """Return an offer's only line; raises NotPurchasableError as `price_of` does."""
    offer = as_item(item)
    return (
        LineItem(
            title=offer.text("title"),
            price=price_of(offer, refusal),
            description=offer.decoration("description"),
            image_url=offer.decoration("image_url"),
        ),
    )


def is_there[T: Mapping[str, Any]](item: T | None) -> TypeIs[T]:
    """Return whether an item exists, and is neither deleted nor withdrawn."""
    if item is None or item.get("deleted_at"):
        return False
    return item.get("status") != WITHDRAWN


def has_price(item: Mapping[str, Any]) -> bool:
    """Return whether an offer costs something; its item may be broken by now."""
    price, lines = item.get("price"), item.get("items")
    if isinstance(price, Mapping) and costs_something(price.get("amount")):
        return True
    return isinstance(lines, list) and any(
        isinstance(line, Mapping) and costs_something(line.get("unit_price_cents"))
        for line in lines
    )


def costs_something(amount: object) -> bool:
    """Return whether an amount is above zero; a text or a boolean is no amount."""
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        return False
    return amount > 0


def as_item(item: Mapping[str, Any]) -> OfferItem:
    return item if isinstance(item, OfferItem) else OfferItem(item)


def price_of(item: Mapping[str, Any], refusal: str) -> Money:
    """Return the offer's price; raises NotPurchasableError(*refusal*) without one."""
    price = as_item(item).price()
    if price is None:
        raise NotPurchasableError(refusal)
    return price


def order_line(line: OfferItem, currency: str) -> LineItem:
    """Return one line of an order; its fields have the names of the order's API."""
    title = line.text("name")
    quantity = line.number("quantity")
    if not 0 < quantity <= stripe_limits.LARGEST_QUANTITY:
        most = stripe_limits.LARGEST_QUANTITY
        raise line.broken("quantity", f"must be from 1 to {most}")
    price = line.money("unit_price_cents", currency, quantity)
    return LineItem(title=title, price=price, quantity=quantity)


def charge_problem(currency: str, lines: Sequence[tuple[int, int]]) -> str | None:
    """
    Return why Stripe would not charge *lines* of an amount and a quantity.

    None if it would, and if they are free.
    """
    if not any(amount for amount, _ in lines):
        return None
    try:
        priced = tuple(
            LineItem(title="", price=Money(amount, currency), quantity=quantity)
            for amount, quantity in lines
        )
        _ = Offer(id="", sale_key=None, title="", lines=priced, metadata={}).total
    except InvalidMoneyError as error:
        return f"cannot be charged: {error}"
    except BrokenOfferError as error:
        return error.problem
    return None


def is_web_address(text: str) -> bool:
    try:
        url = urlsplit(text)
    except ValueError:
        return False
    return url.scheme in {"https", "http"} and bool(url.netloc)


def revenue_split(item: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the creator and the fees of an offer, as far as its item has them.

    Raises BrokenOfferError for invalid fees or an invalid creator. Later they would
    make a payment unrecordable.
    """
    offer = as_item(item)
    names = ("platform_fee_bps", "organization_fee_bps")
    fees = {name: offer.number(name) for name in names if offer.get(name) is not None}
    for name, fee in fees.items():
        if not 0 <= fee <= BASIS_POINTS:
            raise offer.broken(name, f"must be basis points, from 0 to {BASIS_POINTS}")
    if sum(fees.values()) > BASIS_POINTS:
        both = ", ".join(names)
        raise offer.broken(both, f"must be at most {BASIS_POINTS} together")
    creator_id = offer.get("creator_id")
    if creator_id is not None and not is_creator_id(creator_id):
        problem = f"must be text of 1 to {LONGEST_CREATOR_ID} characters"
        raise offer.broken("creator_id", problem)
    return {"creator_id": creator_id, **fees} if "creator_id" in offer else fees


def is_creator_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_CREATOR_ID
