"""What a buyer entered on Stripe's page because an option asked for it."""

from collections.abc import Mapping
from typing import Any

from checkout.domain.stripe_object import part_of, parts_of, word_of

# What is kept, and the option that asks for it. Without that option it is not ours.
ASKED_BY = {
    "shipping_details": "shipping_address_collection",
    "billing_address": "billing_address_collection",
    "phone": "phone_number_collection",
    "tax_ids": "tax_id_collection",
    "custom_fields": "custom_fields",
    "consent": "consent_collection",
}
ADDRESS = ("line1", "line2", "postal_code", "city", "state", "country")
CONSENT = ("terms_of_service", "promotions")


def entered_on_page(stripe_object: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that a Checkout Session has of it, under Stripe's own names."""
    customer = part_of(stripe_object, "customer_details")
    collected = part_of(stripe_object, "collected_information")
    delivery = part_of(collected, "shipping_details")
    address = _words(part_of(delivery, "address"), ADDRESS)
    name = {"name": recipient} if (recipient := word_of(delivery, "name")) else {}
    found = {
        "shipping_details": {**name, "address": address} if address else name,
        "billing_address": _words(part_of(customer, "address"), ADDRESS),
        "phone": word_of(customer, "phone"),
        "tax_ids": [
            _words(tax_id, ("type", "value"))
            for tax_id in parts_of(customer, "tax_ids")
        ],
        "custom_fields": _custom_fields(stripe_object),
        "consent": _words(part_of(stripe_object, "consent"), CONSENT),
    }
    return {name: value for name, value in found.items() if value}


def asked_for(found: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of *found* the options of a *request* to Stripe asked for."""
    return {
        name: value
        for name, value in found.items()
        if _is_on(request.get(ASKED_BY[name]))
    }


def _custom_fields(stripe_object: Mapping[str, Any]) -> dict[str, str]:
    """Return the value of each custom field by its key."""
    values = {}
    for each in parts_of(stripe_object, "custom_fields"):
        key, kind = word_of(each, "key"), word_of(each, "type")
        value = word_of(part_of(each, kind), "value") if kind else None
        if key and value:
            values[key] = value
    return values


def _is_on(option: object) -> bool:
    if isinstance(option, Mapping):
        return option.get("enabled", True) is True
    return bool(option) and option != "auto"


def _words(part: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: word for name in names if (word := word_of(part, name))}
