"""A client can start only so many checkouts in a minute."""

from datetime import UTC, datetime, timedelta

import pytest
from time_machine import Traveller

from tests.aws import on_moto_too
from tests.shop import Shop

LIMIT = 10
NOON = datetime(2031, 5, 6, 12, 0, 20, tzinfo=UTC)
pytestmark = pytest.mark.frozen_at(NOON)


def statuses(shop: Shop, times: int, ip: str = "203.0.113.7") -> list[int]:
    return [shop.create("product", ip=ip).status for _ in range(times)]


@on_moto_too
def test_a_request_above_the_limit_is_told_when_to_come_back(shop: Shop) -> None:
    assert statuses(shop, LIMIT) == [200] * LIMIT

    answer = shop.create("product")

    assert (answer.status, answer.body["code"]) == (429, "too_many_requests")
    assert answer.body.keys() == {"error", "code", "request_id"}
    assert answer.headers["retry-after"] == "40"
    assert len(shop.stripe.sessions()) == LIMIT


def test_others_are_not_held_up(shop: Shop) -> None:
    statuses(shop, LIMIT + 1)

    assert shop.create("product", ip="203.0.113.8").status == 200


def test_the_next_minute_is_another(shop: Shop, clock: Traveller) -> None:
    statuses(shop, LIMIT)
    assert shop.create("product").status == 429

    clock.shift(timedelta(seconds=39))
    assert shop.create("product").status == 429
    clock.shift(timedelta(seconds=1))
    assert shop.create("product").status == 200


def test_a_refused_request_counts_as_one(shop: Shop) -> None:
    """Or guessing would be free."""
    for _ in range(LIMIT):
        assert shop.create("product", unknown="field").status == 400

    assert shop.create("product").status == 429


def test_a_network_of_ipv6_is_one_client(shop: Shop) -> None:
    for host in range(LIMIT):
        address = f"2001:db8:1:2:{host:x}::{host:x}"
        assert shop.create("product", ip=address).status == 200

    assert shop.create("product", ip="2001:DB8:1:2:ffff::1").status == 429
    assert shop.create("product", ip="2001:db8:1:3::1").status == 200


def test_a_login_gives_no_more_to_the_open_endpoint(shop: Shop) -> None:
    route = "POST /api/checkout/embedded-session"
    answers = [shop.call(route, {}, buyer=f"user_{n}") for n in range(LIMIT + 1)]

    assert [answer.status for answer in answers] == [200] * LIMIT + [429]


@pytest.mark.parametrize("kind", ["bid", "auction", "order", "content"])
def test_the_address_of_a_buyer_does_not_matter(shop: Shop, kind: str) -> None:
    statuses(shop, LIMIT + 1)

    assert shop.create(kind).status == 200


def test_what_was_counted_goes_away(shop: Shop) -> None:
    shop.create("product")

    [counter] = [
        item
        for item in shop.aws.items("PaymentSessionsTable")
        if item["id"].startswith("rate#")
    ]
    assert counter["ttl"] == int((NOON + timedelta(hours=1)).timestamp())
    assert counter["requests"] == 1


# ---------------------------------------------------------------- with a login

OF_A_BUYER = 3


@pytest.fixture
def strict(shop: Shop) -> Shop:
    shop.values["CheckoutsPerBuyerPerMinute"] = str(OF_A_BUYER)
    return shop


@on_moto_too
def test_a_buyer_above_the_limit_is_told_when_to_come_back(strict: Shop) -> None:
    """Whatever they begin, and from wherever."""
    for kind in ("bid", "content", "bid"):
        assert strict.create(kind, ip="203.0.113.8").status == 200
    opened = len(strict.stripe.sessions())

    answer = strict.create("order", ip="203.0.113.9")

    assert (answer.status, answer.body["code"]) == (429, "too_many_requests")
    assert answer.headers["retry-after"] == "40"
    assert len(strict.stripe.sessions()) == opened


