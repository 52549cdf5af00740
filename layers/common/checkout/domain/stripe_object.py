"""Read fields of Stripe's objects: what is required, and what may be absent."""

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


def object_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the object that *event* is about, empty if the event has none."""
    data = event.get("data")
    found = data.get("object") if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def metadata_of(stripe_object: Mapping[str, Any], name: str) -> str | None:
    """Return a value of the object's metadata, None if it has none of that name."""
    metadata = stripe_object.get("metadata")
    found = metadata.get(name) if isinstance(metadata, Mapping) else None
    return found if isinstance(found, str) else None
