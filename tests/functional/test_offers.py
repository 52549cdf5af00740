"""What is for sale: an order with its payments, a row with its tiles."""

from copy import deepcopy
from typing import Any

import pytest

from tests.conftest import Traveller
from tests.functional import test_pending_purchases as pending
from tests.shop import QUOTE, Answer, Shop


def order(shop: Shop, order_id: str, buyer: str | None = "user_1") -> Answer:
    return shop.call("GET /orders/{orderId}", buyer=buyer, path={"orderId": order_id})


def row(shop: Shop, row_id: str, buyer: str | None = "user_1") -> Answer:
    return shop.call("GET /api/rows/{rowId}", buyer=buyer, path={"rowId": row_id})


def buy(shop: Shop, kind: str) -> None:
    assert shop.create(kind).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()


ORDER_1 = {
    "id": "order_1",
    "status": "CREATED",
    "currency": "usd",
    "total_cents": 15000,
    "items": [
        {"name": "Summer concert, stalls", "quantity": 2, "unit_price_cents": 4500},
        {"name": "Summer concert, balcony", "quantity": 1, "unit_price_cents": 6000},
    ],
    "payments": [],
}
RETAIL_TILE = {
    "bid_id": "42",
    "title": "Hush 300 over-ear headphones",
    "price_cents": 12999,
    "currency": "usd",
    "image_url": "https://images.example.com/hush-300.jpg",
    "buy_now": True,
    "clickout_url": "https://shop.example.com/hush-300?ref=row-7",
    "purchased": False,
    "quote": None,
}


def test_an_order_reads_as_it_was_placed(shop: Shop) -> None:
    answer = order(shop, "order_1")

    assert (answer.status, answer.body) == (200, ORDER_1)


def test_a_paid_order_has_its_payment(shop: Shop) -> None:
    buy(shop, "order")

    answer = order(shop, "order_1")

    [purchase] = shop.purchases()
    assert answer.body == ORDER_1 | {
        "status": "PAID",
        "payments": [
            {
                "id": purchase["id"],
                "provider": "stripe",
                "provider_ref": purchase["stripe_payment_intent_id"],
                "status": "completed",
                "created_at": purchase["purchased_at"],
            }
        ],
    }


def test_a_payment_without_a_charge_refers_to_its_session(shop: Shop) -> None:
    shop.create("order")
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.pay(stripe_id)
    [event] = shop.stripe.events("checkout.session.completed")
    event["data"]["object"] |= {
        "payment_intent": None,
        "payment_status": "no_payment_required",
    }
    shop.deliver(event)

    [payment] = order(shop, "order_1").body["payments"]
    assert payment["provider_ref"] == stripe_id


def test_an_order_shows_what_belongs_to_it_and_nothing_more(shop: Shop) -> None:
    """The host application may keep more in the same item."""
    found = shop.aws.item("OffersTable", "order#order_1")
    items = [item | {"cost": 1} for item in found["items"]]
    shop.put_offer(found | {"items": items, "note": "internal"})

    assert order(shop, "order_1").body == ORDER_1


@pytest.mark.usefixtures("strict_keys")
@pytest.mark.parametrize(
    "order_id", ["order_2", "unknown", "", "#", "x" * 3000, "\ud800"]
)
def test_another_order_is_as_good_as_unknown(shop: Shop, order_id: str) -> None:
    """Invariant 7."""
    answer = order(shop, order_id)

    assert answer.status == 404
    assert answer.body | {"request_id": ""} == {
        "error": "There is no such order of yours.",
        "code": "not_found",
        "request_id": "",
    }


def test_a_row_reads_with_its_tiles(shop: Shop) -> None:
    picture = {"image_url": RETAIL_TILE["image_url"]}
    shop.put_offer(shop.aws.item("OffersTable", "bid#42") | picture)

    answer = row(shop, "7")

    assert answer.status == 200
    assert answer.body["row_id"] == "7"
    assert answer.body["status"] == "open"
    assert [bid["bid_id"] for bid in answer.body["bids"]] == ["42", "43", "44"]
    assert answer.body["bids"][0] == RETAIL_TILE


