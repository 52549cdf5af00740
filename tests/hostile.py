"""Requests as a page of another site makes a browser send them, byte for byte."""

import http.client
from dataclasses import dataclass, field

from mocktill.loopback_only import BROWSER, FOREIGN_HOST, FOREIGN_PAGE

type Headers = dict[str, str]

CROSS_SITE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
# What a page can make a browser send, by how it does so.
BY_A_PAGE: dict[str, tuple[str, Headers]] = {
    "fetch": ("POST", {"Origin": "https://evil.test", **CROSS_SITE}),
    "preflight": (
        "OPTIONS",
        {
            "Origin": "https://evil.test",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,x-amz-target",
        },
    ),
    "sandboxed frame": ("POST", {"Origin": "null"}),
    "script": ("GET", {**CROSS_SITE, "Sec-Fetch-Dest": "script"}),
    "script, of a page that says where it is": (
        "GET",
        {**CROSS_SITE, "Referer": "https://evil.test/"},
    ),
    "frame": (
        "GET",
        {**CROSS_SITE, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ),
    "old browser": (
        "GET",
        {"Referer": "http://evil.test/", "User-Agent": "Mozilla/5.0"},
    ),
    "DNS rebinding": ("GET", {"Host": "evil.test"}),
    "DNS rebinding, like a name of ours": ("GET", {"Host": "localhost.evil.test"}),
    "address of a network": ("GET", {"Host": "192.168.0.2"}),
    "websocket": (
        "GET",
        {
            "Origin": "https://evil.test",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
        },
    ),
}


REASONS = (FOREIGN_HOST, FOREIGN_PAGE, BROWSER)


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    headers: Headers = field(repr=False)

    @property
    def is_refusal(self) -> bool:
        """Say whether the server refused, before what it serves had a say."""
        cors = [n for n in self.headers if n.lower().startswith("access-control-")]
        return (
            self.status == 403
            and not cors
            and any(reason in self.body for reason in REASONS)
        )


def ask(
    port: int, method: str, path: str, headers: Headers, body: str | None = None
) -> Answer:
    """Send a request to this machine, with a Host of its own unless it has one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode() if body is not None else None)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read().decode(), dict(answer.getheaders()))
    finally:
        connection.close()
