"""Where a session stands, asked by anybody who holds Stripe's id or by its buyer."""

import json
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from time_machine import Traveller

from mocktill.faults import Fault
from tests.shop import Answer, Shop

STRIPE_SESSION = "/v1/checkout/sessions/"


def status(shop: Shop, session_id: str | None) -> Answer:
    query = None if session_id is None else {"session_id": session_id}
    return shop.call("GET /api/checkout/session-status", query=query)


def ours(shop: Shop, payment_session_id: str, buyer: str | None = "user_1") -> Answer:
    return shop.call(
        "GET /payments/sessions/{paymentSessionId}",
        buyer=buyer,
        path={"paymentSessionId": payment_session_id},
    )


def opened(shop: Shop, kind: str = "content") -> str:
    assert shop.create(kind).status == 200
    shop.stripe.sandbox.requests.clear()
    return str(shop.stripe.sessions()[0]["id"])


def asked(shop: Shop, stripe_id: str) -> int:
    """Count how often the shop, and not this test, asked Stripe for the session."""
    return sum(
        request["path"] == f"{STRIPE_SESSION}{stripe_id}"
        for request in shop.stripe.sandbox.requests
    )


def bank_session(shop: Shop) -> tuple[str, str]:
    price = {"amount": 1450, "currency": "eur"}
    shop.put_offer(shop.aws.item("OffersTable", "auction#auction_1") | {"price": price})
    stripe_id = opened(shop, "auction")
    shop.stripe.pay_by_bank(stripe_id)
    intent = shop.stripe.get(f"{STRIPE_SESSION}{stripe_id}")["payment_intent"]
    shop.stripe.sandbox.requests.clear()
    return stripe_id, intent


def test_what_is_no_id_of_stripes_is_refused(shop: Shop) -> None:
    no_ids = ["cs_", "cs_test_", "cs_prod_a1", "cs_test_a1/../b", "cs_test_a1\n"]
    no_ids += ["cs_test_é", "cs_test_" + "a" * 201, "ps_0123", "live#row#7"]
    no_ids += ["{CHECKOUT_SESSION_ID}"]
    problems = dict.fromkeys(no_ids, "is not the id of a Checkout Session")

    for session_id, problem in {
        None: "is missing",
        "": "is missing",
        **problems,
    }.items():
        answer = status(shop, session_id)
        assert answer.status == 400, session_id
        assert answer.body["code"] == "invalid_request"
        assert answer.body["fields"] == [{"field": "session_id", "problem": problem}]
        assert answer.body.keys() == {"error", "code", "request_id", "fields"}


@pytest.mark.parametrize("session_id", ["cs_test_unknown", "cs_live_unknown"])
def test_a_session_that_we_never_made_is_unknown_and_stripe_is_not_asked(
    shop: Shop, session_id: str
) -> None:
    answer = status(shop, session_id)

    assert (answer.status, answer.body["code"]) == (404, "not_found")
    assert shop.stripe.sandbox.requests == []


def test_an_open_session_is_open(shop: Shop) -> None:
    stripe_id = opened(shop)

    answer = status(shop, stripe_id)

    assert (answer.status, answer.body) == (200, {"status": "open"})
    assert shop.aws.messages() == []


def test_a_fulfilled_session_is_complete_and_stripe_is_not_asked(shop: Shop) -> None:
    stripe_id = opened(shop)
    shop.stripe.pay(stripe_id)
    shop.deliver()
    shop.stripe.sandbox.requests.clear()

    assert status(shop, stripe_id).body == {"status": "complete"}
    assert asked(shop, stripe_id) == 0


def test_an_expired_session_is_expired_and_stripe_is_not_asked(shop: Shop) -> None:
    stripe_id = opened(shop)
    shop.stripe.post(f"{STRIPE_SESSION}{stripe_id}/expire")
    shop.deliver()
    shop.stripe.sandbox.requests.clear()

    assert status(shop, stripe_id).body == {"status": "expired"}
    assert asked(shop, stripe_id) == 0


def test_a_session_whose_money_did_not_come_is_complete(shop: Shop) -> None:
    """As Stripe says of it; that it failed is for its buyer's eyes."""
    stripe_id, intent = bank_session(shop)
    shop.stripe.bank_decides(intent, pays=False)
    shop.deliver()
    shop.stripe.sandbox.requests.clear()

    assert status(shop, stripe_id).body == {"status": "complete"}
    assert asked(shop, stripe_id) == 0


def test_a_quarantined_session_is_complete(shop: Shop) -> None:
    stripe_id = opened(shop, "order")
    shop.stripe.pay(stripe_id)
    shop.change_offer("order#order_1", status="CANCELLED")
    shop.deliver()

    assert status(shop, stripe_id).body == {"status": "complete"}


