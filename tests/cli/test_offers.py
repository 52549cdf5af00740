"""Offers by hand: what would fail a buyer is found before it is loaded."""

import json
from pathlib import Path
from typing import Any

import pytest

from checkout import clock
from checkout.kinds import kind_named
from checkout.tables.purchase_item import purchase_of
from local.samples import sample_offers
from tests.cli.conftest import Operator
from tests.shop import Shop
from tests.template_file import ROOT

CONTENT = "2d6b9e84-7f3a-4a15-8c9d-0e1f2a3b4c13"
PRICE = {"amount": 999, "currency": "usd"}
LINE = {"name": "A seat", "quantity": 2, "unit_price_cents": 500}

QUOTE_ID = "c5f1a07b9e3d4c6f8a2b1d0e7f6a5b4c"
GOOD: dict[str, dict[str, Any]] = {
    "row": {"id": "row#1", "row_id": "1", "owner_id": "user_1", "status": "open"},
    "bid": {
        "id": "bid#1",
        "bid_id": "1",
        "row_id": "1",
        "title": "A tile",
        "offer_type": "retail",
        "price": PRICE,
    },
    "auction": {
        "id": "auction#1",
        "auction_id": "1",
        "winner_id": "user_1",
        "status": "accepted",
        "accepted_at": "2031-05-06T07:08:09Z",
        "title": "A lamp",
        "price": PRICE,
    },
    "order": {
        "id": "order#1",
        "order_id": "1",
        "owner_id": "user_1",
        "status": "CREATED",
        "currency": "usd",
        "items": [LINE],
    },
    "content": {
        "id": f"content#{CONTENT}",
        "content_id": CONTENT,
        "status": "published",
        "title": "Bread",
        "price": PRICE,
    },
    "product": {
        "id": "product#1",
        "product_id": "1",
        "status": "active",
        "title": "A board",
        "price": PRICE,
    },
    "quote": {
        "id": f"quote#{QUOTE_ID}",
        "quote_id": QUOTE_ID,
        "title": "A repair",
        "expires_at": "2060-05-06T07:08:09Z",
        "price": PRICE,
    },
}


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Write offers into a file; return its name."""

    def written(content: Any) -> str:
        file = tmp_path / "offers.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(file)

    return written


def problems(operator: Operator, file: str) -> list[tuple[str, str]]:
    result = operator("offers", "validate", file, "--json")
    found = json.loads(result.stdout)["problems"]
    assert result.exit_code == (1 if found else 0)
    return [(problem["offer"], problem["field"]) for problem in found]


def test_the_sample_offers_are_valid(operator: Operator, write: Any) -> None:
    file = write(sample_offers(clock.now()))
    assert problems(operator, file) == []


def test_the_file_of_the_samples_is_valid_as_it_stands(operator: Operator) -> None:
    """The operations page names it as a model."""
    assert problems(operator, str(ROOT / "local/sample_offers.json")) == []


def test_what_is_valid_says_so(operator: Operator, write: Any) -> None:
    file = write(list(GOOD.values()))
    assert operator("offers", "validate", file).stdout == "7 offers, no problems.\n"


def test_offers_are_read_from_stdin(operator: Operator) -> None:
    result = operator("offers", "validate", "-", answer=json.dumps([{"id": "tea#1"}]))
    assert "tea#1" in result.stdout


REQUIRED = [
    (item_type, field)
    for item_type, fields in {
        "row": ("owner_id", "status"),
        "bid": ("row_id", "title", "offer_type"),
        "auction": ("winner_id", "status", "title", "price", "accepted_at"),
        "order": ("owner_id", "status", "currency", "items"),
        "content": ("status", "title", "price"),
        "product": ("status", "title", "price"),
        "quote": ("title", "price", "expires_at"),
    }.items()
    for field in fields
]


@pytest.mark.parametrize(("item_type", "field"), REQUIRED)
def test_what_a_item_type_needs_is_asked_for(
    operator: Operator, write: Any, item_type: str, field: str
) -> None:
    offer = {name: value for name, value in GOOD[item_type].items() if name != field}

    found = problems(operator, write([offer]))

    assert (offer["id"], field) in found


@pytest.mark.parametrize(
    ("item_type", "changes", "field"),
    [
        ("product", {"price": {"amount": 9.99, "currency": "usd"}}, "price.amount"),
        ("product", {"price": {"amount": "999", "currency": "usd"}}, "price.amount"),
        ("product", {"price": {"amount": -1, "currency": "usd"}}, "price.amount"),
        ("product", {"price": {"amount": 999, "currency": "USD"}}, "price.currency"),
        ("product", {"price": {"amount": 999}}, "price.currency"),
        ("product", {"price": {"amount": 999, "currency": 7}}, "price.currency"),
        ("product", {"price": {"amount": 5, "currency": "kwd"}}, "price.amount"),
        ("product", {"price": 999}, "price"),
        ("bid", {"price": {}}, "price.amount"),
        ("product", {"status": "Active"}, "status"),
        ("order", {"status": "created"}, "status"),
        ("auction", {"status": "Paid"}, "status"),
        ("auction", {"accepted_at": "yesterday"}, "accepted_at"),
        ("auction", {"accepted_at": "2031-05-06T07:08:09"}, "accepted_at"),
        ("auction", {"accepted_at": 7}, "accepted_at"),
        ("order", {"items": []}, "items"),
        ("order", {"items": ["a seat"]}, "items[0]"),
        ("order", {"items": [LINE, LINE | {"quantity": 0}]}, "items[1].quantity"),
        ("order", {"items": [LINE | {"quantity": True}]}, "items[0].quantity"),
        ("order", {"items": [LINE | {"name": ""}]}, "items[0].name"),
        (
            "order",
            {"items": [LINE | {"unit_price_cents": 1.5}]},
            "items[0].unit_price_cents",
        ),
        (
            "order",
            {"items": [LINE | {"quantity": 999_999}]},
            "items",
        ),
        (
            "order",
            {"items": [LINE | {"quantity": 10**6}]},
            "items[0].quantity",
        ),
        (
            "product",
            {"platform_fee_bps": 0.5},
            "platform_fee_bps",
        ),
        (
            "product",
            {"platform_fee_bps": 6000, "organization_fee_bps": 4001},
            "organization_fee_bps",
        ),
        ("product", {"image_url": "javascript:alert(1)"}, "image_url"),
        ("product", {"image_url": "http://[1"}, "image_url"),
        ("product", {"image_url": "http://a.example/1.jpg"}, "image_url"),
        ("product", {"image_url": "https://a.example/" + "x" * 2048}, "image_url"),
        ("bid", {"clickout_url": "shop.example"}, "clickout_url"),
        ("product", {"price": {"amount": 49, "currency": "usd"}}, "price.amount"),
        ("product", {"price": {"amount": 999, "currency": "xyz"}}, "price.currency"),
        ("product", {"price": {"amount": 550, "currency": "ugx"}}, "price.amount"),
        (
            "product",
            {"price": {"amount": 100_000_000, "currency": "usd"}},
            "price.amount",
        ),
        ("product", {"title": " "}, "title"),
        ("product", {"title": "x" * 1001}, "title"),
        ("product", {"description": "x" * 40_001}, "description"),
        ("product", {"creator_id": ""}, "creator_id"),
        ("product", {"organization_fee_bps": -1}, "organization_fee_bps"),
        ("order", {"items": [LINE] * 101}, "items"),
        ("order", {"items": [LINE | {"unit_price_cents": 10}]}, "items"),
        ("order", {"currency": "xyz"}, "currency"),
        ("product", {"title": 7}, "title"),
        ("product", {"description": ["a"]}, "description"),
        ("product", {"weight": {"kg": [0.3]}}, "weight"),
        ("product", {"product_id": 1}, "product_id"),
        ("product", {"id": "product#2"}, "product_id"),
        ("product", {"colour": "red"}, "colour"),
        ("product", {"id": "product#"}, "id"),
        ("product", {"id": "product"}, "id"),
        ("product", {"id": "product#" + "x" * 2048}, "id"),
        ("product", {"id": "tea#1"}, "id"),
        ("content", {"id": f"content#{CONTENT.upper()}"}, "id"),
    ],
)
def test_what_would_fail_a_buyer_is_named(
    operator: Operator, write: Any, item_type: str, changes: dict[str, Any], field: str
) -> None:
    offer = GOOD[item_type] | changes

    assert (offer["id"], field) in problems(operator, write([offer]))


@pytest.mark.parametrize(
    ("item_type", "changes"),
    [
        ("bid", {"price": None}),
        ("content", {"price": {"amount": 0, "currency": "usd"}}),
        ("content", {"status": "draft"}),
        ("auction", {"status": "open", "accepted_at": None}),
        ("order", {"status": "CANCELLED"}),
        ("product", {"platform_fee_bps": 6000, "organization_fee_bps": 4000}),
        ("product", {"price": {"amount": 999_999_999_999, "currency": "idr"}}),
        ("auction", {"accepted_at": "2031-05-06T09:08:09+02:00"}),
        ("order", {"items": [LINE] * 100}),
    ],
)
def test_what_the_host_application_may_do_is_no_problem(
    operator: Operator, write: Any, item_type: str, changes: dict[str, Any]
) -> None:
    assert problems(operator, write([GOOD[item_type] | changes])) == []


def test_an_id_that_is_missing_or_there_twice_is_named(
    operator: Operator, write: Any
) -> None:
    offers = [GOOD["row"], GOOD["row"], {"row_id": "1"}, {"id": 7}]

    assert problems(operator, write(offers)) == [
        ("row#1", "id"),
        ("number 3", "id"),
        ("number 4", "id"),
    ]


@pytest.mark.parametrize(
    "content", ["", "{", "{}", "[1]", "null", "[" * 100_000, "[NaN]"]
)
@pytest.mark.parametrize("command", ["validate", "load"])
def test_what_is_no_list_of_offers_is_refused(
    operator: Operator, write: Any, command: str, content: str
) -> None:
    result = operator("offers", command, write(content))

    assert result.exit_code == 1
    assert "is not " in result.stderr


def test_a_file_that_is_not_there_is_a_plain_answer(operator: Operator) -> None:
    result = operator("offers", "validate", "/nowhere.json")

    assert result.exit_code == 1
    assert result.stderr == (
        "/nowhere.json cannot be read: No such file or directory.\n"
    )


def test_validating_needs_no_stack(operator: Operator, write: Any) -> None:
    file = write(list(GOOD.values()))
    assert operator("--stack", "none", "offers", "validate", file).exit_code == 0


# ---------------------------------------------------------------- loading


def stored(shop: Shop, offer_id: str) -> dict[str, Any]:
    return shop.aws.item("OffersTable", offer_id)


@pytest.mark.parametrize("item_type", GOOD)
def test_an_offer_is_loaded_as_the_file_has_it(
    shop: Shop, operator: Operator, write: Any, item_type: str
) -> None:
    offer = GOOD[item_type]

    answer = operator.json("offers", "load", write([offer]), "--yes")

    loaded = {"offer": offer["id"], "result": "loaded", "reason": None}
    assert answer == {"offers": [loaded], "problems": []}
    fields = {name: value for name, value in offer.items() if name != "accepted_at"}
    assert stored(shop, offer["id"]).items() >= fields.items()


def test_what_is_loaded_can_be_bought(
    shop: Shop, operator: Operator, write: Any
) -> None:
    operator("offers", "load", write(list(GOOD.values())), "--yes")

    assert shop.create("order", path={"orderId": "1"}).status == 200
    assert shop.create("content", contentId=CONTENT).status == 200


def test_loading_asks_first(shop: Shop, operator: Operator, write: Any) -> None:
    before = shop.aws.snapshot()

    result = operator("offers", "load", write(list(GOOD.values())), answer="n\n")

    assert result.exit_code == 1
    assert "Load 7 offers into shop?" in result.stderr
    assert shop.aws.snapshot() == before


def test_a_file_with_a_problem_is_not_loaded_at_all(
    shop: Shop, operator: Operator, write: Any
) -> None:
    before = shop.aws.snapshot()

    result = operator("offers", "load", write([GOOD["row"], {"id": "tea#1"}]), "--yes")

    assert result.exit_code == 1
    assert result.stderr.endswith("has 1 problem: nothing was loaded.\n")
    assert "must be a kind of item" in result.stdout
    assert shop.aws.snapshot() == before


def test_a_script_learns_why_a_file_is_not_loaded(
    operator: Operator, write: Any
) -> None:
    result = operator("offers", "load", write([{"id": "tea#1"}]), "--yes", "--json")

    answer = json.loads(result.stdout)
    assert answer["offers"] == []
    assert [problem["offer"] for problem in answer["problems"]] == ["tea#1"]


def test_one_offer_is_not_several(operator: Operator, write: Any) -> None:
    file = write([GOOD["content"]])

    checked = operator("offers", "validate", file).stdout
    asked = operator("offers", "load", file, answer="n\n").stderr

    assert checked == "1 offer, no problems.\n"
    assert "Load 1 offer into shop?" in asked


@pytest.mark.parametrize(
    ("item_type", "changes", "meant"),
    [
        ("product", {"status": "actve"}, "active"),
        ("content", {"titel": "Bread"}, "title"),
        ("content", {"price": {"amuont": 999, "currency": "usd"}}, "amount"),
        ("bid", {"offer_type": "retial"}, "retail"),
        ("order", {"id": "oder#1"}, "order"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(
    operator: Operator, write: Any, item_type: str, changes: dict[str, Any], meant: str
) -> None:
    file = write([GOOD[item_type] | changes])

    assert f"; did you mean {meant}?" in operator("offers", "validate", file).stdout


def test_what_is_like_nothing_is_not_guessed(operator: Operator, write: Any) -> None:
    file = write([GOOD["product"] | {"status": "qqqq", "zzzz": 1}])

    found = operator("offers", "validate", file).stdout

    assert "status" in found
    assert "zzzz" in found
    assert "did you mean" not in found


def test_withdrawing_answers_scripts(shop: Shop, operator: Operator) -> None:
    shop.create("order")

    answer = operator.json("offers", "withdraw", "order#order_1", "--yes")

    withdrawn = {"status": "CANCELLED", "expired_sessions": 1}
    assert answer == {"offer": "order#order_1"} | withdrawn


@pytest.mark.parametrize(
    ("kind", "sold", "status"),
    [
        ("bid", "row#7", "purchased"),
        ("auction", "auction#auction_1", "paid"),
        ("order", "order#order_1", "PAID"),
    ],
)
def test_what_was_sold_is_left_as_it_is(
    shop: Shop, operator: Operator, write: Any, kind: str, sold: str, status: str
) -> None:
    """Or it could be sold a second time."""
    file = write(sample_offers(clock.now()))
    assert shop.create(kind).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    after_the_sale = stored(shop, sold)
    assert after_the_sale["status"] == status

    answer = operator.json("offers", "load", file, "--yes")

    results = {each.pop("offer"): each for each in answer["offers"]}
    assert results[sold] == {
        "result": "skipped",
        "reason": f"The offer has been sold: it is {status}.",
    }
    assert results["product#hero-me-feelings"]["result"] == "loaded"
    assert stored(shop, sold) == after_the_sale


def test_a_quote_for_a_bid_that_is_not_there_is_skipped_with_its_fields(
    shop: Shop, operator: Operator, write: Any
) -> None:
    quote = GOOD["quote"] | {"row_id": "7", "bid_id": "99"}

    answer = operator.json("offers", "load", write([quote]), "--yes")

    [result] = answer["offers"]
    assert (result["result"], result["reason"]) == (
        "skipped",
        "bid_id must be a service provider's bid on this row",
    )
    assert "Item" not in shop.aws.dynamodb.get_item(
        TableName=shop.aws.tables["OffersTable"], Key={"id": {"S": quote["id"]}}
    )


def test_what_is_for_sale_is_replaced(
    shop: Shop, operator: Operator, write: Any
) -> None:
    operator("offers", "load", write([GOOD["order"]]), "--yes")
    cheaper = GOOD["order"] | {"items": [LINE | {"unit_price_cents": 400}]}

    operator("offers", "load", write([cheaper]), "--yes")

    assert stored(shop, "order#1")["items"] == cheaper["items"]


def test_what_is_never_sold_out_is_replaced_whatever_its_status(
    shop: Shop, operator: Operator, write: Any
) -> None:
    draft = GOOD["content"] | {"status": "draft"}
    operator("offers", "load", write([draft]), "--yes")
    operator("offers", "load", write([GOOD["content"]]), "--yes")

    assert stored(shop, GOOD["content"]["id"])["status"] == "published"


@pytest.mark.parametrize(
    ("kind", "item_type"), [("bid", "row"), ("auction", "auction"), ("order", "order")]
)
def test_the_statuses_are_those_that_a_sale_reads_and_writes(
    shop: Shop, kind: str, item_type: str
) -> None:

    shop.create(kind)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    sale = purchase_of(shop.purchases()[0]).sale

    assert sale
    [move] = sale.moves
    assert move.item.startswith(f"{item_type}#")
    statuses = kind_named(kind).ITEMS[item_type].STATUSES
    assert (statuses.for_sale, statuses.sold, statuses.returned) == (
        move.sellable,
        move.sold,
        move.returned,
    )


def test_every_kind_describes_its_own_item() -> None:
    from cli.find import KINDS  # noqa: PLC0415 - once the environment is set

    for kind in KINDS:
        assert kind in kind_named(kind).ITEMS


def test_an_offer_is_withdrawn_with_its_open_payment_page(
    shop: Shop, operator: Operator
) -> None:
    assert shop.create("order").status == 200

    result = operator("offers", "withdraw", "order#order_1", "--yes")

    assert result.stdout == "order#order_1 is CANCELLED; 1 payment page expired.\n"
    assert [s["status"] for s in shop.stripe.sessions()] == ["expired"]


@pytest.mark.parametrize("given", ["order#nothing", "tea#1", "order", ""])
def test_what_does_not_exist_cannot_be_withdrawn(
    operator: Operator, given: str
) -> None:
    result = operator("offers", "withdraw", given, "--yes")

    assert result.exit_code == 1
    assert result.stderr.startswith("There is no such")
