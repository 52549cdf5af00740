"""What a frontend may show of an offer: to anybody, and to its buyer."""

from typing import Any

import pytest

from checkout import kinds
from tests.aws_calls import failing, observed
from tests.functional.test_broken_offers import ITEMS, MISSING, write
from tests.functional.test_buyable import IDS, KINDS, create, paid, pending, read
from tests.output import metrics_in
from tests.shop import FREE, PUBLISHED, UNPUBLISHED, Answer, Shop
from tests.template_file import needs_token

PUBLIC_KINDS = ["content", "product"]
PRIVATE_KINDS = ["auction", "bid", "order"]
COURSE = {
    "kind": "content",
    "id": PUBLISHED,
    "title": "Calm mornings: a ten-day course",
    "description": "Ten short lessons for a quieter start to the day.",
    "image_url": None,
    "price_cents": 999,
    "currency": "usd",
    "status": "published",
    "slug": "calm-mornings",
}


def look(shop: Shop, kind: str, offer_id: str | None = None) -> Answer:
    path = {"kind": kind, "id": IDS[kind] if offer_id is None else offer_id}
    return shop.call("GET /api/offers/{kind}/{id}", path=path)


# ---------------------------------------------------------------- anybody


def test_anybody_sees_what_is_public_of_content(shop: Shop) -> None:
    answer = look(shop, "content")

    assert (answer.status, answer.body) == (200, COURSE)


def test_anybody_sees_what_is_public_of_a_product(shop: Shop) -> None:
    assert look(shop, "product").body == {
        "kind": "product",
        "id": "hero-me-feelings",
        "title": "Hero Me Feelings - Personalized AAC Board",
        "description": "AI-powered personalized feelings board with 24+ custom images",
        "image_url": None,
        "price_cents": 200,
        "currency": "usd",
        "status": "active",
    }


def test_nobody_sees_more_than_the_kind_makes_public(shop: Shop) -> None:
    shop.change_offer(f"content#{PUBLISHED}", note="internal", version=3)

    assert look(shop, "content").body == COURSE


def test_what_is_free_costs_nothing(shop: Shop) -> None:
    body = look(shop, "content", FREE).body

    assert (body["price_cents"], body["currency"]) == (0, "usd")


@pytest.mark.usefixtures("strict_keys")
@pytest.mark.parametrize("kind", PUBLIC_KINDS)
@pytest.mark.parametrize("offer_id", ["unknown", "", "#", "x" * 3000, "\ud800"])
def test_an_unknown_offer_is_not_found(shop: Shop, kind: str, offer_id: str) -> None:
    answer = look(shop, kind, offer_id)

    assert (answer.status, answer.body["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "draft"},
        {"status": "inactive"},
        {"status": "withdrawn"},
        {"status": None},
        {"status": ["published"]},
        {"deleted_at": "2026-01-01T00:00:00Z"},
    ],
)
@pytest.mark.parametrize("kind", PUBLIC_KINDS)
def test_what_is_not_on_sale_is_not_found(
    shop: Shop, kind: str, changes: dict[str, Any]
) -> None:
    shop.change_offer(ITEMS[kind][0], **changes)

    assert look(shop, kind).status == 404
    assert look(shop, "content", UNPUBLISHED).status == 404


@pytest.mark.parametrize("kind", PRIVATE_KINDS)
def test_what_is_nobody_elses_business_does_not_exist(shop: Shop, kind: str) -> None:
    """Invariant 7: and its item is not even read."""
    with observed() as calls:
        answer = look(shop, kind)

    assert answer.status == 404
    assert answer.body["error"] == look(shop, "content", "unknown").body["error"]
    assert calls == []


@pytest.mark.parametrize("kind", ["row", "unknown", "__init__", "", "../bid"])
def test_there_is_no_such_kind(shop: Shop, kind: str) -> None:
    assert look(shop, kind, "7").status == 404
    path = {"kind": kind, "id": "7"}
    route = "GET /api/me/offers/{kind}/{id}"
    assert shop.call(route, buyer="user_1", path=path).status == 404


