"""What a creator has earned: the revenue by day, and the purchases behind it."""

import base64
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import Traveller

from checkout.flows import review_quarantine
from checkout.tables.daily_revenue import SHARDS
from tests import flows
from tests.aws import on_moto_too
from tests.aws_calls import AwsCall, observed
from tests.shop import PUBLISHED, Answer, Shop

START = datetime(2031, 5, 6, 23, 50, tzinfo=UTC)
pytestmark = pytest.mark.frozen_at(START)
TODAY, TOMORROW = "2031-05-06", "2031-05-07"
REVENUE = "GET /api/creators/{creatorId}/revenue"
PURCHASES = "GET /api/creators/{creatorId}/purchases"
OF_CREATOR_2 = "2d6b9e84-7f3a-4a15-8c9d-0e1f2a3b4c13"
NOTHING = {
    "purchases": 0,
    "grossCents": 0,
    "refundedCents": 0,
    "lostToDisputesCents": 0,
    "discountCents": 0,
    "taxCents": 0,
    "shippingCents": 0,
    "platformFeeCents": 0,
    "organizationFeeCents": 0,
    "creatorPayoutCents": 0,
    "stripeFeeCents": 0,
}
SALE = NOTHING | {
    "currency": "usd",
    "purchases": 1,
    "grossCents": 999,
    "platformFeeCents": 99,
    "organizationFeeCents": 49,
    "creatorPayoutCents": 851,
}


def ask(
    shop: Shop,
    route: str,
    creator: str = "creator_1",
    *,
    caller: str | None = None,
    groups: str | None = None,
    **query: str,
) -> Answer:
    """Ask as the creator, unless told who asks."""
    path, who = {"creatorId": creator}, caller or creator
    return shop.call(route, buyer=who, groups=groups, path=path, query=query or None)


def revenue(shop: Shop, creator: str = "creator_1", **query: str) -> dict[str, Any]:
    answer = ask(shop, REVENUE, creator, **query)
    assert answer.status == 200, answer.body
    return answer.body


def buy(shop: Shop, kind: str = "content", **changes: Any) -> dict[str, Any]:
    """Buy, and let the event of it wait at Stripe; return Stripe's session."""
    assert shop.create(kind, **changes).status == 200
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.pay(stripe_id)
    return shop.stripe.get(f"/v1/checkout/sessions/{stripe_id}")


def sell(shop: Shop, kind: str = "content", **changes: Any) -> dict[str, Any]:
    """Sell, and fulfill it; return the purchase."""
    session = buy(shop, kind, **changes)
    shop.deliver()
    [found] = [p for p in shop.purchases() if p["stripe_session_id"] == session["id"]]
    return found


def refund(shop: Shop, purchase: dict[str, Any], amount: int | None = None) -> None:
    answer = shop.call(
        "POST /api/purchases/{id}/refund",
        {"amountCents": amount} if amount else {},
        buyer="operator_1",
        groups="[payments-admin]",
        path={"id": purchase["id"]},
    )
    assert answer.status == 200, answer.body


# -------------------------------------------------------------------------- revenue


@on_moto_too
def test_a_sale_is_revenue_of_its_day(shop: Shop) -> None:
    sell(shop)

    assert revenue(shop) == {
        "creatorId": "creator_1",
        "from": "2031-04-07",
        "to": TODAY,
        "totals": [SALE],
        "days": [{"date": TODAY, **SALE}],
    }


def test_a_creator_without_sales_has_no_revenue(shop: Shop) -> None:
    sell(shop)

    assert revenue(shop, "nobody")["totals"] == revenue(shop, "nobody")["days"] == []


