"""
Serve this machine's own pages and tools, and no page of another site.

A browser lets every page send requests to every server of this machine. It says where
a request comes from in headers that no page can change: `Host` has the name that the
page used, `Origin` and `Referer` the page itself, `Sec-Fetch-Site` how the two relate.
https://www.w3.org/TR/fetch-metadata/

ASGI middleware of Python's library alone: the embedded AWS runs it in an environment
that holds what Lambda's runtime holds.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    type Scope = MutableMapping[str, Any]
    type Message = MutableMapping[str, Any]
    type Receive = Callable[[], Awaitable[Message]]
    type Send = Callable[[Message], Awaitable[None]]
    type App = Callable[[Scope, Receive, Send], Awaitable[None]]

logger = logging.getLogger(__name__)

NO_PATH = re.compile("(?!)")

# A host and a port as an address has them: no user, no final dot, no other notation.
HOST = r"(?:(?P<name>[a-z0-9_.-]+)|\[(?P<ipv6>[0-9a-f:]+)\])(?::(?P<port>[0-9]{1,5}))?"
HOST_PATTERN = re.compile(HOST, re.IGNORECASE)
ORIGIN_PATTERN = re.compile(f"https?://{HOST}", re.IGNORECASE)
REFERER_PATTERN = re.compile(rf"https?://{HOST}(?:[/?#]\S*)?", re.IGNORECASE)
LOCALHOST_PATTERN = re.compile(r"(?:[a-z0-9_-]+\.)*localhost", re.IGNORECASE)
MAX_PORT = 65535

# A browser sends both wherever it sends `Sec-Fetch-Mode`; Node's `fetch`, a tool's,
# sends that one alone.
BROWSER_HEADERS = frozenset(["sec-fetch-site", "sec-fetch-dest"])

FOREIGN_HOST = (
    "This server is for the machine that it runs on: call it as localhost or "
    "127.0.0.1, and let a proxy or tunnel in front of it send that name as Host."
)
FOREIGN_PAGE = (
    "A page of another site sent this request, and this server answers the pages of "
    "this machine alone: serve the page from localhost or 127.0.0.1, or use a "
    "command-line tool."
)
BROWSER = (
    "A browser sent this request, and this part of the local stack answers "
    "command-line tools alone, such as boto3, the AWS CLI or curl."
)


@dataclass(frozen=True)
class LoopbackOnly:
    """Pass on to *app* what this machine's own pages and tools ask for."""

    app: App
    # Where a link of any site may lead: pages that change nothing when they open.
    pages: re.Pattern[str] = NO_PATH
    # What a browser may ask for, where the rest is for command-line tools.
    browser_paths: re.Pattern[str] | None = None
    # What containers call this machine; a name that nobody can guess.
    container_host: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif reason := self.refusal(scope):
            logger.warning("Refused %s: %s", described(scope), reason)
            await refuse(scope, reason, receive, send)
        else:
            await self.app(scope, receive, send)

    def refusal(self, scope: Scope) -> str | None:
        """Return why the request is refused; None if it is not."""
        headers = by_name(scope)
        match headers.get("host", []):
            case [host] if is_loopback(HOST_PATTERN, host):
                for_browsers = self._browsers_may_ask(host, scope["path"])
            case [host] if host.partition(":")[0] == self.container_host:
                for_browsers = False
            case _:
                return FOREIGN_HOST
        if is_of_a_browser(headers) and not for_browsers:
            return BROWSER
        if is_of_this_machine(headers) or self._opens_a_page(scope, headers):
            return None
        return FOREIGN_PAGE

    def _browsers_may_ask(self, host: str, path: str) -> bool:
        if self.browser_paths is None:
            return True
        # A name below localhost may choose a service, whatever the path says.
        plain = not host.partition(":")[0].lower().endswith(".localhost")
        return plain and self.browser_paths.fullmatch(path) is not None

    def _opens_a_page(self, scope: Scope, headers: Headers) -> bool:
        """Say whether somebody follows a link, as from Stripe's page to the shop."""
        return (
            "origin" not in headers
            and scope.get("method") == "GET"
            and headers.get("sec-fetch-mode") == ["navigate"]
            and headers.get("sec-fetch-dest") == ["document"]
            and self.pages.fullmatch(scope["path"]) is not None
        )


def refusal_of(headers: Mapping[str, str]) -> str | None:
    """Return why a request is refused that another server has taken already."""
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": "/", "headers": pairs}
    return LoopbackOnly(no_server).refusal(scope)


async def no_server(scope: Scope, receive: Receive, send: Send) -> None:
    """Stand where an application would."""


def is_of_this_machine(headers: Headers) -> bool:
    """Say whether a tool, or a page on the loopback, sent the request."""
    if origins := headers.get("origin"):
        return len(origins) == 1 and is_loopback(ORIGIN_PATTERN, origins[0])
    if headers.get("sec-fetch-site") in (["same-origin"], ["none"]):
        return True
    # Scripts, pictures and frames have no Origin, and a browser calls two ports or
    # names of this machine two sites. A page can leave its address out of the request,
    # but never name another.
    if referers := headers.get("referer"):
        return len(referers) == 1 and is_loopback(REFERER_PATTERN, referers[0])
    return headers.keys().isdisjoint(BROWSER_HEADERS)


def is_of_a_browser(headers: Headers) -> bool:
    """Say whether a browser sent the request; older ones send no `Sec-Fetch-Site`."""
    return (
        "origin" in headers
        or not headers.keys().isdisjoint(BROWSER_HEADERS)
        or any(agent.startswith("Mozilla/") for agent in headers.get("user-agent", []))
    )


def is_loopback(pattern: re.Pattern[str], text: str) -> bool:
    """Say whether the host that *pattern* finds in *text* is on the loopback."""
    found = pattern.fullmatch(text)
    if found is None or int(found["port"] or 0) > MAX_PORT:
        return False
    try:
        if found["ipv6"]:
            return IPv6Address(found["ipv6"]) == IPv6Address("::1")
        if LOCALHOST_PATTERN.fullmatch(found["name"]):
            return True
        return IPv4Address(found["name"]).is_loopback
    except AddressValueError:
        return False


type Headers = Mapping[str, list[str]]


def by_name(scope: Scope) -> Headers:
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        values = headers.setdefault(name.decode("latin-1").lower(), [])
        values.append(value.decode("latin-1"))
    return headers


def described(scope: Scope) -> str:
    """Describe a request in one line, whatever is in it."""
    headers = by_name(scope)
    named = {name: headers[name] for name in ("host", "origin") if name in headers}
    return f"{scope.get('method', scope['type'])} {scope['path']!r} {named}"


async def refuse(scope: Scope, reason: str, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        # Closed before it is accepted, a WebSocket is answered 403.
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": reason})
        return
    body = json.dumps({"error": reason}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    to_send = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": to_send})
