"""As long as a payment is undecided, nobody can pay for its sale key again."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from checkout.errors import NotQuarantinedError
from checkout.flows import review_quarantine
from mocktill.faults import Fault
from tests import flows
from tests.conftest import Traveller
from tests.functional.test_cancel import cancel
from tests.functional.test_disputes import bought, close, dispute
from tests.functional.test_pending_purchases import pay_by_bank
from tests.functional.test_quarantine import accept, listed, quarantined
from tests.functional.test_refunds import refund
from tests.shop import PUBLISHED, Answer, Shop

CONTENT = f"content#{PUBLISHED}"
KINDS = ["bid", "auction", "order", "content"]
SAFE = "Your payment is safe."
NEUTRAL = "This is being paid for; please try again later."


def is_barred(answer: Answer) -> bool:
    return answer.status == 409 and answer.body["code"] == "payment_in_progress"


def refuse_refunds(shop: Shop) -> None:
    shop.stripe.sandbox.faults.add(Fault("POST", "/v1/refunds", status=400, times=2))


def pay_again(shop: Shop) -> None:
    assert shop.create("content").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver(shop.stripe.events("checkout.session.completed")[-1])


def purchase_with(shop: Shop, status: str) -> dict[str, Any]:
    [found] = [p for p in shop.purchases() if p["status"] == status]
    return found


def shown(shop: Shop) -> str:
    """Return the status of the only session, as its buyer sees it."""
    [session] = shop.sessions()
    path = {"paymentSessionId": session["id"]}
    answer = shop.call(
        "GET /payments/sessions/{paymentSessionId}", buyer="user_1", path=path
    )
    return str(answer.body["status"])


def a_refund_is_refused(shop: Shop, kind: str) -> None:
    purchase_id = quarantined(shop, kind)
    refuse_refunds(shop)
    assert refund(shop, purchase_id).status == 409


def a_dispute_opens(shop: Shop, kind: str) -> None:
    purchase = shop.aws.item("PurchasesTable", quarantined(shop, kind))
    dispute(shop, purchase)
    shop.deliver(*shop.stripe.events("charge.dispute.created"))


def a_dispute_is_won(shop: Shop, kind: str) -> None:
    purchase = shop.aws.item("PurchasesTable", quarantined(shop, kind))
    opened = dispute(shop, purchase)
    shop.deliver(*shop.stripe.events("charge.dispute.created"))
    close(shop, opened, "won")
    shop.deliver(*shop.stripe.events("charge.dispute.closed"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "happens", [a_refund_is_refused, a_dispute_opens, a_dispute_is_won]
)
def test_nobody_pays_a_second_time_whatever_becomes_of_the_first(
    shop: Shop, kind: str, happens: Callable[[Shop, str], None]
) -> None:
    """Invariant 2: the first charge is decided on before there is a second."""
    happens(shop, kind)

    again, cancelled = shop.create(kind), cancel(shop)

    assert is_barred(again)
    assert SAFE in again.body["error"]
    assert is_barred(cancelled)
    assert SAFE in cancelled.body["error"]
    assert shown(shop) == "quarantined"
    assert len(shop.stripe.sessions()) == 1


def test_a_refund_that_has_not_arrived_bars_the_next_payment(shop: Shop) -> None:
    """A pending refund can still fail."""
    purchase = shop.aws.item("PurchasesTable", quarantined(shop))
    shop.stripe.sandbox.faults.add(Fault("POST", "/v1/refunds", status=500, times=9))
    assert refund(shop, purchase["id"]).status == 502

    assert shop.purchases()[0]["status"] == "refunding"
    assert is_barred(shop.create("content"))
    assert shown(shop) == "quarantined"


def test_an_unfulfillable_payment_that_is_not_refunded_bars_the_next(
    shop: Shop,
) -> None:
    assert shop.create("content").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.change_offer(CONTENT, status="draft")
    refuse_refunds(shop)
    shop.deliver()
    assert shop.purchases()[0]["status"] == "quarantined"
    shop.change_offer(CONTENT, status="published")

    again = shop.create("content")

    assert is_barred(again)
    assert SAFE in again.body["error"]
    assert shown(shop) == "quarantined"


def test_a_refund_that_fails_after_a_resale_bars_a_third_payment(shop: Shop) -> None:
    first = bought(shop)
    refund(shop, first["id"])
    made = shop.refund_of(first["id"])
    pay_again(shop)
    shop.stripe.control("refunds", made, "fail")
    shop.deliver(shop.stripe.events("refund.failed")[-1])
    assert purchase_with(shop, "quarantined")["id"] == first["id"]
    assert shop.create("content").body["code"] == "already_purchased"
    refund(shop, purchase_with(shop, "completed")["id"])

    assert is_barred(shop.create("content"))

    assert accept(shop, first["id"]) == "completed"
    assert shop.create("content").body["code"] == "already_purchased"


def test_of_two_undecided_payments_each_bars_the_next(shop: Shop) -> None:
    first = quarantined(shop)
    shop.forget_live_session(f"{CONTENT}#user_1")
    second = quarantined(shop)
    shop.aws.change(
        "PurchasesTable", f"undecided#{CONTENT}#user_1", **{first: "user_1"}
    )

    refund(shop, second)
    assert is_barred(shop.create("content"))

    refund(shop, first)
    assert shop.create("content").status == 200


@pytest.mark.parametrize("kind", KINDS)
def test_once_everything_went_back_the_buyer_may_pay_anew(
    shop: Shop, kind: str
) -> None:
    refund(shop, quarantined(shop, kind))

    assert shown(shop) == "complete"
    assert shop.create(kind).status == 200


def test_a_purchase_is_decided_on_while_its_dispute_is_open(shop: Shop) -> None:
    a_dispute_opens(shop, "content")
    [purchase] = shop.purchases()
    assert (purchase["status"], listed(shop)) == ("disputed", [purchase["id"]])

    assert accept(shop, purchase["id"]) == "disputed"

    assert listed(shop) == []
    assert shop.ownerships()[0]["suspended"]
    assert shop.create("content").body["code"] == "already_purchased"
    with pytest.raises(NotQuarantinedError):
        accept(shop, purchase["id"])


def test_a_disputed_purchase_is_not_accepted_once_its_offer_is_sold(
    shop: Shop,
) -> None:
    a_dispute_opens(shop, "content")
    [purchase] = shop.purchases()
    shop.forget_live_session(f"{CONTENT}#user_1")
    pay_again(shop)
    before = shop.aws.snapshot()

    with pytest.raises(NotQuarantinedError, match="Another purchase"):
        accept(shop, purchase["id"])

    assert shop.aws.snapshot() == before


def test_a_disputed_purchase_can_be_dismissed(shop: Shop) -> None:
    a_dispute_opens(shop, "content")
    [purchase] = shop.purchases()

    review_quarantine.dismiss(
        flows.purchase_changes(shop),
        flows.purchase(shop, purchase["id"]),
        "operator_1",
        "the bank decides",
    )

    assert listed(shop) == []
    assert shop.create("content").status == 200


@pytest.mark.parametrize("kind", ["bid", "auction", "order"])
@pytest.mark.parametrize("how", ["pending", "quarantined", "paid"])
def test_another_buyer_learns_nothing_of_the_payment(
    shop: Shop, kind: str, how: str
) -> None:
    """Invariant 7: the offer has got another owner since it was paid for."""
    if how == "pending":
        shop.deliver(pay_by_bank(shop, kind))
    elif how == "quarantined":
        quarantined(shop, kind)
    else:
        assert shop.create(kind).status == 200
        shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    owner = {"bid": "row#7", "auction": "auction#auction_1", "order": "order#order_1"}
    shop.change_offer(owner[kind], owner_id="user_2", winner_id="user_2")

    answer = shop.create(kind, buyer="user_2")

    assert is_barred(answer)
    assert answer.body["error"] == NEUTRAL


@pytest.mark.frozen_at("2026-05-06T07:08:09Z")
@pytest.mark.parametrize("how", ["pending", "quarantined"])
@pytest.mark.parametrize(
    ("kind", "offer", "change"),
    [
        ("content", CONTENT, {"status": "draft"}),
        ("content", CONTENT, {"price": None}),
        ("order", "order#order_1", {"status": "CANCELLED"}),
        ("bid", "row#7", {"status": "closed"}),
        ("bid", "bid#42", {"deleted_at": "2026-05-06T07:08:09.000Z"}),
        ("auction", "auction#auction_1", {"status": "cancelled"}),
        ("auction", "auction#auction_1", {}),
    ],
)
def test_a_buyer_whose_payment_is_under_way_is_told_so_by_a_changed_offer(
    shop: Shop,
    clock: Traveller,
    how: str,
    kind: str,
    offer: str,
    change: dict[str, Any],
) -> None:
    if how == "pending":
        shop.deliver(pay_by_bank(shop, kind))
    else:
        quarantined(shop, kind)
    if change:
        shop.change_offer(offer, **change)
    else:
        clock.shift(timedelta(hours=25))

    assert is_barred(shop.create(kind))


def test_who_has_not_paid_is_told_of_the_offer(shop: Shop) -> None:
    assert shop.create("content").status == 200
    shop.change_offer(CONTENT, status="draft")

    assert shop.create("content").status == 404
