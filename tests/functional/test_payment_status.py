"""Whether the money of a payment has arrived, for anybody with Stripe's id."""

from copy import deepcopy
from typing import Any

import pytest

from checkout.flows import review_quarantine
from mocktill.faults import Fault
from tests import flows
from tests.shop import PUBLISHED, Answer, Shop

COMPLETED = "checkout.session.completed"


def ask(shop: Shop, stripe_id: str | None) -> Answer:
    query = {} if stripe_id is None else {"session_id": stripe_id}
    return shop.call("GET /api/checkout/payment-status", query=query)


def told(shop: Shop) -> dict[str, Any]:
    [session] = shop.stripe.sessions()
    answer = ask(shop, session["id"])
    assert answer.status == 200
    return answer.body


def paid(shop: Shop, kind: str = "product") -> dict[str, Any]:
    shop.create(kind)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    return shop.stripe.events(COMPLETED)[-1]


def by_bank(shop: Shop) -> str:
    price = {"amount": 999, "currency": "eur"}
    shop.change_offer(f"content#{PUBLISHED}", price=price)
    shop.create("content")
    [session] = shop.stripe.sessions()
    shop.stripe.pay_by_bank(session["id"])
    found = shop.stripe.get(f"/v1/checkout/sessions/{session['id']}")
    return str(found["payment_intent"])


def refund(shop: Shop, **amount: int) -> None:
    [purchase] = shop.purchases()
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent, **amount)
    shop.deliver()


def test_an_open_session_is_unpaid_also_after_a_decline(shop: Shop) -> None:
    shop.create("product")
    assert told(shop) == {"status": "open", "payment_status": "unpaid"}
    shop.stripe.pay(shop.stripe.sessions()[0]["id"], "4000000000000002")
    shop.deliver()

    assert told(shop) == {"status": "open", "payment_status": "unpaid"}


def test_a_payment_is_paid_once_it_is_recorded(shop: Shop) -> None:
    paid(shop)
    assert told(shop) == {"status": "complete", "payment_status": "processing"}

    assert not shop.work()

    assert told(shop) == {"status": "complete", "payment_status": "paid"}


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize(
    ("pays", "payment_status"),
    [(None, "processing"), (True, "paid"), (False, "failed")],
)
def test_a_bank_debit_is_processing_until_the_bank_has_decided(
    shop: Shop, *, recorded: bool, pays: bool | None, payment_status: str
) -> None:
    """`complete` says that the buyer is done, and nothing about money."""
    intent = by_bank(shop)
    if recorded:
        shop.deliver()
    if pays is not None:
        shop.stripe.bank_decides(intent, pays=pays)
        shop.deliver()

    assert told(shop) == {"status": "complete", "payment_status": payment_status}


def test_what_the_bank_has_refused_is_failed_before_its_event(shop: Shop) -> None:
    intent = by_bank(shop)
    shop.deliver()
    shop.stripe.bank_decides(intent, pays=False)

    assert told(shop)["payment_status"] == "failed"


@pytest.mark.parametrize("recorded", [True, False])
def test_an_expired_session_is_failed(shop: Shop, *, recorded: bool) -> None:
    shop.create("product")
    [session] = shop.stripe.sessions()
    shop.stripe.post(f"/v1/checkout/sessions/{session['id']}/expire")
    if recorded:
        shop.deliver()

    assert told(shop) == {"status": "expired", "payment_status": "failed"}


def test_a_payment_in_quarantine_is_under_review(shop: Shop) -> None:
    event = paid(shop)
    event["data"]["object"]["amount_total"] = 1
    shop.deliver(event)

    assert told(shop) == {
        "status": "complete",
        "payment_status": "processing",
        "code": "under_review",
    }


DISMISSED = {"status": "complete", "payment_status": "failed", "code": "dismissed"}


def dismiss(shop: Shop) -> dict[str, Any]:
    event = paid(shop)
    event["data"]["object"]["amount_total"] = 100
    shop.deliver(event)
    [purchase] = shop.purchases()
    review_quarantine.dismiss(
        flows.purchase_changes(shop),
        flows.purchase(shop, purchase["id"]),
        "operator_1",
        "Returned by bank transfer",
    )
    return purchase


def test_a_dismissed_payment_did_arrive_and_is_not_to_be_repeated(shop: Shop) -> None:
    """`failed` alone would say that the money had not arrived."""
    dismiss(shop)

    assert told(shop) == DISMISSED


