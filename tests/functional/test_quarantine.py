"""Quarantine: payments that are kept, listed, and decided on by a person."""

from copy import deepcopy
from typing import Any

import pytest

from checkout.errors import NotQuarantinedError, NotRefundableError
from checkout.flows import review_quarantine
from mocktill.faults import Fault
from tests import flows
from tests.aws import on_moto_too
from tests.functional.test_disputes import bought, dispute
from tests.functional.test_refunds import refund
from tests.shop import PUBLISHED, Shop, has_access

SALE_KEY = f"content#{PUBLISHED}#user_1"


def quarantined(shop: Shop, kind: str = "content", **facts: Any) -> str:
    """Let money arrive that is not what was asked for; return the purchase's id."""
    assert shop.create(kind).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    event = deepcopy(shop.stripe.events("checkout.session.completed")[-1])
    event["data"]["object"] |= facts or {"amount_total": 500}
    shop.deliver(event)
    return shop.purchase_of(event["data"]["object"]["id"])


def accept(shop: Shop, purchase_id: str) -> str:
    changes, purchase = flows.purchase_changes(shop), flows.purchase(shop, purchase_id)
    return review_quarantine.accept(changes, purchase, "operator_1").status


def dismiss(shop: Shop, purchase_id: str) -> str:
    changes, purchase = flows.purchase_changes(shop), flows.purchase(shop, purchase_id)
    note = "by other means"
    return review_quarantine.dismiss(changes, purchase, "operator_1", note).status


def listed(shop: Shop) -> list[str]:
    return [p.id for p in flows.purchases(shop).quarantined()]


def test_what_waits_for_a_person_is_listed_the_oldest_first(shop: Shop) -> None:
    first = quarantined(shop)
    second = quarantined(shop, "order", currency="eur")

    assert sorted(listed(shop)) == sorted([first, second])


def test_an_accepted_purchase_is_like_any_other(shop: Shop) -> None:
    purchase_id = quarantined(shop)

    assert accept(shop, purchase_id) == "completed"

    assert has_access(shop)
    assert listed(shop) == []
    assert shop.ownerships()[0]["purchase_id"] == purchase_id
    assert shop.sessions()[0]["status"] == "complete"
    counts = shop.aws.item("PurchasesTable", "buyer#user_1")
    assert (counts["completed"], counts["quarantined"]) == (1, 0)
    [entry] = shop.audit.of("quarantine_accepted")
    assert entry["accepted_by"] == "operator_1"
    assert entry["reason"] == "another_amount"
    assert shop.create("content").body["code"] == "already_purchased"


def test_an_accepted_purchase_marks_its_offer_as_sold(shop: Shop) -> None:
    accept(shop, quarantined(shop, "order"))

    order = shop.aws.item("OffersTable", "order#order_1")
    assert order["status"] == "PAID"


@on_moto_too
def test_a_refused_one_is_refunded_and_another_payment_may_begin(shop: Shop) -> None:
    """Invariant 2: the first charge goes back before there is a second."""
    purchase_id = quarantined(shop)

    flows.refunds(shop).refund(
        purchase_id,
        amount=None,
        reason="another_amount",
        request_key="quarantine",
        requested_by="operator_1",
    )

    assert shop.aws.item("PurchasesTable", purchase_id)["status"] == "refunded"
    assert listed(shop) == []
    assert not has_access(shop)
    assert shop.create("content").status == 200


def test_what_somebody_else_holds_cannot_be_accepted(shop: Shop) -> None:
    """Invariant 2: it can only be refunded."""
    first = quarantined(shop)
    shop.forget_live_session(SALE_KEY)
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver(shop.stripe.events("checkout.session.completed")[-1])
    before = shop.aws.snapshot()

    with pytest.raises(NotQuarantinedError, match="Another purchase"):
        accept(shop, first)

    assert shop.aws.snapshot() == before


def test_an_offer_that_has_vanished_can_be_accepted_all_the_same(shop: Shop) -> None:
    """The seller hands it over by other means. Nothing was paid, so none goes back."""
    shop.create("order")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.aws.dynamodb.delete_item(
        TableName=shop.aws.tables["OffersTable"], Key={"id": {"S": "order#order_1"}}
    )
    [event] = shop.stripe.events("checkout.session.completed")
    event["data"]["object"]["payment_intent"] = None
    shop.deliver(event)
    [purchase] = shop.purchases()

    assert accept(shop, purchase["id"]) == "completed"


