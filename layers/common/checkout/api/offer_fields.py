"""The types of the fields of offers, with their limits."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from checkout.api.fields import RequestBody
from checkout.domain import stripe_limits
from checkout.domain.offer import charge_problem, is_web_address
from checkout.domain.offer_item import FIRST_YEAR, LAST_YEAR, LONGEST_RECORDED

LONGEST_TEXT = 5000

Title = Annotated[str, Field(max_length=LONGEST_RECORDED, pattern=r"\S")]
Text = Annotated[str, Field(max_length=LONGEST_TEXT, pattern=r"\S")]
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
            "pattern": r"^[hH][tT][tT][pP][sS]://[^\s/?#:]\S*$",
            "maxLength": stripe_limits.LONGEST_IMAGE_URL,
        },
    ),
]


def _can_be_computed_with(moment: datetime) -> datetime:
    if not FIRST_YEAR < moment.year < LAST_YEAR:
        raise ValueError(f"must be after {FIRST_YEAR} and before {LAST_YEAR}")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_can_be_computed_with)]
"""A time with an offset, as OfferItem.moment() reads it."""


# Of each other currency than IDR.
LARGEST: dict[str, Any] = {
    "if": {"properties": {"currency": {"const": "idr"}}},
    "else": {"properties": {"amount": {"maximum": stripe_limits.LARGEST_AMOUNT}}},
}


class Price(RequestBody):
    """An amount in the currency's minor unit; what is free has the amount 0."""

    model_config = ConfigDict(json_schema_extra=LARGEST)

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
