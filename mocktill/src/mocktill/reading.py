"""The API calls that read one object, or a page of a list."""

from collections.abc import Callable
from typing import Any

from starlette.routing import BaseRoute
from stripe._object_classes import get_object_class

from .api import route
from .errors import invalid, unsupported
from .parameters import choices, validate
from .sandbox import Sandbox
from .shapes import Json, PathParams
from .store import page, within

PAGING = {"created", "ending_before", "expand", "limit", "starting_after"}
IN_ANY_CASE = ("code",)


def reads(  # noqa: PLR0913 - what differs between the kinds
    kind: str,
    url: str,
    retrieving: type,
    listing: type,
    *,
    filters: tuple[str, ...] = (),
    param: str = "id",
    before: Callable[[Sandbox], None] = lambda _: None,
) -> list[BaseRoute]:
    """
    Make the routes that retrieve and list. A filter compares one field.

    *before* brings the objects up to date.
    """

    def retrieve(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
        expand = validate(raw, retrieving).get("expand", [])
        before(sandbox)
        found = sandbox.store.get(kind, path["id"], param)
        return sandbox.store.expanded(found, expand)

    def list_(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
        params = validate(raw, listing)
        for name in sorted(params.keys() - PAGING - set(filters)):
            raise unsupported(name)
        for name in filters:
            _check_choice(kind, name, params.get(name))
        before(sandbox)

        def matches(each: Json) -> bool:
            return within(each["created"], params.get("created")) and all(
                _same(name, each[name], params[name])
                for name in filters
                if name in params
            )

        newest_first = sandbox.store.all(kind)[::-1]
        found = page(newest_first, params, url, matches)
        return sandbox.store.expanded(found, params.get("expand", []))

    return [route("GET", url, list_), route("GET", f"{url}/{{id}}", retrieve)]


def _same(name: str, value: Any, wanted: Any) -> bool:  # noqa: ANN401 - JSON
    if name in IN_ANY_CASE:
        return bool(value.lower() == wanted.lower())
    return bool(value == wanted)


def _check_choice(kind: str, name: str, wanted: object) -> None:
    """Refuse a filter by a value that the field never has."""
    values = choices(get_object_class("V1", kind).__annotations__.get(name))
    if values and wanted is not None and wanted not in values:
        listed = ", ".join(sorted(values))
        raise invalid(name, f"Invalid {name}: must be one of {listed}")
