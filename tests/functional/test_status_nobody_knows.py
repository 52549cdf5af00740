"""Stripe's status is null or a word of the future: the payment status decides."""

from copy import deepcopy

import pytest

from tests.functional.test_pending_purchases import decide, pay_by_bank
from tests.nullable import hide
from tests.shop import Shop

STATUSES = [None, "a_word_of_the_future"]
PROCESSING = {"status": "complete", "payment_status": "processing"}


def payment_status(shop: Shop, stripe_session_id: str) -> dict[str, str]:
    answer = shop.call(
        "GET /api/checkout/payment-status", query={"session_id": stripe_session_id}
    )
    assert answer.status == 200
    found: dict[str, str] = answer.body
    return found


@pytest.mark.parametrize("status", STATUSES)
def test_a_paid_session_is_queued_and_processing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, status: str | None
) -> None:
    shop.create("product")
    [session] = shop.stripe.sessions()
    shop.stripe.pay(session["id"])
    hide(monkeypatch, "checkout.session", ["status"], status)

    assert payment_status(shop, session["id"]) == PROCESSING

    assert len(shop.aws.messages()) == 1


@pytest.mark.parametrize("status", STATUSES)
def test_a_session_that_is_not_paid_is_open(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, status: str | None
) -> None:
    shop.create("product")
    [session] = shop.stripe.sessions()
    hide(monkeypatch, "checkout.session", ["status"], status)

    found = payment_status(shop, session["id"])

    assert found == {"status": "open", "payment_status": "unpaid"}
    assert shop.aws.messages() == []


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("pays", "told"), [(True, "processing"), (False, "failed")])
def test_what_the_bank_has_decided_is_queued(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    status: str | None,
    pays: bool,
    told: str,
) -> None:
    began = pay_by_bank(shop)
    shop.deliver(began)
    decide(shop, began, pays=pays)
    hide(monkeypatch, "checkout.session", ["status"], status)

    found = payment_status(shop, began["data"]["object"]["id"])

    assert found == {"status": "complete", "payment_status": told}
    assert len(shop.aws.messages()) == 1


def test_a_second_paid_checkout_session_has_a_status(shop: Shop) -> None:
    """It is found by its own id, and not told as the payment of the first."""
    assert shop.create("product").status == 200
    [session] = shop.stripe.sessions()
    shop.stripe.pay(session["id"])
    [paid] = shop.stripe.events("checkout.session.completed")
    second = deepcopy(paid)
    second["data"]["object"]["id"] = "cs_test_second"

    shop.deliver(paid, second)

    assert payment_status(shop, session["id"])["payment_status"] == "paid"
    assert payment_status(shop, "cs_test_second") == {
        "status": "complete",
        "payment_status": "processing",
        "code": "under_review",
    }