def test_what_was_dealt_with_by_other_means_is_dismissed(shop: Shop) -> None:
    """Nothing is sold, nothing refunded, and the buyer may pay anew."""
    purchase_id = quarantined(shop)

    changes, purchase = flows.purchase_changes(shop), flows.purchase(shop, purchase_id)
    note = "Returned by bank transfer"
    dismissed = review_quarantine.dismiss(changes, purchase, "operator_1", note)

    assert dismissed.status == "failed"
    assert listed(shop) == []
    assert not has_access(shop)
    [entry] = shop.audit.of("quarantine_dismissed")
    assert (entry["dismissed_by"], entry["note"]) == ("operator_1", note)
    assert shop.create("content").status == 200
    with pytest.raises(NotQuarantinedError):
        accept(shop, purchase_id)


def test_the_money_of_another_purchase_is_not_refunded(shop: Shop) -> None:
    """Invariant 5: one charge, two purchases; the first one keeps what it paid with."""
    assert shop.create("product").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    first = shop.stripe.events("checkout.session.completed")[-1]
    shop.deliver(first)
    intent = first["data"]["object"]["payment_intent"]
    second = quarantined(shop, "content", payment_intent=intent)

    with pytest.raises(NotRefundableError, match="another purchase"):
        flows.refunds(shop).refund(
            second, amount=None, reason=None, request_key="q", requested_by="operator_1"
        )


def test_a_later_quarantine_is_published(shop: Shop) -> None:
    """A refund that was refused: the history says quarantine, and so does the bus."""
    shop.create("order")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.change_offer("order#order_1", status="CANCELLED")
    shop.stripe.sandbox.faults.add(Fault("POST", "/v1/refunds", status=400, times=1))

    shop.deliver()

    [entry] = shop.audit.of("purchase_quarantined")
    assert entry["reason"] == "offer_not_sellable"
    assert len(listed(shop)) == 1


def test_a_refund_of_a_foreign_purchase_leaves_our_own_session_open(
    shop: Shop,
) -> None:
    """Another Stripe session was paid for one of ours: ours is not complete by that."""
    assert shop.create("product").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    [paid_elsewhere] = shop.stripe.events("checkout.session.completed")
    assert shop.create("content").status == 200
    [ours] = [session for session in shop.sessions() if session["kind"] == "content"]
    foreign = deepcopy(paid_elsewhere)
    foreign["data"]["object"] |= {
        "id": "cs_test_foreign",
        "client_reference_id": ours["id"],
        "metadata": {"payment_session_id": ours["id"]},
    }
    shop.deliver(foreign)
    assert len(listed(shop)) == 1

    answer = shop.call(
        "POST /api/purchases/{id}/refund",
        {},
        buyer="operator_1",
        groups="[payments-admin]",
        path={"id": shop.purchase_of("cs_test_foreign")},
    )

    assert answer.status == 200
    assert listed(shop) == []
    assert shop.aws.item("PaymentSessionsTable", ours["id"])["status"] == "open"
    shop.stripe.pay(ours["stripe_session_id"])
    shop.deliver(*shop.stripe.events_of(ours["stripe_session_id"]))
    assert has_access(shop)


def test_only_what_is_quarantined_can_be_accepted(shop: Shop) -> None:
    purchase_id = quarantined(shop)
    accept(shop, purchase_id)

    with pytest.raises(NotQuarantinedError):
        accept(shop, purchase_id)


def test_a_decision_that_another_person_made_meanwhile_stands(shop: Shop) -> None:
    """Invariant 3: nobody is given access for money that was paid back by bank."""
    purchase_id = quarantined(shop)
    changes, as_read = flows.purchase_changes(shop), flows.purchase(shop, purchase_id)
    review_quarantine.dismiss(changes, as_read, "operator_2", "paid back by bank")

    with pytest.raises(NotQuarantinedError):
        review_quarantine.accept(changes, as_read, "operator_1")

    assert shop.purchases()[0]["status"] == "failed"
    assert shop.ownerships() == []
    assert shop.audit.has_none_of("quarantine_accepted")


def test_money_is_recorded_also_if_its_session_cannot_move(shop: Shop) -> None:
    """Invariant 4: the rank of the session is no condition of keeping the money."""
    assert shop.create("content").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    event = deepcopy(shop.stripe.events("checkout.session.completed")[-1])
    event["data"]["object"]["amount_total"] = 500
    [session] = shop.sessions()
    shop.aws.change("PaymentSessionsTable", session["id"], rank=9)

    shop.deliver(event)

    assert [p["status"] for p in shop.purchases()] == ["quarantined"]


