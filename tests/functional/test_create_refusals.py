"""Every refusal of a create endpoint: its status, its code, and nothing at Stripe."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.crashes import restart
from tests.output import metrics_in
from tests.shop import FREE, ORIGIN, PUBLISHED, UNPUBLISHED, Answer, Shop

ROUTES = {
    "bid": "POST /api/checkout/create-session",
    "auction": "POST /payments/checkout/create",
    "order": "POST /orders/{orderId}/checkout",
    "product": "POST /api/checkout/embedded-session",
    "content": "POST /api/checkout",
}
KINDS = list(ROUTES)
WITH_LOGIN = [kind for kind in KINDS if kind != "product"]
URLS = {"success_url": f"{ORIGIN}/done", "cancel_url": f"{ORIGIN}/cancelled"}
UNKNOWN_CONTENT = "00000000-0000-4000-8000-000000000000"


def post(shop: Shop, kind: str, body: Any) -> Answer:
    path = {"orderId": "order_1"} if kind == "order" else None
    return shop.call(ROUTES[kind], body, buyer="user_1", path=path)


def refused(shop: Shop, answer: Answer, status: int, code: str) -> dict[str, Any]:
    """Check that *answer* is this refusal, and that nothing came of the request."""
    assert (answer.status, answer.body["code"]) == (status, code), answer.body
    assert answer.body.keys() - {"fields"} == {"error", "code", "request_id"}
    assert answer.body["error"]
    assert answer.body["request_id"]
    assert answer.headers["cache-control"] == "no-store"
    assert shop.stripe.sandbox.requests == []
    assert shop.sessions() == []
    return answer.body


def refused_fields(shop: Shop, answer: Answer) -> set[str]:
    body = refused(shop, answer, 400, "invalid_request")
    assert all(field.keys() == {"field", "problem"} for field in body["fields"])
    assert all(field["problem"] for field in body["fields"])
    return {field["field"] for field in body["fields"]}


# ---------------------------------------------------------------- who may buy what


@pytest.mark.parametrize(
    ("kind", "unknown", "of_another"),
    [
        ("bid", {"bid_id": 999}, {"bid_id": 51, "row_id": 8}),
        ("bid", {"row_id": 999}, {"bid_id": 51}),
        ("bid", {"bid_id": 999}, {"row_id": 8}),
        ("auction", {"auction_id": "none"}, {"auction_id": "auction_2"}),
        ("order", {"path": {"orderId": "none"}}, {"path": {"orderId": "order_2"}}),
        ("content", {"contentId": UNKNOWN_CONTENT}, {"contentId": UNPUBLISHED}),
    ],
)
def test_what_is_not_the_callers_looks_as_if_it_did_not_exist(
    shop: Shop, kind: str, unknown: dict[str, Any], of_another: dict[str, Any]
) -> None:
    """Invariant 7: the answers differ in nothing but the id of the request."""
    first = refused(shop, shop.create(kind, **unknown), 404, "not_found")
    second = refused(shop, shop.create(kind, **of_another), 404, "not_found")

    assert first | {"request_id": ""} == second | {"request_id": ""}


@pytest.mark.parametrize("kind", ["bid", "auction", "order"])
def test_another_buyer_cannot_start_nor_find_a_payment(shop: Shop, kind: str) -> None:
    """Invariant 7: a payment under way shows to nobody but its buyer."""
    before = shop.create(kind, buyer="user_2")
    mine = shop.create(kind)
    after = shop.create(kind, buyer="user_2")

    assert mine.status == 200
    assert (before.status, after.status) == (404, 404)
    assert before.body | {"request_id": ""} == after.body | {"request_id": ""}
    assert len(shop.stripe.sessions()) == 1


def test_two_buyers_of_one_content_have_nothing_in_common(shop: Shop) -> None:
    first, second = shop.create("content"), shop.create("content", buyer="user_2")

    assert first.status == second.status == 200
    assert first.body["sessionId"] != second.body["sessionId"]
    assert first.body["sessionUrl"] != second.body["sessionUrl"]
    assert {s["status"] for s in shop.stripe.sessions()} == {"open"}


@pytest.mark.parametrize("kind", WITH_LOGIN)
def test_a_request_without_a_login_is_refused(shop: Shop, kind: str) -> None:
    refused(shop, shop.create(kind, buyer=None), 401, "unauthorized")


def test_an_unknown_product_is_not_found(shop: Shop) -> None:
    refused(shop, shop.create("product", product_id="none"), 404, "not_found")


def test_a_product_that_is_no_longer_sold_is_not_found(shop: Shop) -> None:
    shop.change_offer("product#hero-me-feelings", status="retired")

    refused(shop, shop.create("product"), 404, "not_found")


def test_deleted_content_is_not_found(shop: Shop) -> None:
    shop.change_offer(f"content#{PUBLISHED}", deleted_at="2026-01-01T00:00:00Z")

    refused(shop, shop.create("content"), 404, "not_found")


# ---------------------------------------------------------------- what is not sold


def test_a_service_providers_bid_is_not_paid_here(shop: Shop) -> None:
    body = refused(shop, shop.create("bid", bid_id=43), 400, "not_purchasable")
    assert "service provider" in body["error"]


def test_a_bid_without_a_price_is_not_paid_here(shop: Shop) -> None:
    body = refused(shop, shop.create("bid", bid_id=44), 400, "not_purchasable")
    assert "no price" in body["error"]


def test_free_content_is_not_paid(shop: Shop) -> None:
    answer = shop.create("content", contentId=FREE)
    assert "free" in refused(shop, answer, 400, "not_purchasable")["error"]


@pytest.mark.parametrize(
    ("kind", "offer"),
    [
        ("auction", "auction#auction_1"),
        ("product", "product#hero-me-feelings"),
        ("content", f"content#{PUBLISHED}"),
    ],
)
def test_an_offer_without_a_price_is_not_sold(
    shop: Shop, kind: str, offer: str
) -> None:
    shop.change_offer(offer, price=None)

    refused(shop, shop.create(kind), 400, "not_purchasable")


@pytest.mark.parametrize("status", ["CANCELLED", "PAID", "EXPIRED"])
def test_an_order_that_is_not_created_is_refused_saying_what_it_is(
    shop: Shop, status: str
) -> None:
    shop.change_offer("order#order_1", status=status)

    body = refused(shop, shop.create("order"), 400, "not_purchasable")
    assert status in body["error"]


@pytest.mark.parametrize(
    "items",
    [
        [],
        [{"name": "Free entry", "quantity": 2, "unit_price_cents": 0}],
    ],
)
def test_an_order_with_nothing_to_pay_is_refused(
    shop: Shop, items: list[dict[str, Any]]
) -> None:
    shop.change_offer("order#order_1", items=items)

    refused(shop, shop.create("order"), 400, "not_purchasable")


@pytest.mark.parametrize(
    "line",
    [
        {"quantity": 0},
        {"quantity": -1},
        {"quantity": 100, "unit_price_cents": 99_999_999},
        {"unit_price_cents": -1},
        {"unit_price_cents": "4500"},
    ],
)
def test_an_order_that_cannot_be_charged_is_refused_before_stripe_sees_it(
    shop: Shop, line: dict[str, Any]
) -> None:
    good = {"name": "Stalls", "quantity": 1, "unit_price_cents": 4500}
    shop.change_offer("order#order_1", items=[good, good | line])

    refused(shop, shop.create("order"), 400, "not_purchasable")


def test_a_purchased_row_is_not_sold_again(shop: Shop) -> None:
    """Invariant 2: the second payment is refused where it would begin."""
    shop.change_offer("row#7", status="purchased")

    refused(shop, shop.create("bid"), 409, "already_purchased")


def test_a_row_that_is_closed_is_not_sold(shop: Shop) -> None:
    shop.change_offer("row#7", status="closed")

    assert (
        "closed" in refused(shop, shop.create("bid"), 400, "not_purchasable")["error"]
    )


def test_a_paid_auction_is_not_paid_again(shop: Shop) -> None:
    shop.change_offer("auction#auction_1", status="paid")

    refused(shop, shop.create("auction"), 409, "already_purchased")


def test_an_auction_that_nobody_accepted_is_not_paid(shop: Shop) -> None:
    answer = shop.create("auction", auction_id="auction_3")

    refused(shop, answer, 409, "auction_not_accepted")


@pytest.mark.parametrize(
    ("age", "closed"),
    [
        (timedelta(hours=24, milliseconds=-1), False),
        (timedelta(hours=24), True),
        (timedelta(days=9), True),
    ],
)
def test_a_winner_has_twenty_four_hours_to_pay(
    shop: Shop, age: timedelta, closed: bool
) -> None:
    now = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    accepted_at = (now - age).isoformat()
    shop.change_offer("auction#auction_1", accepted_at=accepted_at)

    with time_machine.travel(now, tick=False):
        answer = shop.create("auction")

    if closed:
        refused(shop, answer, 409, "payment_window_closed")
    else:
        assert answer.status == 200, answer.body
        assert answer.body["payment_window"]["seconds_remaining"] == 0


@pytest.mark.parametrize(
    ("kind", "status"),
    [("bid", 409), ("auction", 409), ("order", 400), ("content", 409)],
)
def test_what_was_purchased_is_not_sold_again(
    shop: Shop, kind: str, status: int
) -> None:
    """Invariant 2: a buyer never pays twice for one offer."""
    shop.create(kind)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()

    answer = shop.create(kind)

    assert answer.status == status
    if status == 409:
        assert answer.body["code"] == "already_purchased"
    assert len(shop.stripe.sessions()) == 1


# ---------------------------------------------------------------- wrong requests


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_field_is_refused_by_its_name(shop: Shop, kind: str) -> None:
    """Invariant 6: no price, buyer or kind can be smuggled into a request."""
    shop.values["AnonymousRequestsPerMinute"] = "100"
    for name in (
        *("price", "amount", "currency", "unit_amount", "buyer_id", "user_id", "sub"),
        *("kind", "payment_session_id", "message", "self", "fields", "path", "Bid_ID"),
        *("", "email", "expires_at", "line_items", "orderid"),
    ):
        assert name in refused_fields(shop, post(shop, kind, {name: "1"}))


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("bid", {"bid_id", "row_id", "success_url", "cancel_url"}),
        ("auction", {"auction_id"}),
        ("content", {"contentId", "successUrl", "cancelUrl"}),
    ],
)
@pytest.mark.parametrize("body", ["", "{}", None])
def test_missing_fields_are_named(
    shop: Shop, kind: str, names: set[str], body: str | None
) -> None:
    assert refused_fields(shop, post(shop, kind, body)) == names


WRONG_FIELDS: list[tuple[str, str, Any]] = [
    ("bid", "bid_id", True),
    ("bid", "row_id", False),
    ("bid", "bid_id", 42.5),
    ("bid", "bid_id", -1),
    ("bid", "bid_id", 10**18),
    ("bid", "bid_id", ""),
    ("bid", "bid_id", "4" * 129),
    ("bid", "bid_id", None),
    ("bid", "bid_id", [42]),
    ("bid", "bid_id", {"S": "42"}),
    ("bid", "success_url", 5),
    ("bid", "success_url", ""),
    ("bid", "success_url", None),
    ("bid", "cancel_url", f"{ORIGIN}/" + "x" * 2048),
    ("auction", "auction_id", True),
    ("auction", "auction_id", "a" * 129),
    ("auction", "success_url", []),
    ("order", "success_url", False),
    ("order", "cancel_url", f"{ORIGIN}/" + "x" * 2048),
    ("content", "contentId", "not-a-uuid"),
    ("content", "contentId", 5),
    ("content", "successUrl", 5),
    ("product", "product_id", 5),
    ("product", "product_id", "p" * 129),
    ("product", "customer_email", "ab"),
    ("product", "customer_email", "no address"),
    ("product", "customer_email", "a@b"),
    ("product", "customer_email", "a" * 250 + "@b.example"),
    ("product", "customer_email", 5),
    ("product", "metadata", []),
    ("product", "metadata", "text"),
    ("product", "metadata", {"a": 1}),
    ("product", "metadata", {"a": None}),
    ("product", "metadata", {"a": {"b": "c"}}),
    ("product", "metadata", {"": "empty"}),
    ("product", "metadata", {"k" * 41: "long"}),
    ("product", "metadata", {"a": "v" * 501}),
    ("product", "metadata", {"a[b]": "brackets"}),
    ("product", "metadata", {f"k{n}": "v" for n in range(21)}),
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_of_the_wrong_kind_is_named(shop: Shop, kind: str) -> None:
    shop.values["AnonymousRequestsPerMinute"] = "100"
    for wrong_kind, name, value in WRONG_FIELDS:
        if wrong_kind == kind:
            answer = shop.create(kind, **{name: value})
            assert refused_fields(shop, answer) == {name}, value


NO_JSON_OBJECTS: list[str | bytes] = [
    "{",
    "no json",
    "[]",
    "[{}]",
    "null",
    "42",
    '"{}"',
    "[" * 30_000,
    '{"a":' * 10_000,
    "9" * 5_000,
    "{}" + " " * 70_000,
    b"\xff\xfe\xfd",
    b'{"a": "\xff"}',
    b"\x00",
    b"{}\x00",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_that_is_no_json_object_is_refused(shop: Shop, kind: str) -> None:
    shop.values["AnonymousRequestsPerMinute"] = "100"
    for body in NO_JSON_OBJECTS:
        refused(shop, post(shop, kind, body), 400, "invalid_request")


def test_deep_nesting_is_refused_at_any_depth(shop: Shop) -> None:
    for depth in (100, 200, 900, 990, 1_000, 1_010, 3_000, *range(9_990, 10_005)):
        body = '{"auction_id": ' + "[" * depth + "]" * depth + "}"
        refused(shop, post(shop, "auction", body), 400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        r'{"metadata": {"a": "\ud800"}}',
        r'{"metadata": {"\udfff": "a"}}',
        r'{"\ud800": "a"}',
        '{"metadata": {"a": "\ud800"}}',
        b'{"metadata": {"a": "\xed\xa0\x80"}}',
    ],
)
def test_half_a_character_is_refused(shop: Shop, body: str | bytes) -> None:
    refused(shop, post(shop, "product", body), 400, "invalid_request")


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 4000]
)
def test_a_number_that_is_none_is_refused(shop: Shop, number: str) -> None:
    body = f'{{"auction_id": {number}}}'

    assert refused_fields(shop, post(shop, "auction", body)) == {"auction_id"}


@pytest.mark.parametrize("given", ["order_1", "order_2"])
def test_an_id_given_by_path_and_body_is_refused(shop: Shop, given: str) -> None:
    assert refused_fields(shop, shop.create("order", orderId=given)) == {"orderId"}


def test_a_field_given_twice_counts_once(shop: Shop) -> None:
    """The last one counts, for the check of ownership as for the sale."""
    answer = post(
        shop, "auction", '{"auction_id":"auction_1","auction_id":"auction_2"}'
    )

    refused(shop, answer, 404, "not_found")


def test_a_body_that_arrives_as_bytes_reads_the_same(shop: Shop) -> None:
    body = json.dumps({"auction_id": "auction_1"}).encode()

    assert post(shop, "auction", body).status == 200


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        ("bid", "row#7"),
        ("bid", "bid#42"),
        ("auction", "auction#auction_1"),
        ("order", "order#order_1"),
        ("product", "product#hero-me-feelings"),
        ("content", f"content#{PUBLISHED}"),
    ],
)
def test_what_the_host_has_deleted_is_not_found(
    shop: Shop, kind: str, item: str
) -> None:
    """Or its buyer would pay, and get the money back."""
    shop.change_offer(item, deleted_at="2026-01-01T00:00:00Z")

    assert shop.create(kind).status == 404
    assert shop.stripe.sessions() == []


# ---------------------------------------------------------------- the generic route


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("bid", {"bid_id": "42", "row_id": "7", **URLS}),
        ("auction", {"auction_id": "auction_1"}),
        ("order", {"orderId": "order_1"}),
        ("product", {}),
        (
            "content",
            {
                "contentId": PUBLISHED,
                "successUrl": URLS["success_url"],
                "cancelUrl": URLS["cancel_url"],
            },
        ),
    ],
)
def test_any_kind_can_be_bought_by_its_name(
    shop: Shop, kind: str, body: dict[str, Any]
) -> None:
    by_name = shop.call(
        "POST /api/checkout/{kind}", body, buyer="user_1", path={"kind": kind}
    )

    assert by_name.status == 200, by_name.body
    own = shop.create(kind).body.keys()
    # A product's own route answers with the client secret and nothing else.
    more = {"payment_session_id"} if kind == "product" else set()
    assert by_name.body.keys() == own | more


def test_a_name_that_is_no_kind_is_not_found(shop: Shop) -> None:
    for name in (
        *("__init__", "__pycache__", "__main__", "os", "..", ".", "", "bid.", ".bid"),
        *("Bid", "BID", "bid/../order", "bid\x00", "offers", "Kind", "kind_named"),
        *("checkout.kinds.bid", "b\u0456d", "bid.TYPE_CHECKING", "a" * 5000, "None"),
    ):
        path = {"kind": name}
        answer = shop.call("POST /api/checkout/{kind}", {}, buyer="user_1", path=path)
        refused(shop, answer, 404, "not_found")


# ---------------------------------------------------------------- redirects


ELSEWHERE = [
    "https://evil.test/",
    "//evil.test/",
    "/done",
    "done",
    "javascript:alert(1)",
    "javascript://shop.example.test/%0aalert(1)",
    "data:text/html,<script>",
    "https://shop.example.evil.test/",
    "https://shop.example.test@evil.test/",
    "https://shop.example.test:pw@evil.test/",
    "https://user@shop.example.test/",
    "https://shop.example.test.evil.test/",
    "https://shop.example.test./",
    "https://evil.test\\@shop.example.test/",
    "https://shop.example.test\\.evil.test/",
    "https:\\\\shop.example.test/",
    "https:/shop.example.test/",
    "https:shop.example.test/",
    "https://shop.example.test:8443/",
    "https://shop.example.test:99999/",
    "https://shop.example.test:port/",
    "http://shop.example.test/",
    "http://localhost:3001/",
    "https://localhost:3000/",
    "https://shop.example.test\t/",
    "https://shop.example.test/\ndone",
    "ht\ntps://shop.example.test/",
    " https://shop.example.test/",
    "https://shop.example.test/ ",
    "https://shop.example.test/\x00",
    "https://shop.example.test/\x7f",
    "https://sh\u043ep.example.test/",
    "https://shop\uff0eexample.test/",
    "https://shop.example.test/\u2028",
    "https://[::1/",
    "https://",
    "https:///done",
]


@pytest.mark.parametrize("name", ["success_url", "cancel_url"])
def test_nobody_is_sent_where_the_operator_did_not_allow(shop: Shop, name: str) -> None:
    for url in ELSEWHERE:
        answer = shop.create("bid", **{name: url})
        assert refused_fields(shop, answer) == {name}, url


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("auction", "success_url"),
        ("auction", "cancel_url"),
        ("order", "success_url"),
        ("order", "cancel_url"),
        ("content", "successUrl"),
        ("content", "cancelUrl"),
    ],
)
def test_every_kind_names_the_redirect_it_refuses(
    shop: Shop, kind: str, name: str
) -> None:
    answer = shop.create(kind, **{name: "https://evil.test/"})

    assert refused_fields(shop, answer) == {name}


@pytest.mark.parametrize(
    "url",
    [
        ORIGIN,
        f"{ORIGIN}/",
        f"{ORIGIN}:443/done",
        f"{ORIGIN}?a=b#c",
        f"{ORIGIN}/done?s={{CHECKOUT_SESSION_ID}}",
        "https://SHOP.example.test/done",
        "http://localhost:3000/done",
    ],
)
def test_an_allowed_origin_reaches_stripe_as_it_was_written(
    shop: Shop, url: str
) -> None:
    assert shop.create("bid", success_url=url, cancel_url=url).status == 200

    [session] = shop.stripe.sessions()
    assert (session["success_url"], session["cancel_url"]) == (url, url)


def test_a_plain_http_origin_is_refused_even_if_the_operator_lists_it(
    shop: Shop,
) -> None:
    shop.values["AllowedOrigins"] = "http://shop.example.test,https://shop.example.test"

    answer = shop.create("bid", success_url="http://shop.example.test/")

    assert refused_fields(shop, answer) == {"success_url"}


def test_in_live_mode_no_buyer_is_sent_to_their_own_machine(shop: Shop) -> None:
    """Though the operator lists it: plain http is for test mode."""
    shop.values["StripeMode"] = "live"
    restart()

    answer = shop.create("bid", success_url="http://localhost:3000/done")

    assert refused_fields(shop, answer) == {"success_url"}


def test_a_frontend_on_any_port_of_this_machine_can_be_returned_to(shop: Shop) -> None:
    shop.values["AllowLoopbackOrigins"] = "on"
    restart()

    answer = shop.create("bid", success_url="http://localhost:5173/done")

    assert answer.status == 200
    [session] = shop.stripe.sessions()
    assert session["success_url"] == "http://localhost:5173/done"


def test_without_that_parameter_only_the_ports_of_the_list_are_allowed(
    shop: Shop,
) -> None:
    answer = shop.create("bid", success_url="http://localhost:5173/done")

    assert refused_fields(shop, answer) == {"success_url"}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_in_live_mode_that_parameter_has_no_effect(shop: Shop, scheme: str) -> None:
    """CloudFormation refuses the two together; the code does not rely on it."""
    shop.values |= {"StripeMode": "live", "AllowLoopbackOrigins": "on"}
    restart()

    answer = shop.create("bid", success_url=f"{scheme}://localhost:5173/done")

    assert refused_fields(shop, answer) == {"success_url"}


def test_an_api_key_of_the_other_mode_sells_nothing(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """The webhook would drop its events: money would come that nobody records."""
    shop.values["StripeMode"] = "live"
    restart()
    capsys.readouterr()

    answer = shop.create("content")

    assert (answer.status, answer.body["code"]) == (502, "stripe_unavailable")
    assert [s["status"] for s in shop.stripe.sessions()] == ["expired"]
    assert metrics_in(capsys.readouterr().out)["payments.stripe.denied"] >= 1