@pytest.mark.parametrize(
    "field", ["title", "description", "image_url", "slug", "price"]
)
@pytest.mark.parametrize(
    "value", [7, True, ["x"], {"a": 1}, " ", None, b"bytes", {1, 2}, MISSING]
)
def test_a_field_that_cannot_be_read_is_null_and_hides_no_other(
    shop: Shop, field: str, value: Any
) -> None:
    write(shop, f"content#{PUBLISHED}", field, value)

    names = ["price_cents", "currency"] if field == "price" else [field]
    assert look(shop, "content").body == COURSE | dict.fromkeys(names)


@pytest.mark.parametrize("kind", PUBLIC_KINDS)
def test_a_price_that_stripe_would_not_charge_is_shown_as_it_is(
    shop: Shop, kind: str
) -> None:
    shop.change_offer(ITEMS[kind][0], price={"amount": 1, "currency": "usd"})

    assert look(shop, kind).body["price_cents"] == 1
    assert read(shop, kind).body["buyable"] is False


def test_only_what_is_this_buyers_needs_a_login() -> None:
    assert not needs_token("GET /api/offers/{kind}/{id}")
    assert needs_token("GET /api/me/offers/{kind}/{id}")


# ---------------------------------------------------------------- a buyer


@pytest.mark.parametrize("kind", PUBLIC_KINDS)
def test_a_buyer_sees_what_anybody_sees_and_may_buy(shop: Shop, kind: str) -> None:
    assert read(shop, kind).body == look(shop, kind).body | {"buyable": True}


@pytest.mark.frozen_at("2031-05-06T07:08:09Z")
def test_a_winner_sees_the_payment_window_before_anything_is_started(
    shop: Shop,
) -> None:
    assert read(shop, "auction").body == {
        "kind": "auction",
        "id": "auction_1",
        "title": "Restored 1968 record player",
        "description": "The turntable that stood in the radio studio, with its "
        "original arm.",
        "image_url": None,
        "price_cents": 24000,
        "currency": "usd",
        "status": "accepted",
        "payment_window": {
            "opens_at": "2031-05-06T07:08:09.000Z",
            "closes_at": "2031-05-07T07:08:09.000Z",
            "seconds_remaining": 86400,
        },
        "buyable": True,
    }
    assert shop.sessions() == shop.stripe.sessions() == []


def test_an_owner_sees_the_total_of_an_order(shop: Shop) -> None:
    body = read(shop, "order").body

    assert body["title"] == "Order order_1"
    assert (body["price_cents"], body["currency"]) == (15000, "usd")


def test_a_bid_names_its_row_itself(shop: Shop) -> None:
    body = read(shop, "bid").body

    assert (body["id"], body["price_cents"], body["status"]) == ("42", 12999, "open")
    assert body["buyable"] is True


@pytest.mark.parametrize("kind", PRIVATE_KINDS)
def test_another_buyers_offer_is_as_good_as_unknown(shop: Shop, kind: str) -> None:
    """Invariant 7."""
    answer = read(shop, kind, "user_2")

    assert (answer.status, answer.body["code"]) == (404, "not_found")


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_no_buyer(shop: Shop, kind: str) -> None:
    path = {"kind": kind, "id": IDS[kind]}

    assert shop.call("GET /api/me/offers/{kind}/{id}", path=path).status == 401


@pytest.mark.usefixtures("strict_keys")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "offer_id", ["unknown", "", "#", "x" * 129, "x" * 3000, "\ud800", "\0"]
)
def test_a_buyer_finds_no_unknown_offer(shop: Shop, kind: str, offer_id: str) -> None:
    path = {"kind": kind, "id": offer_id}
    answer = shop.call("GET /api/me/offers/{kind}/{id}", buyer="user_1", path=path)

    assert (answer.status, answer.body["code"]) == (404, "not_found")


def test_another_spelling_of_an_id_is_none(shop: Shop) -> None:
    path = {"kind": "content", "id": PUBLISHED.upper()}

    answer = shop.call("GET /api/me/offers/{kind}/{id}", buyer="user_1", path=path)

    assert answer.status == 404


