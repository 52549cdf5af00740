"""
Answer the pages and tools of this machine, and refuse the pages of other sites.

A browser lets any page send requests to the servers of this machine. The request has
headers that the page cannot change. `Host` is the name that the page used. `Origin`
and `Referer` tell the page. `Sec-Fetch-Site` tells how the page relates to the server:
https://www.w3.org/TR/fetch-metadata/

This ASGI middleware needs only the standard library, so it can guard a server in an
environment without the dependencies of mocktill.
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

# A host and a port, without a user, a final dot or another notation of addresses.
HOST = r"(?:(?P<name>[a-z0-9_.-]+)|\[(?P<ipv6>[0-9a-f:]+)\])(?::(?P<port>[0-9]{1,5}))?"
HOST_PATTERN = re.compile(HOST, re.IGNORECASE)
ORIGIN_PATTERN = re.compile(f"https?://{HOST}", re.IGNORECASE)
REFERER_PATTERN = re.compile(rf"https?://{HOST}(?:[/?#]\S*)?", re.IGNORECASE)
LOCALHOST_PATTERN = re.compile(r"(?:[a-z0-9_-]+\.)*localhost", re.IGNORECASE)
MAX_PORT = 65535

# A browser sends both of them with `Sec-Fetch-Mode`. The `fetch` of Node, which is a
# tool, sends `Sec-Fetch-Mode` alone.
BROWSER_HEADERS = frozenset(["sec-fetch-site", "sec-fetch-dest"])

FOREIGN_HOST = (
    "This server answers only its own machine: call it as localhost or 127.0.0.1, "
    "also through a proxy or a tunnel."
)
FOREIGN_PAGE = (
    "A page of another site sent this request: serve the page from localhost or "
    "127.0.0.1, or use a command-line tool."
)
BROWSER = (
    "A browser sent this request, and this server answers only command-line tools, "
    "such as curl or boto3."
)


@dataclass(frozen=True)
class LoopbackOnly:
    """Pass the requests of this machine's own pages and tools on to *app*."""

    app: App
    # The paths of pages that other sites may link to. Such a page changes nothing.
    pages: re.Pattern[str] = NO_PATH
    # The paths for browsers, if all other paths are for command-line tools only.
    browser_paths: re.Pattern[str] | None = None
    # Other origins whose pages are answered as those of this machine are.
    origins: frozenset[str] = frozenset()
    # The name by which containers call this machine. Nobody can guess it.
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
        """Return the reason to refuse the request, or None."""
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
        if is_of_this_machine(headers, self.origins):
            return None
        if self._opens_a_page(scope, headers):
            return None
        return FOREIGN_PAGE

    def _browsers_may_ask(self, host: str, path: str) -> bool:
        if self.browser_paths is None:
            return True
        # A server may take a service's name from a host below localhost, not from the
        # path.
        plain = not host.partition(":")[0].lower().endswith(".localhost")
        return plain and self.browser_paths.fullmatch(path) is not None

    def _opens_a_page(self, scope: Scope, headers: Headers) -> bool:
        """Return whether the request follows a link, for example to a payment page."""
        return (
            "origin" not in headers
            and scope.get("method") == "GET"
            and headers.get("sec-fetch-mode") == ["navigate"]
            and headers.get("sec-fetch-dest") == ["document"]
            and self.pages.fullmatch(scope["path"]) is not None
        )


def refusal_of(headers: Mapping[str, str]) -> str | None:
    """Return the reason to refuse a request that another server has received."""
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": "/", "headers": pairs}
    return LoopbackOnly(no_server).refusal(scope)


async def no_server(scope: Scope, receive: Receive, send: Send) -> None:
    """Take the place of an application."""


def is_of_this_machine(headers: Headers, others: frozenset[str] = frozenset()) -> bool:
    """Return whether a tool, a page on the loopback or one of *others* asks."""
    if origins := headers.get("origin"):
        [first, *more] = origins
        return not more and (first in others or is_loopback(ORIGIN_PATTERN, first))
    if headers.get("sec-fetch-site") in (["same-origin"], ["none"]):
        return True
    # Requests for scripts, pictures and frames have no Origin. A browser treats two
    # ports or two names of this machine as two sites. A page can omit its address from
    # the request, but it cannot send a wrong one.
    if referers := headers.get("referer"):
        [first, *more] = referers
        known = first in others or first.startswith(tuple(f"{o}/" for o in others))
        return not more and (known or is_loopback(REFERER_PATTERN, first))
    return headers.keys().isdisjoint(BROWSER_HEADERS)


def is_of_a_browser(headers: Headers) -> bool:
    """Return whether a browser sent the request. Old ones send no `Sec-Fetch-Site`."""
    return (
        "origin" in headers
        or not headers.keys().isdisjoint(BROWSER_HEADERS)
        or any(agent.startswith("Mozilla/") for agent in headers.get("user-agent", []))
    )


def is_loopback(pattern: re.Pattern[str], text: str) -> bool:
    """Return whether the host that *pattern* finds in *text* is on the loopback."""
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
    """Describe a request in one line."""
    headers = by_name(scope)
    named = {name: headers[name] for name in ("host", "origin") if name in headers}
    return f"{scope.get('method', scope['type'])} {scope['path']!r} {named}"


async def refuse(scope: Scope, reason: str, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        # A WebSocket that is closed before it is accepted is answered 403.
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
