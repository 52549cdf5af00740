"""What becomes of money after the payment, on the deployed stack."""

import json

import pytest

from tests.stack.http_shop import eventually

CLAIMED = ["bid", "auction", "order", "content"]
RETURNED = {"bid": "refunded", "auction": "refunded", "order": "REFUNDED"}
FAILING_CARD = "4000000000005126"


def paid(shop, offer, buyer, **card):
    """Pay for an offer; return Stripe's id of the session."""
    created = shop.create(offer, buyer)
    assert created.status_code == 200, created.text
    [session] = [s for s in shop.stripe_sessions_of(offer) if s["status"] == "open"]
    shop.stripe.pay(session["id"], **card)
    return session["id"]


def bought(shop, offer, buyer, **card):
    """Buy an offer; return the purchase."""
    session = paid(shop, offer, buyer, **card)
    return eventually(lambda: purchase_through(shop, offer, session))


def purchase_through(shop, offer, session):
    found = shop.purchases_of(offer)
    return next((p for p in found if p["stripe_session_id"] == session), None)


def refund(shop, purchase, who="operator", **body):
    return shop.call(
        "POST",
        f"/api/purchases/{purchase['id']}/refund",
        who,
        json=body,
        headers={"Idempotency-Key": f"refund of {purchase['id']}"},
    )


def refund_in_dashboard(shop, purchase, **params):
    intent = purchase["stripe_payment_intent_id"]
    data = {"payment_intent": intent, **params}
    return shop.stripe.post("/v1/refunds", **data)


def refunds_of(shop, purchase):
    intent = purchase["stripe_payment_intent_id"]
    return shop.stripe.get("/v1/refunds", payment_intent=intent)["data"]


def becomes(shop, purchase, status):
    """Wait until the purchase has a status."""

    def look():
        found = shop.purchase(purchase["id"])
        return found if found["status"] == status else None

    return eventually(look)


def has_access(shop, offer, buyer):
    return shop.get(f"/api/access/{offer.kind}/{offer.id}", buyer)["hasAccess"]