def test_each_currency_and_each_creator_is_summed_up_alone(shop: Shop) -> None:
    sell(shop, buyer="user_1")
    sell(shop, buyer="user_2")
    euros = {"amount": 1000, "currency": "eur"}
    shop.change_offer(f"content#{PUBLISHED}", price=euros)
    sell(shop, buyer="user_3")
    sell(shop, contentId=OF_CREATOR_2)

    first, second = revenue(shop)["totals"], revenue(shop, "creator_2")["totals"]

    assert [(t["currency"], t["purchases"], t["grossCents"]) for t in first] == [
        ("eur", 1, 1000),
        ("usd", 2, 1998),
    ]
    assert [(t["currency"], t["purchases"], t["grossCents"]) for t in second] == [
        ("eur", 1, 1450)
    ]


def test_what_has_no_creator_is_nobodys_revenue(shop: Shop) -> None:
    sell(shop, "product")

    assert counters(shop) == []


def counters(shop: Shop) -> list[dict[str, Any]]:
    return [
        i for i in shop.aws.items("PurchasesTable") if i["id"].startswith("revenue#")
    ]


def test_a_refund_is_taken_off_on_its_own_day(shop: Shop, clock: Traveller) -> None:
    purchase = sell(shop)
    clock.shift(timedelta(hours=1))
    refund(shop, purchase, 500)
    shop.deliver()

    answer = revenue(shop)

    assert answer["days"] == [
        {"date": TODAY, **SALE},
        {
            "date": TOMORROW,
            "currency": "usd",
            **NOTHING,
            "refundedCents": 500,
            "platformFeeCents": -50,
            "organizationFeeCents": -25,
            "creatorPayoutCents": -425,
        },
    ]
    [total] = answer["totals"]
    assert total["creatorPayoutCents"] == 426
    assert revenue(shop, to=TODAY)["totals"] == [SALE]


def test_a_full_refund_in_parts_leaves_nothing(shop: Shop) -> None:
    purchase = sell(shop)
    for amount in (333, 333, None):
        refund(shop, purchase, amount)
    shop.deliver()

    assert revenue(shop)["totals"] == [
        NOTHING
        | {"currency": "usd", "purchases": 1, "grossCents": 999, "refundedCents": 999}
    ]


def test_stripes_fee_is_there_once_stripe_has_booked_it(
    shop: Shop, clock: Traveller
) -> None:
    sell(shop)
    clock.shift(timedelta(minutes=11))

    shop.invoke("ReconcileFunction", {})

    assert revenue(shop)["totals"] == [SALE | {"stripeFeeCents": 59}]
    [purchase] = ask(shop, PURCHASES).body["data"]
    assert purchase["stripeFeeCents"] == 59
    assert purchase["netAmountCents"] == 940
    assert purchase["settlementCurrency"] == "usd"
    assert purchase["paymentIntentStatus"] == "succeeded"
    assert "receiptUrl" not in purchase, "it shows the buyer's e-mail address"


def test_neither_the_order_of_events_nor_their_repetition_matters(shop: Shop) -> None:
    """Two refunds and a lost dispute, told in any order."""
    payment_intent = buy(shop)["payment_intent"]
    for amount in (100, 250):
        shop.stripe.post("/v1/refunds", payment_intent=payment_intent, amount=amount)
    dispute = shop.stripe.control("charges", payment_intent, "dispute", amount=400)
    shop.stripe.control("disputes", dispute["id"], "close", status="lost")
    before, events = shop.aws.snapshot(), shop.stripe.events()
    assert len(events) > 8
    dice = random.Random(20310506)  # noqa: S311 - an order, not a secret

    seen = []
    for order in (
        events,
        events[::-1],
        *(dice.sample(events, len(events)) for _ in "abcd"),
    ):
        shop.aws.restore(before)
        shop.deliver(*order, *order[:3])
        seen.append(revenue(shop))

    assert seen == seen[:1] * len(seen)
    [total] = seen[0]["totals"]
    assert (total["refundedCents"], total["lostToDisputesCents"]) == (350, 400)
    # What is left are 249 cents, split by 10 % and 5 %.
    assert total["platformFeeCents"] == 24
    assert total["organizationFeeCents"] == 12
    assert total["creatorPayoutCents"] == 213


