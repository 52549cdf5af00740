"""
Offers in a file, as the Offers table has them: `id` is an item type, # and an id.

They are checked by the models of their kinds, as `PUT /api/offers` checks them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from checkout.api.offer_body import OfferBody
from checkout.api.problems import PROBLEMS
from checkout.api.written_offer import checked
from checkout.errors import InvalidRequestError, NotFoundError
from checkout.flows.write_offer import KEPT
from checkout.kinds import kind_named, model_of
from cli.find import KINDS

type Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """An error in an offer."""

    offer: str
    field: str
    problem: str


def key_of(item: Item) -> tuple[str, str]:
    """Return the item type and the id of an item."""
    item_type, _, item_id = str(item["id"]).partition("#")
    return item_type, item_id


def fields_of(item: Mapping[str, Any]) -> Item:
    """Return what a writer sends: the item without its keys and what checkout adds."""
    item_type, _, _ = str(item["id"]).partition("#")
    ours = {"id", f"{item_type}_id", *KEPT}
    return {name: value for name, value in item.items() if name not in ours}


def problems_of(offers: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    seen: set[object] = set()
    for number, offer in enumerate(offers, start=1):
        offer_id = offer.get("id")
        if not isinstance(offer_id, str):
            yield Problem(f"number {number}", "id", "is missing")
            continue
        if offer_id in seen:
            yield Problem(offer_id, "id", "is a duplicate")
        seen.add(offer_id)
        for field, problem in _errors(dict(offer)).items():
            yield Problem(offer_id, field, problem)


def _errors(offer: Item) -> dict[str, str]:
    item_type, item_id = key_of(offer)
    try:
        _, model = model_of(item_type)
    except NotFoundError:
        known = [each for kind in KINDS for each in kind_named(kind).ITEMS]
        guess = _guess(item_type, known)
        return {"id": f"must be a kind of item, then # and an id{guess}"}
    own_id = offer.get(f"{item_type}_id", item_id)
    found = {}
    if own_id != item_id:
        found[f"{item_type}_id"] = f"must be the text {item_id!r}, as in the id"
    if problem := model.id_problem(item_id):
        found["id"] = problem
    try:
        checked(model, fields_of(offer))
    except InvalidRequestError as error:
        found |= {
            path: problem + _meant(model, offer, path, problem)
            for path, problem in error.fields.items()
        }
    return found


def _meant(
    model: type[OfferBody], offer: Mapping[str, Any], path: str, problem: str
) -> str:
    """Return "; did you mean …?" if a name or a value is misspelt, or nothing."""
    *parents, name = path.split(".")
    if problem == PROBLEMS["extra_forbidden"]:
        return _guess(name, names_within(model) if parents else [*model.model_fields])
    value = offer.get(path)
    return _guess(value, CHOICE.findall(problem)) if isinstance(value, str) else ""


# What the sentence about a wrong word lists: 'active' or 'inactive'.
CHOICE = re.compile(r"'([^']+)'")


def names_within(model: type[OfferBody]) -> list[str]:
    """Return the names of fields that are inside of others, such as price.currency."""
    inner = model.model_json_schema().get("$defs", {}).values()
    return [name for each in inner for name in each.get("properties", {})]


def _guess(given: str, known: Sequence[str]) -> str:
    close = get_close_matches(given, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
