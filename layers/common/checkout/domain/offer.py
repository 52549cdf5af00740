"""An offer: what can be bought, at what price, and who gets which share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from checkout.domain.money import BASIS_POINTS, InvalidMoneyError, Money
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.errors import NotPurchasableError

# The longest `sub` of a token. The id is part of keys in DynamoDB.
LONGEST_CREATOR_ID = 255


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
    number of times. *metadata* goes to Stripe together with ours. *details* are copied
    to the purchase. *readable_key* has the two parts of Stripe's idempotency key, if
    the kind's contract fixes them. *pay_by* is the buyer's deadline, if there is one.
    *return_path* is the frontend's path for requests without URLs; it may contain
    {id}. *ui_mode* is Stripe's: hosted_page or embedded_page.
    """

    id: str
    sale_key: str | None
    title: str
    lines: tuple[LineItem, ...]
    metadata: Mapping[str, str]
    details: Mapping[str, Any] = field(default_factory=dict)
    readable_key: tuple[str, ...] = ()
    return_path: str = "/"
    return_urls: ReturnUrls = DEFAULT_URLS
    ui_mode: str = "hosted_page"
    email: str | None = field(default=None, repr=False)
    pay_by: datetime | None = None
    creator_id: str | None = None
    platform_fee_bps: int = 0
    organization_fee_bps: int = 0

    @property
    def total(self) -> Money:
        """The sum of all lines; raises NotPurchasableError if it cannot be charged."""
        try:
            first, *others = (line.price * line.quantity for line in self.lines)
            return sum(others, start=first)
        except InvalidMoneyError as error:
            raise _not_chargeable(error) from error


class Sale(NamedTuple):
    """
    How a purchase changes the item of its offer.

    The status goes from *sellable* to *sold*, and to *returned* when all the money is
    refunded. An offer that can be sold any number of times has no statuses.
    *attributes* are written together with the sold status.
    """

    item_type: str
    id: str
    sellable: str | None = None
    sold: str | None = None
    returned: str | None = None
    attributes: Mapping[str, str] = {}


def single_line(item: Mapping[str, Any], refusal: str) -> tuple[LineItem]:
    """Return an offer's only line; raises NotPurchasableError as `price_of` does."""
    return (
        LineItem(
            title=item["title"],
            price=price_of(item, refusal),
            description=item.get("description"),
            image_url=item.get("image_url"),
        ),
    )


def withdrawal(
    item: Mapping[str, Any] | None,
    costs: Callable[[Mapping[str, Any]], bool] | None,
    **expected: str | None,
) -> QuarantineReason | None:
    """
    Return why an offer's *item* is not for sale any more, None if it still is.

    Its fields must have the *expected* values, and *costs* must find a price in it.
    """
    if item is None:
        return QuarantineReason.OFFER_VANISHED
    changed = any(item.get(name) != value for name, value in expected.items())
    if changed or item.get("deleted_at") or (costs and not costs(item)):
        return QuarantineReason.OFFER_NOT_SELLABLE
    return None


def has_price(item: Mapping[str, Any]) -> bool:
    """Return whether an offer's item has a price, however that is written."""
    price = item.get("price")
    return isinstance(price, Mapping) and bool(price.get("amount"))


def price_of(item: Mapping[str, Any], refusal: str) -> Money:
    """Return the offer's price; raises NotPurchasableError(*refusal*) without one."""
    price = item.get("price") or {}
    if not price.get("amount"):
        raise NotPurchasableError(refusal)
    return chargeable(price["amount"], price.get("currency", ""))


def chargeable(amount: int, currency: str) -> Money:
    """Return the money; raises NotPurchasableError if Stripe cannot charge it."""
    try:
        return Money(amount, currency)
    except InvalidMoneyError as error:
        raise _not_chargeable(error) from error


def _not_chargeable(error: InvalidMoneyError) -> NotPurchasableError:
    return NotPurchasableError(f"Its price cannot be charged: {error}.")


def revenue_split(item: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the creator and the fees of an offer, as far as its item has them.

    Raises NotPurchasableError for invalid fees or an invalid creator. Later they would
    make a payment unrecordable.
    """
    fees = ("platform_fee_bps", "organization_fee_bps")
    asked = [item.get(name, 0) for name in fees]
    if not all(type(fee) is int and fee >= 0 for fee in asked) or (
        sum(asked) > BASIS_POINTS
    ):
        raise NotPurchasableError("Its fees cannot be taken from its price.")
    creator_id = item.get("creator_id")
    if creator_id is not None and not is_creator_id(creator_id):
        raise NotPurchasableError("The offer's creator_id is not valid.")
    return {name: item[name] for name in ("creator_id", *fees) if name in item}


def is_creator_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_CREATOR_ID
