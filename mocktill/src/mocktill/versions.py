"""
The differences between versions of Stripe's API.

The sandbox accepts every version that Stripe has. It knows the changes below. Apart
from these, it acts as `API_VERSION` does. A call that names no version has the
account's default version.
"""

from contextvars import ContextVar
from functools import cache
from typing import NotRequired, TypedDict

from stripe.params import WebhookEndpointCreateParams

from .errors import invalid
from .parameters import choices, fields, validate
from .shapes import Json

API_VERSION = "2026-10-28.endive"
current_version: ContextVar[str] = ContextVar("current_version", default=API_VERSION)

# https://docs.stripe.com/changelog
UI_MODES_RENAMED = "2026-03-25.dahlia"
PAYMENT_METHOD_TYPES_REMOVED = "2026-09-30.endive"
OLD_UI_MODES = {
    "hosted": "hosted_page",
    "embedded": "embedded_page",
    "custom": "elements",
}


class RemovedInEndive(TypedDict):
    """The parameter that sessions and PaymentIntents had in earlier versions."""

    payment_method_types: NotRequired[list[str]]


@cache
def known() -> frozenset[str]:
    """Return all versions of Stripe's API that the SDK lists."""
    return frozenset(choices(fields(WebhookEndpointCreateParams)["api_version"]))


def check(version: str) -> str:
    if version not in known():
        raise invalid(None, f"Invalid Stripe API version: {version}")
    return version


def validate_new(raw: Json, schema: type) -> Json:
    """Validate the parameters of a session or a PaymentIntent in the call's version."""
    if current_version.get() >= PAYMENT_METHOD_TYPES_REMOVED:
        return validate(raw, schema)
    removed = {name: raw[name] for name in fields(RemovedInEndive) if name in raw}
    kept = {name: value for name, value in raw.items() if name not in removed}
    return validate(kept, schema) | validate(removed, RemovedInEndive)


def with_current_ui_mode(raw: Json) -> Json:
    """Return *raw* with the current name of its `ui_mode`."""
    if "ui_mode" not in raw or current_version.get() >= UI_MODES_RENAMED:
        return raw
    given = raw["ui_mode"]
    if given not in OLD_UI_MODES:
        listed = ", ".join(sorted(OLD_UI_MODES))
        raise invalid("ui_mode", f"Invalid ui_mode: must be one of {listed}")
    return raw | {"ui_mode": OLD_UI_MODES[given]}


def shown(stripe_object: Json, version: str) -> Json:
    """Return *stripe_object* in the form of *version*."""
    if stripe_object["object"] != "checkout.session" or version >= UI_MODES_RENAMED:
        return stripe_object
    old_names = {new: old for old, new in OLD_UI_MODES.items()}
    mode = stripe_object.get("ui_mode")
    return stripe_object | ({"ui_mode": old_names[mode]} if mode else {})
