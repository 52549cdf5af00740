"""
The kinds of offer: one module each, found by its name.

A kind says what it sells and to whom; how a payment goes is the same for all.
Adding one is adding a file here: docs/adding-an-offer-kind.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, Protocol, cast, dataclass_transform

from annotated_types import Ge, Len, Lt

from checkout.buyer import Buyer
from checkout.errors import NotFoundError, NotPurchasableError
from checkout.money import InvalidMoneyError, Money

if TYPE_CHECKING:
    from checkout.payment_session import PaymentSession
    from checkout.purchase import Purchase
    from checkout.tables.offers import Offers

# What a whole is made of, where a fee is a part of it.
BASIS_POINTS = 10_000
# As long as a token's `sub` may be; it is part of keys in DynamoDB.
LONGEST_CREATOR_ID = 255

# No `type` statements: pydantic would read those without the request's strictness.
Identifier = Annotated[int, Ge(0), Lt(10**18)] | Annotated[str, Len(1, 128)]
Url = Annotated[str, Len(1, 2048)]


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

    *claim* is what can be sold only once, None where there is no such thing;
    *metadata* goes to Stripe beside ours; *details* are copied onto the purchase;
    *readable_key*, two parts, is Stripe's idempotency key where a document fixes it;
    *pay_by* is when the buyer's time to pay is over, if it ever is.
    """

    id: str
    claim: str | None
    title: str
    lines: tuple[LineItem, ...]
    metadata: Mapping[str, str]
    details: Mapping[str, Any] = field(default_factory=dict)
    readable_key: tuple[str, ...] = ()
    return_urls: ReturnUrls = ReturnUrls()
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
    *facts* are written with the sold status.
    """

    noun: str
    id: str
    sellable: str | None = None
    sold: str | None = None
    returned: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class Kind(Protocol):
    """What a module of this package offers; each function is pure but for reading."""

    UI_MODE: str
    """Stripe's hosted_page or embedded_page."""
    ANONYMOUS: bool
    """Whether anybody may buy without logging in."""
    RETURN_PATH: str
    """Path on the frontend to return to when the request names no URLs; has {id}."""

    Request: type[Any]
    """The create request's fields, path parameters among them."""

    def find(self, request: Any, buyer: Buyer | None, offers: "Offers") -> Offer:  # noqa: ANN401
        """Return what this buyer may buy now; raises the refusals of docs/api.md."""

    def answer(
        self, session: "PaymentSession", client_secret: str | None
    ) -> dict[str, Any]:
        """Return the create response, in the words of this kind's frontend."""

    def claim(self, offer_id: str, buyer_id: str, offers: "Offers") -> str | None:
        """Return the claim that buying this offer takes, for the access check."""

    def sale(self, purchase: "Purchase") -> Sale:
        """Return what the purchase does to the offer, and a full refund undoes."""

    def purchase_fields(self, purchase: "Purchase") -> dict[str, Any]:
        """Return what a purchase of this kind shows beside the common fields."""


def kind_named(name: str) -> Kind:
    """Return the kind; raises NotFoundError for a name that is none."""
    module = f"{__name__}.{name}"
    # Python's own names have an underscore first: __init__, __pycache__.
    named = name.isascii() and name.isidentifier() and not name.startswith("_")
    if not (named and find_spec(module)):
        raise NotFoundError("There is no such kind of offer.")
    return cast("Kind", import_module(module))


@dataclass_transform(frozen_default=True, kw_only_default=True)
def create_request[T](cls: type[T]) -> type[T]:
    """Declare a create request: its types are enforced, and nothing else is let in."""
    shape = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    shape.__pydantic_config__ = {"extra": "forbid", "strict": True}  # type: ignore[attr-defined]
    return shape


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


def terms_of_sale(item: Mapping[str, Any]) -> dict[str, Any]:
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
