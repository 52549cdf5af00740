"""A payment whose money is on its way is a purchase, which nobody owns yet."""

from copy import deepcopy
from itertools import permutations
from typing import Any

import pytest

from checkout import clock
from mocktill.faults import Fault
from tests.conftest import Traveller
from tests.output import metrics_in
from tests.shop import PUBLISHED, Shop, has_access

COMPLETED = "checkout.session.completed"
SUCCEEDED = "checkout.session.async_payment_succeeded"
FAILED = "checkout.session.async_payment_failed"
EUROS = {"amount": 999, "currency": "eur"}
OFFERS = {
    "bid": ["row#7", "bid#42"],
    "auction": ["auction#auction_1"],
    "order": ["order#order_1"],
    "content": [f"content#{PUBLISHED}"],
}
DAY = 24 * 3600

type Event = dict[str, Any]


def pay_by_bank(shop: Shop, kind: str = "content") -> Event:
    """Start a payment by bank debit; return the event that says so."""
    for offer in OFFERS[kind]:
        shop.change_offer(offer, price=EUROS, currency="eur")
    assert shop.create(kind).status == 200
    shop.stripe.pay_by_bank(shop.stripe.sessions()[0]["id"])
    return shop.stripe.events(COMPLETED)[-1]


def decide(shop: Shop, event: Event, *, pays: bool = True) -> Event:
    intent = event["data"]["object"]["payment_intent"]
    shop.stripe.bank_decides(intent, pays=pays)
    return shop.stripe.events(SUCCEEDED if pays else FAILED)[-1]


def only_purchase(shop: Shop) -> dict[str, Any]:
    [purchase] = shop.purchases()
    return purchase


def counts(shop: Shop) -> dict[str, int]:
    item = shop.aws.item("PurchasesTable", "buyer#user_1")
    return {name: number for name, number in item.items() if name != "id" and number}


def history(shop: Shop, **query: str) -> dict[str, Any]:
    answer = shop.call("GET /api/purchases", buyer="user_1", query=query)
    assert answer.status == 200
    return answer.body


@pytest.mark.parametrize("kind", OFFERS)
def test_money_on_its_way_is_seen_and_gives_nothing(shop: Shop, kind: str) -> None:
    """Invariant 3: no access, no ownership, no sale before the money arrives."""
    event = pay_by_bank(shop, kind)
    for offer in OFFERS[kind]:
        shop.change_offer(offer, creator_id="creator_1")
    offers = shop.aws.items("OffersTable")

    shop.deliver(event, event)

    [session] = shop.sessions()
    purchase = only_purchase(shop)
    assert purchase["id"] == session["id"].replace("ps_", "pur_")
    assert (session["status"], purchase["status"]) == ("processing", "pending")
    assert "unresolved" not in purchase
    assert shop.aws.items("OffersTable") == offers
    assert shop.ownerships() == []
    assert not [i for i in shop.aws.items("PurchasesTable") if "revenue" in i["id"]]
    assert not has_access(shop, kind)
    assert counts(shop) == {"pending": 1, "total": 1}
    [shown] = history(shop, status="pending")["data"]
    assert (shown["id"], shown["status"]) == (purchase["id"], "pending")
    assert shown["stripeSessionId"] == event["data"]["object"]["id"]
    assert history(shop, status="completed")["pagination"]["totalCount"] == 0


@pytest.mark.parametrize("kind", OFFERS)
def test_money_that_arrives_completes_that_very_purchase(shop: Shop, kind: str) -> None:
    event = pay_by_bank(shop, kind)
    shop.deliver(event)
    pending = only_purchase(shop)

    arrived = decide(shop, event)
    shop.deliver(arrived, arrived, event)

    purchase = only_purchase(shop)
    assert (purchase["id"], purchase["status"]) == (pending["id"], "completed")
    assert purchase["version"] == pending["version"] + 1
    assert has_access(shop, kind)
    assert counts(shop) == {"completed": 1, "total": 1}
    assert shop.audit.count("checkout_completed") == 1
    [pointer] = [i for i in shop.aws.items("PurchasesTable") if "pi_" in i["id"]]
    assert pointer["purchase_id"] == purchase["id"]


