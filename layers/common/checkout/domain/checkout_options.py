"""
Checkout's options that an offer may set, under Stripe's own names.

https://docs.stripe.com/api/checkout/sessions/create
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

PROMOTION_CODES = "allow_promotion_codes"
AUTOMATIC_TAX = "automatic_tax"
SHIPPING_OPTIONS = "shipping_options"
AFTER_EXPIRATION = "after_expiration"

# What Stripe takes with the session, and what it takes with each of its lines.
OF_SESSION = (
    PROMOTION_CODES,
    AUTOMATIC_TAX,
    "tax_id_collection",
    "shipping_address_collection",
    SHIPPING_OPTIONS,
    "billing_address_collection",
    "phone_number_collection",
    "custom_fields",
    "consent_collection",
    "invoice_creation",
    "locale",
    "submit_type",
    "custom_text",
    AFTER_EXPIRATION,
)
OF_PRICE, OF_PRODUCT = "tax_behavior", "tax_code"
NAMES = (*OF_SESSION, OF_PRICE, OF_PRODUCT)


class Agreed(NamedTuple):
    """What may make the total differ from the price, or the Checkout Session."""

    discount: bool
    tax: bool
    shipping: bool
    recovery: bool


def agreed(request: Mapping[str, Any]) -> Agreed:
    """Return what the options of a *request* to Stripe allow."""
    recovery = request.get(AFTER_EXPIRATION, {}).get("recovery", {})
    can_recover = recovery.get("enabled", False)
    codes_then = can_recover and recovery.get("allow_promotion_codes", False)
    return Agreed(
        discount=request.get(PROMOTION_CODES, False) or codes_then,
        tax=request.get(AUTOMATIC_TAX, {}).get("enabled", False),
        shipping=bool(request.get(SHIPPING_OPTIONS)),
        recovery=can_recover,
    )


def problem(
    options: Mapping[str, Any], currency: str | None, *, sold_once: bool
) -> tuple[str, str] | None:
    """Return an option that the offer cannot have, and why; None if there is none."""
    if sold_once and agreed(options).recovery:
        # Two Checkout Sessions of one sale key could be paid.
        return AFTER_EXPIRATION, "is only for offers that are sold any number of times"
    for number, option in enumerate(options.get(SHIPPING_OPTIONS, ())):
        amount = option.get("shipping_rate_data", {}).get("fixed_amount", {})
        if currency and amount.get("currency", currency) != currency:
            path = "shipping_rate_data.fixed_amount.currency"
            name = f"{SHIPPING_OPTIONS}[{number}].{path}"
            return name, f"must be {currency}, the currency of the price"
    return None
