"""Request bodies, parsed and checked by pydantic."""

import json
from collections.abc import Mapping

from pydantic import ValidationError

from checkout.api.fields import RequestBody
from checkout.api.json_object import json_object
from checkout.api.problems import problems
from checkout.errors import InvalidRequestError


def parse[B: RequestBody](shape: type[B], body: bytes, path: Mapping[str, str]) -> B:
    """
    Return the fields of *body* and the *path* parameters as a *shape*.

    Raises InvalidRequestError, which names each field that is missing, unknown, of
    the wrong type, too long, or given in both body and path.
    """
    given = json_object(body)
    if doubled := given.keys() & path.keys():
        fields = dict.fromkeys(doubled, "is given by the path")
        raise InvalidRequestError("The body has fields that the path gives.", **fields)
    try:
        return shape.model_validate_json(json.dumps({**given, **path}))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        fields = problems([dict(each) for each in found])
        raise InvalidRequestError("The request is not valid.", **fields) from error
