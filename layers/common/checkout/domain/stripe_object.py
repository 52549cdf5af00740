"""Read the required fields of Stripe's objects."""

from collections.abc import Mapping
from typing import Any


def id_of(reference: str | Mapping[str, Any] | None) -> str | None:
    """Return the id of a reference, which Stripe may have expanded to an object."""
    return reference.get("id") if isinstance(reference, Mapping) else reference


def text_of(stripe_object: Mapping[str, Any], name: str) -> str:
    """Return a text that is not empty; raises ValueError."""
    value = stripe_object.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"Stripe's object has no {name}")
    return value


def amount_of(stripe_object: Mapping[str, Any], name: str) -> int:
    """Return an amount in the currency's minor unit; raises ValueError."""
    value = stripe_object.get(name)
    if type(value) is not int or value < 0:
        raise ValueError(f"Stripe's object has no {name}")
    return value
