"""An offer: what can be bought, at what price, and who earns by it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from checkout.domain.money import BASIS_POINTS, InvalidMoneyError, Money
from checkout.errors import NotPurchasableError

# As long as a token's `sub` may be; it is part of keys in DynamoDB.
LONGEST_CREATOR_ID = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """One line on Stripe's page."""

    title: str
    price: Money
    quantity: int = 1
    description: str | None = None
    image_url: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnUrls:
    """
    Where the shopper goes after paying or giving up; None means our default.

    As the request asks for them, in fields of these *names*: whether they are allowed
    is checked elsewhere.
    """

    success: str | None = None
    cancel: str | None = None
    names: tuple[str, str] = ("success_url", "cancel_url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """
    What a kind sells to this buyer now, at the price that it has now.

    *sale_key* is what can be sold only once, None where there is no such thing;
    *metadata* goes to Stripe beside ours; *details* are copied onto the purchase;
    *readable_key*, two parts, is Stripe's idempotency key where a document fixes it;
    *pay_by* is when the buyer's time to pay is over, if it ever is. *return_path* is
    the path on the frontend to return to when the request names no URLs, and may have
    {id}. *ui_mode* is Stripe's hosted_page or embedded_page.
    """

    id: str
    sale_key: str | None
    title: str
    lines: tuple[LineItem, ...]
    metadata: Mapping[str, str]
    details: Mapping[str, Any] = field(default_factory=dict)
    readable_key: tuple[str, ...] = ()
    return_path: str = "/"
    return_urls: ReturnUrls = ReturnUrls()
    ui_mode: str = "hosted_page"
    email: str | None = field(default=None, repr=False)
    pay_by: datetime | None = None
    creator_id: str | None = None
    platform_fee_bps: int = 0
    organization_fee_bps: int = 0

    @property
    def total(self) -> Money:
        try:
            first, *others = (line.price * line.quantity for line in self.lines)
            return sum(others, start=first)
        except InvalidMoneyError as error:
            raise _not_chargeable(error) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """
    What being sold does to an offer: its item, and its status on the way.

    It goes from *sellable* to *sold*, and to *returned* when all the money has gone
    back. One that is sold again and again has no statuses: it only has to be there.
    *attributes* are written with the sold status.
    """

    item_type: str
    id: str
    sellable: str | None = None
    sold: str | None = None
    returned: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


def price_of(item: Mapping[str, Any], refusal: str) -> Money:
    """Return the offer's price; raises NotPurchasableError(*refusal*) without one."""
    price = item.get("price") or {}
    if not price.get("amount"):
        raise NotPurchasableError(refusal)
    return chargeable(price["amount"], price.get("currency", ""))


def chargeable(amount: int, currency: str) -> Money:
    try:
        return Money(amount, currency)
    except InvalidMoneyError as error:
        raise _not_chargeable(error) from error


def _not_chargeable(error: InvalidMoneyError) -> NotPurchasableError:
    return NotPurchasableError(f"Its price cannot be charged: {error}.")


def revenue_split(item: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return who earns and how it is split, as any offer may say.

    Raises NotPurchasableError for fees that no payment could be split by, and for a
    creator that no purchase could be found by: here nobody has paid yet.
    """
    fees = ("platform_fee_bps", "organization_fee_bps")
    asked = [item.get(name, 0) for name in fees]
    if not all(type(fee) is int and fee >= 0 for fee in asked) or (
        sum(asked) > BASIS_POINTS
    ):
        raise NotPurchasableError("Its fees cannot be taken from its price.")
    creator_id = item.get("creator_id")
    if creator_id is not None and not is_creator_id(creator_id):
        raise NotPurchasableError("Nobody could be paid for it.")
    return {name: item[name] for name in ("creator_id", *fees) if name in item}


def is_creator_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_CREATOR_ID