def test_what_is_paid_twice_is_earned_once(shop: Shop) -> None:
    """The second payment is given back by itself."""
    buy(shop)
    shop.forget_live_session(f"content#{PUBLISHED}#user_1")
    buy(shop)

    shop.deliver()

    assert {p["status"] for p in shop.purchases()} == {"completed", "refunded"}
    assert revenue(shop)["totals"] == [SALE]


def test_what_waits_for_a_person_is_not_earned_yet(shop: Shop) -> None:
    buy(shop)
    [event] = shop.stripe.events("checkout.session.completed")
    event["data"]["object"]["amount_total"] = 500

    shop.deliver(event)

    assert revenue(shop)["totals"] == []
    [shown] = ask(shop, PURCHASES).body["data"]
    assert shown["status"] == "quarantined"


# -------------------------------------------------------------------- no hot key


def items_written(calls: list[AwsCall]) -> Counter[str]:
    """Count how many transactions name each item."""
    found: Counter[str] = Counter()
    for call in calls:
        for action in call.parameters.get("TransactItems", []):
            [(verb, write)] = action.items()
            key = write["Item"] if verb == "Put" else write["Key"]
            found[next(iter(key.values()))["S"]] += 1
    return found


def test_no_item_is_written_by_every_fulfillment_of_a_creator(shop: Shop) -> None:
    """Two transactions that meet on one item must not be the rule."""
    sales = 24
    for number in range(sales):
        buy(shop, buyer=f"user_{number}")

    with observed() as calls:
        shop.deliver(*shop.stripe.events("checkout.session.completed"))

    assert revenue(shop)["totals"][0]["purchases"] == sales
    [(item, busiest)] = items_written(calls).most_common(1)
    # Three on average; twelve of one are as good as impossible.
    assert SHARDS * busiest < 4 * sales, item


# -------------------------------------------------------------------- who may ask


@pytest.mark.parametrize("route", [REVENUE, PURCHASES])
def test_the_creator_and_operators_may_ask_and_nobody_else(
    shop: Shop, route: str
) -> None:
    """Invariant 7."""
    sell(shop)
    of_creator = ask(shop, route)
    operator = ask(shop, route, caller="operator_1", groups="[staff payments-admin]")

    assert of_creator.status == operator.status == 200
    assert of_creator.body == operator.body
    assert ask(shop, route, caller="creator_2").status == 403
    assert ask(shop, route, caller="user_1", groups="[staff]").status == 403
    assert shop.call(route, path={"creatorId": "creator_1"}).status == 401


@pytest.mark.parametrize("route", [REVENUE, PURCHASES])
def test_a_forbidden_request_gets_one_answer_whatever_it_asks_for_and_reads_nothing(
    shop: Shop, route: str
) -> None:
    sell(shop)

    with observed() as calls:
        answers = [
            ask(shop, route, creator, caller="user_1", **query)
            for creator in (
                "creator_1",
                "nobody",
                "",
                "x" * 3000,
                "revenue#creator_1",
                "*",
            )
            for query in ({}, {"from": "nonsense"}, {"cursor": "nonsense"})
        ]

    assert {(a.status, a.body["code"], a.body["error"]) for a in answers} == {
        (403, "forbidden", "Only the creator and operators may see this.")
    }
    assert calls == []


@pytest.mark.usefixtures("strict_keys")
@pytest.mark.parametrize("route", [REVENUE, PURCHASES])
def test_an_id_that_is_a_part_of_a_key_opens_nothing(shop: Shop, route: str) -> None:
    sell(shop)
    [counter] = counters(shop)
    parts = counter["id"].split("#")
    for creator in (
        "#".join(parts[1:]),
        "#".join(parts[1:3]),
        "creator_1#",
        "#creator_1",
        "revenue#creator_1",
        "Creator_1",
        "creator_1 ",
        "é" * 255,
    ):
        answer = ask(shop, route, creator)
        assert answer.status == 200, creator
        assert answer.body.get("days", []) == answer.body.get("data", []) == []


