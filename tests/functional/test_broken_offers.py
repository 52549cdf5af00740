"""Offers as host applications write them: sold, or refused with a sentence."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.output import captured_log, metrics_in
from tests.shop import ACCESS, PUBLISHED, QUOTE, Answer, Shop

# The items that a sale of each kind reads.
ITEMS = {
    "bid": ("bid#42", "row#7"),
    "auction": ("auction#auction_1",),
    "order": ("order#order_1",),
    "product": ("product#hero-me-feelings",),
    "content": (f"content#{PUBLISHED}",),
    "quote": (f"quote#{QUOTE}", "bid#43", "row#7"),
}
COMMON = ("title", "description", "image_url", "status", "creator_id", "price")
COMMON += ("options",)
FIELDS = {
    "row": ("owner_id", "title", "status"),
    "bid": (
        *("title", "offer_type", "price", "image_url", "clickout_url", "merchant"),
        *("source", "creator_id", "platform_fee_bps", "options"),
    ),
    "quote": (*COMMON, "expires_at", "platform_fee_bps", "deleted_at"),
    "auction": (*COMMON, "winner_id", "accepted_at", "platform_fee_bps"),
    "order": (
        *("owner_id", "status", "currency", "items", "title", "creator_id"),
        *("platform_fee_bps", "organization_fee_bps", "purchase_id", "order_id"),
        "options",
    ),
    "product": (*COMMON, "platform_fee_bps", "product_id"),
    "content": (*COMMON, "slug", "deleted_at", "organization_fee_bps", "content_id"),
}
PLACES = [
    (kind, item, field)
    for kind, items in ITEMS.items()
    for item in items
    for field in FIELDS[item.partition("#")[0]]
]

TIMES = ["2031-05-06T07:08:09", "2031-05-06", "20310506T070809Z", "6 May 2031", "now"]
TIMES += ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2031-W19-2"]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 999, 10**37, Decimal("9.99"), Decimal("999.0")),
    *(Decimal("1E+60"), Decimal("1E-60"), "", " ", "999", "x", "x" * 3000, "USD"),
    *("Published", "OPEN", "created", "\u0000", "\U0001f600" * 300, *TIMES),
    *([], ["x"], [None], [[]], [{}], {}, {"a": 1}, {"amount": 999}, b"bytes", {1, 2}),
    *({"amount": "999", "currency": "usd"}, {"amount": 999, "currency": "USD"}),
    *({"amount": Decimal("9.5"), "currency": "usd"}, {"amount": 999, "currency": 5}),
    *({"amount": Decimal("999.0"), "currency": "usd"}, {"amount": -5}, {"S": "x"}),
    *([{"name": "A", "quantity": 1, "unit_price_cents": 999}], [{"name": "A"}]),
    *([{"name": 5, "quantity": 1, "unit_price_cents": 999}], ["a seat"]),
    *([{"name": "A", "quantity": "1", "unit_price_cents": 999}],),
    *([{"name": "A", "quantity": Decimal("1.5"), "unit_price_cents": 999}],),
    *([{"name": "A", "quantity": 1, "unit_price_cents": "999"}],),
    *([{"name": "A", "quantity": 10**30, "unit_price_cents": 0}],),
    *([{"name": "A", "quantity": 1, "unit_price_cents": 10**30}],),
    *([{"name": "A", "quantity": 1, "unit_price_cents": 999}, None],),
    *({"name": "A", "quantity": 1, "unit_price_cents": 999},),
]
MISSING = object()

numbers = st.integers(-(10**37), 10**37) | st.decimals(
    allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9
)
anything = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
# What looks like an offer's own values, with one thing wrong.
prices = st.fixed_dictionaries(
    {}, optional={"amount": anything, "currency": st.sampled_from(["usd"]) | anything}
)
lines = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.just("A") | anything,
            "quantity": st.just(1) | anything,
            "unit_price_cents": st.just(999) | anything,
        },
    ),
    max_size=3,
)


def write(shop: Shop, item_id: str, field: str, value: Any) -> None:
    """Write a field as another application's SDK does: with any type of DynamoDB."""
    key = {"id": {"S": item_id}}
    table = shop.aws.tables["OffersTable"]
    names = {"#field": field}
    if value is MISSING:
        shop.aws.dynamodb.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="REMOVE #field",
            ExpressionAttributeNames=names,
        )
        return
    shop.aws.dynamodb.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET #field = :value",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={":value": TypeSerializer().serialize(value)},
    )


