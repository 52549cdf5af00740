"""Offers are written whole, listed and withdrawn by those who sell."""

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from boto3.dynamodb.types import TypeSerializer
from time_machine import travel

from checkout import clock
from checkout.api.request import Request
from checkout.clients.stripe_api import StripeApi
from checkout.config import WritersConfig
from checkout.flows import write_offer
from checkout.flows.write_offer import OfferWriter
from checkout.tables import transaction
from checkout.tables.offers import Offers
from mocktill.faults import Fault
from tests.aws_calls import observed
from tests.shop import PUBLISHED, QUOTE, Answer, Shop

WRITERS = "offers-admin"
CONTENT = "3e7c0f95-8a4b-4b26-9dae-1f2a3b4c5d14"
PRICE = {"amount": 999, "currency": "usd"}
LINE = {"name": "A seat", "quantity": 2, "unit_price_cents": 500}
NEW: dict[str, tuple[str, dict[str, Any]]] = {
    "row": ("r1", {"owner_id": "user_1", "title": "A chair", "status": "open"}),
    "bid": (
        "b1",
        {"row_id": "7", "title": "A tile", "offer_type": "retail", "price": PRICE},
    ),
    "auction": (
        "a1",
        {
            "winner_id": "user_1",
            "status": "accepted",
            "accepted_at": "2031-05-06T07:08:09Z",
            "title": "A lamp",
            "price": PRICE,
        },
    ),
    "order": (
        "o1",
        {
            "owner_id": "user_1",
            "status": "CREATED",
            "currency": "usd",
            "items": [LINE],
        },
    ),
    "content": (CONTENT, {"status": "published", "title": "Bread", "price": PRICE}),
    "product": ("p1", {"status": "active", "title": "A board", "price": PRICE}),
    "quote": (
        "c5f1a07b9e3d4c6f8a2b1d0e7f6a5b4c",
        {"title": "A repair", "price": PRICE, "expires_at": "2060-05-06T07:08:09Z"},
    ),
}
SELLABLE = {
    "bid": {"bid_id": "42", "row_id": "7"},
    "auction": {"auction_id": "auction_1"},
    "order": {"orderId": "order_1"},
    "content": {"contentId": PUBLISHED},
    "product": {"product_id": "hero-me-feelings"},
    "quote": {"quote_id": QUOTE},
}


def put(
    shop: Shop, kind: str, offer_id: str, fields: Any, version: str | None = None
) -> Answer:
    return shop.call(
        "PUT /api/offers/{kind}/{id}",
        fields,
        buyer="seller_1",
        groups=WRITERS,
        path={"kind": kind, "id": offer_id},
        headers={"if-match": version} if version else {},
    )


def withdraw(shop: Shop, kind: str, offer_id: str) -> Answer:
    return shop.call(
        "POST /api/offers/{kind}/{id}/withdraw",
        buyer="seller_1",
        groups=WRITERS,
        path={"kind": kind, "id": offer_id},
    )


def clear(shop: Shop) -> None:
    for offer in shop.aws.items("OffersTable"):
        shop.aws.delete("OffersTable", offer)


def listed(shop: Shop, kind: str, **query: str) -> Answer:
    return shop.call(
        "GET /api/offers/{kind}",
        buyer="seller_1",
        groups=WRITERS,
        path={"kind": kind},
        query=query,
    )


@pytest.mark.parametrize("kind", NEW)
def test_an_offer_is_written_and_replaced(shop: Shop, kind: str) -> None:
    offer_id, fields = NEW[kind]

    first = put(shop, kind, offer_id, fields)
    again = put(shop, kind, offer_id, fields | {"title": "Another title"}, '"1"')

    assert (first.status, first.body["version"]) == (201, 1)
    assert (again.status, again.body["version"]) == (200, 2)
    assert first.body.items() >= {"kind": kind, "id": offer_id}.items()
    assert again.body["title"] == "Another title"
    assert again.body["created_at"] == first.body["created_at"]
    [found] = [o for o in listed(shop, kind).body["data"] if o["id"] == offer_id]
    assert found.items() <= again.body.items()


