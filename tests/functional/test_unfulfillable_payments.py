"""Paid twice, or for what nobody can have any more: the money goes back by itself."""

from collections.abc import Callable
from typing import Any

import pytest

from mocktill.faults import Fault
from tests.crashes import crash_points
from tests.output import metrics_in
from tests.shop import PUBLISHED, QUOTE, Shop, has_access

# A process that is killed has nothing to flush.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics:UserWarning")

CLAIMS = {
    "bid": "row#7",
    "quote": "row#7",
    "auction": "auction#auction_1",
    "order": "order#order_1",
    "content": f"content#{PUBLISHED}#user_1",
}

NOW = "2026-05-06T07:08:09.000Z"
FREE = {"amount": 0, "currency": "usd"}


def paid(shop: Shop, kind: str, **changes: Any) -> dict[str, Any]:
    assert shop.create(kind, **changes).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    return shop.stripe.events("checkout.session.completed")[-1]


def paid_twice(shop: Shop, kind: str) -> list[dict[str, Any]]:
    """Two sessions of one sale key, both paid: creating them should have failed."""
    first = paid(shop, kind)
    shop.forget_live_session(CLAIMS[kind])
    return [first, paid(shop, kind)]


def refunds(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.stripe.get("/v1/refunds", limit=100)["data"]
    return found


@pytest.mark.parametrize("kind", CLAIMS)
def test_of_two_payments_one_stands_and_the_other_is_refunded(
    shop: Shop, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """Invariant 2: a buyer does not keep both charges."""
    first, second = paid_twice(shop, kind)
    shop.deliver(first)
    [standing] = shop.purchases()
    offers, ownerships = shop.aws.items("OffersTable"), shop.ownerships()

    shop.deliver(second, second)

    [other] = [p for p in shop.purchases() if p["id"] != standing["id"]]
    assert standing in shop.purchases()
    assert (other["status"], other["quarantine_reason"]) == (
        "refunded",
        "owned_already",
    )
    assert other["refunded_amount"] == other["amount"]
    assert (shop.aws.items("OffersTable"), shop.ownerships()) == (offers, ownerships)
    assert has_access(shop, kind)
    [refund] = refunds(shop)
    assert refund["payment_intent"] == other["stripe_payment_intent_id"]
    assert shop.audit.has_exactly("unfulfillable_payment", "purchase_refunded")
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.checkout.unfulfillable"] == 1
    assert "payments.checkout.quarantined" not in counted


@pytest.mark.parametrize(
    ("kind", "offer_id", "change"),
    [
        ("bid", "row#7", {"status": "purchased"}),
        ("bid", "row#7", {"status": "closed"}),
        ("bid", "row#7", {"owner_id": "user_2"}),
        ("bid", "row#7", {"deleted_at": NOW}),
        ("bid", "bid#42", {"offer_type": "service_provider"}),
        ("bid", "bid#42", {"price": None}),
        ("bid", "bid#42", {"deleted_at": NOW}),
        ("quote", f"quote#{QUOTE}", {"status": "withdrawn"}),
        ("quote", f"quote#{QUOTE}", {"deleted_at": NOW}),
        ("quote", f"quote#{QUOTE}", {"price": None}),
        ("quote", f"quote#{QUOTE}", {"bid_id": "44"}),
        ("quote", "row#7", {"status": "closed"}),
        ("quote", "row#7", {"owner_id": "user_2"}),
        ("quote", "bid#43", {"offer_type": "retail"}),
        ("quote", "bid#43", {"status": "withdrawn"}),
        ("auction", "auction#auction_1", {"status": "cancelled"}),
        ("auction", "auction#auction_1", {"winner_id": "user_2"}),
        ("auction", "auction#auction_1", {"price": FREE}),
        ("order", "order#order_1", {"status": "CANCELLED"}),
        ("order", "order#order_1", {"owner_id": "user_2"}),
        ("order", "order#order_1", {"items": []}),
        ("order", "order#order_1", {"items": "none"}),
        ("content", f"content#{PUBLISHED}", {"status": "draft"}),
        ("content", f"content#{PUBLISHED}", {"status": None}),
        ("content", f"content#{PUBLISHED}", {"deleted_at": NOW}),
        ("content", f"content#{PUBLISHED}", {"price": FREE}),
        ("content", f"content#{PUBLISHED}", {"price": None}),
        ("content", f"content#{PUBLISHED}", {"price": "free"}),
        ("product", "product#hero-me-feelings", {"status": "inactive"}),
        ("product", "product#hero-me-feelings", {"price": FREE}),
        ("product", "product#hero-me-feelings", {"deleted_at": NOW}),
    ],
)
def test_what_was_withdrawn_while_the_buyer_paid_is_refunded(
    shop: Shop, kind: str, offer_id: str, change: dict[str, Any]
) -> None:
    event = paid(shop, kind)
    shop.change_offer(offer_id, **change)
    offers = shop.aws.items("OffersTable")

    shop.deliver(event)

    [purchase] = shop.purchases()
    assert (purchase["status"], purchase["quarantine_reason"]) == (
        "refunded",
        "offer_not_sellable",
    )
    assert shop.aws.items("OffersTable") == offers
    assert shop.ownerships() == []
    assert kind == "product" or not has_access(shop, kind)


def test_a_row_is_sold_through_one_of_its_bids(shop: Shop) -> None:
    """Two bids of one row are one sale key."""
    other = shop.aws.item("OffersTable", "bid#42") | {"id": "bid#45", "bid_id": "45"}
    shop.put_offer(other)
    first = paid(shop, "bid")
    shop.forget_live_session("row#7")
    second = paid(shop, "bid", bid_id=45)

    shop.deliver(second, first)

    found = {p["offer_id"]: p["status"] for p in shop.purchases()}
    assert found == {"45": "completed", "42": "refunded"}
    assert shop.aws.item("OffersTable", "row#7")["purchased_bid_id"] == "45"


def test_after_an_unfulfillable_payment_the_buyer_may_try_again(shop: Shop) -> None:
    event = paid(shop, "order")
    shop.change_offer("order#order_1", status="CANCELLED")
    shop.deliver(event)
    shop.change_offer("order#order_1", status="CREATED")

    shop.deliver(paid(shop, "order"))

    assert sorted(p["status"] for p in shop.purchases()) == ["completed", "refunded"]


def test_a_crash_anywhere_gives_the_money_back_once(
    new_shop: Callable[[], Shop],
) -> None:
    """Invariants 1 and 2: killed between any two calls; then the message, reconcile."""
    for crash in crash_points():
        shop = new_shop()
        first, second = paid_twice(shop, "content")
        shop.deliver(first)

        with crash:
            shop.webhook(second)
            shop.work()
        shop.deliver(second)
        shop.reconcile()

        statuses = sorted(p["status"] for p in shop.purchases())
        assert statuses == ["completed", "refunded"], crash
        assert len(refunds(shop)) == 1, crash


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("status", "times"), [(429, 1), (500, 2)])
def test_a_stripe_that_fails_gives_the_money_back_later_and_once(
    shop: Shop, when: Any, status: int, times: int
) -> None:
    """Invariant 2, with Stripe misbehaving: reconcile goes on with it."""
    first, second = paid_twice(shop, "content")
    shop.stripe.sandbox.faults.add(
        Fault("POST", "/v1/refunds", status=status, when=when, times=times)
    )
    shop.deliver(first, second)
    assert sorted(p["status"] for p in shop.purchases()) == ["completed", "refunding"]

    shop.reconcile()

    assert sorted(p["status"] for p in shop.purchases()) == ["completed", "refunded"]
    assert len(refunds(shop)) == 1


def test_what_stripe_will_not_give_back_is_for_a_person(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invariant 4: a disputed charge cannot be refunded; somebody has to look."""
    first, second = paid_twice(shop, "content")
    fault = Fault("POST", "/v1/refunds", status=400, times=1)
    shop.stripe.sandbox.faults.add(fault)

    shop.deliver(first, second)

    assert sorted(p["status"] for p in shop.purchases()) == ["completed", "quarantined"]
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.refunds.refused"] == 1
    assert counted["payments.checkout.quarantined"] == 1
