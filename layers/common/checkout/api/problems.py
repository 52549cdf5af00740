"""What is wrong with a field of a request, in sentences of our own."""

from collections.abc import Mapping, Sequence
from typing import Any

type Details = Mapping[str, Any]

LONGEST_KEY_SHOWN = 40

# By pydantic's type of error; {name} is a value of its context. These are the types
# that our requests can cause; a test compares them.
# https://docs.pydantic.dev/latest/errors/validation_errors/
PROBLEMS = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this request",
    "string_type": "must be text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "must have at most {max_length} {members}",
    "too_short": "must have at least {min_length} {members}",
    "int_type": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "uuid_type": "must be a UUID",
    "uuid_parsing": "must be a UUID",
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "model_type": "must be an object",
    "literal_error": "must be {expected}",
    "less_than_equal": "must be at most {le}",
    "string_pattern_mismatch": "must not be blank",
    "timezone_aware": "must be a time with an offset, such as 2026-01-31T12:00:00Z",
    "datetime_type": "must be a time",
    "datetime_parsing": "must be a time, such as 2026-01-31T12:00:00Z",
    "value_error": "{error}",
    "json_invalid": "must be JSON of whole Unicode characters",
}
OTHER = "is not valid"

# A value of the wrong type, as opposed to one that is too long or too large.
WRONG_TYPES = frozenset(["string_type", "int_type"])
# How pydantic names the members of a union in a location.
MEMBERS = frozenset(["constrained-int", "constrained-str"])


def problems(errors: Sequence[Details]) -> dict[str, str]:
    """
    Return the problem of each refused field, by the field's name.

    *errors* are pydantic's. A field that may be of several types has an error for each;
    the one that counts is the error of the type that was given.
    """
    by_field: dict[str, list[Details]] = {}
    for error in errors:
        location = error["loc"]
        name = str(location[0]) if location else "body"
        by_field.setdefault(name, []).append(error)
    return {name: _problem(found) for name, found in by_field.items()}


def problems_by_path(errors: Sequence[Details], within: str = "") -> dict[str, str]:
    """
    Return each problem by the path of its field, such as `items[0].quantity`.

    The paths begin with *within*, the field of which the errors are.
    """
    found: dict[str, str] = {}
    for error in errors:
        steps = [f"[{s}]" if isinstance(s, int) else f".{s}" for s in error["loc"]]
        named = (error.get("ctx") or {}).get("field")
        name = named or "".join([within, *steps]).removeprefix(".") or "offer"
        found.setdefault(name, _sentence({**error, "loc": ()}))
    return found


def _problem(errors: Sequence[Details]) -> str:
    of_the_type = [error for error in errors if error["type"] not in WRONG_TYPES]
    if of_the_type:
        return _sentence(of_the_type[0])
    first, *others = errors
    # Of several keys, the first; of several types, each.
    types = [_sentence(error) for error in others if MEMBERS & set(error["loc"][1:2])]
    return " or ".join([_sentence(first), *(t.removeprefix("must be ") for t in types)])


def _sentence(error: Details) -> str:
    context = dict(error.get("ctx") or {})
    context["members"] = "members" if context.get("field_type") == "List" else "keys"
    problem = PROBLEMS.get(error["type"], OTHER).format_map(context)
    if context.get("min_length") == 1:
        problem = "must not be empty"
    match error["loc"][1:]:
        case [str(key), "[key]"]:
            return f"has the key {_shown(key)}, which {problem}"
        case [str(key)] if key not in MEMBERS:
            return f"has the key {_shown(key)}, whose value {problem}"
    return problem


def _shown(key: str) -> str:
    cut = key[: LONGEST_KEY_SHOWN - 1] + "…"
    return repr(key if len(key) <= LONGEST_KEY_SHOWN else cut)
