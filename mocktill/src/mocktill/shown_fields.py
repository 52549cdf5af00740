"""
Which fields the account's objects show.

Some fields are absent when they have no value, as Stripe's types say; the others are
null. A test can also make any field null or absent that Stripe's types call nullable or
optional, because Stripe may answer so one day.
"""

import inspect
from collections.abc import Iterable, Sequence
from functools import cache
from types import NoneType
from typing import Any, Literal, get_args

from stripe import StripeObject
from stripe._object_classes import OBJECT_CLASSES, get_object_class

from .shapes import Json

type How = Literal["null", "absent"]
HOWS: tuple[How, ...] = ("null", "absent")

# Stripe's types for Node.js call these fields optional, but never null.
NEVER_NULL = {
    "checkout.session": (
        "branding_settings", "excluded_payment_method_types", "name_collection",
        "presentment_details", "redirect_on_completion", "return_url",
        "tax_id_collection",
    ),
    "customer": ("business_name", "individual_name"),
    "dispute": ("payment_method_details",),
    "payment_intent": ("amount_details",),
    "radar.early_fraud_warning": ("payment_intent",),
    "refund": (
        "destination_details", "failure_balance_transaction", "failure_reason",
        "instructions_email", "next_action", "pending_reason",
    ),
}  # fmt: skip
# These are no fields of an object that exists.
NOT_FIELDS = ("deleted",)


class ShownFields:
    """The fields that a test hides, by the kind of object."""

    def __init__(self) -> None:
        self._hidden: dict[str, tuple[Sequence[str], How]] = {}

    def hide(
        self, kind: str, fields: Sequence[str] | None = None, how: How = "null"
    ) -> None:
        """
        Make *fields* of all objects of a *kind* null or absent, until `show`.

        A field of a nested object has a name such as `evidence_details.due_by`. By
        default, all nullable fields are hidden. Objects that were shown before, and
        the objects in events that have happened, stay as they are.
        """
        if how not in HOWS:
            raise ValueError(f"how must be one of {', '.join(HOWS)}")
        possible = nullable(kind)
        if fields is not None and not set(fields) <= set(possible):
            never = ", ".join(sorted(set(fields) - set(possible)))
            raise ValueError(f"Stripe's {kind} always has {never}")
        self._hidden[kind] = (possible if fields is None else fields), how

    def show(self) -> None:
        """Hide nothing any more."""
        self._hidden.clear()

    def hidden(self) -> list[Json]:
        return [
            {"object": kind, "fields": list(fields), "how": how}
            for kind, (fields, how) in self._hidden.items()
        ]

    def apply(self, shown: Any) -> None:  # noqa: ANN401 - JSON
        """Change *shown*, and all that is in it, to what Stripe shows."""
        if isinstance(shown, list):
            for each in shown:
                self.apply(each)
        if not isinstance(shown, dict):
            return
        kind = shown.get("object")
        if isinstance(kind, str):
            for name in NEVER_NULL.get(kind, ()):
                if name in shown and shown[name] is None:
                    del shown[name]
            fields, how = self._hidden.get(kind, ((), "null"))
            for field in fields:
                _hide(shown, field.split("."), how)
        for name, value in shown.items():
            # The contents of an event never change.
            if not (kind == "event" and name == "data"):
                self.apply(value)


def _hide(shown: Json, path: Iterable[str], how: How) -> None:
    *parents, name = path
    for parent in parents:
        inner = shown.get(parent)
        if not isinstance(inner, dict):
            return
        shown = inner
    if how == "null":
        shown[name] = None
    else:
        shown.pop(name, None)


@cache
def nullable(kind: str) -> tuple[str, ...]:
    """Return the fields of a *kind* that the SDK calls nullable or optional."""
    if kind not in OBJECT_CLASSES:
        raise ValueError(f"Stripe has no object named {kind}")
    found = _nullable(get_object_class("V1", kind))
    return tuple(name for name in found if name not in NOT_FIELDS)


def _nullable(kind: type, under: str = "") -> list[str]:
    found = []
    for name, hint in inspect.get_annotations(kind).items():
        parts = get_args(hint) or (hint,)
        if NoneType in parts:
            found.append(under + name)
        for part in parts:
            if inspect.isclass(part) and issubclass(part, StripeObject):
                found += _nullable(part, f"{under}{name}.")
    return found
