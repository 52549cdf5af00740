"""Stripe's objects in memory, by kind and in the order of their creation."""

import copy
import secrets
import string
from collections.abc import Callable, Iterable

from .errors import invalid, no_such
from .shapes import Json

_ALPHABET = string.ascii_letters + string.digits
DEFAULT_LIMIT = 10
MAX_LIMIT = 100


def new_id(prefix: str, length: int = 24) -> str:
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


class Store:
    def __init__(self) -> None:
        self._tables: dict[str, dict[str, Json]] = {}
        self._by_id: dict[str, Json] = {}

    def add(self, stored: Json) -> Json:
        self._tables.setdefault(stored["object"], {})[stored["id"]] = stored
        self._by_id[stored["id"]] = stored
        return stored

    def get(self, kind: str, object_id: str, param: str = "id") -> Json:
        try:
            return self._tables[kind][object_id]
        except KeyError:
            raise no_such(kind, object_id, param) from None

    def remove(self, kind: str, object_id: str, param: str = "id") -> Json:
        removed = self.get(kind, object_id, param)
        del self._tables[kind][object_id]
        del self._by_id[object_id]
        return removed

    def all(self, kind: str) -> list[Json]:
        """Return the objects of a kind, the oldest first."""
        return list(self._tables.get(kind, {}).values())

    def expanded(self, shown: Json, paths: Iterable[str]) -> Json:
        """Return a copy of *shown* in which full objects replace the ids at *paths*."""
        shown = copy.deepcopy(shown)
        for path in paths:
            self._expand(shown, path.split("."), path)
        return shown

    def _expand(self, shown: Json, segments: list[str], path: str) -> None:
        head, *rest = segments
        if head not in shown:
            raise invalid("expand", f"This property cannot be expanded ({path}).")
        value = shown[head]
        if isinstance(value, str) and value in self._by_id:
            value = shown[head] = copy.deepcopy(self._by_id[value])
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict) and rest:
                self._expand(inner, rest, path)
            elif inner is not None and not isinstance(inner, dict):
                raise invalid("expand", f"This property cannot be expanded ({path}).")


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
    if before := params.get("ending_before"):
        found = _beyond(newest_first[::-1], before, "ending_before")
    elif after := params.get("starting_after"):
        found = _beyond(newest_first, after, "starting_after")
    else:
        found = newest_first
    found = [each for each in found if matches(each)]
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
        raise no_such("object", cursor, param)
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
