"""What frontends read of offers, on the deployed stack and with its permissions."""

from uuid import uuid4

import pytest

from tests.stack.http_shop import HttpShop


@pytest.mark.parametrize("kind", ["content", "product"])
def test_anybody_reads_what_is_public(shop: HttpShop, kind: str) -> None:
    offer = shop.offer(kind, "nobody")

    answer = shop.call("GET", f"/api/offers/{kind}/{offer.id}")

    assert (answer.status_code, answer.json()["price_cents"]) == (200, 2500)


@pytest.mark.parametrize("kind", ["auction", "bid", "order"])
def test_nobody_else_reads_what_is_a_buyers(shop: HttpShop, kind: str) -> None:
    offer = shop.offer(kind, "user_1")

    assert shop.call("GET", f"/api/offers/{kind}/{offer.id}").status_code == 404


@pytest.mark.parametrize("kind", ["auction", "bid", "content", "order", "product"])
def test_a_buyer_reads_what_create_then_does(shop: HttpShop, kind: str) -> None:
    buyer = f"buyer-{uuid4().hex[:8]}"
    offer = shop.offer(kind, buyer)
    path = f"/api/me/offers/{kind}/{offer.id}"
    assert shop.call("GET", path).status_code == 401

    shown = shop.get(path, buyer)

    assert (shown["buyable"], shown["price_cents"]) == (True, 2500)
    # How often a client may buy without a login, has tests of its own.
    if kind != "product":
        assert shop.create(offer, buyer).status_code == 200
    # An open checkout is no obstacle, and its records can be read.
    assert shop.get(path, buyer)["buyable"] is True
