"""The questions that a shop adds to the payment page, and the customer's answers."""

import re

from .errors import invalid, missing
from .shapes import Json

MAX_FIELDS = 3
MAX_OPTIONS = 200
MAX_VALUE = 255
TYPES = ("dropdown", "numeric", "text")
_ALPHANUMERIC = re.compile(r"[A-Za-z0-9]+")
# Stripe calls keys alphanumeric. Its own examples also have these two signs.
_KEY = re.compile(r"[A-Za-z0-9_-]+")


def check(fields: list[Json]) -> None:
    """Check the fields of a new session."""
    if len(fields) > MAX_FIELDS:
        raise invalid(
            "custom_fields",
            f"Array custom_fields exceeded maximum {MAX_FIELDS} elements.",
        )
    for index, field in enumerate(fields):
        _check_field(field, f"custom_fields[{index}]")
    keys = [field["key"] for field in fields]
    if len(set(keys)) < len(keys):
        raise invalid("custom_fields", "The keys of custom fields must be unique.")


def shown(field: Json) -> Json:
    """Return the field as a session shows it, without an answer."""
    kind = field["type"]
    given = field.get(kind, {})
    names = ["default_value", "value"]
    names += ["options"] if kind == "dropdown" else ["maximum_length", "minimum_length"]
    settings = {name: given.get(name) for name in names}
    return {
        "dropdown": None,
        "key": field["key"],
        "label": field["label"],
        "numeric": None,
        "optional": field.get("optional", False),
        "text": None,
        "type": kind,
        kind: settings,
    }


def answered(fields: list[Json], answers: dict[str, str]) -> list[Json]:
    """Return the *fields* of a session with the customer's answers."""
    return [
        {
            **field,
            field["type"]: {**field[field["type"]], "value": _value(field, answers)},
        }
        for field in fields
    ]


def missing_answers(fields: list[Json], answers: dict[str, str]) -> list[str]:
    """Return the keys of the required fields that have no answer."""
    return [
        field["key"]
        for field in fields
        if not field["optional"] and _value(field, answers) is None
    ]


def check_answer(field: Json, value: str, param: str) -> None:
    kind = field["type"]
    settings = field[kind]
    label = field["label"]["custom"]
    if kind == "dropdown":
        if value not in [option["value"] for option in settings["options"]]:
            raise invalid(param, f"{label}: choose one of the options.")
        return
    if kind == "numeric" and not (value.isascii() and value.isdecimal()):
        raise invalid(param, f"{label}: use digits only.")
    least = settings["minimum_length"] or 0
    most = settings["maximum_length"] or MAX_VALUE
    if not least <= len(value) <= most:
        raise invalid(param, f"{label}: use {least} to {most} characters.")


def _value(field: Json, answers: dict[str, str]) -> str | None:
    """Return the answer, or what the page fills in by default."""
    if field["key"] in answers:
        return answers[field["key"]] or None
    default: str | None = field[field["type"]]["default_value"]
    return default


def _check_field(field: Json, name: str) -> None:
    if not _KEY.fullmatch(field["key"]):
        raise invalid(f"{name}[key]", "The key must be alphanumeric.")
    kind = field["type"]
    for other in TYPES:
        if other != kind and other in field:
            raise invalid(
                f"{name}[{other}]", f"`{other}` is not allowed if `type` is `{kind}`."
            )
    if kind == "dropdown":
        _check_dropdown(field, f"{name}[dropdown]")
    elif kind in field:
        _check_lengths(field[kind], kind, f"{name}[{kind}]")


def _check_dropdown(field: Json, name: str) -> None:
    if "dropdown" not in field:
        raise missing(name)
    options = field["dropdown"]["options"]
    if not 1 <= len(options) <= MAX_OPTIONS:
        raise invalid(
            f"{name}[options]", f"A dropdown has between 1 and {MAX_OPTIONS} options."
        )
    values = [option["value"] for option in options]
    for index, value in enumerate(values):
        if not _ALPHANUMERIC.fullmatch(value):
            raise invalid(
                f"{name}[options][{index}][value]", "The value must be alphanumeric."
            )
    if len(set(values)) < len(values):
        raise invalid(f"{name}[options]", "The values of options must be unique.")
    if field["dropdown"].get("default_value", values[0]) not in values:
        raise invalid(f"{name}[default_value]", "It must be one of the options.")


def _check_lengths(settings: Json, kind: str, name: str) -> None:
    least = settings.get("minimum_length", 1)
    most = settings.get("maximum_length", MAX_VALUE)
    for bound, value in (("minimum_length", least), ("maximum_length", most)):
        if not 1 <= value <= MAX_VALUE:
            raise invalid(
                f"{name}[{bound}]",
                f"This value must be between 1 and {MAX_VALUE}.",
                "parameter_invalid_integer",
            )
    if least > most:
        raise invalid(f"{name}[minimum_length]", "It exceeds the maximum length.")
    default = settings.get("default_value")
    if default is None:
        return
    if kind == "numeric" and not (default.isascii() and default.isdecimal()):
        raise invalid(f"{name}[default_value]", "It must have digits only.")
    if not least <= len(default) <= most:
        raise invalid(f"{name}[default_value]", "It does not have an allowed length.")
