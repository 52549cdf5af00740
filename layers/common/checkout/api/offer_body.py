"""
An offer as its writer sends it: the fields, types and limits that all kinds share.

Each kind adds its own in its own file. Whoever writes an offer is checked by these
models: `PUT /api/offers`, another Lambda by the layer's function, the command line.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, NamedTuple, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from checkout.api.checkout_options import CheckoutOptions, options_in
from checkout.api.fields import LONGEST_ID, RequestBody
from checkout.domain import checkout_options, stripe_limits
from checkout.domain.closing_window import Deadline
from checkout.domain.money import BASIS_POINTS
from checkout.domain.offer import LONGEST_CREATOR_ID, charge_problem, is_web_address
from checkout.domain.offer_item import (
    FIRST_YEAR,
    LAST_YEAR,
    LONGEST_RECORDED,
    OfferItem,
)

LONGEST_TEXT = 5000

Title = Annotated[str, Field(max_length=LONGEST_RECORDED, pattern=r"\S")]
Text = Annotated[str, Field(max_length=LONGEST_TEXT, pattern=r"\S")]
type GetItem = Callable[[str, str], Mapping[str, Any] | None]
"""Returns the item with a type and an id, None if there is none."""
OwnerId = Annotated[str, Field(min_length=1, max_length=255)]
"""The `sub` of a buyer's token."""
Currency = Annotated[
    str,
    Field(
        title="currency",
        json_schema_extra={"enum": sorted(stripe_limits.CURRENCIES)},
    ),
]
Amount = Annotated[
    int,
    Field(
        json_schema_extra={
            "minimum": 0,
            "maximum": max(stripe_limits.LARGEST_AMOUNTS.values()),
        },
    ),
]
ImageUrl = Annotated[
    str,
    Field(
        title="URL with https",
        json_schema_extra={
            "pattern": "^[hH][tT][tT][pP][sS]://",
            "maxLength": stripe_limits.LONGEST_IMAGE_URL,
        },
    ),
]


def _can_be_computed_with(moment: datetime) -> datetime:
    if not FIRST_YEAR < moment.year < LAST_YEAR:
        raise ValueError("must be a time after 1970")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_can_be_computed_with)]
"""A time with an offset, as OfferItem.moment() reads it."""


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


class Price(RequestBody):
    """An amount in the currency's minor unit; what is free has the amount 0."""

    currency: Currency
    """One that Stripe charges, in lower case."""
    amount: Amount
    """
    0 if the offer is free. Otherwise Stripe's minimum of the currency, such as 50 in
    USD, or more; at most 99999999, in IDR 999999999999. A multiple of 100 in ISK and
    UGX, of 10 in BHD, JOD, KWD, OMR and TND.
    """

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
    # A create request does not need the models; they are compiled when they are used.
    model_config = ConfigDict(defer_build=True, validate_default=True)

    STATUSES: ClassVar[Statuses]

    OPTIONS: ClassVar[Mapping[str, Any]] = {}
    """Checkout's options of the kind; an offer may set others, each in its place."""

    SOLD_ONCE: ClassVar[bool] = True
    """Whether the offer has a sale key."""

    PUBLIC: ClassVar[tuple[str, ...]] = ()
    """The fields that anybody may read; none if the offer is nobody else's business."""

    ID_SCHEMA: ClassVar[dict[str, Any]] = {"minLength": 1, "maxLength": LONGEST_ID}
    """What `id_problem()` allows, for the documentation."""

    title: Title
    """What is sold, on Stripe's page and in the list of purchases."""
    description: Text | None = None
    """Shown on Stripe's page."""
    image_url: ImageUrl | None = None
    """Shown on Stripe's page."""
    creator_id: (
        Annotated[str, Field(min_length=1, max_length=LONGEST_CREATOR_ID)] | None
    ) = None
    """Who gets the rest of the amount: the `sub` of the creator's token."""
    platform_fee_bps: Annotated[int, Field(ge=0, le=BASIS_POINTS)] = 0
    """The platform's share, in parts of ten thousand."""
    organization_fee_bps: Annotated[int, Field(ge=0, le=BASIS_POINTS)] = 0
    """The organization's share; together with the platform's at most 10000."""
    options: CheckoutOptions | None = None
    """What Stripe's page asks for, offers and adds."""

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

    @property
    def deadline(self) -> Deadline | None:
        """
        Until when the offer can be paid, as its fields say; None if there is no end.

        It is announced some hours before, if the offer still has the status `for_sale`.
        Its sale key must be that of the item itself.
        """
        return None

    @field_validator("options")
    @classmethod
    def _can_be_stored(cls, options: CheckoutOptions | None) -> CheckoutOptions | None:
        if options:
            options.for_stripe()
        return options

    @model_validator(mode="after")
    def _can_have_its_options(self) -> Self:
        options = self.options.for_stripe() if self.options else {}
        currency = getattr(getattr(self, "price", self), "currency", None)
        once = self.SOLD_ONCE
        found = checkout_options.problem(options, currency, sold_once=once)
        if found:
            context = {"field": f"options.{found[0]}", "error": found[1]}
            raise PydanticCustomError("value_error", "{error}", context)
        return self

    @classmethod
    def options_of(cls, item: OfferItem) -> dict[str, Any]:
        """
        Return Checkout's options of an offer: its own, and otherwise its kind's.

        Raises BrokenOfferError for what the host application wrote and Stripe would not
        accept.
        """
        return {**cls.OPTIONS, **options_in(item)}

    @classmethod
    def id_problem(cls, item_id: str) -> str | None:
        """Return why no buyer could name the offer by its id, None if one can."""
        if 0 < len(item_id) <= LONGEST_ID and item_id.isprintable():
            return None
        return f"must have 1 to {LONGEST_ID} characters"

    def reference_problems(self, get: GetItem) -> dict[str, str]:  # noqa: ARG002 - a kind's own
        """Return what is wrong with the items that the offer names, by field."""
        return {}

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