def refused_and_logged(
    shop: Shop, kind: str, capsys: pytest.CaptureFixture[str]
) -> tuple[Answer, dict[str, Any]]:
    """Create what is refused: it is counted and logged once; return answer and log."""
    capsys.readouterr()
    with captured_log() as log:
        answer = shop.create(kind)
    assert metrics_in(capsys.readouterr().out)["payments.checkout.refused"] == 1
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    [logged] = [line for line in lines if line["message"] == "offer_refused"]
    return answer, logged


def reads(shop: Shop, kind: str) -> Iterator[Answer]:
    """Use every route that reads an offer of this kind."""
    shop.values["AnonymousRequestsPerMinute"] = "100000"
    yield shop.create(kind)
    yield shop.call(
        "GET /api/access/{kind}/{id}",
        buyer="user_1",
        path={"kind": kind, "id": ACCESS.get(kind, "hero-me-feelings")},
    )
    path = {"kind": kind, "id": ACCESS.get(kind, "hero-me-feelings")}
    yield shop.call("GET /api/offers/{kind}/{id}", path=path)
    yield shop.call("GET /api/me/offers/{kind}/{id}", buyer="user_1", path=path)
    if kind == "order":
        path = {"orderId": "order_1"}
        yield shop.call("GET /orders/{orderId}", buyer="user_1", path=path)
    if kind in {"bid", "quote"}:
        path = {"rowId": "7"}
        yield shop.call("GET /api/rows/{rowId}", buyer="user_1", path=path)


def check(answer: Answer) -> None:
    """Check that the request was answered, or refused with a reason of the offer's."""
    refusals = {
        (400, "not_purchasable"),
        (404, "not_found"),
        (409, "already_purchased"),
        (409, "auction_not_accepted"),
        (409, "payment_window_closed"),
    }
    if answer.status != 200:
        assert (answer.status, answer.body["code"]) in refusals, answer.body
        assert answer.body["error"].endswith(".")
        assert len(answer.body["error"]) < 300
        for word in ("Decimal", "Error", "NoneType", "dict", "Traceback"):
            assert word not in answer.body["error"]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "item", "field"), PLACES)
def test_no_value_of_a_field_is_an_internal_error(
    shop: Shop, kind: str, item: str, field: str
) -> None:
    for value in [*VALUES, MISSING]:
        write(shop, item, field, value)
        for answer in reads(shop, kind):
            check(answer)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "item", "field"), PLACES)
def test_whatever_is_written_is_answered(
    shop: Shop, kind: str, item: str, field: str
) -> None:
    @settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=[HealthCheck.differing_executors],
    )
    @given({"price": prices, "items": lines}.get(field, anything) | anything)
    def answered(value: Any) -> None:
        write(shop, item, field, value)
        for answer in reads(shop, kind):
            check(answer)

    answered()


@pytest.mark.parametrize("kind", ITEMS)
def test_an_item_with_nothing_but_its_id_is_answered(shop: Shop, kind: str) -> None:
    for item in ITEMS[kind]:
        for field in FIELDS[item.partition("#")[0]]:
            write(shop, item, field, MISSING)

    for answer in reads(shop, kind):
        check(answer)


