"""Revenue on the deployed stack: real workers, a real queue, enforced permissions."""

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.stack.http_shop import Offer, eventually

SALES = 60
BATCH = 10


@pytest.fixture
def creator():
    return f"creator-{uuid4().hex[:8]}"


def content_of(shop, creator):
    """Put a content of 9.99 dollars on sale, with fees of 10 % and 5 %."""
    content_id = str(uuid4())
    stored = shop.put(
        "content",
        content_id,
        creator_id=creator,
        status="published",
        title="A film",
        price={"amount": 999, "currency": "usd"},
        platform_fee_bps=1000,
        organization_fee_bps=500,
    )
    urls = shop.urls()
    body = {
        "contentId": content_id,
        "successUrl": urls["success_url"],
        "cancelUrl": urls["cancel_url"],
    }
    return Offer("content", content_id, "/api/checkout", body, stored, None)


def ask(shop, creator, what, caller, *groups, **query):
    token = shop.stack.token(caller, groups=groups)
    return shop.call(
        "GET",
        f"/api/creators/{creator}/{what}",
        params=query,
        headers={"Authorization": f"Bearer {token}"},
    )


def pay_for(shop, offer, buyer):
    created = shop.create(offer, buyer)
    assert created.status_code == 200, created.text
    shop.stripe.pay(created.json()["sessionId"])


def completed_events(shop, offer):
    """Return what Stripe has to tell of the payments of an offer."""
    ours = {session["id"] for session in shop.sessions_of(offer)}
    return [
        event
        for event in shop.stripe.events("checkout.session.completed")
        if event["data"]["object"]["client_reference_id"] in ours
    ]


def test_sixty_fulfillments_at_once_are_the_creators_revenue_to_the_cent(shop, creator):
    """One burst on the queue, all of it for one offer of one creator."""
    offer = content_of(shop, creator)
    with shop.webhook_dead(), ThreadPoolExecutor(8) as pool:
        buyers = [f"{creator}-buyer-{number}" for number in range(SALES)]
        list(pool.map(lambda buyer: pay_for(shop, offer, buyer), buyers))
    events = completed_events(shop, offer)
    assert len(events) == SALES

    with ThreadPoolExecutor(BATCH) as pool:
        list(pool.map(lambda event: enqueue(shop, event), events))

    eventually(lambda: len(shop.purchases_of(offer)) == SALES)
    answer = ask(shop, creator, "revenue", creator).json()
    [total] = answer["totals"]
    assert total == {
        "currency": "usd",
        "purchases": SALES,
        "grossCents": SALES * 999,
        "refundedCents": 0,
        "lostToDisputesCents": 0,
        "discountCents": 0,
        "taxCents": 0,
        "shippingCents": 0,
        "platformFeeCents": SALES * 99,
        "organizationFeeCents": SALES * 49,
        "creatorPayoutCents": SALES * 851,
        "stripeFeeCents": 0,
    }


def enqueue(shop, event):
    shop.aws.sqs.send_message(
        QueueUrl=shop.stack.outputs["PaymentEventsQueueUrl"],
        MessageBody=json.dumps(event),
    )


def test_a_creator_pages_through_what_was_bought(shop, creator):
    """Invariant 9: the index is asked, with the permission that it takes."""
    offer = content_of(shop, creator)
    for number in range(3):
        pay_for(shop, offer, f"{creator}-buyer-{number}")
    eventually(lambda: len(shop.purchases_of(offer)) == 3)

    seen, query = [], {"limit": 2}
    while query.get("cursor", "") is not None:
        page = ask(shop, creator, "purchases", creator, **query).json()
        seen += page["data"]
        query["cursor"] = page["nextCursor"]

    # Stripe's time is in whole seconds: in one second, any order is right.
    times = [p["purchasedAt"] for p in seen]
    assert times == sorted(times, reverse=True)
    assert sorted(p["buyerId"][-1] for p in seen) == ["0", "1", "2"]


def test_a_refund_is_taken_off_the_revenue(shop, creator):
    """Invariant 9: whoever changes a purchase may change the counters with it."""
    offer = content_of(shop, creator)
    pay_for(shop, offer, f"{creator}-buyer")
    [purchase] = eventually(lambda: shop.purchases_of(offer))
    token = shop.stack.token("operator", groups=["payments-admin"])

    refunded = shop.call(
        "POST",
        f"/api/purchases/{purchase['id']}/refund",
        json={"amountCents": 500},
        headers={"Authorization": f"Bearer {token}"},
    )

    assert refunded.status_code == 200, refunded.text
    [total] = ask(shop, creator, "revenue", creator).json()["totals"]
    assert (total["refundedCents"], total["creatorPayoutCents"]) == (500, 426)


@pytest.mark.parametrize("what", ["revenue", "purchases"])
def test_only_the_creator_and_operators_may_ask(shop, creator, what):
    """Invariant 7."""
    assert ask(shop, creator, what, creator).status_code == 200
    assert ask(shop, creator, what, "operator", "payments-admin").status_code == 200
    assert ask(shop, creator, what, f"{creator}-other").status_code == 403
    assert shop.call("GET", f"/api/creators/{creator}/{what}").status_code == 401
