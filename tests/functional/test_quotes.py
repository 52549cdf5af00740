"""A quote is paid once, until its date, by whoever holds its link."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mocktill.faults import Fault
from tests.conftest import Traveller
from tests.functional.test_offers import row
from tests.functional.test_write_offers import put, withdraw
from tests.shop import QUOTE, Answer, Shop, has_access

START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
OTHER = "c5f1a07b9e3d4c6f8a2b1d0e7f6a5b4c"
PRICE = {"amount": 8000, "currency": "eur"}
ITEM = f"quote#{QUOTE}"
FIELDS = {
    "title": "A repair, as agreed",
    "price": {"amount": 4100, "currency": "usd"},
    "expires_at": "2031-06-06T07:08:09Z",
}
ON_ROW = {"bid_id": "43", "row_id": "7"}
pytestmark = pytest.mark.frozen_at(START)


def pay(shop: Shop, number: int = 0) -> dict[str, Any]:
    shop.stripe.pay(shop.stripe.sessions()[number]["id"])
    return shop.stripe.events("checkout.session.completed")[-1]


def bought(shop: Shop, **changes: Any) -> dict[str, Any]:
    assert shop.create("quote", **changes).status == 200
    pay(shop)
    shop.deliver()
    [purchase] = shop.purchases()
    return purchase


def refund(shop: Shop) -> None:
    [purchase] = shop.purchases()
    answer = shop.call(
        "POST /api/purchases/{id}/refund",
        {},
        buyer="operator_1",
        groups="payments-admin",
        path={"id": purchase["id"]},
    )
    assert answer.status == 200
    shop.deliver()


def history(shop: Shop, buyer: str) -> list[dict[str, Any]]:
    answer = shop.call("GET /api/purchases", buyer=buyer)
    data: list[dict[str, Any]] = answer.body["data"]
    return data


def bid_on_board(shop: Shop, bid_id: str = "43") -> dict[str, Any]:
    bids = {bid["bid_id"]: bid for bid in row(shop, "7").body["bids"]}
    found: dict[str, Any] = bids[bid_id]
    return found


def status_of(shop: Shop, item: str) -> str:
    return str(shop.aws.item("OffersTable", item)["status"])


def refused(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.body["code"]) == (status, code)


# ------------------------------------------------------------ paid without a login


def test_whoever_holds_the_link_pays_and_the_rows_owner_has_bought(shop: Shop) -> None:
    created = shop.create("quote")

    assert created.status == 200
    assert created.body.keys() == {"payment_session_id", "checkout_url"}
    [page] = shop.stripe.sessions()
    assert (page["amount_total"], page["currency"]) == (3900, "usd")
    assert page["customer_email"] is None
    pay(shop)
    shop.deliver()

    assert status_of(shop, ITEM) == "paid"
    assert status_of(shop, "row#7") == "purchased"
    assert shop.aws.item("OffersTable", "row#7")["purchased_bid_id"] == "43"
    [purchase] = history(shop, "user_1")
    shown = {"kind": "quote", "quoteId": QUOTE, "bidId": "43", "rowId": "7"}
    assert purchase.items() >= (shown | {"status": "completed"}).items()
    assert has_access(shop, "quote")
    assert not has_access(shop, "quote", "user_2")
    assert history(shop, "user_2") == []
    assert row(shop, "7").body["purchased_bid_id"] == "43"
    assert bid_on_board(shop)["purchased"]


def test_the_purchase_has_the_bids_merchant(shop: Shop) -> None:
    details = bought(shop)["details"]

    assert (details["merchant"], details["source"]) == (
        "Fixit Friends",
        "service_directory",
    )
    assert (details["bid_id"], details["row_id"]) == ("43", "7")


def test_a_full_refund_returns_quote_and_row(shop: Shop) -> None:
    bought(shop)

    refund(shop)

    assert (status_of(shop, ITEM), status_of(shop, "row#7")) == ("refunded",) * 2
    assert not has_access(shop, "quote")
    refused(shop.create("quote"), 400, "not_purchasable")


def test_what_is_returned_is_sold_again_once_its_writer_opens_it(shop: Shop) -> None:
    bought(shop)
    refund(shop)

    put(shop, "row", "7", {"owner_id": "user_1", "status": "open"})
    assert put(shop, "quote", QUOTE, FIELDS | ON_ROW).status == 200

    assert shop.create("quote").status == 200


def test_a_quote_of_no_bid_has_no_buyer(shop: Shop) -> None:
    assert put(shop, "quote", OTHER, FIELDS | {"price": PRICE}).status == 201

    purchase = bought(shop, quote_id=OTHER)

    assert purchase["status"] == "completed"
    assert "buyer_id" not in purchase
    assert status_of(shop, f"quote#{OTHER}") == "paid"
    assert status_of(shop, "row#7") == "open"
    refused(shop.create("quote", quote_id=OTHER), 409, "already_purchased")
    refund(shop)
    assert status_of(shop, f"quote#{OTHER}") == "refunded"


def test_everybody_with_the_link_gets_the_same_page(shop: Shop) -> None:
    first = shop.create("quote")
    path = {"kind": "quote"}
    body = json.loads(json.dumps(URLS | {"quote_id": QUOTE}))
    second = shop.call(
        "POST /api/checkout/{kind}",
        body,
        buyer="user_2",
        email="ben@example.test",
        path=path,
    )

    assert second.body == first.body
    assert len(shop.stripe.sessions()) == 1


URLS = {
    "success_url": "https://shop.example.test/done?session_id={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://shop.example.test/cancelled",
}


def test_a_page_has_no_method_whose_money_comes_days_later(shop: Shop) -> None:
    shop.create("quote")

    request = json.loads(shop.sessions()[0]["stripe_request"])
    assert "us_bank_account" in request["excluded_payment_method_types"]


def test_one_client_may_not_try_one_id_after_another(shop: Shop) -> None:
    answers = [shop.create("quote", quote_id=f"{n:032}").status for n in range(11)]

    assert answers == [404] * 10 + [429]


# ------------------------------------------------------------ paid once


def test_two_links_at_once_end_in_one_payment(shop: Shop) -> None:
    """Invariant 2: whoever pays the second page gets the money back."""
    shop.create("quote")
    first = pay(shop)
    shop.forget_live_session("row#7")
    shop.create("quote")
    second = pay(shop)

    shop.deliver(second, first)

    found = sorted(p["status"] for p in shop.purchases())
    assert found == ["completed", "refunded"]
    assert status_of(shop, ITEM) == "paid"


def test_a_second_payment_is_refused(shop: Shop) -> None:
    bought(shop)

    refused(shop.create("quote"), 409, "already_purchased")


def test_a_quote_and_a_bid_of_its_row_are_never_both_open(shop: Shop) -> None:
    """Invariant 11: they have one sale key."""
    assert shop.create("bid").status == 200
    assert shop.create("quote").status == 200
    assert [s["status"] for s in shop.stripe.sessions()] == ["open", "expired"]

    assert shop.create("bid").status == 200
    assert [s["status"] for s in shop.stripe.sessions()] == ["open", *["expired"] * 2]


def test_of_a_quote_and_a_bid_that_are_both_paid_one_goes_back(shop: Shop) -> None:
    shop.create("quote")
    by_quote = pay(shop)
    shop.forget_live_session("row#7")
    shop.create("bid")
    by_bid = pay(shop)

    shop.deliver(by_bid, by_quote)

    found = {p["kind"]: p["status"] for p in shop.purchases()}
    assert found == {"bid": "completed", "quote": "refunded"}
    assert status_of(shop, ITEM) == "open"
    assert shop.aws.item("OffersTable", "row#7")["purchased_bid_id"] == "42"
    refused(shop.create("quote"), 409, "already_purchased")


def test_of_two_quotes_of_a_row_one_is_paid(shop: Shop) -> None:
    assert put(shop, "quote", OTHER, FIELDS | ON_ROW).status == 201

    bought(shop)

    refused(shop.create("quote", quote_id=OTHER), 409, "already_purchased")


# ------------------------------------------------------------ until its date


def test_after_its_date_it_is_not_paid(shop: Shop, clock: Traveller) -> None:
    put(shop, "quote", OTHER, FIELDS)
    clock.move_to(datetime(2031, 6, 6, 7, 8, 8, tzinfo=UTC))
    assert shop.create("quote", quote_id=OTHER).status == 200

    clock.shift(timedelta(seconds=1))

    refused(shop.create("quote", quote_id=OTHER), 409, "payment_window_closed")


def test_the_session_ends_with_the_quote(shop: Shop, clock: Traveller) -> None:
    put(shop, "quote", OTHER, FIELDS)
    clock.move_to(datetime(2031, 6, 6, 6, 58, 9, tzinfo=UTC))

    shop.create("quote", quote_id=OTHER)

    assert shop.sessions()[0]["expires_at"] == "2031-06-06T07:08:09.000Z"
    # Stripe's page is open for half an hour at least, and its payment is honoured.
    pay(shop)
    clock.shift(timedelta(minutes=15))
    shop.deliver()
    assert shop.purchases()[0]["status"] == "completed"


# ------------------------------------------------------------ taken back


@pytest.mark.parametrize(
    ("kind", "offer_id"), [("quote", QUOTE), ("row", "7"), ("bid", "43")]
)
def test_withdrawn_while_it_is_open_it_expires(
    shop: Shop, kind: str, offer_id: str
) -> None:
    assert shop.create("quote").status == 200

    assert withdraw(shop, kind, offer_id).body["expired_sessions"] == 1

    assert [s["status"] for s in shop.stripe.sessions()] == ["expired"]
    assert shop.create("quote").status in {400, 404}


def test_withdrawing_another_bid_leaves_it_open(shop: Shop) -> None:
    assert shop.create("quote").status == 200

    assert withdraw(shop, "bid", "42").body["expired_sessions"] == 0

    assert [s["status"] for s in shop.stripe.sessions()] == ["open"]


@pytest.mark.parametrize(
    ("kind", "offer_id", "fields"),
    [
        ("quote", QUOTE, FIELDS),
        ("quote", QUOTE, FIELDS | ON_ROW | {"status": "withdrawn"}),
        ("row", "7", {"owner_id": "user_2", "status": "open"}),
        (
            "bid",
            "43",
            {"row_id": "7", "title": "A repair", "offer_type": "retail"},
        ),
        (
            "bid",
            "43",
            {"row_id": "8", "title": "A repair", "offer_type": "service_provider"},
        ),
    ],
)
def test_changed_so_that_it_is_not_for_sale_it_expires(
    shop: Shop, kind: str, offer_id: str, fields: dict[str, Any]
) -> None:
    assert shop.create("quote").status == 200

    answer = put(shop, kind, offer_id, fields)

    assert (answer.status, answer.body["expired_sessions"]) == (200, 1)
    assert [s["status"] for s in shop.stripe.sessions()] == ["expired"]


def test_a_quote_that_gets_a_bid_is_paid_by_one_page(shop: Shop) -> None:
    put(shop, "quote", OTHER, FIELDS)
    assert shop.create("quote", quote_id=OTHER).status == 200

    answer = put(shop, "quote", OTHER, FIELDS | ON_ROW)

    assert answer.body["expired_sessions"] == 1
    assert shop.create("quote", quote_id=OTHER).status == 200


def test_another_price_or_date_changes_no_payment_that_has_begun(shop: Shop) -> None:
    """Invariant 6: the buyer pays what was shown."""
    assert shop.create("quote").status == 200

    answer = put(shop, "quote", QUOTE, FIELDS | ON_ROW)

    assert answer.body["expired_sessions"] == 0
    pay(shop)
    shop.deliver()
    assert shop.purchases()[0]["amount"] == 3900


def test_money_that_comes_while_it_is_withdrawn_goes_back(shop: Shop) -> None:
    shop.create("quote")
    pay(shop)

    answer = withdraw(shop, "quote", QUOTE)

    assert (answer.status, answer.body["expired_sessions"]) == (200, 0)
    shop.deliver()
    assert shop.purchases()[0]["status"] == "refunded"


def test_a_session_that_stripe_fails_to_expire_is_expired_by_the_next_request(
    shop: Shop,
) -> None:
    shop.create("quote")
    shop.stripe.sandbox.faults.add(
        Fault("POST", "/v1/checkout/sessions/", status=500, times=1)
    )

    assert withdraw(shop, "row", "7").status == 502
    assert withdraw(shop, "row", "7").body["expired_sessions"] == 1


# ------------------------------------------------------------ refused


def test_an_unknown_quote_does_not_exist(shop: Shop) -> None:
    refused(shop.create("quote", quote_id=OTHER), 404, "not_found")


@pytest.mark.parametrize("quote_id", ["q-1", 7, "x" * 31, "x" * 129, None])
def test_a_short_id_is_refused_by_its_field(shop: Shop, quote_id: object) -> None:
    answer = shop.create("quote", quote_id=quote_id)

    refused(answer, 400, "invalid_request")
    assert [field["field"] for field in answer.body["fields"]] == ["quote_id"]


def test_an_id_that_could_be_guessed_is_not_for_sale(shop: Shop) -> None:
    """The host application wrote it into the table itself."""
    quote = shop.aws.item("OffersTable", ITEM)
    guessable = "quote for " + "a" * 32
    shop.put_offer(quote | {"id": f"quote#{guessable}"})

    refused(shop.create("quote", quote_id=guessable), 404, "not_found")


@pytest.mark.parametrize(
    ("item", "change", "status", "code"),
    [
        (ITEM, {"status": "paid"}, 409, "already_purchased"),
        (ITEM, {"status": "refunded"}, 400, "not_purchasable"),
        (ITEM, {"status": "withdrawn"}, 404, "not_found"),
        (ITEM, {"expires_at": "2031-05-06T07:08:09Z"}, 409, "payment_window_closed"),
        (ITEM, {"expires_at": "2031-05-07"}, 400, "not_purchasable"),
        (ITEM, {"price": None}, 400, "not_purchasable"),
        (ITEM, {"title": 7}, 400, "not_purchasable"),
        (ITEM, {"bid_id": " "}, 400, "not_purchasable"),
        (ITEM, {"bid_id": "42"}, 400, "not_purchasable"),
        (ITEM, {"bid_id": "51"}, 400, "not_purchasable"),
        (ITEM, {"bid_id": "99"}, 404, "not_found"),
        (ITEM, {"row_id": "99"}, 404, "not_found"),
        ("row#7", {"status": "purchased"}, 409, "already_purchased"),
        ("row#7", {"status": "closed"}, 400, "not_purchasable"),
        ("row#7", {"status": "withdrawn"}, 404, "not_found"),
        ("row#7", {"owner_id": 7}, 400, "not_purchasable"),
        ("bid#43", {"offer_type": "retail"}, 400, "not_purchasable"),
        ("bid#43", {"status": "withdrawn"}, 404, "not_found"),
    ],
)
def test_what_cannot_be_paid_is_refused(
    shop: Shop, item: str, change: dict[str, Any], status: int, code: str
) -> None:
    shop.change_offer(item, **change)

    refused(shop.create("quote"), status, code)

    assert shop.stripe.sessions() == []


# ------------------------------------------------------------ written


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"price": {"amount": 0, "currency": "usd"}}, "price", "above zero"),
        ({"price": None}, "price", "object"),
        ({"expires_at": None}, "expires_at", "time"),
        ({"expires_at": "2031-06-06T07:08:09"}, "expires_at", "offset"),
        ({"expires_at": "9999-12-31T23:59:59Z"}, "expires_at", "after 1970"),
        ({"status": "paid"}, "status", "'open' or 'withdrawn'"),
        ({"bid_id": None}, "row_id", "together with bid_id"),
        ({"row_id": None}, "row_id", "together with bid_id"),
        ({"row_id": ""}, "row_id", "empty"),
        ({"bid_id": "42"}, "bid_id", "service provider's"),
        ({"bid_id": "51"}, "bid_id", "service provider's"),
        ({"bid_id": "99"}, "bid_id", "service provider's"),
    ],
)
def test_what_is_wrong_is_named(
    shop: Shop, changes: dict[str, Any], field: str, problem: str
) -> None:
    answer = put(shop, "quote", OTHER, FIELDS | ON_ROW | changes)

    refused(answer, 400, "invalid_request")
    [found] = answer.body["fields"]
    assert found["field"] == field
    assert problem in found["problem"]


def test_an_unknown_row_is_named_with_its_bid(shop: Shop) -> None:
    answer = put(shop, "quote", OTHER, FIELDS | ON_ROW | {"row_id": "99"})

    assert {field["field"] for field in answer.body["fields"]} == {"bid_id", "row_id"}


@pytest.mark.parametrize("quote_id", ["q-1", "x" * 31, "x" * 129, "ß" * 32, "a b" * 20])
def test_an_id_that_could_be_guessed_is_not_written(shop: Shop, quote_id: str) -> None:
    answer = put(shop, "quote", quote_id, FIELDS)

    refused(answer, 400, "invalid_request")
    [found] = answer.body["fields"]
    assert found["field"] == "id"
    assert "token_urlsafe" in found["problem"]


def test_a_paid_quote_is_not_changed(shop: Shop) -> None:
    bought(shop)

    refused(put(shop, "quote", QUOTE, FIELDS | ON_ROW), 409, "already_purchased")
    refused(withdraw(shop, "quote", QUOTE), 409, "already_purchased")


# ------------------------------------------------------------ on the board


def test_the_rows_owner_sees_the_agreed_price(shop: Shop) -> None:
    expires_at = shop.aws.item("OffersTable", ITEM)["expires_at"]

    bid = bid_on_board(shop)

    assert bid["quote"] == {
        "quote_id": QUOTE,
        "price_cents": 3900,
        "currency": "usd",
        "expires_at": expires_at.replace("Z", ".000Z"),
    }
    assert not bid["buy_now"]
    assert bid_on_board(shop, "42")["quote"] is None
    assert row(shop, "7", "user_2").status == 404


def test_of_several_quotes_the_board_shows_the_latest(
    shop: Shop, clock: Traveller
) -> None:
    clock.shift(timedelta(minutes=1))
    put(shop, "quote", OTHER, FIELDS | ON_ROW)

    assert bid_on_board(shop)["quote"]["quote_id"] == OTHER
    withdraw(shop, "quote", OTHER)
    assert bid_on_board(shop)["quote"]["quote_id"] == QUOTE


def test_a_quote_is_no_bid_of_the_board(shop: Shop) -> None:
    assert [bid["bid_id"] for bid in row(shop, "7").body["bids"]] == ["42", "43", "44"]


@pytest.mark.parametrize(
    ("item", "change"),
    [
        (ITEM, {"status": "withdrawn"}),
        (ITEM, {"status": "paid"}),
        (ITEM, {"expires_at": "2031-05-06T07:08:09Z"}),
        (ITEM, {"expires_at": 7}),
        (ITEM, {"price": None}),
        (ITEM, {"price": {"amount": 10, "currency": "usd"}}),
        (ITEM, {"bid_id": "42"}),
        (ITEM, {"title": 7}),
        ("bid#43", {"offer_type": "retail"}),
        ("bid#43", {"status": "withdrawn"}),
    ],
)
def test_the_board_shows_no_quote_that_would_be_refused(
    shop: Shop, item: str, change: dict[str, Any]
) -> None:
    shop.change_offer(item, **change)

    assert [bid["quote"] for bid in row(shop, "7").body["bids"]] == [None] * 3
    assert shop.create("quote").status in {400, 404, 409}


@pytest.mark.parametrize("status", ["purchased", "refunded", "closed"])
def test_a_row_that_is_not_open_shows_no_quote(shop: Shop, status: str) -> None:
    shop.change_offer("row#7", status=status)

    assert bid_on_board(shop)["quote"] is None


def test_while_a_payment_is_undecided_the_board_shows_its_bid_and_no_quote(
    shop: Shop,
) -> None:
    shop.create("quote")
    event = pay(shop)
    event["data"]["object"]["currency"] = "eur"
    shop.deliver(event)
    [purchase] = shop.purchases()
    assert purchase["status"] == "quarantined"

    board = row(shop, "7").body

    assert board["pending_bid_id"] == "43"
    assert [bid["quote"] for bid in board["bids"]] == [None] * 3
    refused(shop.create("quote"), 409, "payment_in_progress")


def test_who_only_holds_the_link_learns_nothing_of_the_owners_payment(
    shop: Shop,
) -> None:
    """The owner has paid for a bid of the same row, and it is reviewed."""
    shop.create("bid")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    [event] = shop.stripe.events("checkout.session.completed")
    event["data"]["object"]["amount_total"] = 1
    shop.deliver(event)

    answer = shop.create("quote")

    refused(answer, 409, "payment_in_progress")
    assert "Your" not in answer.body["error"]