def test_money_that_is_refused_fails_that_very_purchase(shop: Shop) -> None:
    event = pay_by_bank(shop)
    shop.deliver(event)

    refused = decide(shop, event, pays=False)
    shop.deliver(refused, refused, event)

    assert only_purchase(shop)["status"] == "failed"
    assert counts(shop) == {"failed": 1, "total": 1}
    assert shop.create("content").status == 200


def test_money_that_arrives_although_it_was_refused_counts(shop: Shop) -> None:
    event = pay_by_bank(shop)
    refused = deepcopy(event) | {"id": "evt_refused", "type": FAILED}
    shop.deliver(event, refused)
    assert only_purchase(shop)["status"] == "failed"

    shop.deliver(decide(shop, event))

    assert only_purchase(shop)["status"] == "completed"
    assert counts(shop) == {"completed": 1, "total": 1}


@pytest.mark.parametrize("first", ["pending", "failed", None])
def test_money_for_what_was_withdrawn_meanwhile_goes_back(
    shop: Shop, first: str | None
) -> None:
    event = pay_by_bank(shop)
    if first:
        failed = deepcopy(event) | {"id": "evt_failed", "type": FAILED}
        shop.deliver(event, *([failed] if first == "failed" else []))
    shop.change_offer(f"content#{PUBLISHED}", status="draft")

    shop.deliver(decide(shop, event))

    assert only_purchase(shop)["status"] == "refunded"
    assert counts(shop) == {"refunded": 1, "total": 1}
    assert not has_access(shop, "content")


def test_a_pending_purchase_does_not_sell_what_was_returned(shop: Shop) -> None:
    """Its first sale: not the second try of one whose refund failed."""
    event = pay_by_bank(shop, "order")
    shop.deliver(event)
    shop.change_offer("order#order_1", status="REFUNDED")

    shop.deliver(decide(shop, event))

    assert only_purchase(shop)["status"] == "refunded"
    assert shop.aws.item("OffersTable", "order#order_1")["status"] == "REFUNDED"


def test_another_amount_than_ours_is_quarantined_when_it_arrives(shop: Shop) -> None:
    event = pay_by_bank(shop)
    shop.deliver(event)
    arrived = decide(shop, event)
    arrived["data"]["object"]["amount_total"] = 1

    shop.deliver(arrived, arrived)

    assert only_purchase(shop)["status"] == "quarantined"
    assert counts(shop) == {"quarantined": 1, "total": 1}
    assert not has_access(shop, "content")


def test_a_payment_through_another_checkout_session_leaves_it_pending(
    shop: Shop,
) -> None:
    event = pay_by_bank(shop)
    shop.deliver(event)
    other = deepcopy(event)
    other["data"]["object"] |= {"id": "cs_test_other", "payment_status": "paid"}
    other["data"]["object"]["payment_intent"] = "pi_other"

    shop.deliver(other, other)

    statuses = {p["id"]: p["status"] for p in shop.purchases()}
    assert statuses.pop("pur_cs_test_other") == "quarantined"
    assert list(statuses.values()) == ["pending"]
    assert shop.audit.count("purchase_quarantined") == 1
    shop.deliver(decide(shop, event))
    assert counts(shop) == {"completed": 1, "quarantined": 1, "total": 2}


def test_an_anonymous_payment_is_pending_too(shop: Shop) -> None:
    """A method that Stripe counts as immediate may be late all the same."""
    shop.create("product")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    [event] = shop.stripe.events(COMPLETED)
    late = deepcopy(event) | {"id": "evt_late"}
    late["data"]["object"]["payment_status"] = "unpaid"

    shop.deliver(late)
    assert only_purchase(shop)["status"] == "pending"
    shop.deliver(event | {"type": SUCCEEDED})

    assert only_purchase(shop)["status"] == "completed"


def test_a_pending_purchase_cannot_be_refunded(shop: Shop) -> None:
    shop.deliver(pay_by_bank(shop))

    answer = shop.call(
        "POST /api/purchases/{id}/refund",
        {},
        buyer="operator_1",
        groups="[payments-admin]",
        path={"id": only_purchase(shop)["id"]},
        headers={"idempotency-key": "a" * 16},
    )

    assert (answer.status, answer.body["code"]) == (409, "not_refundable")
    assert shop.audit.has_none_of("refund_requested")


