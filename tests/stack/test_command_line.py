"""The operator's command line on the deployed stack: found, shown, repaired."""

import json
from datetime import timedelta
from typing import Any

from checkout import clock
from tests.stack.conftest import Operator
from tests.stack.http_shop import HttpShop, buy, eventually


def test_a_payment_is_shown_and_refunded(
    shop: HttpShop, operator: Operator, buyer: str
) -> None:
    offer, session_id = buy(shop, buyer)
    [purchase] = eventually(lambda: shop.purchases_of(offer))

    for given in (offer.id, f"order#{offer.id}", purchase["id"], session_id):
        [told] = operator("show", given)["payments"]
        assert told["session"]["id"] == session_id
    happened = {(entry["from"], entry["what"]) for entry in told["timeline"]}
    assert {
        ("us", "checkout_created"),
        ("Stripe", "checkout.session.completed"),
        ("us", "checkout_completed"),
    } <= happened
    assert told["stripe"]["payment_intent_status"] == "succeeded"

    refunded = operator("refund", purchase["id"], "--yes")["purchase"]

    assert refunded["status"] == "refunded"
    assert shop.offer_status(offer) == "REFUNDED"


def test_what_a_dead_webhook_missed_is_replayed(
    shop: HttpShop, operator: Operator, buyer: str
) -> None:
    began = clock.now() - timedelta(seconds=5)
    with shop.webhook_dead():
        offer, _ = buy(shop, buyer)
    assert not shop.purchases_of(offer)
    span = ("--from", began.isoformat(), "--to", "2099-01-01")

    assert operator("replay", *span, "--yes")["replayed"] >= 1

    assert eventually(lambda: shop.purchases_of(offer))


def test_what_is_due_is_swept(shop: HttpShop, operator: Operator, buyer: str) -> None:
    with shop.webhook_dead():
        offer, session_id = buy(shop, buyer)
    shop.make_due(session_id)

    assert operator("reconcile")["checked"] >= 1

    assert eventually(lambda: shop.purchases_of(offer))


def test_a_dead_letter_is_redriven(
    shop: HttpShop, operator: Operator, buyer: str
) -> None:
    with shop.webhook_dead():
        offer, _ = buy(shop, buyer)
    [session] = shop.sessions_of(offer)
    [event] = shop.stripe.events_of(
        session["stripe_session_id"], "checkout.session.completed"
    )
    shop.aws.sqs.send_message(
        QueueUrl=shop.stack.outputs["PaymentEventsDeadLetterQueueUrl"],
        MessageBody=json.dumps(event),
    )

    rows = operator("dlq", "list")["dead_letters"]
    assert event["id"] in [row["event_id"] for row in rows]
    redriven = operator("dlq", "redrive", event["id"], "--yes")

    assert redriven == {"redriven": [event["id"]]}
    assert eventually(lambda: shop.purchases_of(offer))


def test_an_offer_is_loaded_and_left_alone_once_sold(
    shop: HttpShop, operator: Operator, buyer: str, tmp_path: Any
) -> None:
    offer, _ = buy(shop, buyer)
    eventually(lambda: shop.purchases_of(offer))
    line = {"name": "A seat", "quantity": 1, "unit_price_cents": 100}
    items = [
        {
            "id": f"order#{order_id}",
            "order_id": order_id,
            "owner_id": buyer,
            "status": "CREATED",
            "currency": "usd",
            "items": [line],
        }
        for order_id in (offer.id, f"new-{offer.id}")
    ]
    file = tmp_path / "offers.json"
    file.write_text(json.dumps(items))

    loaded = operator("offers", "load", str(file), "--yes")["offers"]

    assert [each["result"] for each in loaded] == ["skipped", "loaded"]
    assert shop.offer_status(offer) == "PAID"


def test_a_webhook_endpoint_is_made_at_the_address_of_this_machine(
    stack: Any, shop: HttpShop, developer: Operator
) -> None:
    """The stack has an endpoint there already; another is made beside it."""
    create = ("webhook-endpoint", "create")
    made = developer(*create, "--replace", "--yes")["webhook_endpoint"]
    try:
        assert made["url"] == stack.webhook_url
        assert developer(*create)["webhook_endpoint"] == made
    finally:
        shop.stripe.delete(f"/v1/webhook_endpoints/{made['id']}")