def test_a_refund_is_recorded_also_if_another_purchase_holds_the_sale_key(
    shop: Shop,
) -> None:
    """Invariant 5: the ownership of another purchase stands, and the refund too."""
    assert shop.create("content").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    [ownership] = shop.ownerships()
    [purchase] = shop.purchases()
    shop.aws.change("PurchasesTable", ownership["id"], purchase_id="pur_other")

    flows.refunds(shop).refund(
        purchase["id"],
        amount=None,
        reason=None,
        request_key="a key of the operator's",
        requested_by="operator_1",
    )

    assert shop.purchases()[0]["status"] == "refunded"
    assert shop.ownerships()[0]["purchase_id"] == "pur_other"


def lose(shop: Shop, kind: str, *, named: str | None = None) -> str:
    """Let money arrive for a session that is not recorded; return the purchase."""
    assert shop.create(kind).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    event = deepcopy(shop.stripe.events("checkout.session.completed")[-1])
    if named is not None:
        event["data"]["object"]["metadata"]["kind"] = named
    for session in shop.sessions():
        shop.aws.delete("PaymentSessionsTable", session)
    shop.deliver(event)
    return shop.purchase_of(event["data"]["object"]["id"])


@pytest.mark.parametrize("kind", ["bid", "auction", "order", "product", "content"])
def test_a_lost_session_s_payment_is_not_accepted(shop: Shop, kind: str) -> None:
    """Nothing is known of what was sold, so nobody would get anything."""
    purchase_id = lose(shop, kind)

    with pytest.raises(NotQuarantinedError, match="refund or dismiss"):
        accept(shop, purchase_id)

    assert listed(shop) == [purchase_id]


@pytest.mark.parametrize("kind", ["bid", "auction", "order", "product", "content"])
def test_a_lost_session_s_payment_is_refunded(shop: Shop, kind: str) -> None:
    answer = refund(shop, lose(shop, kind))

    assert (answer.status, answer.body["status"]) == (200, "refunded")


@pytest.mark.parametrize("kind", ["", "nothing_of_ours", "__init__"])
def test_a_lost_payment_of_an_unknown_kind_is_refunded(shop: Shop, kind: str) -> None:
    answer = refund(shop, lose(shop, "bid", named=kind))

    assert (answer.status, answer.body["status"]) == (200, "refunded")


@pytest.mark.parametrize("body", [{}, {"amountCents": 100}])
def test_a_dismissed_purchase_is_not_paid_back_again(
    shop: Shop, body: dict[str, Any]
) -> None:
    purchase_id = quarantined(shop)
    purchase, changes = flows.purchase(shop, purchase_id), flows.purchase_changes(shop)
    review_quarantine.dismiss(changes, purchase, "operator_1", "By bank transfer.")

    answer = refund(shop, purchase_id, body)

    assert (answer.status, answer.body["code"]) == (409, "not_refundable")
    assert "dismissed" in answer.body["error"]
    assert shop.stripe.get("/v1/refunds")["data"] == []
    assert shop.purchases()[0]["status"] == "failed"


@pytest.mark.parametrize("accepts", [False, True])
def test_nobody_decides_while_a_refund_is_under_way(shop: Shop, accepts: bool) -> None:
    """It would be made after the decision: beside a sale, or a second time."""
    assert shop.create("content").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.change_offer(f"content#{PUBLISHED}", status="draft")
    shop.stripe.sandbox.faults.add(Fault("POST", "/v1/refunds", status=500, times=2))
    shop.deliver()
    [purchase] = shop.purchases()
    dispute(shop, purchase)
    shop.deliver()
    assert flows.purchase(shop, purchase["id"]).awaits_decision

    decide = accept if accepts else dismiss
    with pytest.raises(NotQuarantinedError, match="refund of it is under way"):
        decide(shop, purchase["id"])


@pytest.mark.parametrize("what", ["a won dispute", "a failed refund"])
def test_a_dismissal_ends_if_what_had_gone_back_is_with_us_again(
    shop: Shop, what: str
) -> None:
    """The buyer has paid after all, and gets what was paid for."""
    purchase = bought(shop)
    if what == "a won dispute":
        dispute(shop, purchase)
        event = deepcopy(shop.stripe.events("charge.dispute.created")[-1])
        end = ("charge.dispute.closed", {"status": "won"})
    else:
        intent = purchase["stripe_payment_intent_id"]
        shop.stripe.post("/v1/refunds", payment_intent=intent)
        event = deepcopy(shop.stripe.events("refund.created")[-1])
        end = ("refund.failed", {"status": "failed"})
    event["data"]["object"]["currency"] = "eur"
    shop.deliver(event)
    dismiss(shop, purchase["id"])
    assert not has_access(shop)
    ended = deepcopy(event) | {"id": "evt_end", "type": end[0]}
    ended["data"]["object"] |= end[1]

    shop.deliver(ended)

    assert flows.purchase(shop, purchase["id"]).status == "completed"
    assert has_access(shop)
