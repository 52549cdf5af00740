"""Check an offer that somebody writes, whole, against the model of its kind."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from checkout.api.offer_body import OfferBody
from checkout.api.problems import problems_by_path
from checkout.errors import InvalidRequestError


def checked[B: OfferBody](model: type[B], fields: Mapping[str, Any]) -> B:
    """Return the offer; raises InvalidRequestError, which names every problem."""
    try:
        return model.model_validate_json(json.dumps(fields, ensure_ascii=False))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        named = problems_by_path([dict(each) for each in found])
        raise InvalidRequestError("The offer is not valid.", **named) from error
