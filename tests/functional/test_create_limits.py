"""The endpoint that asks for no login: one client can only ask so often."""

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
def test_the_limit_does_not_hold_for_logged_in_buyers(shop: Shop, kind: str) -> None:
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
