"""Call the API without a server, for tests that make many calls."""

from functools import cache
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.routing import Match

from . import v1
from .api import ApiRoute, Call
from .sandbox import Sandbox


def answer(
    sandbox: Sandbox, method: str, url: str, headers: dict[str, str], body: str
) -> Response:
    """Answer a call in this thread, as the server would."""
    parts = urlsplit(url)
    scope = {"type": "http", "method": method, "path": parts.path}
    for route in _routes():
        match, found = route.matches(scope)
        if match is Match.FULL:
            call = Call(
                method,
                parts.path,
                {name.lower(): value for name, value in headers.items()},
                body if method == "POST" else parts.query,
                {name: str(value) for name, value in found["path_params"].items()},
            )
            return route.answer(sandbox, call)
    raise ValueError(f"mocktill has no route for {method} {url}")


@cache
def _routes() -> list[ApiRoute]:
    return [route for route in v1.routes() if isinstance(route, ApiRoute)]