def test_a_button_is_for_a_retail_bid_with_a_price(shop: Shop) -> None:
    """Every bid keeps its way to the shop, with a button or without."""
    bids = row(shop, "7").body["bids"]

    assert [bid["buy_now"] for bid in bids] == [True, False, False]
    assert all(bid["clickout_url"] for bid in bids)
    assert (bids[2]["price_cents"], bids[2]["currency"]) == (None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"offer_type": "service_provider"},
        {"price": {"amount": 0, "currency": "usd"}},
        {"price": {}},
        {"price": None},
    ],
)
def test_what_checkout_would_refuse_has_no_button(
    shop: Shop, changes: dict[str, Any]
) -> None:
    shop.change_offer("bid#42", **changes)

    [tile] = [b for b in row(shop, "7").body["bids"] if b["bid_id"] == "42"]

    assert tile["buy_now"] is False
    assert shop.create("bid").status == 400


@pytest.mark.parametrize("status", ["purchased", "closed"])
def test_a_row_that_is_not_open_has_no_buttons(shop: Shop, status: str) -> None:
    shop.change_offer("row#7", status=status)

    body = row(shop, "7").body

    assert body["status"] == status
    assert not any(bid["buy_now"] for bid in body["bids"])


def test_a_row_is_purchased_once_one_of_its_bids_is_paid(shop: Shop) -> None:
    buy(shop, "bid")

    body = row(shop, "7").body

    assert body["status"] == "purchased"
    assert not any(bid["buy_now"] for bid in body["bids"])
    assert all(bid["clickout_url"] for bid in body["bids"])


def test_a_row_without_bids_has_none(shop: Shop) -> None:
    shop.put_offer(
        {"id": "row#9", "row_id": "9", "owner_id": "user_1", "status": "open"}
    )

    assert row(shop, "9").body["bids"] == []


@pytest.mark.usefixtures("strict_keys")
@pytest.mark.parametrize("row_id", ["8", "unknown", "", "x" * 3000, "\ud800"])
def test_another_row_is_as_good_as_unknown(shop: Shop, row_id: str) -> None:
    """Invariant 7."""
    answer = row(shop, row_id)

    assert answer.status == 404
    assert answer.body["error"] == "There is no such row of yours."


def test_orders_and_rows_are_for_those_who_are_logged_in(shop: Shop) -> None:
    assert order(shop, "order_1", buyer=None).status == 401
    assert row(shop, "7", buyer=None).status == 401


# ---------------------------------------------------------------- payments under way


def pay_order_again(shop: Shop) -> None:
    shop.change_offer("order#order_1", status="CREATED")
    buy(shop, "order")


def payments(shop: Shop) -> list[tuple[str, str]]:
    shown = order(shop, "order_1").body["payments"]
    times = [payment["created_at"] for payment in shown]
    assert times == sorted(times, reverse=True)
    return [(payment["id"], payment["status"]) for payment in shown]


@pytest.mark.frozen_at("2026-05-06T07:08:09Z")
def test_an_order_lists_every_payment_the_newest_first(
    shop: Shop, clock: Traveller
) -> None:
    """One was refunded, one failed, one stands, one waits for a person."""
    shop.change_offer("order#order_1", currency="eur")
    buy(shop, "order")
    [refunded] = shop.purchases()
    intent = refunded["stripe_payment_intent_id"]
    clock.shift(60)
    shop.stripe.post("/v1/refunds", payment_intent=intent)
    shop.deliver()
    shop.change_offer("order#order_1", status="CREATED")
    pay_by_bank(shop, "order", pays=False)
    clock.shift(60)
    pay_order_again(shop)
    [event] = shop.stripe.events("checkout.session.completed")[-1:]
    clock.shift(60)
    other = {"id": "cs_test_other", "payment_intent": "pi_other"}
    event["data"]["object"] |= other
    event["created"] += 60
    shop.deliver(event)

    shown = payments(shop)

    assert [status for _, status in shown] == [
        "quarantined",
        "completed",
        "failed",
        "refunded",
    ]
    assert {payment_id for payment_id, _ in shown} == {
        p["id"] for p in shop.purchases()
    }
    assert shown[0][0] == "pur_cs_test_other"


