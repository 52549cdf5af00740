"""Invariant 13: an item that cannot be read stops nothing but what it is about."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.functional.test_cancel import cancel
from tests.functional.test_disputes import bought
from tests.functional.test_pending_purchases import pay_by_bank
from tests.output import captured_log, metrics_in
from tests.shop import PUBLISHED, Shop, has_access

UNREADABLE = "payments.items.unreadable"


def row(shop: Shop) -> Any:
    return shop.call("GET /api/rows/{rowId}", buyer="user_1", path={"rowId": "7"})


@pytest.mark.parametrize("field", ["amount", "arrival", "refunds"])
def test_a_row_knows_the_bid_that_is_paid_if_the_purchase_cannot_be_read(
    shop: Shop, field: str
) -> None:
    shop.deliver(pay_by_bank(shop, "bid"))
    [purchase] = shop.purchases()
    shop.aws.change("PurchasesTable", purchase["id"], **{field: "x"})

    answer = row(shop)

    assert (answer.status, answer.body["pending_bid_id"]) == (200, "42")


def test_a_row_is_shown_without_a_session_that_cannot_be_read(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.deliver(pay_by_bank(shop, "bid"))
    [session] = shop.sessions()
    shop.aws.change("PaymentSessionsTable", session["id"], status="weird")
    capsys.readouterr()

    answer = row(shop)

    assert (answer.status, answer.body["pending_bid_id"]) == (200, None)
    assert metrics_in(capsys.readouterr().out)[UNREADABLE] == 1


@pytest.mark.parametrize("change", [{"status": "weird"}, {"status": 5}])
def test_a_live_session_that_cannot_be_read_is_a_payment_in_progress(
    shop: Shop, change: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert shop.create("bid").status == 200
    [session] = shop.sessions()
    assert cancel(shop).status == 200
    shop.aws.change("PaymentSessionsTable", session["id"], **change)
    capsys.readouterr()

    answer = shop.create("bid")

    assert (answer.status, answer.body["code"]) == (409, "payment_in_progress")
    assert metrics_in(capsys.readouterr().out)[UNREADABLE] == 1
    assert shop.create("content").status == 200


def test_a_live_pointer_that_cannot_be_read_is_a_payment_in_progress(
    shop: Shop,
) -> None:
    assert shop.create("bid").status == 200
    shop.aws.change("PaymentSessionsTable", "live#row#7", attempt="x")

    answer = shop.create("bid")

    assert (answer.status, answer.body["code"]) == (409, "payment_in_progress")
    assert row(shop).status == 200


def break_counters(shop: Shop, counter: str) -> int:
    """Break a counter of what the next payment changes; return how many it is."""
    if counter == "buyer":
        shop.aws.put("PurchasesTable", {"id": "buyer#user_1", "completed": "y"})
        return 1
    day = datetime.now(UTC).date()
    for shard in range(8):
        item_id = f"revenue#creator_1#{day}#{shard}"
        shop.aws.put("PurchasesTable", {"id": item_id, "usd_gross": "x"})
    return 1


@pytest.mark.parametrize("counter", ["buyer", "revenue"])
def test_a_payment_is_recorded_where_a_counter_cannot_be_added_to(
    shop: Shop, counter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.change_offer(f"content#{PUBLISHED}", creator_id="creator_1")
    broken = break_counters(shop, counter)
    capsys.readouterr()

    purchase = bought(shop)

    assert (purchase["status"], has_access(shop)) == ("completed", True)
    assert metrics_in(capsys.readouterr().out)[UNREADABLE] == broken
    others = {"buyer", "revenue"} - {counter}
    counters = {item["id"].split("#")[0] for item in shop.aws.items("PurchasesTable")}
    assert others <= counters, "the other counter is written"


@pytest.mark.parametrize("count", ["x", -1])
def test_a_buyer_s_purchases_are_listed_without_their_counter(
    shop: Shop, count: Any
) -> None:
    bought(shop)
    bought(shop, "order")
    shop.aws.change("PurchasesTable", "buyer#user_1", total=count, completed=count)

    for query in ({}, {"status": "completed"}):
        answer = shop.call("GET /api/purchases", buyer="user_1", query=query)
        assert answer.status == 200
        assert len(answer.body["data"]) == 2


EMAIL = "ada.secret@example.test"


def test_what_an_unreadable_item_holds_is_not_logged(shop: Shop) -> None:
    shop.create("bid", email=EMAIL)
    [session] = shop.sessions()
    shop.aws.change("PaymentSessionsTable", session["id"], status=EMAIL)
    purchase = bought(shop)
    shop.aws.change("PurchasesTable", purchase["id"], arrival=EMAIL, amount=EMAIL)

    with captured_log() as log:
        path = {"paymentSessionId": session["id"]}
        route = "GET /payments/sessions/{paymentSessionId}"
        assert shop.call(route, buyer="user_1", path=path).status == 500
        route = "GET /api/purchases/{id}"
        answer = shop.call(route, buyer="user_1", path={"id": purchase["id"]})
        assert answer.status == 500
        shop.reconcile()

    assert "item_unreadable" in log.getvalue()
    assert "UnreadableItemError" in log.getvalue()
    assert "ada.secret" not in log.getvalue()
