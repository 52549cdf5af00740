"""The body of a request as a JSON object, before anything is known of its fields."""

import json
from typing import Any

from checkout.errors import InvalidRequestError

LONGEST_BODY = 64 * 1024  # bytes


def json_object(body: bytes) -> dict[str, Any]:
    """Return the object; raises InvalidRequestError for anything else."""
    if len(body) > LONGEST_BODY:
        raise InvalidRequestError("The request is too large.")
    try:
        given = json.loads(body or b"{}", parse_float=_number)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError("The request is not JSON.") from error
    if not isinstance(given, dict):
        raise InvalidRequestError("The request is not a JSON object.")
    return given


def _number(text: str) -> float:
    """Return a number with a point: as in JSON Schema, 5.0 is an integer."""
    number = float(text)
    return int(number) if number.is_integer() else number