def test_an_order_lists_a_payment_on_its_way(shop: Shop) -> None:
    shop.change_offer("order#order_1", currency="eur")
    pay_by_bank(shop, "order")

    [(_, status)] = payments(shop)

    assert status == "pending"
    assert order(shop, "order_1").body["status"] == "CREATED"


def test_an_order_lists_its_own_payments_only(shop: Shop) -> None:
    found = shop.aws.item("OffersTable", "order#order_1")
    shop.put_offer(found | {"id": "order#order_9", "order_id": "order_9"})
    buy(shop, "order")

    assert order(shop, "order_9").body["payments"] == []


@pytest.mark.parametrize("refunded", [True, False])
def test_a_new_owner_does_not_see_the_payments_of_the_former(
    shop: Shop, *, refunded: bool
) -> None:
    """Invariant 7: the host application may give an order to another buyer."""
    buy(shop, "order")
    [first] = shop.purchases()
    if refunded:
        intent = first["stripe_payment_intent_id"]
        shop.stripe.post("/v1/refunds", payment_intent=intent)
        shop.deliver()
    shop.change_offer("order#order_1", owner_id="user_2", status="CREATED")

    assert order(shop, "order_1", buyer="user_1").status == 404
    assert order(shop, "order_1", buyer="user_2").body["payments"] == []
    if not refunded:
        return
    assert shop.create("order", buyer="user_2").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()

    shown = order(shop, "order_1", buyer="user_2").body["payments"]

    [second] = [p for p in shop.purchases() if p["id"] != first["id"]]
    assert [payment["id"] for payment in shown] == [second["id"]]


def pay_by_bank(shop: Shop, kind: str, *, pays: bool | None = None) -> None:
    assert shop.create(kind).status == 200
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.pay_by_bank(stripe_id)
    shop.deliver()
    if pays is not None:
        session = shop.stripe.get(f"/v1/checkout/sessions/{stripe_id}")
        shop.stripe.bank_decides(session["payment_intent"], pays=pays)
        shop.deliver()


def test_a_row_says_which_bid_was_bought(shop: Shop) -> None:
    assert row(shop, "7").body["purchased_bid_id"] is None
    buy(shop, "bid")

    body = row(shop, "7").body

    assert (body["purchased_bid_id"], body["pending_bid_id"]) == ("42", None)
    assert {b["bid_id"]: b["purchased"] for b in body["bids"]} == {
        "42": True,
        "43": False,
        "44": False,
    }


