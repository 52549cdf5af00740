"""
Checkout's options as the writer of an offer sends them: the names are Stripe's own.

Stripe gets them as they are. Its limits are checked as far as it publishes them.
https://docs.stripe.com/api/checkout/sessions/create
"""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from checkout.api.custom_fields import CustomField, Options, Words
from checkout.api.problems import problems_by_path
from checkout.domain.money import InvalidMoneyError, Money
from checkout.domain.offer_item import OfferItem
from checkout.domain.stripe_limits import LOCALES

# Assumed, as all limits without a comment of Stripe's: what one item has room for.
LARGEST_OPTIONS = 100_000

Id = Annotated[str, Field(min_length=1, max_length=255, pattern=r"\S")]
Country = Annotated[str, Field(json_schema_extra={"pattern": "^[A-Z]{2}$"})]
Message = Annotated[str, Field(min_length=1, max_length=1200, pattern=r"\S")]


class Switch(Options):
    enabled: bool


class TaxIdCollection(Switch):
    required: Literal["if_supported", "never"] | None = None


class ShippingAddressCollection(Options):
    allowed_countries: Annotated[list[Country], Field(min_length=1, max_length=250)]

    @field_validator("allowed_countries")
    @classmethod
    def _are_codes(cls, countries: list[str]) -> list[str]:
        for code in countries:
            if not (code.isascii() and code.isalpha() and code.isupper()):
                raise ValueError("must be codes of two capital letters, such as DE")
            if len(code) != len("DE"):
                raise ValueError("must be codes of two capital letters, such as DE")
        return countries


class FixedAmount(Options):
    currency: Annotated[str, Field(json_schema_extra={"pattern": "^[a-z]{3}$"})]
    amount: Annotated[int, Field(json_schema_extra={"minimum": 0})]

    @field_validator("amount")
    @classmethod
    def _is_amount(cls, amount: int, given: ValidationInfo) -> int:
        try:
            return Money(amount, given.data.get("currency", "")).amount
        except InvalidMoneyError as error:
            raise ValueError(f"cannot be charged: {error}") from error


class DeliveryTime(Options):
    unit: Literal["hour", "day", "business_day", "week", "month"]
    value: Annotated[int, Field(ge=1)]


class DeliveryEstimate(Options):
    minimum: DeliveryTime | None = None
    maximum: DeliveryTime | None = None


class ShippingRateData(Options):
    type: Literal["fixed_amount"]
    display_name: Words
    fixed_amount: FixedAmount
    delivery_estimate: DeliveryEstimate | None = None
    tax_behavior: Literal["exclusive", "inclusive"] | None = None
    tax_code: Id | None = None


class ShippingOption(Options):
    shipping_rate: Id | None = None
    shipping_rate_data: ShippingRateData | None = None

    @field_validator("shipping_rate_data")
    @classmethod
    def _is_one_of_two(
        cls, data: ShippingRateData | None, given: ValidationInfo
    ) -> ShippingRateData | None:
        rate = given.data.get("shipping_rate")
        if (rate is None) == (data is None):
            raise ValueError("or shipping_rate must be given, and not both")
        return data


class ConsentCollection(Options):
    terms_of_service: Literal["none", "required"] | None = None
    promotions: Literal["auto", "none"] | None = None


class InvoiceField(Options):
    name: Annotated[str, Field(min_length=1, max_length=40)]
    value: Annotated[str, Field(min_length=1, max_length=140)]


class InvoiceData(Options):
    description: Annotated[str, Field(min_length=1, max_length=1500)] | None = None
    footer: Annotated[str, Field(min_length=1, max_length=5000)] | None = None
    custom_fields: Annotated[list[InvoiceField], Field(max_length=4)] | None = None


class InvoiceCreation(Switch):
    invoice_data: InvoiceData | None = None


class CustomTextPart(Options):
    message: Message


class CustomText(Options):
    submit: CustomTextPart | None = None
    after_submit: CustomTextPart | None = None
    shipping_address: CustomTextPart | None = None
    terms_of_service_acceptance: CustomTextPart | None = None


class Recovery(Switch):
    allow_promotion_codes: bool | None = None


class AfterExpiration(Options):
    recovery: Recovery


class CheckoutOptions(Options):
    """Each is Stripe's parameter of the same name; any other is refused."""

    allow_promotion_codes: bool | None = None
    automatic_tax: Switch | None = None
    tax_behavior: Literal["exclusive", "inclusive"] | None = None
    """Whether the price contains the tax; Stripe's parameter of each line."""
    tax_code: Id | None = None
    """What is sold, for the tax; Stripe's parameter of each line."""
    tax_id_collection: TaxIdCollection | None = None
    shipping_address_collection: ShippingAddressCollection | None = None
    shipping_options: (
        Annotated[list[ShippingOption], Field(min_length=1, max_length=5)] | None
    ) = None
    billing_address_collection: Literal["auto", "required"] | None = None
    phone_number_collection: Switch | None = None
    custom_fields: (
        Annotated[list[CustomField], Field(min_length=1, max_length=3)] | None
    ) = None
    consent_collection: ConsentCollection | None = None
    invoice_creation: InvoiceCreation | None = None
    locale: (
        Annotated[str, Field(json_schema_extra={"enum": sorted(LOCALES)})] | None
    ) = None
    submit_type: Literal["auto", "book", "donate", "pay"] | None = None
    custom_text: CustomText | None = None
    after_expiration: AfterExpiration | None = None

    @field_validator("locale")
    @classmethod
    def _is_a_locale(cls, locale: str | None) -> str | None:
        if locale is not None and locale not in LOCALES:
            raise ValueError("must be one of Stripe's locales, or auto")
        return locale

    @field_validator("custom_fields")
    @classmethod
    def _differ(cls, found: list[CustomField] | None) -> list[CustomField] | None:
        if found and len({each.key for each in found}) < len(found):
            raise ValueError("must have different keys")
        return found

    @field_validator("custom_text")
    @classmethod
    def _has_its_checkbox(
        cls, text: CustomText | None, given: ValidationInfo
    ) -> CustomText | None:
        consent = given.data.get("consent_collection")
        has_checkbox = consent is not None and consent.terms_of_service == "required"
        if text and text.terms_of_service_acceptance and not has_checkbox:
            raise ValueError(
                "has terms_of_service_acceptance, which needs consent_collection "
                "with terms_of_service required"
            )
        return text

    def for_stripe(self) -> dict[str, Any]:
        """Return the options that are set; raises ValueError if they are too large."""
        options = self.model_dump(mode="json", exclude_none=True)
        if len(json.dumps(options).encode()) > LARGEST_OPTIONS:
            raise ValueError(f"must have at most {LARGEST_OPTIONS} bytes as JSON")
        return options


def options_in(item: OfferItem) -> dict[str, Any]:
    """Return the options that an item has; raises BrokenOfferError for a mistake."""
    own = item.get("options")
    if own is None:
        return {}
    try:
        return CheckoutOptions.model_validate(own).for_stripe()
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        named = problems_by_path([dict(each) for each in found], "options")
        raise item.broken(*next(iter(named.items()))) from error
    except ValueError as error:
        raise item.broken("options", str(error)) from error
