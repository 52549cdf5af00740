"""The worker dies between any two of its calls; the message comes again."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.crashes import crash_points
from tests.shop import PUBLISHED, Shop
from tests.stripe_side import DECLINED_CARD

# A process that is killed has nothing to flush.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics:UserWarning")

type Event = dict[str, Any]

# What no two runs have in common.
MOMENTS = {"at", "due_at", "entry_id", "purchased_at"}


def paid(shop: Shop, kind: str) -> Event:
    shop.create(kind)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    return shop.stripe.events("checkout.session.completed")[-1]


def fulfilled(shop: Shop) -> Event:
    return paid(shop, "bid")


def fulfilled_without_an_owner(shop: Shop) -> Event:
    return paid(shop, "product")


def quarantined(shop: Shop) -> Event:
    """The order of the calls matters most here: one transaction fails, one follows."""
    event = paid(shop, "order")
    shop.change_offer("order#order_1", status="CANCELLED")
    # Nothing was paid, so nothing can be refunded.
    event["data"]["object"]["payment_intent"] = None
    return event


def arrived_later(shop: Shop) -> Event:
    """Complete the pending purchase of a bank debit."""
    return decided(shop, pays=True)


def refused_later(shop: Shop) -> Event:
    return decided(shop, pays=False)


def decided(shop: Shop, *, pays: bool) -> Event:
    on_the_way = on_its_way(shop)
    shop.deliver(on_the_way)
    shop.stripe.bank_decides(on_the_way["data"]["object"]["payment_intent"], pays=pays)
    decision = "succeeded" if pays else "failed"
    return shop.stripe.events(f"checkout.session.async_payment_{decision}")[-1]


def on_its_way(shop: Shop) -> Event:
    price = {"amount": 999, "currency": "eur"}
    shop.change_offer(f"content#{PUBLISHED}", price=price)
    shop.create("content")
    shop.stripe.pay_by_bank(shop.stripe.sessions()[0]["id"])
    return shop.stripe.events("checkout.session.completed")[-1]


def expired(shop: Shop) -> Event:
    shop.create("content")
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.post(f"/v1/checkout/sessions/{stripe_id}/expire")
    return shop.stripe.events("checkout.session.expired")[-1]


def declined(shop: Shop) -> Event:
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"], DECLINED_CARD)
    return shop.stripe.events("payment_intent.payment_failed")[-1]


@pytest.mark.parametrize(
    "story",
    [
        *(fulfilled, fulfilled_without_an_owner, quarantined),
        *(on_its_way, arrived_later, refused_later, expired, declined),
    ],
    ids=lambda story: story.__name__,
)
def test_a_crash_anywhere_and_a_redelivery_end_as_if_nothing_had_happened(
    shop: Shop, story: Callable[[Shop], Event]
) -> None:
    """Invariant 1: whatever is killed. Every table is compared, but for moments."""
    message = json.dumps(story(shop))
    before = shop.aws.snapshot()
    assert shop.work(message) == []
    undisturbed = written(shop)

    steps = 0
    for crash in crash_points():
        shop.aws.restore(before)
        with crash:
            shop.work(message)
        assert shop.work(message) == [], crash

        assert written(shop) == undisturbed, crash
        steps = max(steps, len(crash.steps))
    assert steps >= 2


def written(shop: Shop) -> dict[str, list[str]]:
    """Return all that is in the tables, but for moments, in one order."""
    return {
        name: sorted(
            json.dumps(
                {k: v for k, v in item.items() if k not in MOMENTS}, sort_keys=True
            )
            for item in items
            if item.get("action") != "event_had_no_effect"
        )
        for name, items in shop.aws.snapshot().items()
    }
