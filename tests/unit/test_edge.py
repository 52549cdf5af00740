"""The shopper's address: believed of the edge, and of nobody who looks like it."""

from typing import Any

import pytest

from checkout.api.edge import Edge
from checkout.api.request import Request
from checkout.errors import ForbiddenError
from tests.lambda_events import http_event

KEY = "sT0ne-s0up-and-2-clouds"
SOURCE = "198.51.100.9"
SHOPPER = "203.0.113.7"


def request(**headers: str) -> Request:
    named = {f"x-{name.replace('_', '-')}": value for name, value in headers.items()}
    route = "POST /api/checkout/embedded-session"
    return Request(http_event(route, {}, headers=named, ip=SOURCE))


def edge(secrets: str = KEY, *, is_required: bool = False) -> Edge:
    return Edge(lambda: secrets, is_required=is_required)


@pytest.mark.parametrize(
    "address", [SHOPPER, "2001:db8::7", "2001:0db8:0000:0000:0000:0000:0000:0007"]
)
def test_the_edge_says_where_the_shopper_is(address: str) -> None:
    asked = request(viewer_address=address, origin_secret=KEY)

    assert edge().client_address(asked) == address
    assert edge(is_required=True).client_address(asked) == address


SPOOFED: list[dict[str, str]] = [
    {},
    {"viewer_address": SHOPPER},
    {"viewer_address": SHOPPER, "origin_secret": ""},
    {"viewer_address": SHOPPER, "origin_secret": KEY[:-1]},
    {"viewer_address": SHOPPER, "origin_secret": f"{KEY}x"},
    {"viewer_address": SHOPPER, "origin_secret": KEY.upper()},
    {"viewer_address": SHOPPER, "origin_secret": "\udce4"},
    # API Gateway joins a header that comes twice.
    {"viewer_address": SHOPPER, "origin_secret": f"guess,{KEY}"},
    {"forwarded_for": SHOPPER, "origin_secret": KEY},
]
# The secret is right, so the distribution is not as stacks/edge.yaml makes it.
UNREADABLE = [
    "",
    "unknown",
    f"{SHOPPER}:46532",
    "2001:db8::7%eth0:1",
    "[2001:db8::7]:46532",
    f"{SHOPPER},192.0.2.1",
    f" {SHOPPER}",
]


@pytest.mark.parametrize("headers", SPOOFED)
def test_what_anybody_can_send_is_not_believed(headers: dict[str, str]) -> None:
    assert edge().client_address(request(**headers)) == SOURCE


@pytest.mark.parametrize("address", UNREADABLE)
def test_what_is_no_address_is_none(address: str) -> None:
    """An IPv6 address with a port can look like another address: nothing is cut off."""
    asked = request(viewer_address=address, origin_secret=KEY)

    assert edge().client_address(asked) == SOURCE


@pytest.mark.parametrize("headers", SPOOFED)
def test_if_the_edge_is_required_nobody_passes_it_by(headers: dict[str, str]) -> None:
    with pytest.raises(ForbiddenError):
        edge(is_required=True).client_address(request(**headers))


@pytest.mark.parametrize("secrets", [f"old {KEY}", f"{KEY},new", f" old ,\n{KEY} "])
def test_while_the_secret_is_replaced_there_are_two(secrets: str) -> None:
    asked = request(viewer_address=SHOPPER, origin_secret=KEY)

    assert edge(secrets).client_address(asked) == SHOPPER


def test_the_secret_is_compared_in_constant_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[Any, Any]] = []

    def compare(given: bytes, known: bytes) -> bool:
        compared.append((given, known))
        return given == known

    monkeypatch.setattr("hmac.compare_digest", compare)
    asked = request(viewer_address=SHOPPER, origin_secret="one")

    assert edge("one two").client_address(asked) == SHOPPER
    assert compared == [(b"one", b"one"), (b"one", b"two")]


def test_without_an_address_the_secret_is_not_fetched() -> None:
    """A request that does not claim to come through the edge costs nothing."""
    fetched: list[str] = []
    asked = Edge(lambda: fetched.append(KEY) or KEY, is_required=False)

    asked.client_address(request(origin_secret=KEY))

    assert fetched == []