@pytest.mark.parametrize("kind", SELLABLE)
def test_what_was_written_can_be_bought(shop: Shop, kind: str) -> None:
    offer_id, fields = NEW[kind]
    clear(shop)
    if kind == "bid":
        put(shop, "row", "7", NEW["row"][1])
    assert put(shop, kind, offer_id, fields).status == 201
    wanted = {
        "bid": {"bid_id": offer_id},
        "auction": {"auction_id": offer_id},
        "order": {"orderId": offer_id},
        "content": {"contentId": offer_id},
        "product": {"product_id": offer_id},
        "quote": {"quote_id": offer_id},
    }[kind]

    if kind == "order":
        wanted = {"path": {"orderId": offer_id}}
    assert shop.create(kind, **wanted).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()

    [purchase] = shop.purchases()
    assert purchase["status"] == "completed"


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("PUT /api/offers/{kind}/{id}", {"kind": "product", "id": "p1"}),
        ("GET /api/offers/{kind}", {"kind": "product"}),
        ("POST /api/offers/{kind}/{id}/withdraw", {"kind": "product", "id": "p1"}),
    ],
)
@pytest.mark.parametrize(
    ("token", "status"),
    [
        ({}, 401),
        ({"buyer": "user_1"}, 403),
        ({"buyer": "user_1", "groups": "payments-admin"}, 403),
    ],
)
def test_only_a_writer_may(
    shop: Shop, route: str, path: dict[str, str], token: dict[str, str], status: int
) -> None:
    answer = shop.call(route, NEW["product"][1], path=path, **token)  # type: ignore[arg-type]

    assert answer.status == status
    assert (
        shop.aws.item("OffersTable", "product#hero-me-feelings")["status"] == "active"
    )


@pytest.mark.parametrize(
    ("kind", "changes", "field", "problem"),
    [
        (
            "product",
            {"price": {"amount": 10, "currency": "usd"}},
            "price.amount",
            "below",
        ),
        (
            "product",
            {"price": {"amount": 10, "currency": "xxx"}},
            "price.currency",
            "Stripe",
        ),
        (
            "product",
            {"price": {"amount": "1", "currency": "usd"}},
            "price.amount",
            "whole",
        ),
        ("product", {"price": 5}, "price", "object"),
        ("product", {"title": " "}, "title", "blank"),
        ("product", {"title": None}, "title", "text"),
        ("product", {"status": "sold"}, "status", "'active' or 'inactive'"),
        ("product", {"colour": "red"}, "colour", "not a field"),
        ("product", {"image_url": "http://a.test/i.png"}, "image_url", "https"),
        ("product", {"platform_fee_bps": 10_001}, "platform_fee_bps", "at most 10000"),
        (
            "product",
            {"platform_fee_bps": 6000, "organization_fee_bps": 6000},
            "organization_fee_bps",
            "together",
        ),
        ("order", {"items": []}, "items", "empty"),
        (
            "order",
            {"items": [LINE | {"quantity": 0}]},
            "items[0].quantity",
            "at least 1",
        ),
        ("order", {"items": [LINE | {"name": 5}]}, "items[0].name", "text"),
        ("order", {"items": [LINE | {"unit_price_cents": 1}]}, "items", "below"),
        ("order", {"status": "PAID"}, "status", "'CREATED' or 'CANCELLED'"),
        ("auction", {"accepted_at": "2031-05-06T07:08:09"}, "accepted_at", "offset"),
        ("auction", {"winner_id": None}, "winner_id", "missing"),
        ("bid", {"clickout_url": "javascript:alert(1)"}, "clickout_url", "https://"),
        ("bid", {"offer_type": "gift"}, "offer_type", "'retail' or"),
    ],
)
def test_what_is_wrong_is_named(
    shop: Shop, kind: str, changes: dict[str, Any], field: str, problem: str
) -> None:
    offer_id, fields = NEW[kind]
    before = shop.aws.items("OffersTable")

    answer = put(shop, kind, offer_id, fields | changes)

    assert (answer.status, answer.body["code"]) == (400, "invalid_request")
    [found] = answer.body["fields"]
    assert found["field"] == field
    assert problem in found["problem"]
    assert shop.aws.items("OffersTable") == before


def test_every_problem_is_named_at_once(shop: Shop) -> None:
    answer = put(shop, "product", "p1", {"status": 5, "price": {}, "more": 1})

    fields = {problem["field"] for problem in answer.body["fields"]}
    assert fields == {"title", "status", "price.currency", "price.amount", "more"}