@pytest.mark.parametrize("route", [REVENUE, PURCHASES])
def test_an_id_that_no_creator_can_have_is_refused(shop: Shop, route: str) -> None:
    for creator in ("", "x" * 256):
        answer = ask(shop, route, creator, caller="op", groups="[payments-admin]")
        assert answer.status == 400
        assert [field["field"] for field in answer.body["fields"]] == ["creatorId"]


# -------------------------------------------------------------------- which days


def test_a_period_is_of_whole_days_in_utc_both_ends_included(
    shop: Shop, clock: Traveller
) -> None:
    for buyer, minute in (("user_1", 23 * 60 + 59), ("user_2", 24 * 60)):
        clock.move_to(datetime(2031, 5, 6, tzinfo=UTC) + timedelta(minutes=minute))
        sell(shop, buyer=buyer)

    for first, last, sales in (
        ("2031-05-05", "2031-05-05", 0),
        (TODAY, TODAY, 1),
        (TOMORROW, TOMORROW, 1),
        (TODAY, TOMORROW, 2),
        ("2030-05-08", "2031-05-08", 2),
    ):
        days = {"from": first, "to": last}
        body = revenue(shop, **days)
        assert (body["from"], body["to"]) == (first, last)
        assert sum(total["purchases"] for total in body["totals"]) == sales
        assert len(ask(shop, PURCHASES, **days).body["data"]) == sales


@pytest.mark.parametrize("route", [REVENUE, PURCHASES])
def test_a_period_that_makes_no_sense_is_refused(shop: Shop, route: str) -> None:
    no_date = ["", "today", "2031-5-6", "20310506", "2031-W19-2", "2031-02-29"]
    no_date += ["2031-05-06T00:00:00Z", "٢٠٣١-05-06", "0000-01-01", " 2031-05-06"]
    refused = [({name: value}, name) for name in ("from", "to") for value in no_date]
    refused += [
        ({"from": TOMORROW, "to": TODAY}, "from"),
        ({"from": TOMORROW}, "from"),
        ({"from": "2030-05-06", "to": "2031-05-07"}, "from"),
        ({"from": "0001-01-01", "to": "9999-12-31"}, "from"),
    ]
    for query, field in refused:
        answer = ask(shop, route, **query)
        assert answer.status == 400, query
        assert answer.body["code"] == "invalid_request"
        assert [each["field"] for each in answer.body["fields"]] == [field]


def test_time_begins_and_ends_somewhere(shop: Shop) -> None:
    for query in ({"to": "0001-01-01"}, {"from": "9999-12-31", "to": "9999-12-31"}):
        assert revenue(shop, **query)["days"] == []


@pytest.mark.usefixtures("half_answers")
def test_what_a_batch_leaves_out_is_asked_for_again(shop: Shop) -> None:
    for number in range(6):
        sell(shop, buyer=f"user_{number}")

    assert revenue(shop)["totals"][0]["purchases"] == 6
    assert len(ask(shop, PURCHASES).body["data"]) == 6


# -------------------------------------------------------------------- the purchases


def test_a_creator_sees_who_bought_but_no_address(shop: Shop) -> None:
    sold = sell(shop, email="user_1@example.test")

    answer = ask(shop, PURCHASES)

    [shown] = answer.body["data"]
    assert shown["id"] == sold["id"]
    assert shown["buyerId"] == "user_1"
    assert shown["creatorPayoutCents"] == 851
    assert "stripeFeeCents" not in shown
    assert "example.test" not in str(answer.body)


@on_moto_too
def test_what_is_no_sale_pays_nothing_out(shop: Shop) -> None:
    """It waits for its bank, then the bank refuses: its creator never gets a share."""
    price = {"amount": 999, "currency": "eur"}
    shop.change_offer(f"content#{PUBLISHED}", price=price)
    shop.create("content")
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.pay_by_bank(stripe_id)
    shop.deliver()
    pending = shares_shown(shop)
    session = shop.stripe.get(f"/v1/checkout/sessions/{stripe_id}")
    shop.stripe.bank_decides(session["payment_intent"], pays=False)
    shop.deliver()

    assert [pending, shares_shown(shop)] == [("pending", 0), ("failed", 0)]