def test_a_lost_webhook_does_not_keep_the_shopper_waiting(shop: Shop) -> None:
    """Stripe is ahead of us: a fulfillment is queued, and the answer is Stripe's."""
    stripe_id = opened(shop)
    shop.stripe.pay(stripe_id)

    answer = status(shop, stripe_id)
    assert answer.body == {"status": "complete"}
    assert shop.purchases() == []
    assert shop.work() == []

    [purchase] = shop.purchases()
    assert purchase["stripe_session_id"] == stripe_id
    assert shop.sessions()[0]["status"] == "complete"


@pytest.mark.frozen_at("2026-11-21T12:00:00Z")
def test_a_lost_webhook_is_replaced_by_one_message_for_each_answer_of_stripe(
    shop: Shop, clock: Traveller
) -> None:
    """Anybody who has the id of a session could fill the queue otherwise."""
    stripe_id = opened(shop)
    shop.stripe.pay(stripe_id)

    for _ in range(10):
        for path in ("session-status", "payment-status"):
            route = f"GET /api/checkout/{path}"
            assert shop.call(route, query={"session_id": stripe_id}).status == 200
    assert len(shop.aws.messages()) == 1

    clock.shift(2)
    status(shop, stripe_id)
    assert len(shop.aws.messages()) == 1


def test_the_webhook_that_comes_late_changes_nothing(shop: Shop) -> None:
    """Invariant 1: the status endpoint and the webhook fulfill the same thing once."""
    stripe_id = opened(shop)
    shop.stripe.pay(stripe_id)
    for _ in range(3):
        status(shop, stripe_id)
    shop.work()
    before = shop.purchases(), shop.sessions(), shop.audit.actions

    shop.deliver()

    assert (shop.purchases(), shop.sessions(), shop.audit.actions) == before


def test_an_expiry_without_an_event_is_applied(shop: Shop) -> None:
    stripe_id = opened(shop)
    shop.stripe.post(f"{STRIPE_SESSION}{stripe_id}/expire")

    assert status(shop, stripe_id).body == {"status": "expired"}
    shop.work()

    assert shop.sessions()[0]["status"] == "expired"


@pytest.mark.frozen_at("2026-11-21T12:00:00Z")
def test_money_on_its_way_is_noted_once_and_then_awaited(
    shop: Shop, clock: Traveller
) -> None:
    stripe_id, intent = bank_session(shop)
    assert status(shop, stripe_id).body == {"status": "complete"}
    shop.work()
    assert shop.sessions()[0]["status"] == "processing"
    assert status(shop, stripe_id).body == {"status": "complete"}
    assert shop.aws.messages() == []

    shop.stripe.bank_decides(intent, pays=True)
    clock.shift(2)
    assert status(shop, stripe_id).body == {"status": "complete"}
    shop.work()

    assert shop.sessions()[0]["status"] == "complete"
    assert len(shop.purchases()) == 1


@pytest.mark.frozen_at("2026-11-21T12:00:00Z")
def test_stripe_is_asked_for_a_session_once_in_two_seconds(
    shop: Shop, clock: Traveller
) -> None:
    """Whoever polls, and however often: all requests share Stripe's rate limit."""
    stripe_id = opened(shop)
    for _ in range(20):
        assert status(shop, stripe_id).body == {"status": "open"}
        clock.shift(0.1)
    assert asked(shop, stripe_id) == 1

    shop.stripe.pay(stripe_id)
    shop.stripe.sandbox.requests.clear()
    assert status(shop, stripe_id).body == {"status": "complete"}
    assert asked(shop, stripe_id) == 1


@pytest.mark.frozen_at("2026-11-21T12:00:00Z")
def test_a_stripe_that_fails_is_asked_once_in_two_seconds_too(
    shop: Shop, clock: Traveller
) -> None:
    stripe_id = opened(shop)
    fault = Fault("GET", STRIPE_SESSION, status=400, times=1)
    shop.stripe.sandbox.faults.add(fault)

    for _ in range(5):
        answer = status(shop, stripe_id)
        assert (answer.status, answer.body["code"]) == (502, "stripe_unavailable")
    assert asked(shop, stripe_id) == 1

    clock.shift(2)
    assert status(shop, stripe_id).body == {"status": "open"}


@pytest.mark.parametrize("failure", [500, 503, 429, 401])
def test_stripe_failing_is_said_without_its_words(shop: Shop, failure: int) -> None:
    stripe_id = opened(shop)
    fault = {"path_prefix": STRIPE_SESSION, "status": failure, "times": 5}
    requests.post(
        f"{shop.stripe.url}/sandbox/faults", json=fault, timeout=10
    ).raise_for_status()

    answer = status(shop, stripe_id)

    assert (answer.status, answer.body["code"]) == (502, "stripe_unavailable")
    assert answer.body.keys() == {"error", "code", "request_id"}
    assert "unknown error" not in json.dumps(answer.body)
    assert shop.aws.messages() == []


