"""A sale as it is kept, and the items that it moves in one transaction."""

from dataclasses import replace
from typing import Any

import pytest

from checkout.domain.purchase import Purchase
from checkout.domain.sale import MOST_MOVES, NO_VALUE, Move, Sale, sale_key
from checkout.tables import transaction
from checkout.tables.item import from_item, to_item
from checkout.tables.offers import Offers
from tests.shop import Shop

QUOTE = Move("quote#q", "open", sold="paid", returned="refunded")
ROW = Move(
    "row#7",
    "open",
    sold="purchased",
    returned="refunded",
    attributes={"purchased_bid_id": "43"},
)
TWO_ITEMS = Sale(
    moves=(QUOTE, ROW),
    requires={
        "quote#q": {"row_id": "7", "bid_id": NO_VALUE},
        "row#7": {"owner_id": "user_1"},
    },
    priced="quote#q",
)
PURCHASE = Purchase(
    id="pur_1",
    payment_session_id="ps_1",
    kind="quote",
    offer_id="q",
    buyer_id="user_1",
    creator_id=None,
    sale_key="row#7",
    title="A repair",
    sale=TWO_ITEMS,
    amount=4500,
    currency="usd",
    platform_fee_bps=0,
    organization_fee_bps=0,
    stripe_session_id="cs_test_1",
    stripe_payment_intent_id="pi_1",
    purchased_at="2031-05-06T07:08:09.000Z",
)


@pytest.mark.parametrize("sale", [Sale(), Sale(priced="x#1"), TWO_ITEMS])
def test_a_sale_is_kept_as_it_is(sale: Sale) -> None:
    assert Sale.from_dict(from_item(to_item(sale.to_dict()))) == sale


def test_what_is_empty_is_not_kept() -> None:
    assert Sale().to_dict() == {}
    assert "attributes" not in Sale(moves=(QUOTE,)).to_dict()["moves"][0]


@pytest.mark.parametrize(
    "stored",
    [
        {"item": "row#7"},
        {"moves": 7},
        {"moves": [7]},
        {"moves": [{"item": "row#7"}]},
        {"moves": [{"name": "row#7"}]},
    ],
)
def test_any_other_form_is_refused(stored: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Sale.from_dict(stored)


def test_a_sale_fits_into_a_transaction() -> None:
    with pytest.raises(ValueError, match=f"at most {MOST_MOVES}"):
        Sale(moves=(QUOTE,) * (MOST_MOVES + 1))


def test_no_two_lists_of_parts_have_one_sale_key() -> None:
    lists = [("a", "b", "c"), ("a#b", "c"), ("a", "b#c"), ("a%23b", "c"), ("a", "b")]

    assert len({sale_key(*parts) for parts in lists}) == len(lists)


# ------------------------------------------------------------ in the Offers table


@pytest.fixture
def offers(shop: Shop) -> Offers:
    shop.put_offer({"id": "quote#q", "row_id": "7", "status": "open", "price": PRICE})
    return Offers(shop.aws.tables["OffersTable"])


PRICE = {"amount": 4500, "currency": "usd"}


def statuses(shop: Shop) -> list[str]:
    found = (shop.aws.item("OffersTable", key) for key in ("quote#q", "row#7"))
    return [item["status"] for item in found]


def test_all_items_of_a_sale_move_together(shop: Shop, offers: Offers) -> None:
    assert offers.is_for_sale(TWO_ITEMS)
    assert not transaction.execute(offers.sold(PURCHASE))

    assert statuses(shop) == ["paid", "purchased"]
    assert not offers.is_for_sale(TWO_ITEMS)
    assert shop.aws.item("OffersTable", "row#7")["purchased_bid_id"] == "43"
    for item in ("quote#q", "row#7"):
        assert shop.aws.item("OffersTable", item)["purchase_id"] == "pur_1"

    assert not transaction.execute(offers.returned(PURCHASE))
    assert statuses(shop) == ["refunded", "refunded"]

    assert not transaction.execute(offers.sold_again(PURCHASE))
    assert statuses(shop) == ["paid", "purchased"]


@pytest.mark.parametrize(
    ("item", "change"),
    [
        ("row#7", {"status": "closed"}),
        ("row#7", {"owner_id": "user_2"}),
        ("quote#q", {"status": "withdrawn"}),
        ("quote#q", {"row_id": "8"}),
        ("quote#q", {"bid_id": "44"}),
    ],
)
def test_none_moves_if_one_of_them_is_not_as_required(
    shop: Shop, offers: Offers, item: str, change: dict[str, str]
) -> None:
    shop.change_offer(item, **change)
    before = shop.aws.items("OffersTable")

    assert not offers.is_for_sale(TWO_ITEMS)
    assert transaction.execute(offers.sold(PURCHASE)).keys() == {item}
    assert shop.aws.items("OffersTable") == before


def test_what_moves_nothing_needs_no_write(offers: Offers) -> None:
    for sale in (Sale(), None):
        purchase = replace(PURCHASE, sale=sale)
        for write in (offers.sold, offers.sold_again, offers.returned):
            assert write(purchase) == {}