@pytest.mark.parametrize("kind", CLAIMED)
def test_an_operator_refunds_a_purchase(shop, buyer, kind):
    """Invariant 3, and 9: with the permissions of the refund's own function."""
    offer = shop.offer(kind, buyer)
    purchase = bought(shop, offer, buyer)

    answers = [refund(shop, purchase, reason="As a courtesy") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["status"] == "refunded"
    assert answers[0].json()["refundReason"] == "As a courtesy"
    assert len(refunds_of(shop, purchase)) == 1
    assert not has_access(shop, offer, buyer)
    if kind in RETURNED:
        assert shop.offer_status(offer) == RETURNED[kind]
    if kind == "content":
        assert bought(shop, offer, buyer)["status"] == "completed"


def test_a_buyer_refunds_nothing(shop, buyer):
    """Invariant 7: nor learns whether a purchase exists."""
    purchase = bought(shop, shop.offer("content", buyer), buyer)

    answers = [refund(shop, p, buyer) for p in (purchase, {"id": "pur_unknown"})]

    assert [a.status_code for a in answers] == [403, 403]
    assert refund(shop, purchase, None).status_code == 401
    assert refunds_of(shop, purchase) == []


@pytest.mark.parametrize("kind", CLAIMED)
def test_a_refund_in_the_dashboard_comes_by_webhook_and_may_fail_later(
    shop, buyer, kind
):
    offer = shop.offer(kind, buyer)
    purchase = bought(shop, offer, buyer, card=FAILING_CARD)

    made = refund_in_dashboard(shop, purchase)
    becomes(shop, purchase, "refunded")
    assert not has_access(shop, offer, buyer)
    shop.stripe.control("refunds", made["id"], "fail")

    assert becomes(shop, purchase, "completed")["refunded_amount"] == 0
    assert has_access(shop, offer, buyer)
    if offer.sold_status:
        assert shop.offer_status(offer) == offer.sold_status


@pytest.mark.parametrize(("outcome", "keeps"), [("won", True), ("lost", False)])
def test_a_dispute_suspends_access_until_it_is_decided(shop, buyer, outcome, keeps):
    offer = shop.offer("order", buyer)
    purchase = bought(shop, offer, buyer)
    intent = purchase["stripe_payment_intent_id"]

    dispute = shop.stripe.control("charges", intent, "dispute")
    becomes(shop, purchase, "disputed")
    assert not has_access(shop, offer, buyer)
    assert refund(shop, purchase).status_code == 409
    shop.stripe.control("disputes", dispute["id"], "close", status=outcome)

    eventually(
        lambda: (
            shop.purchase(purchase["id"])["disputes"][dispute["id"]]["status"]
            == outcome
        )
    )
    assert has_access(shop, offer, buyer) is keeps
    assert shop.offer_status(offer) == ("PAID" if keeps else "REFUNDED")


def test_of_two_payments_for_one_thing_one_is_refunded(shop, buyer):
    """Invariant 2: the worker refunds by itself what was paid twice."""
    offer = shop.offer("content", buyer)
    first = paid(shop, offer, buyer)
    eventually(lambda: purchase_through(shop, offer, first))
    sale_key = f"content#{offer.id}#{buyer}"
    with shop.nobody_owning(sale_key), shop.webhook_dead():
        second = paid(shop, offer, buyer)

    [event] = shop.stripe.events_of(second, "checkout.session.completed")
    assert shop.send(json.dumps(event).encode()).status_code == 200

    other = eventually(lambda: purchase_through(shop, offer, second))
    other = becomes(shop, other, "refunded")
    assert other["quarantine_reason"] == "owned_already"
    assert len(refunds_of(shop, other)) == 1
    assert has_access(shop, offer, buyer)


def test_an_order_that_was_cancelled_while_it_was_paid_is_refunded(shop, buyer):
    offer = shop.offer("order", buyer)
    with shop.webhook_dead():
        session = paid(shop, offer, buyer)
    shop.set_offer_status(offer, "CANCELLED")
    [event] = shop.stripe.events_of(session, "checkout.session.completed")

    assert shop.send(json.dumps(event).encode()).status_code == 200

    purchase = eventually(lambda: purchase_through(shop, offer, session))
    becomes(shop, purchase, "refunded")
    assert shop.offer_status(offer) == "CANCELLED"


def test_quarantined_money_is_refunded_and_the_sale_key_is_free_again(shop, buyer):
    """The one way out of quarantine that the API offers."""
    offer = shop.offer("content", buyer)
    with shop.webhook_dead():
        session = paid(shop, offer, buyer)
    [event] = shop.stripe.events_of(session, "checkout.session.completed")
    event["data"]["object"]["amount_total"] = 2400
    shop.send(json.dumps(event).encode())
    purchase = eventually(lambda: purchase_through(shop, offer, session))
    assert purchase["status"] == "quarantined"
    assert shop.create(offer, buyer).status_code == 409

    assert refund(shop, purchase).json()["status"] == "refunded"

    assert shop.create(offer, buyer).status_code == 200


def test_reconcile_finds_what_no_webhook_has_reported(shop, buyer):
    """A refund unheard of, and the fee and receipt that no event carries."""
    offer = shop.offer("order", buyer)
    # Stripe may list late what is younger than a minute.
    with shop.stripe_clock_behind(120):
        purchase = bought(shop, offer, buyer)
    shop.rewind_reconcile(300)
    shop.reconcile()
    receipt = shop.purchase(purchase["id"])["receipt"]
    assert receipt["fee"] == 103, "2.9 % of 25 USD, rounded up, and 30 cents"
    with shop.webhook_dead(), shop.stripe_clock_behind(120):
        refund_in_dashboard(shop, purchase)
    shop.rewind_reconcile(300)

    shop.reconcile()

    becomes(shop, purchase, "refunded")


def test_reconcile_makes_a_refund_that_a_crash_left_behind(shop, buyer):
    """Every permission that the refund's own function has, reconcile has too."""
    offer = shop.offer("bid", buyer)
    purchase = bought(shop, offer, buyer)
    fault = {"method": "POST", "path_prefix": "/v1/refunds", "status": 500, "times": 2}
    shop.stripe.control("faults", **fault, when="before")
    assert refund(shop, purchase).status_code == 502
    shop.make_purchase_due(purchase)

    with shop.webhook_dead():  # its event would bring the same
        shop.reconcile()

    assert shop.purchase(purchase["id"])["status"] == "refunded"
    assert len(refunds_of(shop, purchase)) == 1
    assert shop.offer_status(offer) == "refunded"
    assert not has_access(shop, offer, buyer)
