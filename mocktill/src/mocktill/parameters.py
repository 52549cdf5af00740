"""
Validate the parameters of each API call.

The rules come from the parameter types of the SDK, which Stripe generates from its
specification. They give the names, the nesting, the required parameters, and the values
of each enumeration. So this module refuses what the current API version removed or
renamed, and needs no list of its own.
"""

import re
import typing
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import is_typeddict

from .errors import invalid, missing, unknown
from .shapes import Json

MAX_STRING = 5000
# By the name of the parameter without its indices.
MAX_STRINGS = {
    "custom_fields[dropdown][options][label]": 100,
    "custom_fields[dropdown][options][value]": 100,
    "custom_fields[key]": 200,
    "custom_fields[label][custom]": 100,
    "custom_text[after_submit][message]": 1200,
    "custom_text[shipping_address][message]": 1200,
    "custom_text[submit][message]": 1200,
    "custom_text[terms_of_service_acceptance][message]": 1200,
    "display_name": 100,
    "invoice_creation[invoice_data][custom_fields][name]": 40,
    "invoice_creation[invoice_data][custom_fields][value]": 140,
    "line_items[price_data][product_data][description]": 40_000,
    "line_items[price_data][product_data][name]": 250,
    "line_items[price_data][product_data][unit_label]": 12,
    "payment_intent_data[description]": 1000,
    "payment_intent_data[statement_descriptor_suffix]": 22,
    "shipping_options[shipping_rate_data][display_name]": 100,
}
_INDEX = re.compile(r"\[\d+\]")
MAX_METADATA_KEYS = 50
MAX_METADATA_KEY = 40
MAX_METADATA_VALUE = 500


def validate(raw: Mapping[str, Any], schema: type, under: str = "") -> Json:
    """Refuse what *schema* does not allow, and return the rest as Python values."""
    known = fields(schema)
    unknown_names = [_name(under, key) for key in raw if key not in known]
    if unknown_names:
        raise unknown(unknown_names)
    required: frozenset[str] = schema.__required_keys__  # type: ignore[attr-defined]
    for key in sorted(required):
        if key not in raw:
            raise missing(_name(under, key))
    return {
        key: _value(value, known[key], _name(under, key)) for key, value in raw.items()
    }


@cache
def fields(schema: type) -> dict[str, Any]:
    # RequestOptions become headers, and are not in the body. Their annotations use
    # names that the SDK imports only for type checkers.
    hints = typing.get_type_hints(
        schema, localns={"StripeContext": str, "Mapping": Mapping}
    )
    options = RequestOptions.__annotations__
    return {key: hint for key, hint in hints.items() if key not in options}


def _name(under: str, key: str) -> str:
    return f"{under}[{key}]" if under else key


def _alternatives(hint: Any) -> list[Any]:  # noqa: ANN401 - any type at all
    if get_origin(hint) in (Union, UnionType):
        return [leaf for part in get_args(hint) for leaf in _alternatives(part)]
    return [] if hint is NoneType else [hint]


def choices(hint: Any) -> list[str]:  # noqa: ANN401 - any type at all
    """Return the values of an enumeration, or an empty list for another type."""
    literals = [part for part in _alternatives(hint) if get_origin(part) is Literal]
    return [value for literal in literals for value in get_args(literal)]


def _value(raw: Any, hint: Any, param: str) -> Any:  # noqa: ANN401 - JSON, a type
    alternatives = _alternatives(hint)
    literals = choices(hint)
    if raw == "" and "" in literals:
        return ""
    if raw == "":
        raise invalid(
            param,
            f"You passed an empty string for '{param}'. We assume empty values are an "
            f"attempt to unset a field; however '{param}' cannot be unset. You should "
            f"remove '{param}' from your request or supply a non-empty value.",
            "parameter_invalid_empty",
        )
    if isinstance(raw, dict):
        return _nested(raw, alternatives, param)
    named = [literal for literal in literals if literal]
    if named:
        if raw not in named:
            listed = ", ".join(sorted(named))
            raise invalid(param, f"Invalid {param}: must be one of {listed}")
        return raw
    return _scalar(raw, alternatives, param)


def _nested(raw: Json, alternatives: list[Any], param: str) -> Any:  # noqa: ANN401
    for alternative in alternatives:
        if is_typeddict(alternative):
            return validate(raw, alternative, param)
        if get_origin(alternative) is list:
            return _list(raw, alternative, param)
        if get_origin(alternative) is UntypedStripeObject:
            return metadata(raw, param)
    raise invalid(param, f"Invalid {param}: it does not take nested values")


def _list(raw: Json, hint: Any, param: str) -> list[Any]:  # noqa: ANN401
    (item,) = get_args(hint)
    if not all(key.isdecimal() for key in raw):
        raise invalid(param, "Invalid array", "parameter_invalid_array")
    return [_value(raw[key], item, f"{param}[{key}]") for key in sorted(raw, key=int)]


def _scalar(raw: str, alternatives: list[Any], param: str) -> Any:  # noqa: ANN401
    if bool in alternatives:
        if raw not in ("true", "false"):
            raise invalid(param, f"Invalid boolean: {raw}", "parameter_invalid_boolean")
        return raw == "true"
    if int in alternatives:
        if not raw.removeprefix("-").isdecimal() or not raw.isascii():
            raise invalid(param, f"Invalid integer: {raw}", "parameter_invalid_integer")
        return int(raw)
    if Decimal in alternatives or float in alternatives:
        return _decimal(raw, param)
    if str in alternatives:
        longest = MAX_STRINGS.get(_INDEX.sub("", param), MAX_STRING)
        # Other messages name the limit of an address.
        if len(raw) > longest and not param.endswith("_url"):
            raise too_long(param, raw, longest)
        return raw
    if any(get_origin(a) is list for a in alternatives):
        raise invalid(param, "Invalid array", "parameter_invalid_array")
    raise invalid(param, "Invalid object")


def _decimal(raw: str, param: str) -> str:
    try:
        finite = Decimal(raw).is_finite()
    except InvalidOperation:
        finite = False
    if not finite:
        raise invalid(param, f"Invalid decimal: {raw}")
    return raw


def too_long(param: str, value: str, limit: int) -> Exception:
    return invalid(
        param, f"Invalid string: {value[:10]}...; must be at most {limit} characters"
    )


def metadata(raw: Json, param: str) -> dict[str, str]:
    if len(raw) > MAX_METADATA_KEYS:
        raise invalid(param, f"Metadata can have at most {MAX_METADATA_KEYS} keys.")
    for key, value in raw.items():
        if not isinstance(value, str):
            raise invalid(param, "Metadata keys cannot contain square brackets.")
        if len(key) > MAX_METADATA_KEY:
            raise invalid(
                param, f"Metadata keys can have up to {MAX_METADATA_KEY} characters."
            )
        if len(value) > MAX_METADATA_VALUE:
            raise invalid(
                f"{param}[{key}]",
                f"Metadata values can have up to {MAX_METADATA_VALUE} characters, "
                f"but you passed in a value that is {len(value)} characters.",
            )
    # An empty value removes a key.
    return {key: value for key, value in raw.items() if value}


def updated_metadata(old: Json, given: Json | str) -> Json:
    """Return *old* with the changes *given*, where an empty text removes all keys."""
    if isinstance(given, str):
        return {}
    return {key: value for key, value in {**old, **given}.items() if value}
