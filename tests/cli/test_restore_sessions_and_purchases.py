"""`restore`: both tables are lost, and their copies are of before a payment."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from time_machine import Traveller

from checkout.clients.stripe_api import StripeApi
from tests.cli.conftest import Operator
from tests.cli.test_restore import (
    COMPLETED,
    HOURS,
    MINUTES,
    START,
    check_sums,
    everything,
    lose,
    pass_time,
    pay,
    restore,
    restored_copy,
    settle_down,
    state,
)
from tests.functional.test_pending_purchases import EUROS, decide
from tests.shop import PUBLISHED, Shop

LOST = ("PaymentSessionsTable", "PurchasesTable")
pytestmark = pytest.mark.frozen_at(START)


def copied(shop: Shop, clock: Traveller) -> tuple[datetime, dict[str, str]]:
    copies = {t: restored_copy(shop, t, shop.aws.items(t)) for t in LOST}
    at = datetime.now(UTC)
    clock.shift(MINUTES)
    return at, copies


@pytest.mark.parametrize("kind", ["order", "bid", "content", "product"])
def test_a_session_that_was_open_in_the_copy_and_is_paid_stays_sold(
    shop: Shop, operator: Operator, clock: Traveller, kind: str
) -> None:
    """By the events the worker would find the offer sold, and give the money back."""
    shop.create(kind)
    at, copies = copied(shop, clock)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    pass_time(shop, clock)
    pass_time(shop, clock, HOURS)
    before = state(shop)
    for table in LOST:
        lose(shop, table, everything)

    done = restore(operator, at, copies)["rebuilt"]
    settle_down(shop, operator)

    assert (done["purchases"], done["problems"]) == (1, [])
    assert state(shop) == before
    assert shop.stripe.events("refund.created") == []
    check_sums(shop)


def test_money_that_was_on_its_way_in_the_copies_and_has_arrived_stays_a_sale(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    shop.change_offer(f"content#{PUBLISHED}", price=EUROS)
    shop.create("content")
    shop.stripe.pay_by_bank(shop.stripe.sessions()[0]["id"])
    event = deepcopy(shop.stripe.events(COMPLETED)[-1])
    shop.deliver()
    at, copies = copied(shop, clock)
    decide(shop, event)
    shop.deliver()
    pass_time(shop, clock, HOURS)
    before = state(shop)
    # It is not for sale any more: that is no reason to give the money back.
    shop.change_offer(f"content#{PUBLISHED}", status="draft")
    before["offers"] = state(shop)["offers"]
    for table in LOST:
        lose(shop, table, everything)

    done = restore(operator, at, copies)["rebuilt"]
    settle_down(shop, operator)

    assert (done["purchases"], done["problems"]) == (1, [])
    assert state(shop) == before
    assert shop.stripe.events("refund.created") == []


def test_a_payment_that_cannot_be_read_at_stripe_stops_no_other(
    shop: Shop,
    operator: Operator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken, other = pay(shop, "order"), pay(shop, "content")
    for purchase in (broken, other):
        shop.aws.delete("PurchasesTable", {"id": purchase["id"]})
    original = StripeApi.session

    def without_mode(self: StripeApi, stripe_id: str) -> Any:
        found = original(self, stripe_id)
        is_broken = stripe_id == broken["stripe_session_id"]
        return found | {"livemode": None} if is_broken else found

    monkeypatch.setattr(StripeApi, "session", without_mode)

    time = datetime.now(UTC).isoformat()
    result = operator("restore", "--to-time", time, "--yes")

    assert result.exit_code == 1
    assert f"The purchase of {broken['payment_session_id']} is lost" in result.stdout
    assert [each["id"] for each in shop.purchases()] == [other["id"]]
