"""`restore`: money that went back does not come back as a sale."""

from datetime import UTC, datetime, timedelta

import pytest
from time_machine import Traveller

from mocktill.faults import Fault
from tests.aws import Item
from tests.cli.conftest import Operator
from tests.cli.test_restore import (
    MINUTES,
    START,
    check_sums,
    pass_time,
    pay,
    restore,
    settle_down,
)
from tests.functional.test_disputes import close, dispute
from tests.shop import Shop

DAYS = timedelta(days=1)
OF_RETURNS = (
    *("refund_pending", "refund_updated", "purchase_refunded"),
    *("dispute_opened", "dispute_updated", "dispute_funds_moved", "dispute_lost"),
)
pytestmark = pytest.mark.frozen_at(START)


def give_back(shop: Shop, purchase: Item, how: str) -> None:
    if how.endswith("dispute"):
        dispute_id = dispute(shop, purchase)
        shop.deliver()
        if how == "lost dispute":
            close(shop, dispute_id, "lost")
    else:
        amount = {"amount": 100} if how == "partial refund" else {}
        paid = purchase["stripe_payment_intent_id"]
        shop.stripe.post("/v1/refunds", payment_intent=paid, **amount)
    shop.deliver()


def days_later(shop: Shop, clock: Traveller, days: int) -> None:
    """Let so much time pass that reconcile does not read the events again."""
    clock.shift(days * DAYS)
    shop.note_a_reconcile_run()
    pass_time(shop, clock)


@pytest.mark.parametrize(
    "how", ["refund", "partial refund", "open dispute", "lost dispute"]
)
def test_a_lost_purchase_has_its_refunds_and_disputes_again(
    shop: Shop, operator: Operator, clock: Traveller, how: str
) -> None:
    """Stripe's refunds and disputes say so, however old their events are."""
    purchase = pay(shop, "content")
    give_back(shop, purchase, how)
    days_later(shop, clock, 40)
    [before] = shop.purchases()
    audited = shop.audit.of(*OF_RETURNS)
    held = shop.ownerships()
    shop.aws.delete("PurchasesTable", {"id": purchase["id"]})

    done = restore(operator, datetime.now(UTC), {})
    settle_down(shop, operator)

    [after] = shop.purchases()
    assert done["rebuilt"]["problems"] == []
    for name in ("status", "refunds", "disputes"):
        assert after.get(name) == before.get(name), name
    assert shop.ownerships() == held
    check_sums(shop)
    # What the audit log has is not published a second time.
    assert shop.audit.of(*OF_RETURNS) == audited
    assert len(shop.audit.of("purchase_recorded_again")) == 1


@pytest.mark.parametrize("how", ["refund", "lost dispute"])
def test_what_went_back_while_the_purchase_was_lost_is_news(
    shop: Shop, operator: Operator, clock: Traveller, how: str
) -> None:
    purchase = pay(shop, "order")
    days_later(shop, clock, 2)
    shop.aws.delete("PurchasesTable", {"id": purchase["id"]})
    paid = purchase["stripe_payment_intent_id"]
    if how == "refund":
        shop.stripe.post("/v1/refunds", payment_intent=paid)
    else:
        close(shop, dispute(shop, purchase), "lost")

    restore(operator, datetime.now(UTC), {})

    news = {"refund": "purchase_refunded", "lost dispute": "dispute_lost"}[how]
    assert len(shop.audit.of(news)) == 1
    [after] = shop.purchases()
    assert after["status"] == {"refund": "refunded"}.get(how, "disputed")
    assert shop.ownerships() == []
    check_sums(shop)


def test_a_fraud_warning_and_a_request_that_stripe_has_not_had_are_not_forgotten(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    purchase = pay(shop, "content")
    shop.stripe.sandbox.faults.add(Fault("POST", "/v1/refunds", status=500, times=9))
    operator("refund", purchase["id"], "--amount", "100", "--reason", "x", "--yes")
    shop.stripe.sandbox.faults.clear()
    paid = purchase["stripe_payment_intent_id"]
    warning = shop.stripe.control("charges", paid, "early_fraud_warning")
    shop.deliver()
    assert shop.purchases()[0]["fraud_warnings"] == [warning["id"]]
    clock.shift(MINUTES)
    shop.aws.delete("PurchasesTable", {"id": purchase["id"]})

    time = datetime.now(UTC).isoformat()
    result = operator("restore", "--to-time", time, "--yes")

    assert result.exit_code == 1
    assert "the refund of 100 that" in result.stdout
    assert "request it again" in result.stdout
    assert shop.purchases()[0]["fraud_warnings"] == [warning["id"]]


def test_a_purchase_whose_refunds_cannot_be_read_is_not_recorded_as_a_sale(
    shop: Shop, operator: Operator
) -> None:
    purchase = pay(shop, "content")
    give_back(shop, purchase, "refund")
    shop.aws.delete("PurchasesTable", {"id": purchase["id"]})
    shop.stripe.sandbox.faults.add(Fault("GET", "/v1/refunds", status=500, times=9))

    time = datetime.now(UTC).isoformat()
    result = operator("restore", "--to-time", time, "--yes")

    assert result.exit_code == 1
    assert "its refunds and disputes cannot be read" in result.stdout
    assert shop.purchases() == []
