"""
The parameters with which a customer fills in the payment page.

Stripe does not document them. These have the names of the fields of the session that
show them, and `promotion_code` and `shipping_rate`.
"""

from typing import Literal, NotRequired, TypedDict


class Address(TypedDict):
    city: NotRequired[str]
    country: NotRequired[str]
    line1: NotRequired[str]
    line2: NotRequired[str]
    postal_code: NotRequired[str]
    state: NotRequired[str]


class ShippingDetails(TypedDict):
    address: NotRequired[Address]
    name: NotRequired[str]


class TaxId(TypedDict):
    type: str
    value: str


class CustomerDetails(TypedDict):
    address: NotRequired[Address]
    business_name: NotRequired[str]
    email: NotRequired[str]
    individual_name: NotRequired[str]
    name: NotRequired[str]
    phone: NotRequired[str]
    tax_ids: NotRequired[list[TaxId]]


class Consent(TypedDict):
    promotions: NotRequired[Literal["opt_in", "opt_out"]]
    terms_of_service: NotRequired[Literal["accepted"]]


class Answer(TypedDict):
    """The answer to a custom field. An empty value removes an earlier answer."""

    key: str
    value: Literal[""] | str  # noqa: PYI051 - `parameters` reads it


class PageParams(TypedDict):
    """What stays entered until it is changed. An empty promotion code removes it."""

    consent: NotRequired[Consent]
    custom_fields: NotRequired[list[Answer]]
    customer_details: NotRequired[CustomerDetails]
    expand: NotRequired[list[str]]
    promotion_code: NotRequired[Literal[""] | str]  # noqa: PYI051
    shipping_details: NotRequired[ShippingDetails]
    shipping_rate: NotRequired[str]


class ConfirmParams(PageParams):
    expected_amount: NotRequired[int]
    payment_method: NotRequired[str]
