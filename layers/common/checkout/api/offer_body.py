"""
An offer as its writer sends it: the fields, types and limits that all kinds share.

Each kind adds its own in its own file. Whoever writes an offer is checked by these
models: `PUT /api/offers`, another Lambda by the layer's function, the command line.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, NamedTuple, Self

from pydantic import (
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from checkout.api.checkout_options import CheckoutOptions, options_in
from checkout.api.fields import LONGEST_ID, RequestBody
from checkout.api.offer_fields import ImageUrl, Text, Title
from checkout.domain import checkout_options, stripe_limits
from checkout.domain.closing_window import Deadline
from checkout.domain.money import BASIS_POINTS
from checkout.domain.offer import LONGEST_CREATOR_ID
from checkout.domain.offer_item import (
    OfferItem,
)

type GetItem = Callable[[str, str], Mapping[str, Any] | None]
"""Returns the item with a type and an id, None if there is none."""
SHOWN = ("title", "description", "image_url", "price", "status")
"""The fields that the buyer of an offer sees, unless its kind makes more public."""


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
    """
    The fields that a frontend may show to anybody: texts, and the price.

    There are none if the offer is nobody else's business; its buyer sees SHOWN.
    """

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
        return f"must have 1 to {LONGEST_ID} printable characters"

    def reference_problems(self, get: GetItem) -> dict[str, str]:  # noqa: ARG002 - a kind's own
        """Return what is wrong with the items that the offer names, by field."""
        return {}

    def to_item(self) -> dict[str, Any]:
        """Return the fields as they are stored; what is None is not."""
        return self.model_dump(mode="json", exclude_none=True)
