"""The sample offers hold together, and show every case the documentation names."""

import json
from datetime import UTC, datetime

import pytest

from local.samples import PICTURES, SAMPLE, reset_shop, sample_offers, with_pictures
from local.serve_storefront import STOREFRONT

NOW = datetime(2026, 5, 17, 12, 30, tzinfo=UTC)
STATES = {
    "row": {"open"},
    "auction": {"open", "accepted"},
    "order": {"CREATED", "CANCELLED"},
    "content": {"published", "draft"},
    "product": {"active"},
    "quote": {"open"},
}


@pytest.fixture(scope="module")
def offers():
    return {offer["id"]: offer for offer in sample_offers(NOW)}


def test_each_id_is_its_noun_and_the_id_within_it(offers):
    for id_, offer in offers.items():
        item_type, _, own_id = id_.partition("#")
        assert offer[f"{item_type}_id"] == own_id


def test_no_two_offers_share_an_id(offers):
    assert len(sample_offers(NOW)) == len(offers)


def test_each_state_is_one_that_its_kind_knows(offers):
    for id_, offer in offers.items():
        item_type = id_.partition("#")[0]
        assert item_type == "bid" or offer["status"] in STATES[item_type]


def test_each_bid_is_on_a_row(offers):
    bids = [offer for offer in offers.values() if "bid_id" in offer]

    assert {f"row#{bid['row_id']}" for bid in bids} <= offers.keys()


def test_money_is_an_integer_and_a_currency(offers):
    for offer in offers.values():
        if price := offer.get("price"):
            assert type(price["amount"]) is int
            assert price["currency"] == price["currency"].lower()


def test_accepted_auctions_were_accepted_just_now(offers):
    accepted = offers["auction#auction_1"]

    assert accepted["accepted_at"] == "2026-05-17T12:30:00Z"
    assert accepted["winner_id"] == "user_1"


def test_the_row_shows_a_tile_to_buy_one_to_call_and_one_without_a_price(offers):
    assert offers["row#7"]["owner_id"] == "user_1"
    assert offers["bid#42"]["price"] == {"amount": 12999, "currency": "usd"}
    assert offers["bid#43"]["offer_type"] == "service_provider"
    assert "price" not in offers["bid#44"]


def test_the_bid_to_call_has_a_quote_that_can_be_paid_for_a_month(offers):
    quote = offers[f"quote#{SAMPLE['quote_id']}"]

    assert (quote["row_id"], quote["bid_id"]) == ("7", "43")
    assert quote["expires_at"] == "2026-06-16T12:30:00Z"


def test_content_is_for_sale_or_free_or_not_yet_there(offers):
    published, free, unpublished = (
        offers[f"content#{SAMPLE['contents'][name]}"]
        for name in ("published", "free", "unpublished")
    )

    assert (published["status"], published["price"]["amount"]) == ("published", 999)
    assert (free["status"], free["price"]["amount"]) == ("published", 0)
    assert unpublished["status"] == "draft"


@pytest.mark.parametrize("kind", ["content", "product"])
def test_content_and_a_product_have_options(offers, kind):
    offer = offers[f"{kind}#{SAMPLE['with_options'][f'{kind}_id']}"]
    options = offer["options"]

    assert options["allow_promotion_codes"]
    assert options["automatic_tax"] == {"enabled": True}
    rates = [each["shipping_rate_data"] for each in options["shipping_options"]]
    currencies = {rate["fixed_amount"]["currency"] for rate in rates}
    assert currencies == {offer["price"]["currency"]}
    # Without it, Stripe needs one of the account.
    taxed = [options, *rates]
    assert {each["tax_behavior"] for each in taxed} == {"exclusive"}


@pytest.mark.parametrize("shopper", SAMPLE["shoppers"], ids=lambda each: each["sub"])
def test_each_shopper_has_a_row_an_auction_and_an_order(offers, shopper):
    row = offers[f"row#{shopper['row_id']}"]
    auction = offers[f"auction#{shopper['auction_id']}"]
    order = offers[f"order#{shopper['order_id']}"]

    owners = {row["owner_id"], auction["winner_id"], order["owner_id"]}
    assert owners == {shopper["sub"]}


def test_the_product_that_the_storefront_shows_is_among_them(offers):
    assert f"product#{SAMPLE['product_id']}" in offers


def test_each_picture_is_a_file_of_the_storefront_and_is_used(offers):
    files = {path.stem for path in (STOREFRONT / "pictures").glob("*.svg")}

    assert PICTURES.keys() <= offers.keys()
    assert set(PICTURES.values()) == files


def test_no_sample_has_an_address_of_the_internet_that_a_browser_opens_by_itself():
    shown = with_pictures(sample_offers(NOW), "http://localhost:3000")

    pictures = [offer["image_url"] for offer in shown if "image_url" in offer]
    assert len(pictures) == len(PICTURES)
    assert all(url.startswith("http://localhost:3000/pictures/") for url in pictures)


def test_stripe_is_not_sent_a_picture_that_it_cannot_fetch(shop):
    shop.aws.put("OffersTable", *with_pictures(sample_offers(NOW), "http://localhost"))

    created = shop.create("product")

    assert created.status == 200
    [session] = shop.stripe.sessions()
    assert "images" not in json.dumps(session)


def test_a_reset_shop_has_sold_nothing_and_sells_everything_again(shop):
    before = shop.create("order")
    [session] = shop.stripe.sessions()
    shop.stripe.pay(session["id"])
    shop.deliver(*shop.stripe.events("checkout.session.completed"))
    shop.work()
    assert shop.aws.item("OffersTable", "order#order_1")["status"] == "PAID"

    reset_shop(shop.aws.dynamodb, shop.aws.tables, "http://localhost:3000")

    assert shop.aws.items("PurchasesTable") == []
    assert shop.aws.items("AuditLogTable") == []
    assert shop.sessions() == []
    assert shop.aws.item("OffersTable", "order#order_1")["status"] == "CREATED"
    bid = shop.aws.item("OffersTable", "bid#42")
    assert bid["image_url"] == "http://localhost:3000/pictures/hush-300.svg"
    # Stripe would refuse the first payment's idempotency key.
    again = shop.create("order")
    assert (before.status, again.status) == (200, 200)
    assert before.body["url"] != again.body["url"]