def test_another_version_than_expected_is_refused(shop: Shop) -> None:
    offer_id, fields = NEW["product"]
    put(shop, "product", offer_id, fields)

    for version in ("2", "0"):
        answer = put(shop, "product", offer_id, fields, version)
        assert (answer.status, answer.body["code"]) == (409, "version_conflict")
    assert put(shop, "product", "p2", fields, "1").status == 409
    assert put(shop, "product", offer_id, fields, "soon").status == 400


@pytest.mark.parametrize("kind", ["auction", "order"])
def test_what_was_sold_stays(shop: Shop, kind: str) -> None:
    assert shop.create(kind).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    offer_id = f"{kind}_1"

    written = put(shop, kind, offer_id, NEW[kind][1])
    withdrawn = withdraw(shop, kind, offer_id)

    for answer in (written, withdrawn):
        assert (answer.status, answer.body["code"]) == (409, "already_purchased")


@pytest.mark.parametrize("kind", SELLABLE)
def test_withdrawing_expires_what_could_be_paid(shop: Shop, kind: str) -> None:
    assert shop.create(kind).status == 200
    offer_id = next(iter(SELLABLE[kind].values()))

    answer = withdraw(shop, kind, offer_id)

    assert (answer.status, answer.body["expired_sessions"]) == (200, 1)
    assert answer.body["status"] in {"withdrawn", "CANCELLED", "inactive"}
    assert [s["status"] for s in shop.stripe.sessions()] == ["expired"]
    assert [s["status"] for s in shop.sessions()] == ["expired"]
    assert shop.create(kind).status in {400, 404, 409}


def test_withdrawing_a_row_expires_the_sessions_of_its_bids(shop: Shop) -> None:
    assert shop.create("bid").status == 200

    assert withdraw(shop, "row", "7").body["expired_sessions"] == 1

    assert [s["status"] for s in shop.stripe.sessions()] == ["expired"]


def test_another_price_changes_no_payment_that_has_begun(shop: Shop) -> None:
    """Invariant 6: the buyer pays what was shown."""
    assert shop.create("content").status == 200
    fields = NEW["content"][1] | {"price": {"amount": 5000, "currency": "usd"}}

    answer = put(shop, "content", PUBLISHED, fields)

    assert answer.body["expired_sessions"] == 0
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    [purchase] = shop.purchases()
    assert (purchase["status"], purchase["amount"]) == ("completed", 999)


def test_a_draft_cannot_be_paid_any_more(shop: Shop) -> None:
    assert shop.create("content").status == 200

    answer = put(shop, "content", PUBLISHED, NEW["content"][1] | {"status": "draft"})

    assert answer.body["expired_sessions"] == 1


def test_the_pages_have_every_offer_once(shop: Shop) -> None:
    clear(shop)
    ids = [f"p{number}" for number in range(5)]
    for offer_id in ids:
        put(shop, "product", offer_id, NEW["product"][1])

    found, query = [], {"limit": "2"}
    while True:
        page = listed(shop, "product", **query).body
        found += [offer["id"] for offer in page["data"]]
        if page["next_cursor"] is None:
            break
        query = {"limit": "2", "cursor": page["next_cursor"]}

    assert found == ids


@pytest.mark.parametrize("kind", ["", "nothing", "__init__", "content#x", "\ud800"])
def test_an_unknown_kind_is_not_found(shop: Shop, kind: str) -> None:
    assert put(shop, kind, "p1", {}).status == 404
    assert listed(shop, kind).status == 404
    assert withdraw(shop, kind, "p1").status == 404


def test_what_does_not_exist_is_not_withdrawn(shop: Shop) -> None:
    assert withdraw(shop, "content", str(UUID(int=1))).status == 404


def test_a_session_that_stripe_fails_to_expire_keeps_no_other_open(shop: Shop) -> None:
    for buyer in ("user_1", "user_2"):
        assert shop.create("content", buyer).status == 200
    shop.stripe.sandbox.faults.add(Fault("POST", "/v1/checkout/sessions/", status=500))

    first = withdraw(shop, "content", PUBLISHED)

    assert (first.status, first.body["code"]) == (502, "stripe_unavailable")
    assert sorted(s["status"] for s in shop.stripe.sessions()) == ["expired", "open"]
    again = withdraw(shop, "content", PUBLISHED)
    assert (again.status, again.body["expired_sessions"]) == (200, 1)
    assert {s["status"] for s in shop.stripe.sessions()} == {"expired"}