def test_a_row_that_is_open_again_has_no_bid_that_was_bought(shop: Shop) -> None:
    """The attribute of the earlier sale stays on it."""
    buy(shop, "bid")
    intent = shop.purchases()[0]["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent)
    shop.deliver()
    body = row(shop, "7").body
    assert (body["status"], body["purchased_bid_id"]) == ("refunded", "42")
    assert not any(bid["purchased"] for bid in body["bids"])

    shop.change_offer("row#7", status="open")

    assert row(shop, "7").body["purchased_bid_id"] is None


def test_a_row_says_for_which_bid_money_is_on_its_way(shop: Shop) -> None:
    shop.change_offer("bid#42", price={"amount": 12999, "currency": "eur"})
    shop.create("bid")
    assert row(shop, "7").body["pending_bid_id"] is None
    pay_by_bank(shop, "bid")

    body = row(shop, "7").body

    assert (body["status"], body["pending_bid_id"]) == ("open", "42")
    assert body["purchased_bid_id"] is None
    assert not any(bid["purchased"] for bid in body["bids"])


def quarantine(shop: Shop, kind: str) -> None:
    assert shop.create(kind).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    [event] = shop.stripe.events("checkout.session.completed")
    event["data"]["object"]["amount_total"] = 1
    shop.deliver(event)


def test_a_bid_whose_payment_is_reviewed_is_pending(shop: Shop) -> None:
    """No bid of the row can be bought until a person has decided."""
    quarantine(shop, "bid")

    assert shop.create("bid").body["code"] == "payment_in_progress"
    assert row(shop, "7").body["pending_bid_id"] == "42"


@pytest.mark.parametrize("quarantined", [True, False])
def test_a_new_owner_of_a_row_does_not_see_a_payment_of_the_former(
    shop: Shop, *, quarantined: bool
) -> None:
    """Invariant 7."""
    if quarantined:
        quarantine(shop, "bid")
    else:
        shop.change_offer("bid#42", price={"amount": 12999, "currency": "eur"})
        pay_by_bank(shop, "bid")
    assert row(shop, "7").body["pending_bid_id"] == "42"

    shop.change_offer("row#7", owner_id="user_2")

    assert row(shop, "7", buyer="user_2").body["pending_bid_id"] is None


@pytest.mark.parametrize("refunded", [True, False])
def test_a_new_owner_of_a_row_does_not_see_what_the_former_bought(
    shop: Shop, *, refunded: bool
) -> None:
    """Invariant 7: the row's status is its own, and tells no more."""
    buy(shop, "bid")
    if refunded:
        intent = shop.purchases()[0]["stripe_payment_intent_id"]
        shop.stripe.post("/v1/refunds", payment_intent=intent)
        shop.deliver()
    assert row(shop, "7").body["purchased_bid_id"] == "42"

    shop.change_offer("row#7", owner_id="user_2")

    body = row(shop, "7", buyer="user_2").body
    assert body["status"] == ("refunded" if refunded else "purchased")
    assert body["purchased_bid_id"] is None
    assert not any(bid["purchased"] for bid in body["bids"])


def test_a_row_that_was_sold_elsewhere_says_which_bid_it_was(shop: Shop) -> None:
    """The host application may sell a row itself; no payment is told by that."""
    shop.change_offer("row#7", status="purchased", purchased_bid_id="43")

    body = row(shop, "7").body

    assert body["purchased_bid_id"] == "43"
    assert [b["bid_id"] for b in body["bids"] if b["purchased"]] == ["43"]


def test_a_sale_elsewhere_after_an_unpaid_checkout_of_the_former_owner(
    shop: Shop,
) -> None:
    """What another buyer only looked at hides nothing."""
    shop.create("bid")
    sold = {"owner_id": "user_2", "status": "purchased", "purchased_bid_id": "43"}
    shop.change_offer("row#7", **sold)

    assert row(shop, "7", buyer="user_2").body["purchased_bid_id"] == "43"


def test_a_row_waits_for_an_earlier_payment_that_is_undecided(shop: Shop) -> None:
    """The bank had refused, the buyer has begun again, and the first money came."""
    began = pending.pay_by_bank(shop, "bid")
    shop.deliver(began)
    refused = pending.decide(shop, began, pays=False)
    shop.deliver(refused)
    assert shop.create("bid").status == 200
    late = deepcopy(refused)
    late |= {"id": "evt_late", "type": "checkout.session.async_payment_succeeded"}
    late["data"]["object"] |= {"payment_status": "paid", "amount_total": 500}

    shop.deliver(late)

    row = shop.call("GET /api/rows/{rowId}", buyer="user_1", path={"rowId": "7"}).body
    assert row["pending_bid_id"] == "42"
    assert not any(bid["buy_now"] for bid in row["bids"])


@pytest.mark.parametrize(
    "options", [{"bogus": 1}, {"after_expiration": {"recovery": {"enabled": True}}}]
)
def test_no_button_is_shown_for_options_that_create_would_refuse(
    shop: Shop, options: dict[str, Any]
) -> None:
    shop.change_offer("bid#42", options=options)
    shop.change_offer(f"quote#{QUOTE}", options=options)

    bids = {bid["bid_id"]: bid for bid in row(shop, "7").body["bids"]}

    assert (bids["42"]["buy_now"], bids["43"]["quote"]) == (False, None)
