"""A buyer cancels a payment that is not paid yet."""

from typing import Any

import pytest

from checkout.domain.published_events import published_event
from mocktill.faults import Fault
from tests.crashes import crash_points
from tests.shop import ORIGIN, PUBLISHED, Answer, Shop

# A process that is killed has nothing to flush.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics:UserWarning")

EXPIRED = {"status": "expired"}


def cancel(
    shop: Shop, session_id: str | None = None, buyer: str | None = "user_1"
) -> Answer:
    return shop.call(
        "POST /payments/sessions/{paymentSessionId}/cancel",
        buyer=buyer,
        path={"paymentSessionId": session_id or shop.sessions()[0]["id"]},
    )


def at_stripe(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = shop.stripe.sessions()[0]
    return found


@pytest.mark.parametrize("kind", ["bid", "auction", "order", "content"])
def test_a_cancelled_session_cannot_be_paid_any_more(shop: Shop, kind: str) -> None:
    shop.create(kind)

    answers = [cancel(shop), cancel(shop)]

    assert [(a.status, a.body) for a in answers] == [(200, EXPIRED)] * 2
    assert at_stripe(shop)["status"] == "expired"
    assert [s["status"] for s in shop.sessions()] == ["expired"]
    assert shop.audit.count("checkout_expired") == 1
    shop.deliver()
    assert shop.purchases() == []


def test_the_audit_log_and_subscribers_learn_that_the_buyer_cancelled(
    shop: Shop,
) -> None:
    shop.create("content")
    cancel(shop)

    [entry] = shop.audit.of("checkout_expired")

    assert entry["reason"] == "cancelled_by_buyer"
    published = published_event(entry)
    assert published
    assert published.name == "payments.checkout.expired"
    assert published.detail["reason"] == "cancelled_by_buyer"


def test_a_session_that_is_replaced_was_not_cancelled(shop: Shop) -> None:
    shop.create("content")
    shop.create("content", cancelUrl=f"{ORIGIN}/elsewhere")

    [entry] = shop.audit.of("checkout_expired")
    assert entry["reason"] == "replaced"


def test_the_buyer_can_begin_again(shop: Shop) -> None:
    first = shop.create("content").body["payment_session_id"]
    cancel(shop)

    again = shop.create("content")

    assert again.status == 200
    assert again.body["payment_session_id"] != first
    assert at_stripe(shop)["status"] == "open"


def test_a_session_that_stripe_was_not_asked_for_is_cancelled_too(shop: Shop) -> None:
    """A create request died between its two steps."""
    statuses = set()
    for number, crash in enumerate(crash_points()):
        buyer = f"buyer_{number}"
        with crash:
            shop.create("content", buyer=buyer)
        for session in (s for s in shop.sessions() if s["buyer_id"] == buyer):
            statuses.add(session["status"])

            assert cancel(shop, session["id"], buyer).body == EXPIRED, crash

    assert statuses == {"prepared", "open"}
    assert {s["status"] for s in shop.stripe.sessions()} == {"expired"}


def test_what_stripe_has_expired_already_is_expired(shop: Shop) -> None:
    shop.create("content")
    shop.stripe.post(f"/v1/checkout/sessions/{at_stripe(shop)['id']}/expire")

    assert cancel(shop).body == EXPIRED


def test_what_was_just_paid_is_fulfilled(shop: Shop) -> None:
    """Invariant 4: Stripe says so before its event is here."""
    shop.create("content")
    shop.stripe.pay(at_stripe(shop)["id"])

    answer = cancel(shop)

    assert (answer.status, answer.body["code"]) == (409, "already_purchased")
    assert not shop.work()
    assert [p["status"] for p in shop.purchases()] == ["completed"]
    assert cancel(shop).body["code"] == "already_purchased"


@pytest.mark.parametrize("recorded", [True, False])
def test_money_on_its_way_cannot_be_cancelled(shop: Shop, *, recorded: bool) -> None:
    price = {"amount": 999, "currency": "eur"}
    shop.change_offer(f"content#{PUBLISHED}", price=price)
    shop.create("content")
    shop.stripe.pay_by_bank(at_stripe(shop)["id"])
    if recorded:
        shop.deliver()

    answer = cancel(shop)

    assert (answer.status, answer.body["code"]) == (409, "payment_in_progress")
    assert not shop.work()
    assert [p["status"] for p in shop.purchases()] == ["pending"]


def test_a_buyer_in_quarantine_reads_that_the_payment_is_safe(shop: Shop) -> None:
    """Also where they try to pay again: nobody pays twice for fear."""
    shop.create("content")
    shop.stripe.pay(at_stripe(shop)["id"])
    [event] = shop.stripe.events("checkout.session.completed")
    event["data"]["object"]["amount_total"] = 1
    shop.deliver(event)

    for answer in (cancel(shop), shop.create("content")):
        assert (answer.status, answer.body["code"]) == (409, "payment_in_progress")
        assert "is safe" in answer.body["error"]
        assert "do not pay again" in answer.body["error"]


def test_a_debit_that_was_refused_has_nothing_to_cancel(shop: Shop) -> None:
    price = {"amount": 999, "currency": "eur"}
    shop.change_offer(f"content#{PUBLISHED}", price=price)
    shop.create("content")
    shop.stripe.pay_by_bank(at_stripe(shop)["id"])
    intent = shop.stripe.get(f"/v1/checkout/sessions/{at_stripe(shop)['id']}")
    shop.stripe.bank_decides(intent["payment_intent"], pays=False)
    shop.deliver()

    assert cancel(shop).body == EXPIRED
    assert shop.sessions()[0]["status"] == "failed"


@pytest.mark.usefixtures("strict_keys")
@pytest.mark.parametrize("session_id", ["ps_unknown", "live#content", "x" * 3000])
def test_what_is_no_session_of_the_buyers_is_not_found(
    shop: Shop, session_id: str
) -> None:
    """Invariant 7."""
    shop.create("content")
    shop.create("product", buyer=None)
    anonymous = shop.sessions()[1]["id"]

    assert cancel(shop, session_id).status == 404
    assert cancel(shop, anonymous).status == 404
    assert cancel(shop, buyer="user_2").status == 404
    assert cancel(shop, buyer=None).status == 401
    assert {s["status"] for s in shop.stripe.sessions()} == {"open"}


def test_while_stripe_fails_nothing_is_cancelled(shop: Shop) -> None:
    """Invariant 11: it is not believed expired until Stripe says so."""
    shop.create("content")
    shop.stripe.sandbox.faults.add(
        Fault("POST", "/v1/checkout/sessions/", status=500, times=9)
    )

    assert cancel(shop).status == 502

    assert shop.sessions()[0]["status"] == "open"


def test_a_crash_anywhere_is_mended_by_the_next_try(shop: Shop) -> None:
    shop.create("content")
    before = shop.aws.snapshot()
    for crash in crash_points():
        shop.aws.restore(before)

        with crash:
            cancel(shop)

        assert cancel(shop).body == EXPIRED, crash
        assert shop.sessions()[0]["status"] == "expired", crash