def test_withdrawing_a_popular_offer_ends_in_time_and_is_continued(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyers = [f"user_{number}" for number in range(110)]
    for buyer in buyers:
        assert shop.create("content", buyer).status == 200
    slow = SlowStripe(monkeypatch, seconds_each=0.25)

    answers = [withdraw(shop, "content", PUBLISHED) for _ in range(3)]

    # In 12 seconds 49 are begun: the first at 0 seconds, the last at 12.
    found = [(a.body["expired_sessions"], a.body["open_sessions"]) for a in answers]
    assert found == [(49, True), (49, True), (12, False)]
    assert slow.longest <= 12 + 0.25
    assert {s["status"] for s in shop.stripe.sessions()} == {"expired"}
    assert {s["status"] for s in shop.sessions()} == {"expired"}


def test_expiring_a_session_is_tried_once_a_request(shop: Shop) -> None:
    """A retry could take longer than the function has."""
    assert shop.create("content").status == 200
    shop.stripe.sandbox.faults.add(
        Fault("POST", "/v1/checkout/sessions/", status=500, times=2)
    )

    for _ in range(2):
        assert withdraw(shop, "content", PUBLISHED).status == 502
    assert withdraw(shop, "content", PUBLISHED).body["expired_sessions"] == 1


def test_a_stripe_that_does_not_answer_leaves_the_rest_for_the_next_request(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for buyer in ("user_1", "user_2", "user_3"):
        assert shop.create("content", buyer).status == 200
    SlowStripe(monkeypatch, seconds_each=24)

    answer = withdraw(shop, "content", PUBLISHED)

    assert (answer.body["expired_sessions"], answer.body["open_sessions"]) == (1, True)
    assert shop.create("content").status == 404


def test_of_what_can_be_paid_no_session_is_left_behind_finished_ones(
    shop: Shop,
) -> None:
    """However many sessions were begun after it."""
    assert shop.create("content", "user_0").status == 200
    [first] = shop.sessions()
    for number in range(120):
        ended = {"id": f"ps_{number:03}", "status": "expired"}
        shop.aws.put(
            "PaymentSessionsTable",
            first | ended | {"created_at": clock.iso(clock.now())},
        )

    answer = withdraw(shop, "content", PUBLISHED)

    assert answer.body["expired_sessions"] == 1


def test_sessions_that_no_one_can_pay_any_more_are_not_read(shop: Shop) -> None:
    assert shop.create("content").status == 200
    with travel(clock.now() + timedelta(hours=26), tick=False), observed() as calls:
        answer = withdraw(shop, "content", PUBLISHED)

    assert answer.body["expired_sessions"] == 0
    assert len([c for c in calls if c.operation == "Query"]) == 1


def test_a_price_that_changes_costs_no_read_for_each_open_session(shop: Shop) -> None:
    for number in range(10):
        assert shop.create("content", f"user_{number}").status == 200
    fields = NEW["content"][1] | {"price": {"amount": 5000, "currency": "usd"}}

    with observed() as calls:
        answer = put(shop, "content", PUBLISHED, fields)

    assert answer.body["open_sessions"] is False
    assert len(calls) < 8


class SlowStripe:
    """A clock that passes only while Stripe expires a session."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds_each: float) -> None:
        self.now = self.longest = 0.0
        expire = StripeApi.expire_session

        def slowly(stripe: StripeApi, session_id: str) -> dict[str, Any]:
            self.now += seconds_each
            return expire(stripe, session_id)

        def in_one_call(writer: OfferWriter, *given: Any) -> Any:
            begun = self.now
            answer = withdraw_offer(writer, *given)
            self.longest = max(self.longest, self.now - begun)
            return answer

        withdraw_offer = OfferWriter.withdraw
        monkeypatch.setattr(StripeApi, "expire_session", slowly)
        monkeypatch.setattr(OfferWriter, "withdraw", in_one_call)
        monkeypatch.setattr(write_offer.time, "monotonic", lambda: self.now)


def test_money_that_comes_in_the_same_moment_goes_back(shop: Shop) -> None:
    assert shop.create("content").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])

    answer = withdraw(shop, "content", PUBLISHED)

    assert (answer.status, answer.body["expired_sessions"]) == (200, 0)
    shop.deliver()
    [purchase] = shop.purchases()
    assert purchase["status"] == "refunded"


def test_what_the_host_application_wrote_itself_is_withdrawn_too(shop: Shop) -> None:
    item = {"id": {"S": "order#own"}, "weight": {"N": "0.3"}, "tags": {"L": []}}
    shop.aws.dynamodb.put_item(TableName=shop.aws.tables["OffersTable"], Item=item)

    answer = withdraw(shop, "order", "own")

    assert (answer.status, answer.body["status"]) == (200, "CANCELLED")
    assert (answer.body["version"], answer.body["weight"]) == (1, 0.3)


@pytest.mark.parametrize(
    ("claims", "scope", "is_writer"),
    [
        ({"scope": "openid offers/write"}, "offers/write", True),
        ({"scope": "offers/write-not"}, "offers/write", False),
        ({"scope": ""}, "", False),
        ({}, "", False),
        ({"cognito:groups": "[offers-admin]"}, "", True),
        ({"cognito:groups": "[payments-admin]"}, "offers/write", False),
    ],
)
def test_a_writer_has_the_group_or_the_scope(
    claims: dict[str, str], scope: str, is_writer: bool
) -> None:
    variables = {
        "OPERATOR_CLAIM": "cognito:groups",
        "WRITER_GROUP": "offers-admin",
        "WRITER_SCOPE": scope,
    }
    event = {"requestContext": {"authorizer": {"jwt": {"claims": claims}}}}

    assert Request(event).is_writer(WritersConfig(variables)) == is_writer


@pytest.mark.parametrize("change", [{"version": 7}, {"status": "inactive"}])
def test_an_offer_that_changed_since_it_was_read_is_not_overwritten(
    shop: Shop, change: dict[str, Any]
) -> None:
    offer_id, fields = NEW["product"]
    put(shop, "product", offer_id, fields)
    offers = Offers(shop.aws.tables["OffersTable"])
    before = offers.get("product", offer_id)
    assert before
    shop.change_offer(f"product#{offer_id}", **change)
    stored = shop.aws.item("OffersTable", f"product#{offer_id}")

    for write in (
        offers.written({**before, "title": "Too late"}, before),
        offers.changed(before, {"title": "Too late"}),
        offers.written({**before, "title": "Too late"}, None),
    ):
        assert transaction.execute({"offer": write})
    assert shop.aws.item("OffersTable", f"product#{offer_id}") == stored


def test_a_bid_that_is_given_to_another_row_ends_its_checkout(shop: Shop) -> None:
    put(shop, "row", "9", {"owner_id": "user_2", "status": "open"})
    assert shop.create("bid").status == 200

    moved = put(shop, "bid", "42", NEW["bid"][1] | {"row_id": "9"})

    assert (moved.status, moved.body["expired_sessions"]) == (200, 1)


@pytest.mark.parametrize("version", ["2024-01", Decimal("1.5"), None, {}, [], -1])
def test_a_version_of_the_hosts_own_keeps_nothing_for_sale(
    shop: Shop, version: Any
) -> None:
    item = {"id": "product#b", **NEW["product"][1], "thumb": b"x"}
    raw = {name: TypeSerializer().serialize(value) for name, value in item.items()}
    raw["version"] = TypeSerializer().serialize(version)
    shop.aws.dynamodb.put_item(TableName=shop.aws.tables["OffersTable"], Item=raw)

    assert withdraw(shop, "product", "b").body["version"] == 1
    assert put(shop, "product", "b", NEW["product"][1]).body["version"] == 2


def test_a_cursor_that_is_too_long_is_refused(shop: Shop) -> None:
    answer = shop.call(
        "GET /api/offers/{kind}",
        buyer="seller_1",
        groups=WRITERS,
        path={"kind": "product"},
        query={"cursor": "x" * 2000},
    )

    assert (answer.status, answer.body["code"]) == (400, "invalid_request")


def test_the_search_for_sessions_ends_in_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row of many bids without any session takes as many queries."""
    for number in range(9):
        bid = {"row_id": "7", "title": "x", "offer_type": "service_provider"}
        put(shop, "bid", f"b{number}", bid)
    seconds = count(0, 5)
    monkeypatch.setattr(
        "checkout.flows.write_offer.time.monotonic", lambda: next(seconds)
    )

    answer = withdraw(shop, "row", "7")

    assert (answer.status, answer.body["open_sessions"]) == (200, True)