def test_what_is_bought_says_so(shop: Shop) -> None:
    paid(shop, "content")

    assert read(shop, "content").body == COURSE | {
        "buyable": False,
        "reason": {
            "code": "already_purchased",
            "error": "This has been purchased already.",
        },
    }
    assert read(shop, "content", "user_2").body["buyable"] is True


@pytest.mark.parametrize("status", ["open", "paid", "refunded"])
def test_an_auction_says_why_it_cannot_be_paid(shop: Shop, status: str) -> None:
    shop.change_offer("auction#auction_1", status=status)

    body = read(shop, "auction").body

    code = "already_purchased" if status == "paid" else "auction_not_accepted"
    assert (body["buyable"], body["reason"]["code"]) == (False, code)
    assert (body["status"], body["price_cents"]) == (status, 24000)
    assert "payment_window" not in body


@pytest.mark.parametrize("kind", ["auction", "bid", "content", "order"])
def test_of_an_offer_that_is_gone_a_payment_under_way_shows_no_fields(
    shop: Shop, kind: str
) -> None:
    """Another may own it by now: create says of it no more either."""
    pending(shop, kind)
    item = {"auction": "auction#auction_1", "bid": "row#7", "order": "order#order_1"}
    shop.change_offer(
        item.get(kind, f"content#{PUBLISHED}"),
        winner_id="user_3",
        owner_id="user_3",
        status="draft",
    )

    body = read(shop, kind).body

    assert body["reason"]["code"] == "payment_in_progress"
    fields = {"title", "description", "image_url", "price_cents", "currency", "status"}
    assert {body[name] for name in fields} == {None}


def test_what_stripe_has_just_refused_is_not_buyable_for_as_long(shop: Shop) -> None:
    """The minimum of the account's own currency is known to Stripe alone."""
    shop.stripe.sandbox.settled_in_dollars = True
    price = {"amount": 50, "currency": "inr"}
    shop.change_offer(f"content#{PUBLISHED}", price=price)
    assert read(shop, "content").body["buyable"] is True
    refused = create(shop, "content", "user_1")
    assert refused.status == 400

    reason = read(shop, "content").body["reason"]

    assert reason == {name: refused.body[name] for name in ("code", "error")}
    shop.change_offer(f"content#{PUBLISHED}", price={"amount": 5000, "currency": "inr"})
    assert read(shop, "content").body["buyable"] is True
    assert create(shop, "content", "user_1").status == 200


@pytest.mark.parametrize("kind", KINDS)
def test_reading_costs_a_handful_of_keyed_reads(shop: Shop, kind: str) -> None:
    assert create(shop, kind, "user_1").status == 200
    with observed() as calls:
        assert read(shop, kind).status == 200

    assert {call.operation for call in calls} == {"GetItem"}
    # A quote is read with its bid and its row.
    assert len(calls) <= (8 if kind == "quote" else 7)


def test_a_mistake_that_keeps_a_buyer_away_is_counted(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody would press a button that is not there, and create would not count it."""
    write(shop, f"content#{PUBLISHED}", "title", 7)
    capsys.readouterr()

    assert read(shop, "content").body["reason"]["code"] == "not_purchasable"

    assert metrics_in(capsys.readouterr().out)["payments.checkout.refused"] == 1


def test_a_table_that_does_not_answer_says_nothing_of_the_offer(shop: Shop) -> None:
    with failing("GetItem", error="ThrottlingException"):
        answer = read(shop, "content")

    assert (answer.status, answer.body["code"]) == (503, "try_again")


def test_a_throttled_check_says_nothing_of_the_offer(shop: Shop) -> None:
    def is_of_purchases(call: Any) -> bool:
        return bool(call.parameters["TableName"] == shop.aws.tables["PurchasesTable"])

    with failing("GetItem", where=is_of_purchases, error="ThrottlingException"):
        answer = read(shop, "content")

    assert (answer.status, answer.body["code"]) == (503, "try_again")


def test_a_kind_that_cannot_be_asked_for_is_not_shown_to_buyers(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(kinds.kind_named("content"), "request_for")

    assert read(shop, "content").status == 404
    assert look(shop, "content").status == 200