# ---------------------------------------------------------------- when it was paid


@pytest.mark.frozen_at("2026-05-06T07:08:09Z")
def test_a_purchase_has_the_time_at_which_stripe_took_the_money(
    shop: Shop, clock: Traveller
) -> None:
    """Revenue follows it, however late the event is."""
    shop.change_offer(f"content#{PUBLISHED}", creator_id="creator_1")
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    clock.shift(2 * DAY)

    shop.deliver()

    assert only_purchase(shop)["purchased_at"] == "2026-05-06T07:08:09.000Z"
    [day] = [i for i in shop.aws.items("PurchasesTable") if "revenue" in i["id"]]
    assert "#2026-05-06#" in day["id"]


@pytest.mark.frozen_at("2026-05-06T07:08:09Z")
@pytest.mark.parametrize("by_bank", [True, False])
def test_so_has_one_that_was_found_by_asking(
    shop: Shop, clock: Traveller, *, by_bank: bool
) -> None:
    if by_bank:
        event = pay_by_bank(shop)
        shop.deliver(event)
        clock.shift(3 * DAY)
        decide(shop, event)
    else:
        shop.create("content")
        shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    taken_on = "2026-05-09" if by_bank else "2026-05-06"
    clock.shift(2 * DAY)

    shop.call(
        "GET /api/checkout/session-status",
        query={"session_id": shop.stripe.sessions()[0]["id"]},
    )
    assert not shop.work()

    assert only_purchase(shop)["purchased_at"] == f"{taken_on}T07:08:09.000Z"


@pytest.mark.frozen_at("2026-05-06T07:08:09Z")
def test_so_has_one_whose_refund_is_the_first_that_we_hear(
    shop: Shop, clock: Traveller
) -> None:
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    intent = shop.stripe.events(COMPLETED)[0]["data"]["object"]["payment_intent"]
    clock.shift(2 * DAY)
    shop.stripe.post("/v1/refunds", payment_intent=intent, amount=1)

    shop.deliver(*shop.stripe.events("refund.created"))

    assert only_purchase(shop)["purchased_at"] == "2026-05-06T07:08:09.000Z"


def test_a_time_to_come_is_now(shop: Shop) -> None:
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    [event] = shop.stripe.events(COMPLETED)

    shop.deliver(event | {"created": event["created"] + DAY})

    assert only_purchase(shop)["purchased_at"] <= clock.iso(clock.now())


# ---------------------------------------------------------------- why it was declined


def test_a_decline_says_why(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"], "4000000000009995")

    shop.deliver()

    [entry] = [e for e in shop.audit.entries if e["action"] == "payment_failed"]
    assert entry["reason"] == "card_declined"
    assert entry["decline_code"] == "insufficient_funds"
    [line] = [r for r in caplog.records if r.getMessage() == "payment_declined"]
    assert vars(line)["decline_code"] == "insufficient_funds"


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_a_bank_that_refuses_is_one_failure_with_its_reason(
    shop: Shop, order: tuple[int, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whichever of the three events comes first, and without the payment intent."""
    event = pay_by_bank(shop)
    failed = decide(shop, event, pays=False)
    [declined] = shop.stripe.events("payment_intent.payment_failed")
    code = declined["data"]["object"]["last_payment_error"]["code"]
    events = [event, failed, declined]
    capsys.readouterr()

    shop.deliver(*(events[place] for place in order))

    entries = [e for e in shop.audit.entries if e["action"] == "payment_failed"]
    assert [entry["reason"] for entry in entries] == [code]
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.checkout.failed"] == 1
    assert only_purchase(shop)["status"] == "failed"


def test_a_bank_s_refusal_is_recorded_also_if_its_reason_cannot_be_read(
    shop: Shop,
) -> None:
    event = pay_by_bank(shop)
    failed = decide(shop, event, pays=False)
    fault = Fault("GET", "/v1/payment_intents/", status=500, times=9)
    shop.stripe.sandbox.faults.add(fault)

    shop.deliver(event, failed)

    [entry] = [e for e in shop.audit.entries if e["action"] == "payment_failed"]
    assert "reason" not in entry
    assert only_purchase(shop)["status"] == "failed"
