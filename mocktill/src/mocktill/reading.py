"""The API calls that read one object, or a page of a list."""

from starlette.routing import BaseRoute

from .api import route
from .errors import unsupported
from .parameters import validate
from .sandbox import Sandbox
from .shapes import Json, PathParams
from .store import page, within

PAGING = {"created", "ending_before", "expand", "limit", "starting_after"}


def reads(  # noqa: PLR0913 - what differs between the kinds
    kind: str,
    url: str,
    retrieving: type,
    listing: type,
    *,
    filters: tuple[str, ...] = (),
    param: str = "id",
) -> list[BaseRoute]:
    """Make the routes that retrieve and list. A filter compares one field."""

    def retrieve(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
        expand = validate(raw, retrieving).get("expand", [])
        found = sandbox.store.get(kind, path["id"], param)
        return sandbox.store.expanded(found, expand)

    def list_(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
        params = validate(raw, listing)
        for name in sorted(params.keys() - PAGING - set(filters)):
            raise unsupported(name)

        def matches(each: Json) -> bool:
            return within(each["created"], params.get("created")) and all(
                each[name] == params[name] for name in filters if name in params
            )

        newest_first = sandbox.store.all(kind)[::-1]
        found = page(newest_first, params, url, matches)
        return sandbox.store.expanded(found, params.get("expand", []))

    return [route("GET", url, list_), route("GET", f"{url}/{{id}}", retrieve)]
