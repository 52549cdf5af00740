"""Writers' routes on the deployed stack, with its permissions enforced."""

from datetime import timedelta
from uuid import uuid4

import pytest
import requests

from checkout import clock
from tests.stack.http_shop import eventually

CONTENT = {
    "title": "A film",
    "status": "published",
    "price": {"amount": 2500, "currency": "usd"},
}


def test_an_offer_is_written_listed_and_bought(shop):
    path = f"/api/offers/content/{uuid4()}"

    written = shop.call("PUT", path, "writer", json=CONTENT)
    again = shop.call("PUT", path, "writer", json=CONTENT, headers={"If-Match": '"1"'})

    assert (written.status_code, again.status_code) == (201, 200), written.text
    offer_id = written.json()["id"]
    listed = eventually(lambda: found(shop, offer_id))
    assert listed["version"] == 2
    created = shop.call(
        "POST",
        "/api/checkout/content",
        "buyer-of-films",
        json={
            "contentId": offer_id,
            "successUrl": shop.urls()["success_url"],
            "cancelUrl": shop.urls()["cancel_url"],
        },
    )
    assert created.status_code == 200, created.text


def found(shop, offer_id):
    cursor = ""
    while cursor is not None:
        path = f"/api/offers/content?limit=100&cursor={cursor}".removesuffix("&cursor=")
        page = shop.get(path, "writer")
        for offer in page["data"]:
            if offer["id"] == offer_id:
                return offer
        cursor = page["next_cursor"]
    return None


@pytest.mark.parametrize("kind", ["bid", "auction", "order", "content"])
def test_a_withdrawn_offer_cannot_be_paid(shop, kind):
    buyer = f"buyer-{uuid4().hex[:8]}"
    offer = shop.offer(kind, buyer)
    assert shop.create(offer, buyer).status_code == 200
    path = f"/api/offers/{kind}/{offer.id}/withdraw"

    withdrawn = eventually(lambda: withdrawn_with_its_session(shop, path))

    assert withdrawn.json()["kind"] == kind
    [session] = shop.stripe_sessions_of(offer)
    assert session["status"] == "expired"


def withdrawn_with_its_session(shop, path):
    """The index of an offer's sessions is a moment behind."""
    answer = shop.call("POST", path, "writer")
    assert answer.status_code == 200, answer.text
    return answer if answer.json()["expired_sessions"] == 1 else None


def withdraw(shop, offer):
    path = f"/api/offers/{offer.kind}/{offer.id}/withdraw"
    return shop.call("POST", path, "writer")


def test_an_offer_that_was_paid_unheard_is_fulfilled_when_it_is_withdrawn(shop):
    buyer = f"buyer-{uuid4().hex[:8]}"
    offer = shop.offer("content", buyer)
    assert shop.create(offer, buyer).status_code == 200
    [session] = shop.sessions_of(offer)
    with shop.webhook_dead():
        shop.stripe.pay(session["stripe_session_id"])

        withdraw(shop, offer)

    assert eventually(lambda: shop.purchases_of(offer))


def test_a_session_that_a_crash_left_prepared_is_closed_by_a_withdrawal(shop):
    buyer = f"buyer-{uuid4().hex[:8]}"
    offer = shop.offer("content", buyer)
    assert shop.create(offer, buyer).status_code == 200
    [session] = shop.sessions_of(offer)
    pointer = {"id": session["stripe_session_id"]}
    shop.forget_stripes_answer(session["id"])
    shop.aws.delete("PaymentSessionsTable", pointer)

    assert withdraw(shop, offer).status_code == 200

    assert shop.aws.item("PaymentSessionsTable", session["id"])["status"] == "expired"


def test_a_window_that_closes_soon_is_announced(shop):
    """Two hours are left of the day in which the winner can pay."""
    auction, accepted = f"auction-{uuid4().hex[:8]}", clock.now() - timedelta(hours=22)
    body = {
        "title": "A lamp",
        "status": "accepted",
        "accepted_at": clock.iso(accepted),
        "winner_id": "user_1",
        "price": {"amount": 4000, "currency": "eur"},
    }
    answer = shop.call("PUT", f"/api/offers/auction/{auction}", "writer", json=body)
    assert answer.status_code == 201, answer.text

    shop.reconcile()

    announced = [
        entry
        for entry in shop.aws.items("AuditLogTable")
        if entry["action"] == "window_closing" and entry.get("offer_id") == auction
    ]
    assert len(announced) == 1


def test_nobody_else_may_write(shop):
    path = f"/api/offers/content/{uuid4()}"

    assert shop.call("PUT", path, json=CONTENT).status_code == 401
    for caller in ("buyer-1", "operator"):
        assert shop.call("PUT", path, caller, json=CONTENT).status_code == 403


@pytest.mark.parametrize(
    ("groups", "status"),
    [
        (["staff", "offers-admin"], 200),
        (["staff offers-admin"], 403),
        (["offers-admin x", "staff"], 403),
    ],
)
def test_a_group_whose_name_only_contains_the_name_makes_no_writer(
    stack, groups, status
):
    """The gateway passes the first two as the same text; the token tells them apart."""
    token = stack.token("somebody", groups=groups)

    answer = requests.get(
        f"{stack.api_url}/api/offers/order",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )

    assert answer.status_code == status
