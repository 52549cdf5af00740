"""Whether a buyer has what was bought."""

import pytest

from checkout.domain.sale import sale_key
from checkout.flows.check_access import has_access
from checkout.tables.ownerships import Ownerships
from tests.functional.test_refunds import refund
from tests.shop import FREE, PUBLISHED, Answer, Shop

OFFERS = {
    "bid": "42",
    "auction": "auction_1",
    "order": "order_1",
    "content": PUBLISHED,
    "product": "hero-me-feelings",
}


def access(
    shop: Shop, kind: str, offer_id: str, buyer: str | None = "user_1"
) -> Answer:
    return shop.call(
        "GET /api/access/{kind}/{id}",
        buyer=buyer,
        path={"kind": kind, "id": offer_id},
    )


def buy(shop: Shop, kind: str) -> None:
    assert shop.create(kind).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])


@pytest.mark.parametrize("kind", ["bid", "auction", "order", "content"])
def test_access_comes_with_the_money_and_for_its_buyer_alone(
    shop: Shop, kind: str
) -> None:
    """Invariant 3."""
    assert access(shop, kind, OFFERS[kind]).body == {"hasAccess": False}
    buy(shop, kind)
    assert access(shop, kind, OFFERS[kind]).body == {"hasAccess": False}

    shop.deliver()

    answer = access(shop, kind, OFFERS[kind])
    assert (answer.status, answer.body) == (200, {"hasAccess": True})
    assert access(shop, kind, OFFERS[kind], "user_2").body == {"hasAccess": False}


def test_a_product_is_a_purchase_and_no_access(shop: Shop) -> None:
    buy(shop, "product")
    shop.deliver()

    assert access(shop, "product", OFFERS["product"]).body == {"hasAccess": False}


@pytest.mark.parametrize("bid_id", ["43", "44"])
def test_another_bid_of_the_row_is_not_what_was_bought(shop: Shop, bid_id: str) -> None:
    buy(shop, "bid")
    shop.deliver()

    assert access(shop, "bid", bid_id).body == {"hasAccess": False}


@pytest.mark.usefixtures("strict_keys")
@pytest.mark.parametrize(
    "offer_id", ["unknown", "#", "7#user_1", "é", "x" * 3000, "\ud800"]
)
def test_nothing_is_learned_about_what_does_not_exist(
    shop: Shop, offer_id: str
) -> None:
    for kind in OFFERS:
        answer = access(shop, kind, offer_id)
        assert (answer.status, answer.body) == (200, {"hasAccess": False}), kind


def test_free_content_is_not_owned(shop: Shop) -> None:
    assert access(shop, "content", FREE).body == {"hasAccess": False}


def test_the_id_of_content_cannot_name_another_buyers_sale_key(shop: Shop) -> None:
    """Invariant 7: content#A#user_1 is user_1's, and a caller writes only the A."""
    buy(shop, "content")
    shop.deliver()

    answer = access(shop, "content", f"{PUBLISHED}#user_1", "")
    assert answer.status == 401
    answer = access(shop, "content", f"{PUBLISHED}#user_1", "user_2")
    assert answer.body == {"hasAccess": False}


def test_an_unknown_kind_is_not_found(shop: Shop) -> None:
    """Nor is a name by which Python would find something beside the kinds."""
    names = ["row", "unknown", "Bid", "", " ", "..", "bid.x", "offers/bid", "bid\x00"]
    names += ["bïd", "__init__", "__pycache__", "__main__", "x" * 300]
    for kind in names:
        answer = access(shop, kind, "42")
        assert (answer.status, answer.body["code"]) == (404, "not_found"), kind


def test_access_is_for_those_who_are_logged_in(shop: Shop) -> None:
    assert access(shop, "bid", "42", buyer=None).status == 401


def test_another_lambda_may_ask_the_layer(shop: Shop) -> None:
    buy(shop, "content")
    shop.deliver()
    ownerships = Ownerships(shop.aws.tables["PurchasesTable"])

    assert has_access("content", PUBLISHED, "user_1", ownerships)
    assert not has_access("content", PUBLISHED, "user_2", ownerships)
    assert not has_access("content", FREE, "user_1", ownerships)


@pytest.mark.parametrize("kind", ["bid", "auction", "order", "content"])
def test_access_outlives_the_offer_s_item(shop: Shop, kind: str) -> None:
    """The host application may delete what was sold; the buyer has paid for it."""
    buy(shop, kind)
    shop.deliver()
    for offer in shop.aws.items("OffersTable"):
        shop.aws.delete("OffersTable", {"id": offer["id"]})

    assert access(shop, kind, OFFERS[kind]).body == {"hasAccess": True}
    assert access(shop, kind, OFFERS[kind], "user_2").body == {"hasAccess": False}


@pytest.mark.parametrize("row_id", ["8", None])
def test_access_outlives_a_change_of_the_bid_s_row(
    shop: Shop, row_id: str | None
) -> None:
    buy(shop, "bid")
    shop.deliver()
    shop.change_offer("bid#42", row_id=row_id)

    assert access(shop, "bid", "42").body == {"hasAccess": True}


def test_access_without_the_offer_ends_with_a_refund(shop: Shop) -> None:
    buy(shop, "bid")
    shop.deliver()
    shop.aws.delete("OffersTable", {"id": "bid#42"})
    [purchase] = shop.purchases()

    refund(shop, purchase["id"])

    assert access(shop, "bid", "42").body == {"hasAccess": False}


def refunded(shop: Shop) -> None:
    """Refund the only sale that stands; the host application sells again."""
    [held] = shop.ownerships()
    purchase = shop.aws.item("PurchasesTable", held["purchase_id"])
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent)
    shop.deliver()
    assert shop.ownerships() == []


def test_who_buys_another_bid_of_the_row_has_no_access_to_the_first(shop: Shop) -> None:
    """Invariant 3: both bids have the sale key of their row."""
    buy(shop, "bid")
    shop.deliver()
    refunded(shop)
    shop.change_offer("row#7", status="open")
    first = shop.aws.item("OffersTable", "bid#42")
    shop.put_offer(first | {"id": "bid#45", "bid_id": "45"})
    assert shop.create("bid", bid_id=45).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()

    assert access(shop, "bid", "45", "user_1").body == {"hasAccess": True}
    assert access(shop, "bid", "42", "user_1").body == {"hasAccess": False}


def test_a_former_winner_has_no_access_by_the_payment_of_the_next(shop: Shop) -> None:
    """Invariant 3."""
    buy(shop, "auction")
    shop.deliver()
    refunded(shop)
    shop.change_offer("auction#auction_1", status="accepted", winner_id="user_2")
    assert shop.create("auction", "user_2").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()

    assert access(shop, "auction", "auction_1", "user_2").body == {"hasAccess": True}
    assert access(shop, "auction", "auction_1", "user_1").body == {"hasAccess": False}


def test_no_two_lists_of_parts_have_one_sale_key() -> None:
    lists = [
        ("a", "b#c"),
        ("a#b", "c"),
        ("a", "b", "c"),
        ("a", "b%23c"),
        ("a%23b", "c"),
    ]

    assert len({sale_key(*parts) for parts in lists}) == len(lists)
