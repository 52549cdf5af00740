"""Stripe's objects in memory, by kind and in the order of their creation."""

import copy
import secrets
import string
from collections.abc import Callable, Iterable
from functools import cache
from itertools import islice
from typing import ForwardRef, get_args, get_origin

from stripe._object_classes import OBJECT_CLASSES, get_object_class

from . import permissions
from .errors import invalid, no_such
from .shapes import Json
from .shown_fields import ShownFields

_ALPHABET = string.ascii_letters + string.digits
DEFAULT_LIMIT = 10
MAX_LIMIT = 100
MAX_EXPANDED_LEVELS = 4
# These parts of an object are absent until they are expanded.
ABSENT_UNTIL_EXPANDED = (("item", "discounts"), ("item", "taxes"))


def new_id(prefix: str, length: int = 24) -> str:
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


class Store:
    def __init__(self) -> None:
        self._tables: dict[str, dict[str, Json]] = {}
        self._by_id: dict[str, Json] = {}
        self.fields = ShownFields()

    def add(self, stored: Json) -> Json:
        self._tables.setdefault(stored["object"], {})[stored["id"]] = stored
        self._by_id[stored["id"]] = stored
        return stored

    def index(self) -> None:
        """Find the objects by their ids, after all of them were replaced."""
        tables = self._tables.values()
        self._by_id = {each["id"]: each for table in tables for each in table.values()}

    def get(self, kind: str, object_id: str, param: str = "id") -> Json:
        try:
            return self._tables[kind][object_id]
        except KeyError:
            raise no_such(kind, object_id, param) from None

    def find(self, object_id: str) -> Json | None:
        """Return the object of any kind with this id."""
        return self._by_id.get(object_id)

    def remove(self, kind: str, object_id: str, param: str = "id") -> Json:
        removed = self.get(kind, object_id, param)
        del self._tables[kind][object_id]
        del self._by_id[object_id]
        return removed

    def all(self, kind: str) -> list[Json]:
        """Return the objects of a kind, the oldest first."""
        return list(self._tables.get(kind, {}).values())

    def expanded(self, shown: Json, paths: Iterable[str]) -> Json:
        """
        Return a copy of *shown* as Stripe shows it.

        Full objects replace the ids at *paths*.
        """
        shown = copy.deepcopy(shown)
        for path in paths:
            segments = path.split(".")
            if len(segments) > MAX_EXPANDED_LEVELS:
                raise _not_expandable(path)
            self._expand(shown, segments, path)
        self.fields.apply(shown)
        return shown

    def _expand(self, shown: Json, segments: list[str], path: str) -> None:
        head, *rest = segments
        if head not in shown:
            raise _not_expandable(path)
        value = shown[head]
        expandable = is_expandable(shown.get("object"), head)
        if isinstance(value, str) and value in self._by_id and expandable:
            whole = self._by_id[value]
            if key := permissions.current_key.get():
                key.check_expansion(shown.get("object"), head, whole["object"])
            value = shown[head] = copy.deepcopy(whole)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict) and rest:
                self._expand(inner, rest, path)
            elif isinstance(inner, str) or not (expandable or _is_list(inner) or rest):
                raise _not_expandable(path)


@cache
def is_expandable(kind: str | None, field: str) -> bool:
    """Return whether the SDK lets the *field* of a *kind* be an id or an object."""
    if kind not in OBJECT_CLASSES or (kind, field) in ABSENT_UNTIL_EXPANDED:
        return True
    hint = get_object_class("V1", kind).__annotations__.get(field)
    if get_origin(hint) is list:
        (hint,) = get_args(hint)
    parts = get_args(hint)
    return str in parts and any(isinstance(part, ForwardRef) for part in parts)


def _is_list(value: object) -> bool:
    return isinstance(value, dict) and value.get("object") == "list"


def _not_expandable(path: str) -> Exception:
    return invalid("expand", f"This property cannot be expanded ({path}).")


def page(
    newest_first: list[Json],
    params: Json,
    url: str,
    matches: Callable[[Json], bool] = lambda _: True,
) -> Json:
    """Return one page of a list, with Stripe's cursors."""
    limit = params.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid(
            "limit",
            f"Invalid limit: must be between 1 and {MAX_LIMIT}.",
        )
    if "ending_before" in params and "starting_after" in params:
        raise invalid(
            "starting_after",
            "You may only specify one of these parameters: ending_before, "
            "starting_after.",
        )
    if before := params.get("ending_before"):
        found = _beyond(newest_first[::-1], before, "ending_before")
    elif after := params.get("starting_after"):
        found = _beyond(newest_first, after, "starting_after")
    else:
        found = newest_first
    # One more than the page shows whether there is more.
    found = list(islice((each for each in found if matches(each)), limit + 1))
    # Backwards from a cursor, the nearest objects are the oldest. A page always shows
    # the newest first.
    data = found[:limit][::-1] if before else found[:limit]
    return {
        "object": "list",
        "data": data,
        "has_more": len(found) > limit,
        "url": url,
    }


def _beyond(ordered: list[Json], cursor: str, param: str) -> list[Json]:
    ids = [each["id"] for each in ordered]
    if cursor not in ids:
        kind = ordered[0]["object"] if ordered else "object"
        raise no_such(kind, cursor, param)
    return ordered[ids.index(cursor) + 1 :]


def within(moment: int, wanted: int | dict[str, int] | None) -> bool:
    """Return whether *moment* matches a `created` filter."""
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return moment == wanted
    checks = {
        "gt": moment.__gt__,
        "gte": moment.__ge__,
        "lt": moment.__lt__,
        "lte": moment.__le__,
    }
    return all(checks[name](bound) for name, bound in wanted.items())
