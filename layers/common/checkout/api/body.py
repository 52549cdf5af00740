"""Create requests: bytes from outside become a kind's request, or a refusal."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from checkout.errors import InvalidRequestError

LONGEST_BODY = 64 * 1024


def parse[T](shape: type[T], body: bytes, path: Mapping[str, str]) -> T:
    """
    Read *body*, with the *path* parameters as further fields, as a *shape*.

    Raises InvalidRequestError naming each refused field: missing, unknown, of another
    type, too long, or given in both places.
    """
    given = _json_object(body)
    if doubled := given.keys() & path.keys():
        fields = dict.fromkeys(doubled, "is given by the path")
        raise InvalidRequestError(
            "The request has fields that do not belong.", **fields
        )
    try:
        return TypeAdapter(shape).validate_json(json.dumps({**given, **path}))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        fields = {_field(problem["loc"]): problem["msg"] for problem in problems}
        raise InvalidRequestError("The request is not valid.", **fields) from error


def _json_object(body: bytes) -> dict[str, Any]:
    if len(body) > LONGEST_BODY:
        raise InvalidRequestError("The request is too large.")
    try:
        given = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError("The request is not JSON.") from error
    if not isinstance(given, dict):
        raise InvalidRequestError("The request is not a JSON object.")
    return given


def _field(location: tuple[int | str, ...]) -> str:
    """Name the field as the caller wrote it, without pydantic's branches of a union."""
    return str(location[0]) if location else "body"
