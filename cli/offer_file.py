"""
Offers in a file, as the Offers table has them: `id` is an item type, # and an id.

They are checked by the models of their kinds, as `PUT /api/offers` checks them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checkout.api.written_offer import checked
from checkout.errors import InvalidRequestError, NotFoundError
from checkout.flows.write_offer import KEPT
from checkout.kinds import model_of

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
        return {"id": "must be a kind of item, then # and an id"}
    own_id = offer.get(f"{item_type}_id", item_id)
    found = {}
    if own_id != item_id:
        found[f"{item_type}_id"] = f"must be the text {item_id!r}, as in the id"
    if problem := model.id_problem(item_id):
        found["id"] = problem
    try:
        checked(model, fields_of(offer))
    except InvalidRequestError as error:
        found |= error.fields
    return found
