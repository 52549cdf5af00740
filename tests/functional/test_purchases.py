"""What a buyer has bought: the history, page by page, and each purchase."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from checkout.domain.purchase import Purchase
from checkout.domain.purchase_status import PurchaseStatus
from checkout.domain.refund import Refund
from checkout.tables import purchases as purchases_table
from checkout.tables import transaction
from checkout.tables.purchases import Purchases
from tests.aws import on_moto_too
from tests.aws_calls import AwsCall, failing, intercepted, observed
from tests.request_units import counted
from tests.shop import PUBLISHED, Answer, Shop

COMMON = {
    "id",
    "kind",
    "itemId",
    "title",
    "amountPaidCents",
    "currency",
    "status",
    "paymentMethod",
    "stripeSessionId",
    "stripePaymentIntentId",
    "platformFeeCents",
    "organizationFeeCents",
    "creatorPayoutCents",
    "refundedAmountCents",
    "purchasedAt",
}


# What a purchase has to go through for a status.
BECOMES: dict[str, dict[str, Any]] = {
    "completed": {},
    "quarantined": {"quarantine_reason": "another_amount"},
    "refunded": {
        "refunds": {
            "re_1": Refund(
                id="re_1",
                amount=200,
                status="succeeded",
                created_at="2026-01-02T00:00:00.000Z",
                reason=None,
                request_id=None,
            )
        }
    },
}


def history(shop: Shop, buyer: str | None = "user_1", **query: str) -> Answer:
    return shop.call("GET /api/purchases", buyer=buyer, query=query or None)


def one(shop: Shop, purchase_id: str, buyer: str | None = "user_1") -> Answer:
    return shop.call("GET /api/purchases/{id}", buyer=buyer, path={"id": purchase_id})


def buy(shop: Shop, kind: str, **changes: Any) -> None:
    assert shop.create(kind, **changes).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()


def record_many(shop: Shop, buyer: str, statuses: list[str]) -> list[str]:
    """Record a purchase of each status, a second apart; return ids, newest first."""
    table = Purchases(shop.aws.tables["PurchasesTable"])
    ids = []
    for number, status in enumerate(statuses):
        purchase = Purchase(
            id=f"pur_{buyer}_{number}",
            payment_session_id=f"ps_{number}",
            kind="product",
            offer_id="hero-me-feelings",
            buyer_id=buyer,
            creator_id=None,
            title="Hero",
            amount=200,
            currency="usd",
            sale_key=None,
            platform_fee_bps=0,
            organization_fee_bps=0,
            stripe_session_id=f"cs_test_{number}",
            stripe_payment_intent_id=f"pi_{buyer}_{number}",
            purchased_at=f"2026-01-01T00:{number // 60:02}:{number % 60:02}.000Z",
            **BECOMES[status],
        )
        assert purchase.status == status
        assert not transaction.execute(
            {
                "purchase": table.added(purchase),
                "count": table.counted(None, purchase),
                "pointer": table.pointer(f"pi_{buyer}_{number}", purchase),
            }
        )
        ids.insert(0, purchase.id)
    return ids


@pytest.mark.parametrize(
    ("kind", "own_fields"),
    [
        ("bid", {"bidId": "42", "rowId": "7"}),
        ("auction", {"auctionId": "auction_1"}),
        ("order", {"orderId": "order_1"}),
        (
            "content",
            {
                "contentId": PUBLISHED,
                "content": {
                    "title": "Calm mornings: a ten-day course",
                    "slug": "calm-mornings",
                },
                "slug": "calm-mornings",
            },
        ),
    ],
)
def test_a_purchase_reads_in_the_shape_of_the_contract(
    shop: Shop, kind: str, own_fields: dict[str, Any]
) -> None:
    buy(shop, kind)
    [stored] = shop.purchases()
    [stripe_session] = shop.stripe.sessions()

    answer = one(shop, stored["id"])

    body = answer.body
    assert answer.status == 200
    assert body.keys() == COMMON | own_fields.keys()
    assert {name: body[name] for name in own_fields} == own_fields
    assert body["id"] == stored["id"]
    assert body["kind"] == kind
    assert body["itemId"] == stored["offer_id"]
    assert body["title"] == stored["title"]
    assert body["amountPaidCents"] == stripe_session["amount_total"]
    assert body["currency"] == "usd"
    assert body["status"] == "completed"
    assert body["paymentMethod"] == "stripe_checkout"
    assert body["stripeSessionId"] == stripe_session["id"]
    assert body["stripePaymentIntentId"] == stripe_session["payment_intent"]
    assert body["refundedAmountCents"] == 0
    assert body["purchasedAt"].endswith("Z")
    shares = ("platformFeeCents", "organizationFeeCents", "creatorPayoutCents")
    assert sum(body[share] for share in shares) == body["amountPaidCents"]
    assert history(shop).body["data"] == [body]


def test_content_without_a_slug_has_none(shop: Shop) -> None:
    offer = shop.aws.item("OffersTable", f"content#{PUBLISHED}")
    offer.pop("slug")
    shop.put_offer(offer)
    buy(shop, "content")

    [body] = history(shop).body["data"]

    assert "slug" not in body
    assert body["content"]["slug"] is None


def test_a_buyer_without_purchases_has_an_empty_history(shop: Shop) -> None:
    answer = history(shop)

    assert (answer.status, answer.body) == (
        200,
        {
            "data": [],
            "pagination": {
                "page": 1,
                "pageSize": 20,
                "totalCount": 0,
                "totalPages": 0,
            },
        },
    )


@on_moto_too
def test_the_pages_are_the_history_newest_first(shop: Shop) -> None:
    ids = record_many(shop, "user_1", ["completed"] * 27)
    record_many(shop, "user_2", ["completed"] * 3)

    for size in (1, 7, 20, 27, 28, 100):
        pages = -(-27 // size)
        seen = []
        for page in range(1, pages + 1):
            body = history(shop, page=str(page), pageSize=str(size)).body
            assert body["pagination"] == {
                "page": page,
                "pageSize": size,
                "totalCount": 27,
                "totalPages": pages,
            }
            seen += [purchase["id"] for purchase in body["data"]]
        assert seen == ids


@pytest.fixture
def short_answers() -> Iterator[None]:
    """Let DynamoDB end each answer to a query after four items, and not a megabyte."""

    def cut_short(call: AwsCall) -> Any:
        return call.answer(**({"Limit": 4} if call.operation == "Query" else {}))

    with intercepted(cut_short):
        yield


@pytest.mark.usefixtures("short_answers")
def test_a_history_may_take_several_answers_of_the_table(shop: Shop) -> None:
    ids = record_many(shop, "user_1", ["completed", "refunded"] * 9)

    for status, expected in {"": ids, "refunded": ids[::2]}.items():
        query = {"status": status} if status else {}
        pages = [
            history(shop, page=str(page), pageSize="5", **query).body["data"]
            for page in (1, 2, 3, 4, 5)
        ]
        assert [p["id"] for data in pages for p in data] == expected


def test_a_history_is_twenty_to_a_page_unless_asked(shop: Shop) -> None:
    ids = record_many(shop, "user_1", ["completed"] * 27)

    first, second = history(shop).body, history(shop, page="2").body

    assert [p["id"] for p in first["data"]] == ids[:20]
    assert [p["id"] for p in second["data"]] == ids[20:]


def test_a_page_after_the_last_is_empty(shop: Shop) -> None:
    record_many(shop, "user_1", ["completed"] * 3)

    body = history(shop, page="10000", pageSize="100").body

    assert body["data"] == []
    assert body["pagination"]["totalCount"] == 3


def record_quickly(shop: Shop, statuses: list[str]) -> list[str]:
    """As `record_many`, by copies of one purchase of each status."""
    kinds = sorted({*statuses})
    samples = dict(zip(kinds, reversed(record_many(shop, "x", kinds)), strict=True))
    sampled = {s: shop.aws.item("PurchasesTable", i) for s, i in samples.items()}
    ids = [f"pur_{number:06}" for number in range(len(statuses))]
    shop.aws.put(
        "PurchasesTable",
        *(
            sampled[status]
            | {"id": purchase_id, "buyer_id": "user_1"}
            | {"purchased_at": f"2026-01-01T00:{n // 60:02}:{n % 60:02}.000Z"}
            for n, (purchase_id, status) in enumerate(zip(ids, statuses, strict=True))
        ),
        {"id": "buyer#user_1", "total": len(statuses), **Counter(statuses)},
    )
    return ids[::-1]


def test_a_page_costs_what_it_shows(shop: Shop) -> None:
    """The first page of a long history is as cheap as that of a short one."""
    ids = record_quickly(shop, ["completed"] * 2000)
    costs = {}
    for page in (1, 2, 50, 100):
        with counted(shop) as units:
            body = history(shop, page=str(page)).body
        assert [p["id"] for p in body["data"]] == ids[20 * (page - 1) : 20 * page]
        costs[page] = units.listed

    # Twenty purchases, and the keys of the pages up to this one: 40 or so for a unit.
    assert costs[1] <= 10 + 1
    assert costs[2] <= 10 + 1.5
    assert costs[50] <= 10 + 1000 / 40
    assert costs[100] <= 10 + 2000 / 40


@pytest.mark.parametrize("operation", ["GetItem", "Query", "BatchGetItem"])
def test_a_table_that_is_asked_too_often_is_for_the_caller_to_ask_again(
    shop: Shop, operation: str
) -> None:
    record_many(shop, "user_1", ["completed"])

    with failing(operation, error="ThrottlingException"):
        answer = history(shop)

    assert (answer.status, answer.body["code"]) == (503, "try_again")
    assert answer.headers["retry-after"] == "1"


def test_a_page_after_the_last_reads_no_key(shop: Shop) -> None:
    record_quickly(shop, ["completed"] * 40)
    for query in ({"page": "3"}, {"page": "10000", "pageSize": "100"}):
        with counted(shop) as units:
            assert history(shop, **query).body["data"] == []
        assert (units.read, units.listed) == (1, 0)


def test_a_page_reads_a_bounded_number_of_keys(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = record_quickly(shop, ["completed"] * 200)
    monkeypatch.setattr(purchases_table, "MOST_KEYS_READ", 100)

    assert [p["id"] for p in history(shop, page="5").body["data"]] == ids[80:100]
    answer = history(shop, page="6")
    assert answer.status == 400
    assert [each["field"] for each in answer.body["fields"]] == ["page"]
    assert "100 purchases" in answer.body["fields"][0]["problem"]


@pytest.mark.parametrize("pages_of", [7, None])
def test_a_rare_status_is_found_in_a_long_history(
    shop: Shop, pages_of: int | None
) -> None:
    """Whatever the size of DynamoDB's pages, each key is read once at most."""
    statuses = ["completed"] * 700
    for number in (3, 400, 402, 699):
        statuses[number] = "refunded"
    ids = record_quickly(shop, statuses)
    expected = [ids[699 - number] for number in (699, 402, 400, 3)]

    def in_pages(call: AwsCall) -> Any:
        if call.operation != "Query" or pages_of is None:
            return call.answer()
        return call.answer(Limit=min(pages_of, call.parameters["Limit"]))

    with intercepted(in_pages), observed() as calls:
        body = history(shop, status="refunded").body

    assert [p["id"] for p in body["data"]] == expected
    queries = [call for call in calls if call.operation == "Query"]
    assert len(queries) <= (700 // pages_of + 1 if pages_of else 6)


def test_a_status_is_looked_for_in_a_bounded_number_of_keys(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses = ["refunded", *["completed"] * 500, "refunded"]
    ids = record_quickly(shop, statuses)
    monkeypatch.setattr(purchases_table, "MOST_KEYS_READ", 300)

    body = history(shop, status="refunded").body

    assert [p["id"] for p in body["data"]] == [ids[0]]
    assert body["pagination"]["totalCount"] == 2


@on_moto_too
def test_a_history_can_be_asked_for_one_status(shop: Shop) -> None:
    statuses = ["completed", "quarantined", "completed", "refunded"] * 7
    ids = record_many(shop, "user_1", statuses)

    body = history(shop, status="completed", pageSize="10", page="2").body

    completed = [
        i for i, s in zip(ids, reversed(statuses), strict=True) if s == "completed"
    ]
    assert [p["id"] for p in body["data"]] == completed[10:]
    assert body["pagination"] == {
        "page": 2,
        "pageSize": 10,
        "totalCount": 14,
        "totalPages": 2,
    }
    none = history(shop, status="disputed").body
    assert (none["data"], none["pagination"]["totalCount"]) == ([], 0)


def test_every_status_can_be_asked_for(shop: Shop) -> None:
    for status in PurchaseStatus:
        assert history(shop, status=status).status == 200


def test_a_query_that_makes_no_sense_is_refused(shop: Shop) -> None:
    no_number = ["0", "-1", "", "1.5", "one", "1,2", "٣", " 1", "1000000"]
    for name, values in {
        "status": ["", "paid", "Completed", "total"],
        "page": [*no_number, "10001"],
        "pageSize": [*no_number, "101"],
    }.items():
        for value in values:
            answer = history(shop, **{name: value})
            assert answer.status == 400, (name, value)
            assert answer.body["code"] == "invalid_request"
            assert [field["field"] for field in answer.body["fields"]] == [name]


def test_a_quarantined_purchase_is_in_its_buyers_history(shop: Shop) -> None:
    assert shop.create("order").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    [event] = shop.stripe.events("checkout.session.completed")
    event["data"]["object"]["amount_total"] = 1
    shop.deliver(event)

    [body] = history(shop, status="quarantined").body["data"]

    assert body["status"] == "quarantined"
    assert body.keys() == COMMON | {"orderId"}


@pytest.mark.usefixtures("strict_keys")
def test_anything_else_is_as_good_as_unknown(shop: Shop) -> None:
    """Invariant 7: another buyer's, an anonymous one, another item of the table."""
    buy(shop, "content")
    buy(shop, "product")
    others = [
        i["id"]
        for i in shop.aws.items("PurchasesTable")
        if not i["id"].startswith("pur_")
    ]
    assert {i.partition("_")[0].partition("#")[0] for i in others} == {
        "owns",
        "buyer",
        "pi",
        "revenue",
    }
    [content] = [p["id"] for p in shop.purchases() if p["kind"] == "content"]
    [product] = [p["id"] for p in shop.purchases() if p["kind"] == "product"]

    answers = [
        one(shop, i)
        for i in [*others, product, "pur_", "pur_unknown", "x", "pur_\ud800"]
    ]
    answers += [one(shop, "pur_" + "0" * 3000), one(shop, content, "user_2")]

    for answer in answers:
        assert answer.status == 404
        assert answer.body | {"request_id": ""} == {
            "error": "There is no such purchase of yours.",
            "code": "not_found",
            "request_id": "",
        }
    assert history(shop, "user_2").body["data"] == []


def test_purchases_are_for_those_who_are_logged_in(shop: Shop) -> None:
    buy(shop, "product")
    [purchase] = shop.purchases()

    assert history(shop, None).status == 401
    assert one(shop, purchase["id"], None).status == 401