@pytest.mark.parametrize("result", ["won", "lost"])
def test_a_dispute_about_a_dismissed_payment_reviews_nothing_again(
    shop: Shop, result: str
) -> None:
    intent = dismiss(shop)["stripe_payment_intent_id"]
    dispute = shop.stripe.control("charges", intent, "dispute")
    shop.deliver()
    assert shop.purchases()[0]["status"] == "disputed"
    assert told(shop) == DISMISSED

    shop.stripe.control("disputes", dispute["id"], "close", status=result)
    shop.deliver()

    returned = {"status": "complete", "payment_status": "refunded"}
    assert told(shop) == (DISMISSED if result == "won" else returned)


def test_a_dismissed_payment_stays_dismissed_until_all_of_it_is_back(
    shop: Shop,
) -> None:
    dismiss(shop)
    refund(shop, amount=50)
    assert told(shop) == DISMISSED

    refund(shop)

    assert told(shop) == {"status": "complete", "payment_status": "refunded"}


@pytest.mark.parametrize("arrives", [True, False])
def test_an_unfulfillable_payment_is_on_its_way_back(
    shop: Shop, *, arrives: bool
) -> None:
    event = paid(shop)
    shop.change_offer("product#hero-me-feelings", status="inactive")
    if not arrives:
        fault = Fault("POST", "/v1/refunds", status=500, times=2)
        shop.stripe.sandbox.faults.add(fault)

    shop.deliver(event)

    assert told(shop) == {"status": "complete"} | (
        {"payment_status": "refunded"}
        if arrives
        else {"payment_status": "processing", "code": "refunding"}
    )


def test_a_refund_in_part_leaves_it_paid_and_one_of_all_does_not(shop: Shop) -> None:
    shop.deliver(paid(shop))
    refund(shop, amount=50)
    assert told(shop) == {"status": "complete", "payment_status": "paid"}

    refund(shop)

    assert told(shop) == {"status": "complete", "payment_status": "refunded"}


def test_a_disputed_payment_is_paid_until_it_is_lost(shop: Shop) -> None:
    shop.deliver(paid(shop))
    [purchase] = shop.purchases()
    intent = purchase["stripe_payment_intent_id"]
    dispute = shop.stripe.control("charges", intent, "dispute")
    shop.deliver()
    assert shop.purchases()[0]["status"] == "disputed"
    assert told(shop) == {"status": "complete", "payment_status": "paid"}

    shop.stripe.control("disputes", dispute["id"], "close", status="lost")
    shop.deliver()

    assert told(shop) == {"status": "complete", "payment_status": "refunded"}


def test_a_refund_in_another_currency_is_under_review(shop: Shop) -> None:
    """The sale stands, and a person must decide."""
    shop.deliver(paid(shop))
    [purchase] = shop.purchases()
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent, amount=1)
    [event] = shop.stripe.events("refund.created")
    event["data"]["object"]["currency"] = "eur"
    shop.deliver(event)

    assert told(shop)["code"] == "under_review"


def test_a_payment_that_is_ahead_of_our_record_is_queued(shop: Shop) -> None:
    """So a lost webhook does not leave the buyer waiting."""
    paid(shop)
    told(shop)

    assert not shop.work()

    assert [p["status"] for p in shop.purchases()] == ["completed"]


def test_a_final_answer_needs_no_stripe(shop: Shop) -> None:
    shop.deliver(paid(shop))
    [session] = shop.stripe.sessions()
    shop.stripe.sandbox.requests.clear()

    assert ask(shop, session["id"]).body["payment_status"] == "paid"

    assert not shop.stripe.sandbox.requests


def test_the_other_route_still_answers_with_stripes_status_alone(shop: Shop) -> None:
    event = paid(shop)
    event["data"]["object"]["amount_total"] = 1
    shop.deliver(event)

    answer = shop.call(
        "GET /api/checkout/session-status",
        query={"session_id": shop.stripe.sessions()[0]["id"]},
    )

    assert answer.body == {"status": "complete"}


@pytest.mark.usefixtures("strict_keys")
@pytest.mark.parametrize(
    ("stripe_id", "status"),
    [
        (None, 400),
        ("", 400),
        ("ps_1", 400),
        ("cs_test_a#b", 400),
        ("cs_test_" + "a" * 201, 400),
        ("cs_test_unknown", 404),
    ],
)
def test_what_is_no_session_of_ours_is_refused(
    shop: Shop, stripe_id: str | None, status: int
) -> None:
    assert ask(shop, stripe_id).status == status


def test_a_payment_through_another_checkout_session_is_shown_by_itself(
    shop: Shop,
) -> None:
    event = paid(shop)
    other = deepcopy(event)
    other["data"]["object"] |= {"id": "cs_test_other", "payment_intent": "pi_other"}
    shop.deliver(event, other)

    assert ask(shop, "cs_test_other").body == {
        "status": "complete",
        "payment_status": "processing",
        "code": "under_review",
    }
    assert told(shop) == {"status": "complete", "payment_status": "paid"}
