"""Payments through the deployed stack: real HTTP, real queue, enforced permissions."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import pytest
import requests

from tests.stack.http_shop import eventually
from tests.stripe_side import DECLINED_CARD

KINDS = ["bid", "auction", "order", "product", "content", "quote"]
WEBHOOK_PATHS = [
    "/api/webhooks/stripe",
    "/payments/webhooks/stripe",
    "/webhooks/stripe",
    "/webhook",
]


def stripe_session(shop, offer):
    [session] = shop.stripe_sessions_of(offer)
    return session["id"]


def status_of(shop, stripe_session_id):
    path = f"/api/checkout/session-status?session_id={stripe_session_id}"
    return shop.get(path)["status"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_payment_becomes_a_purchase(shop, buyer, kind):
    """Invariant 1, and 9: each function had just the permissions it needed."""
    offer = shop.offer(kind, buyer)
    created = shop.create(offer, buyer)
    assert created.status_code == 200, created.text
    session = stripe_session(shop, offer)
    assert status_of(shop, session) == "open"

    shop.stripe.pay(session)

    [purchase] = eventually(lambda: shop.purchases_of(offer))
    assert (purchase["status"], purchase["amount"]) == ("completed", 2500)
    assert status_of(shop, session) == "complete"
    if offer.sold_status:
        assert shop.offer_status(offer) == offer.sold_status
    if kind != "product":
        access = shop.get(f"/api/access/{kind}/{offer.id}", buyer)
        history = shop.get("/api/purchases", buyer)
        one = shop.get(f"/api/purchases/{purchase['id']}", buyer)
        assert access == {"hasAccess": True}
        assert history["data"] == [one]
        assert shop.create(offer, buyer).status_code in {400, 409}


def test_an_order_shows_its_payment(shop, buyer):
    offer = shop.offer("order", buyer)
    shop.create(offer, buyer)
    shop.stripe.pay(stripe_session(shop, offer))
    eventually(lambda: shop.purchases_of(offer))

    order = shop.get(f"/orders/{offer.id}", buyer)

    assert order["status"] == "PAID"
    assert [payment["status"] for payment in order["payments"]] == ["completed"]


@pytest.mark.parametrize("kind", ["bid", "content"])
def test_twenty_simultaneous_creates_are_one_session(shop, buyer, kind):
    offer = shop.offer(kind, buyer)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: shop.create(offer, buyer), range(20)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(shop.sessions_of(offer)) == 1
    assert len(shop.stripe_sessions_of(offer)) == 1


def test_twenty_parallel_deliveries_are_one_purchase(shop, buyer):
    """Invariant 1."""
    offer = shop.offer("content", buyer)
    shop.create(offer, buyer)
    session = stripe_session(shop, offer)
    shop.stripe.pay(session)
    [event] = shop.stripe.events_of(session, "checkout.session.completed")
    payload = json.dumps(event).encode()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: shop.send(payload), range(20)))

    assert {answer.status_code for answer in answers} == {200}
    eventually(lambda: shop.purchases_of(offer))
    eventually(lambda: queue_is_empty(shop))
    assert len(shop.purchases_of(offer)) == 1
    history = shop.get("/api/purchases", buyer)
    assert history["pagination"]["totalCount"] == 1
    claims = [i for i in shop.aws.items("PurchasesTable") if offer.id in i["id"]]
    assert len(claims) == 1


def queue_is_empty(shop):
    attributes = shop.aws.sqs.get_queue_attributes(
        QueueUrl=shop.stack.outputs["PaymentEventsQueueUrl"],
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
        ],
    )["Attributes"]
    return not any(int(number) for number in attributes.values())


def test_a_declined_card_leaves_the_session_open(shop, buyer):
    offer = shop.offer("bid", buyer)
    shop.create(offer, buyer)
    session = stripe_session(shop, offer)

    with pytest.raises(requests.HTTPError, match="402"):
        shop.stripe.pay(session, DECLINED_CARD)

    declined = eventually(
        lambda: [s for s in shop.sessions_of(offer) if s["payment_status"] == "failed"]
    )
    path = f"/payments/sessions/{declined[0]['id']}"
    assert shop.get(path, buyer)["status"] == "open"
    shop.stripe.pay(session)
    eventually(lambda: shop.purchases_of(offer))
    assert shop.get(path, buyer)["payment_status"] == "paid"


def test_a_lost_webhook_does_not_leave_the_shopper_waiting(shop, buyer):
    """Invariant 4: the status endpoint sees that Stripe is ahead and fulfills."""
    offer = shop.offer("content", buyer)
    shop.create(offer, buyer)
    session = stripe_session(shop, offer)
    with shop.webhook_dead():
        shop.stripe.pay(session)
    assert shop.purchases_of(offer) == []

    assert status_of(shop, session) == "complete"

    assert eventually(lambda: shop.purchases_of(offer))


def test_a_payment_without_an_event_is_found_by_reconcile(shop, buyer):
    """Invariants 1 and 10: the webhook was dead and the shopper did not come back."""
    offer = shop.offer("auction", buyer)
    shop.create(offer, buyer)
    with shop.webhook_dead():
        shop.stripe.pay(stripe_session(shop, offer))
    [session] = shop.sessions_of(offer)
    shop.make_due(session["id"])

    assert shop.reconcile()["checked"] >= 1

    assert eventually(lambda: shop.purchases_of(offer))
    assert shop.offer_status(offer) == "paid"


def test_a_session_on_old_terms_is_closed_by_those_that_follow(shop, buyer):
    """Invariant 2, with the permissions that closing a session takes."""
    offer = shop.offer("bid", buyer)
    shop.create(offer, buyer)
    offer.body["cancel_url"] += "?another"

    assert shop.create(offer, buyer).status_code == 200

    found = shop.stripe_sessions_of(offer)
    assert sorted(session["status"] for session in found) == ["expired", "open"]


def test_new_terms_for_what_was_just_paid_are_refused_and_fulfill_it(shop, buyer):
    """Invariant 2: closing the old session finds that it was paid, unheard."""
    offer = shop.offer("content", buyer)
    shop.create(offer, buyer)
    with shop.webhook_dead():
        shop.stripe.pay(stripe_session(shop, offer))
    offer.body["cancelUrl"] += "?another"

    refused = shop.create(offer, buyer)

    assert (refused.status_code, refused.json()["code"]) == (409, "already_purchased")
    assert eventually(lambda: shop.purchases_of(offer))


def test_reconcile_closes_a_session_whose_time_is_over(shop, buyer):
    """Invariant 10, with the permissions that closing a session takes."""
    offer = shop.offer("order", buyer)
    shop.create(offer, buyer)
    [session] = shop.sessions_of(offer)
    shop.make_due(session["id"], is_over=True)

    shop.reconcile()

    [found] = shop.stripe_sessions_of(offer)
    [session] = shop.sessions_of(offer)
    assert (found["status"], session["status"]) == ("expired", "expired")


def test_reconcile_finishes_what_a_crash_left_behind(shop, buyer):
    """Invariant 10: Stripe had made the session, and we did not know it."""
    offer = shop.offer("content", buyer)
    shop.create(offer, buyer)
    [session] = shop.sessions_of(offer)
    shop.forget_stripes_answer(session["id"])
    shop.make_due(session["id"])

    shop.reconcile()

    [found] = shop.stripe_sessions_of(offer)
    [session] = shop.sessions_of(offer)
    assert (found["status"], session["status"]) == ("expired", "expired")


def test_a_session_that_expires_at_stripe_expires_here(shop, buyer):
    """Invariant 10, by the event that Stripe sends."""
    offer = shop.offer("auction", buyer)
    shop.create(offer, buyer)
    session = stripe_session(shop, offer)

    shop.stripe.post(f"/v1/checkout/sessions/{session}/expire")

    assert eventually(
        lambda: [s for s in shop.sessions_of(offer) if s["status"] == "expired"]
    )
    assert status_of(shop, session) == "expired"


def test_whoever_has_stripes_id_learns_whether_the_money_is_here(shop, buyer):
    offer = shop.offer("content", buyer)
    shop.create(offer, buyer)
    session = stripe_session(shop, offer)
    path = f"/api/checkout/payment-status?session_id={session}"
    assert shop.get(path) == {"status": "open", "payment_status": "unpaid"}

    shop.stripe.pay(session)
    eventually(lambda: shop.purchases_of(offer))

    assert shop.get(path) == {"status": "complete", "payment_status": "paid"}


def test_a_row_shows_its_tiles(shop, buyer):
    offer = shop.offer("bid", buyer)
    row_id = offer.body["row_id"]

    [tile] = shop.get(f"/api/rows/{row_id}", buyer)["bids"]

    assert (tile["bid_id"], tile["buy_now"]) == (offer.id, True)


def test_another_buyer_sees_nothing(shop, buyer):
    """Invariant 7."""
    offer = shop.offer("order", buyer)
    shop.create(offer, buyer)
    stranger = f"{buyer}-stranger"
    [session] = shop.sessions_of(offer)

    for path in (f"/orders/{offer.id}", f"/payments/sessions/{session['id']}"):
        theirs = shop.call("GET", path, stranger)
        assert theirs.status_code == 404
        assert shop.call("GET", path, buyer).status_code == 200
    assert shop.create(offer, stranger).status_code == 404


def test_every_webhook_path_checks_the_signature(shop):
    payload = b'{"id":"evt_1","type":"charge.updated","livemode":false}'
    urls = [shop.stack.webhook_url] + [shop.stack.api_url + p for p in WEBHOOK_PATHS]
    for url in urls:
        unsigned = requests.post(url, data=payload, timeout=60)
        assert (unsigned.status_code, unsigned.json()["code"]) == (
            400,
            "invalid_signature",
        )
        signed = shop.send(payload, url)
        assert (signed.status_code, signed.json()) == (200, {"received": True})


@contextmanager
def received_again_at_once(shop):
    """
    Let a message be received many times before the first worker hides it.

    Otherwise its eight receives take a day.
    """
    queue = shop.stack.outputs["PaymentEventsQueueUrl"]
    functions = shop.stack.aws("lambda")
    [mapping] = [
        each
        for each in functions.list_event_source_mappings()["EventSourceMappings"]
        if each["EventSourceArn"].endswith(f":{queue.rpartition('/')[2]}")
    ]
    kept = shop.aws.sqs.get_queue_attributes(
        QueueUrl=queue, AttributeNames=["VisibilityTimeout"]
    )["Attributes"]

    def work_on(most):
        scaling = {"MaximumConcurrency": most}
        functions.update_event_source_mapping(
            UUID=mapping["UUID"], ScalingConfig=scaling
        )

    shop.aws.sqs.set_queue_attributes(
        QueueUrl=queue, Attributes={"VisibilityTimeout": "0"}
    )
    work_on(10)
    try:
        yield queue
    finally:
        work_on(int(mapping["ScalingConfig"]["MaximumConcurrency"]))
        shop.aws.sqs.set_queue_attributes(QueueUrl=queue, Attributes=kept)


def test_a_poison_message_reaches_the_dead_letter_queue_alone(shop, buyer):
    """Invariant 4."""
    dead = shop.stack.outputs["PaymentEventsDeadLetterQueueUrl"]
    poison = f"not an event {uuid4()}"
    with received_again_at_once(shop) as queue:
        shop.aws.sqs.send_message(QueueUrl=queue, MessageBody=poison)
        offer = shop.offer("content", buyer)
        shop.create(offer, buyer)
        shop.stripe.pay(stripe_session(shop, offer))

        def dead_letters():
            return shop.aws.sqs.receive_message(
                QueueUrl=dead, MaxNumberOfMessages=10
            ).get("Messages", [])

        [letter] = eventually(dead_letters)
        assert letter["Body"] == poison
        assert len(eventually(lambda: shop.purchases_of(offer))) == 1


def test_one_client_cannot_start_checkouts_without_end(shop, buyer):
    offer = shop.offer("product", buyer)
    answers = [shop.create(offer, buyer) for _ in range(21)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused, "twenty-one requests span two minutes at most, of ten each"
    assert 0 < int(refused[0].headers["Retry-After"]) <= 60
    assert refused[0].json()["code"] == "too_many_requests"