def test_the_next_minute_of_a_buyer_is_another(strict: Shop, clock: Traveller) -> None:
    for _ in range(OF_A_BUYER):
        strict.create("content")
    assert strict.create("content").status == 429

    clock.shift(timedelta(seconds=40))
    assert strict.create("content").status == 200


def test_another_buyer_is_not_held_up(strict: Shop) -> None:
    for _ in range(OF_A_BUYER + 1):
        strict.create("content")

    assert strict.create("content", buyer="user_2").status == 200


def test_a_refused_request_of_a_buyer_counts_as_one(strict: Shop) -> None:
    for _ in range(OF_A_BUYER):
        assert strict.create("content", unknown="field").status == 400

    assert strict.create("content").status == 429


def test_a_request_without_a_login_counts_for_nobody(strict: Shop) -> None:
    for _ in range(OF_A_BUYER + 1):
        assert strict.create("content", buyer=None).status == 401

    assert strict.create("content").status == 200


def test_cancelling_is_not_limited(strict: Shop) -> None:
    for _ in range(OF_A_BUYER):
        created = strict.create("content")
    path = {"paymentSessionId": created.body["payment_session_id"]}
    route = "POST /payments/sessions/{paymentSessionId}/cancel"

    assert strict.create("content").status == 429
    assert strict.call(route, buyer="user_1", path=path).status == 200


def test_the_count_does_not_say_whose_it_is(strict: Shop) -> None:
    strict.create("content", buyer="ada@example.test")

    [counter] = [
        item
        for item in strict.aws.items("PaymentSessionsTable")
        if item["id"].startswith("rate#")
    ]
    assert counter["id"].startswith("rate#buyer#")
    assert "ada" not in counter["id"]
    assert counter["ttl"] == int((NOON + timedelta(hours=1)).timestamp())


# ---------------------------------------------------------------- behind the edge

EDGE_KEY = "sT0ne-s0up-and-2-clouds"
CLOUDFRONT = "198.51.100.9"


@pytest.fixture
def edge(shop: Shop) -> Shop:
    shop.values["Edge"] = "trusted"
    shop.aws.set_secret("checkout/edge-secret", EDGE_KEY)
    return shop


def through_the_edge(address: str, secret: str = EDGE_KEY) -> dict[str, str]:
    return {"x-viewer-address": address, "x-origin-secret": secret}


def from_the_edge(shop: Shop, address: str, secret: str = EDGE_KEY) -> int:
    headers = through_the_edge(address, secret)
    return shop.create("product", ip=CLOUDFRONT, headers=headers).status


def test_shoppers_behind_one_edge_are_limited_each(edge: Shop) -> None:
    for _ in range(LIMIT):
        assert from_the_edge(edge, "203.0.113.7") == 200

    assert from_the_edge(edge, "203.0.113.7") == 429
    assert from_the_edge(edge, "203.0.113.8") == 200
    assert from_the_edge(edge, "2001:db8::7") == 200


def test_a_client_cannot_give_itself_another_address(edge: Shop) -> None:
    for client in range(LIMIT):
        assert from_the_edge(edge, f"203.0.113.{client}", "guessed") == 200

    assert from_the_edge(edge, "203.0.113.99", "guessed") == 429
    assert from_the_edge(edge, "203.0.113.99") == 200


def test_without_an_edge_its_headers_say_nothing(shop: Shop) -> None:
    shop.aws.set_secret("checkout/edge-secret", EDGE_KEY)
    for client in range(LIMIT):
        assert from_the_edge(shop, f"203.0.113.{client}") == 200

    assert from_the_edge(shop, "203.0.113.99") == 429


@pytest.mark.parametrize("kind", ["product", "quote", "bid", "content"])
def test_a_required_edge_is_passed_by_nobody(edge: Shop, kind: str) -> None:
    edge.values["Edge"] = "required"

    refused = edge.create(kind)
    accepted = edge.create(kind, headers=through_the_edge("203.0.113.7"))

    assert (refused.status, refused.body["code"]) == (403, "forbidden")
    assert accepted.status == 200
    assert len(edge.stripe.sessions()) == 1