@pytest.mark.parametrize(
    ("kind", "item", "field", "value", "said"),
    [
        ("content", f"content#{PUBLISHED}", "status", MISSING, "status is missing"),
        ("content", f"content#{PUBLISHED}", "title", 7, "title must be text"),
        ("content", f"content#{PUBLISHED}", "title", "  ", "title is blank"),
        ("content", f"content#{PUBLISHED}", "price", 999, "price must be like"),
        (
            "content",
            f"content#{PUBLISHED}",
            "price",
            {"amount": "999", "currency": "usd"},
            "price.amount must be a whole number",
        ),
        (
            "content",
            f"content#{PUBLISHED}",
            "price",
            {"amount": 999, "currency": "xyz"},
            "price.currency is not a currency that Stripe charges",
        ),
        (
            "content",
            f"content#{PUBLISHED}",
            "price",
            {"amount": 30, "currency": "usd"},
            "total of 0.30 USD is below 0.50 USD",
        ),
        (
            "auction",
            "auction#auction_1",
            "accepted_at",
            MISSING,
            "accepted_at is missing",
        ),
        (
            "auction",
            "auction#auction_1",
            "accepted_at",
            "2031-05-06T07:08:09",
            "accepted_at must be a time with an offset",
        ),
        (
            "order",
            "order#order_1",
            "items",
            [{"name": "A", "quantity": 1}],
            "items[0].unit_price_cents is missing",
        ),
        (
            "order",
            "order#order_1",
            "items",
            [{"name": "A", "quantity": 1, "unit_price_cents": 999}] * 101,
            "items must have 1 to 100 lines",
        ),
        ("order", "order#order_1", "items", {}, "items must be a list"),
        ("order", "order#order_1", "items", [], "items must not be empty"),
        (
            "content",
            f"content#{PUBLISHED}",
            "price",
            {"amount": -5, "currency": "usd"},
            "price.amount cannot be charged: an amount is not negative",
        ),
        (
            "content",
            f"content#{PUBLISHED}",
            "price",
            {"amount": 10**9, "currency": "usd"},
            "price.amount cannot be charged: an amount in usd is at most 99999999",
        ),
        (
            "content",
            f"content#{PUBLISHED}",
            "creator_id",
            5,
            "creator_id must be text of 1 to 255 characters",
        ),
        ("bid", "bid#42", "offer_type", MISSING, "offer_type is missing"),
        (
            "bid",
            "bid#42",
            "platform_fee_bps",
            "10 %",
            "platform_fee_bps must be a whole number",
        ),
    ],
)
def test_the_log_names_the_field_and_the_buyer_reads_who_must_act(
    shop: Shop,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    item: str,
    field: str,
    value: Any,
    said: str,
) -> None:
    write(shop, item, field, value)

    answer, logged = refused_and_logged(shop, kind, capsys)

    assert (answer.status, answer.body["code"]) == (400, "not_purchasable")
    assert answer.body["error"] == (
        "This cannot be bought at the moment: the seller has to correct it."
    )
    assert logged["level"] == "ERROR"
    assert logged["kind"] == kind
    assert said in f"{logged['field']} {logged['problem']}"
    assert shop.sessions() == []
    assert shop.stripe.sandbox.requests == []


@pytest.mark.parametrize(
    ("kind", "item", "field", "value"),
    [
        (
            "content",
            f"content#{PUBLISHED}",
            "price",
            {"amount": Decimal("999.0"), "currency": "USD"},
        ),
        ("order", "order#order_1", "currency", "EUR"),
        (
            "order",
            "order#order_1",
            "items",
            [
                {
                    "name": "A",
                    "quantity": Decimal("2.0"),
                    "unit_price_cents": Decimal("500.00"),
                }
            ],
        ),
        ("content", f"content#{PUBLISHED}", "platform_fee_bps", None),
        ("content", f"content#{PUBLISHED}", "slug", ["calm"]),
        ("content", f"content#{PUBLISHED}", "deleted_at", ""),
        ("bid", "bid#42", "merchant", {"name": "Example"}),
        ("order", "order#order_1", "title", 7),
    ],
)
def test_what_has_only_one_meaning_or_none_is_sold(
    shop: Shop, kind: str, item: str, field: str, value: Any
) -> None:
    write(shop, item, field, value)

    assert shop.create(kind).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()

    [purchase] = shop.purchases()
    assert purchase["status"] == "completed"


@pytest.mark.parametrize("value", [5, None, MISSING, "", [], ["user_1"], {}])
@pytest.mark.parametrize(
    ("kind", "item", "field"),
    [
        ("order", "order#order_1", "owner_id"),
        ("auction", "auction#auction_1", "winner_id"),
        ("bid", "row#7", "owner_id"),
    ],
)
def test_an_owner_that_cannot_be_read_is_not_found_and_logged(
    shop: Shop,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    item: str,
    field: str,
    value: Any,
) -> None:
    """Nobody can buy it; a caller learns no more than of another's offer."""
    write(shop, item, field, value)

    answer, logged = refused_and_logged(shop, kind, capsys)

    assert (answer.status, answer.body["code"]) == (404, "not_found")
    assert (logged["offer"], logged["field"]) == (item, field)


