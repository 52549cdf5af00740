"""
An offer as its writer sends it: the fields, types and limits that all kinds share.

Each kind adds its own in its own file. Whoever writes an offer is checked by these
models: `PUT /api/offers`, another Lambda by the layer's function, the command line.
"""

from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from checkout.api.fields import LONGEST_ID, RequestBody
from checkout.domain import stripe_limits
from checkout.domain.money import BASIS_POINTS
from checkout.domain.offer import LONGEST_CREATOR_ID, charge_problem, is_web_address
from checkout.domain.offer_item import LONGEST_RECORDED

LONGEST_TEXT = 5000

Title = Annotated[str, Field(max_length=LONGEST_RECORDED, pattern=r"\S")]
Text = Annotated[str, Field(max_length=LONGEST_TEXT, pattern=r"\S")]
SHOWN = ("title", "description", "image_url", "price", "status")
"""The fields that the buyer of an offer sees, unless its kind makes more public."""

OwnerId = Annotated[str, Field(min_length=1, max_length=255)]
"""The `sub` of a buyer's token."""


class Statuses(NamedTuple):
    """
    The statuses that checkout gives an offer.

    A payment moves it from *for_sale* to *sold*, a full refund to *returned*; both are
    None if the offer can be sold any number of times. Its writer takes it back by
    *withdrawn*, and can write neither *sold* nor *returned*.
    """

    for_sale: str
    withdrawn: str
    sold: str | None = None
    returned: str | None = None

    @property
    def public(self) -> tuple[str, ...]:
        """The statuses of an offer that is for sale, or was sold."""
        return tuple(filter(None, (self.for_sale, self.sold, self.returned)))


class Price(RequestBody):
    """An amount in the currency's minor unit; what is free has the amount 0."""

    currency: str
    amount: int

    @field_validator("currency")
    @classmethod
    def _is_charged(cls, currency: str) -> str:
        return charged_currency(currency)

    @field_validator("amount")
    @classmethod
    def _can_be_charged(cls, amount: int, given: ValidationInfo) -> int:
        check_charge(given.data.get("currency"), [(amount, 1)])
        return amount


class OfferBody(RequestBody):
    """The fields of any item of the Offers table, but for those that the path gives."""

    # What one field demands of another holds also where that is left out.
    model_config = ConfigDict(validate_default=True)

    STATUSES: ClassVar[Statuses]

    PUBLIC: ClassVar[tuple[str, ...]] = ()
    """
    The fields that a frontend may show to anybody: texts, and the price.

    There are none if the offer is nobody else's business; its buyer sees SHOWN.
    """

    title: Title
    description: Text | None = None
    image_url: str | None = None
    creator_id: (
        Annotated[str, Field(min_length=1, max_length=LONGEST_CREATOR_ID)] | None
    ) = None
    platform_fee_bps: Annotated[int, Field(ge=0, le=BASIS_POINTS)] = 0
    organization_fee_bps: Annotated[int, Field(ge=0, le=BASIS_POINTS)] = 0

    @field_validator("image_url")
    @classmethod
    def _can_be_shown(cls, url: str | None) -> str | None:
        if url is not None and not stripe_limits.is_image_url(url):
            longest = stripe_limits.LONGEST_IMAGE_URL
            message = f"must be a URL with https:// of at most {longest} characters"
            raise ValueError(message)
        return url

    @field_validator("organization_fee_bps")
    @classmethod
    def _leaves_a_share(cls, fee: int, given: ValidationInfo) -> int:
        if fee + given.data.get("platform_fee_bps", 0) > BASIS_POINTS:
            message = f"must be at most {BASIS_POINTS} together with platform_fee_bps"
            raise ValueError(message)
        return fee

    @classmethod
    def id_problem(cls, item_id: str) -> str | None:
        """Return why no buyer could name the offer by its id, None if one can."""
        if 0 < len(item_id) <= LONGEST_ID and item_id.isprintable():
            return None
        return f"must have 1 to {LONGEST_ID} characters"

    def to_item(self) -> dict[str, Any]:
        """Return the fields as they are stored; what is None is not."""
        return self.model_dump(mode="json", exclude_none=True)


def charged_currency(code: str) -> str:
    if code not in stripe_limits.CURRENCIES:
        raise ValueError("must be a currency that Stripe charges, in lower case")
    return code


def check_charge(currency: str | None, lines: list[tuple[int, int]]) -> None:
    """Raise ValueError if *lines* of amount and quantity cannot be charged or free."""
    if currency and (problem := charge_problem(currency, lines)):
        raise ValueError(problem)


def web_address(url: str | None) -> str | None:
    if url is not None and not is_web_address(url):
        raise ValueError("must be a URL that begins with https:// or http://")
    return url