def test_what_waits_for_a_person_pays_nothing_out_until_it_is_accepted(
    shop: Shop,
) -> None:
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    [event] = shop.stripe.events("checkout.session.completed")
    event["data"]["object"]["amount_total"] = 500
    shop.deliver(event)
    waiting = shares_shown(shop)
    [purchase] = shop.purchases()
    review_quarantine.accept(
        flows.purchase_changes(shop), flows.purchase(shop, purchase["id"]), "operator_1"
    )

    assert waiting == ("quarantined", 0)
    status, shares = shares_shown(shop)
    assert (status, shares) == ("completed", 500)


def shares_shown(shop: Shop) -> tuple[str, int]:
    """Return the status of the creator's one purchase, and the sum of its shares."""
    [shown] = ask(shop, PURCHASES).body["data"]
    shares = ("platformFeeCents", "organizationFeeCents", "creatorPayoutCents")
    return shown["status"], sum(shown[name] for name in shares)


def test_the_pages_are_the_purchases_newest_first(shop: Shop, clock: Traveller) -> None:
    ids: list[str] = []
    for number in range(7):
        # Some of them in the same millisecond.
        clock.shift(timedelta(seconds=number // 2))
        ids.insert(0, sell(shop, buyer=f"user_{number}")["id"])
    sell(shop, contentId=OF_CREATOR_2)

    for limit in (1, 2, 3, 6, 7, 8, 100):
        seen, query = [], {"limit": str(limit)}
        while True:
            body = ask(shop, PURCHASES, **query).body
            # Also the last page shows something.
            assert 0 < len(body["data"]) <= limit
            seen += body["data"]
            if body["nextCursor"] is None:
                break
            query["cursor"] = body["nextCursor"]
        assert sorted(p["id"] for p in seen) == sorted(ids)
        moments = [p["purchasedAt"] for p in seen]
        assert moments == sorted(moments, reverse=True)


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def test_a_cursor_that_we_did_not_give_is_refused(shop: Shop) -> None:
    sell(shop)
    at = "2031-05-06T23:50:00.000Z"
    for cursor in (
        "",
        "x",
        "ü",
        "null",
        "e30=",
        encoded(""),
        encoded(at),
        encoded(f"{at} "),
        encoded(f"{at} owns#content"),
        encoded(f"{at} pur_1 "),
        encoded(f"{at} pur_{'1' * 3000}"),
        encoded("yesterday pur_1"),
        encoded("2031-05-06T99:99:99.999Z pur_1"),
        encoded("2031-04-06T23:59:59.999Z pur_1"),
        encoded("2031-05-07T00:00:00.000Z pur_1"),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ):
        answer = ask(shop, PURCHASES, cursor=cursor)
        assert answer.status == 400, cursor
        assert [each["field"] for each in answer.body["fields"]] == ["cursor"]


def test_another_creators_cursor_only_leads_into_ones_own_purchases(
    shop: Shop, clock: Traveller
) -> None:
    own = []
    for number in range(3):
        clock.shift(timedelta(seconds=1))
        own.append(sell(shop, buyer=f"user_{number}")["id"])
        sell(shop, buyer=f"user_{number}", contentId=OF_CREATOR_2)
    theirs = ask(shop, PURCHASES, "creator_2", limit="1").body["nextCursor"]

    seen = ask(shop, PURCHASES, cursor=theirs).body["data"]

    assert {p["id"] for p in seen} <= set(own)


def test_a_limit_that_makes_no_sense_is_refused(shop: Shop) -> None:
    for limit in ("0", "-1", "", "101", "ten"):
        answer = ask(shop, PURCHASES, limit=limit)
        assert [each["field"] for each in answer.body["fields"]] == ["limit"]