def test_a_buyer_sees_the_session_they_started(shop: Shop) -> None:
    with time_machine.travel("2026-11-21T12:00:00Z", tick=False):
        shop.load_samples()
        created = shop.create("auction").body
        expires_at = created["expires_at"]
    with time_machine.travel("2026-11-21T12:00:30Z", tick=False):
        answer = ours(shop, created["payment_session_id"])

    assert answer.status == 200
    assert answer.body == {
        "payment_session_id": created["payment_session_id"],
        "status": "open",
        "payment_status": "unpaid",
        "expires_at": expires_at,
        "seconds_remaining": 23 * 3600 - 30,
        "payment_window": created["payment_window"]
        | {"seconds_remaining": created["payment_window"]["seconds_remaining"] - 30},
    }


def test_a_session_has_no_time_left_once_it_is_over(shop: Shop) -> None:
    opened(shop)
    [session] = shop.sessions()
    with time_machine.travel("2030-01-01T00:00:00Z"):
        assert ours(shop, session["id"]).body["seconds_remaining"] == 0


def test_a_buyer_sees_that_it_was_paid(shop: Shop) -> None:
    shop.stripe.pay(opened(shop))
    shop.deliver()

    body = ours(shop, shop.sessions()[0]["id"]).body

    assert (body["status"], body["payment_status"]) == ("complete", "paid")


def hidden_ids(shop: Shop) -> list[Any]:
    """Return the ids of what else is in the table, and of nothing."""
    items = [item["id"] for item in shop.aws.items("PaymentSessionsTable")]
    return [i for i in items if not i.startswith("ps_")] + [
        "ps_unknown",
        "x",
        "ps_" + "0" * 3000,
        "ps_\ud800",
    ]


@pytest.mark.usefixtures("strict_keys")
def test_any_other_session_is_as_good_as_unknown(shop: Shop) -> None:
    """Invariant 7: another buyer's, an anonymous one, another item of the table."""
    opened(shop)
    opened(shop, "product")
    answers = [
        *(ours(shop, s["id"], buyer="user_2") for s in shop.sessions()),
        *(ours(shop, hidden) for hidden in hidden_ids(shop)),
        *(ours(shop, s["id"]) for s in shop.sessions() if s["kind"] == "product"),
    ]

    assert len(answers) >= 8
    for answer in answers:
        assert answer.status == 404
        assert answer.body | {"request_id": ""} == {
            "error": "There is no such payment session of yours.",
            "code": "not_found",
            "request_id": "",
        }


def test_nobody_who_is_not_logged_in_sees_a_session(shop: Shop) -> None:
    opened(shop, "product")

    answer = ours(shop, shop.sessions()[0]["id"], buyer=None)

    assert (answer.status, answer.body["code"]) == (401, "unauthorized")


# ---------------------------------------------------------------- gone at Stripe


def told_of_both(shop: Shop, stripe_id: str) -> list[tuple[int, Any]]:
    answers = [
        shop.call(f"GET /api/checkout/{path}", query={"session_id": stripe_id})
        for path in ("session-status", "payment-status")
    ]
    return [(a.status, a.body.get("code", a.body)) for a in answers]


def gone(shop: Shop, stripe_id: str) -> None:
    del shop.stripe.sandbox.checkouts[stripe_id]


@pytest.mark.frozen_at("2026-11-21T12:00:00Z")
def test_what_stripe_does_not_have_is_answered_by_our_record(
    shop: Shop, clock: Traveller
) -> None:
    """The API key belongs to another account of Stripe by now."""
    stripe_id = opened(shop)
    gone(shop, stripe_id)
    assert told_of_both(shop, stripe_id) == [(404, "not_found")] * 2

    clock.shift(timedelta(days=1))

    assert told_of_both(shop, stripe_id) == [
        (200, {"status": "expired"}),
        (200, {"status": "expired", "payment_status": "failed"}),
    ]
    assert shop.aws.messages() == []


@pytest.mark.frozen_at("2026-11-21T12:00:00Z")
def test_money_on_its_way_stays_so_whatever_stripe_has(
    shop: Shop, clock: Traveller
) -> None:
    stripe_id, _ = bank_session(shop)
    shop.deliver()
    gone(shop, stripe_id)

    clock.shift(timedelta(days=3))

    assert told_of_both(shop, stripe_id) == [
        (200, {"status": "complete"}),
        (200, {"status": "complete", "payment_status": "processing"}),
    ]