def test_an_auction_without_a_winner_yet_has_no_mistake(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.change_offer("auction#auction_1", winner_id=None, status="open")
    capsys.readouterr()

    assert shop.create("auction").status == 404
    assert "payments.checkout.refused" not in metrics_in(capsys.readouterr().out)


@pytest.mark.parametrize("offset", ["+00:00", "+05:30", "-08:00"])
def test_a_time_of_any_offset_is_the_same_moment(shop: Shop, offset: str) -> None:
    from datetime import datetime, timedelta  # noqa: PLC0415

    from checkout import clock  # noqa: PLC0415 - frozen time is read late

    zone = datetime.strptime(offset, "%z").tzinfo
    accepted_at = clock.now() - timedelta(hours=1)
    write(shop, "auction#auction_1", "accepted_at", str(accepted_at.astimezone(zone)))

    answer = shop.create("auction")

    assert answer.status == 200
    window = answer.body["payment_window"]
    assert clock.from_iso(window["opens_at"]) - accepted_at < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", 7),
        ("price", "12.99"),
        ("price", {"amount": 10, "currency": "usd"}),
        ("offer_type", ["retail"]),
        ("creator_id", 5),
    ],
)
def test_one_broken_bid_does_not_hide_the_others(
    shop: Shop, field: str, value: Any
) -> None:
    write(shop, "bid#42", field, value)

    answer = shop.call("GET /api/rows/{rowId}", buyer="user_1", path={"rowId": "7"})

    assert answer.status == 200
    bids = {bid["bid_id"]: bid for bid in answer.body["bids"]}
    assert bids.keys() == {"42", "43", "44"}
    assert bids["42"]["buy_now"] is False
    assert bids["42"]["clickout_url"]
    assert shop.create("bid").status == 400


@pytest.mark.parametrize(
    ("route", "path", "offer", "field"),
    [
        ("GET /api/rows/{rowId}", {"rowId": "7"}, "row", "status"),
        ("GET /orders/{orderId}", {"orderId": "order_1"}, "order", "status"),
        ("GET /orders/{orderId}", {"orderId": "order_1"}, "order", "currency"),
        ("GET /orders/{orderId}", {"orderId": "order_1"}, "order", "items"),
    ],
)
def test_a_reader_is_told_what_cannot_be_shown(
    shop: Shop, route: str, path: dict[str, str], offer: str, field: str
) -> None:
    """Who only looks does not want to buy."""
    [offer_id] = [f"{offer}#{value}" for value in path.values()]
    shop.change_offer(offer_id, **{field: 7})

    answer = shop.call(route, buyer="user_1", path=path)

    assert (answer.status, answer.body["code"]) == (400, "not_purchasable")
    told = f"This {offer} cannot be shown: its {field} must be "
    assert answer.body["error"].startswith(told)


@pytest.mark.parametrize(
    "call",
    [
        lambda shop, text: shop.create("order", path={"orderId": text}),
        lambda shop, text: shop.create("product", product_id=text),
        lambda shop, text: get(shop, "GET /orders/{orderId}", orderId=text),
        lambda shop, text: get(shop, "GET /api/rows/{rowId}", rowId=text),
        lambda shop, text: get(shop, "GET /api/purchases/{id}", id=text),
        lambda shop, text: get(
            shop, "GET /payments/sessions/{paymentSessionId}", paymentSessionId=text
        ),
        lambda shop, text: get(shop, "GET /api/access/{kind}/{id}", kind=text, id="42"),
        lambda shop, text: get(
            shop, "GET /api/access/{kind}/{id}", kind="bid", id=text
        ),
        lambda shop, text: get(
            shop, "GET /api/access/{kind}/{id}", kind="content", id=text
        ),
        lambda shop, text: get(
            shop, "GET /api/creators/{creatorId}/revenue", creatorId=text
        ),
        lambda shop, text: shop.call(
            "POST /api/checkout/{kind}", {}, buyer="user_1", path={"kind": text}
        ),
    ],
)
@pytest.mark.parametrize(
    "text", ["\ud800", "a\udfffb", "\x00", "a" * 5000, "\U0001f600"]
)
def test_half_a_character_in_a_path_is_no_internal_error(
    shop: Shop, call: Callable[[Shop, str], Answer], text: str
) -> None:
    assert call(shop, text).status in {200, 400, 403, 404}


def get(shop: Shop, route: str, **path: str) -> Answer:
    return shop.call(route, buyer="user_1", path=path)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "item", "field"), PLACES)
@pytest.mark.parametrize("value", [MISSING, None, 7, ["x"], {"a": 1}, "x"])
def test_an_offer_that_breaks_while_its_buyer_pays_stops_no_payment(
    shop: Shop, kind: str, item: str, field: str, value: Any
) -> None:
    """Invariant 4: the payment is recorded, whatever becomes of it."""
    assert shop.create(kind).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    write(shop, item, field, value)

    shop.deliver()

    [purchase] = shop.purchases()
    assert purchase["status"] in {"completed", "refunding", "refunded", "quarantined"}
