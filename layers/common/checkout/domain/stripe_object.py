"""
Read the fields of Stripe's objects, which may be null, absent or of another form.

A field that we cannot do without raises ValueError; any other is None where Stripe
sends nothing that we can read.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from checkout.clock import iso


def id_of(reference: Any) -> str | None:  # noqa: ANN401 - whatever Stripe sends
    """Return the id of a reference, which Stripe may have expanded to an object."""
    found = reference.get("id") if isinstance(reference, Mapping) else reference
    return found if isinstance(found, str) and found else None


def word_of(stripe_object: Mapping[str, Any], name: str) -> str | None:
    """Return a text, None if there is none."""
    value = stripe_object.get(name)
    return value if isinstance(value, str) and value else None


def part_of(stripe_object: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object within the object, such as its metadata; it may be empty."""
    part = stripe_object.get(name)
    return part if isinstance(part, Mapping) else {}


def parts_of(stripe_object: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list within the object; it may be empty."""
    members = stripe_object.get(name)
    if not isinstance(members, list):
        return []
    return [member for member in members if isinstance(member, Mapping)]


def number_of(stripe_object: Mapping[str, Any], name: str) -> int | None:
    """Return an integer, None if there is none."""
    value = stripe_object.get(name)
    return value if type(value) is int else None


def text_of(stripe_object: Mapping[str, Any], name: str) -> str:
    """Return a text that is not empty; raises ValueError."""
    value = stripe_object.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"Stripe's object has no {name}")
    return value


def flag_of(stripe_object: Mapping[str, Any], name: str) -> bool:
    """Return what is true or false; raises ValueError."""
    value = stripe_object.get(name)
    if not isinstance(value, bool):
        raise ValueError(f"Stripe's object has no {name}")  # noqa: TRY004 - as the others
    return value


def amount_of(stripe_object: Mapping[str, Any], name: str) -> int:
    """Return an amount in the currency's minor unit; raises ValueError."""
    value = stripe_object.get(name)
    if type(value) is not int or value < 0:
        raise ValueError(f"Stripe's object has no {name}")
    return value


def time_of(stripe_object: Mapping[str, Any], name: str) -> str:
    """Return a time, which Stripe sends in Unix seconds; raises ValueError."""
    try:
        return iso(datetime.fromtimestamp(amount_of(stripe_object, name), UTC))
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError(f"Stripe's object has no {name}") from error


def object_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the object that *event* is about; it may be empty."""
    return part_of(part_of(event, "data"), "object")


def metadata_of(stripe_object: Mapping[str, Any], name: str) -> str | None:
    """Return a text of the object's metadata, None if there is none."""
    return word_of(part_of(stripe_object, "metadata"), name)
