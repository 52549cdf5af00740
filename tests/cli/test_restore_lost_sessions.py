"""`restore`: a payment that arrived while its session was lost has one record."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from time_machine import Traveller

from tests.cli.conftest import Operator
from tests.cli.test_restore import (
    HOURS,
    MINUTES,
    START,
    Loss,
    check_sums,
    everything,
    lose,
    pass_time,
    pay,
    restore,
    restored_copy,
    settle_down,
)
from tests.functional.test_disputes import close, dispute
from tests.shop import Shop

pytestmark = pytest.mark.frozen_at(START)


class LostSession:
    """A payment whose session was lost when it arrived."""

    def __init__(self, shop: Shop, operator: Operator, clock: Traveller) -> None:
        self.shop, self.operator, self.clock = shop, operator, clock
        shop.create("content")
        self.at = datetime.now(UTC)
        self.sessions = shop.aws.items("PaymentSessionsTable")
        copy = restored_copy(shop, "PaymentSessionsTable", self.sessions)
        self.copies = {"PaymentSessionsTable": copy}
        clock.shift(MINUTES)
        lose(shop, "PaymentSessionsTable", everything)
        stripe_id = shop.stripe.sessions()[0]["id"]
        shop.stripe.pay(stripe_id)
        shop.deliver()
        [self.stand_in] = shop.purchases()
        assert self.stand_in["quarantine_reason"] == "session_lost"
        self.own_id = self.stand_in["payment_session_id"].replace("ps_", "pur_")
        clock.shift(MINUTES)

    def restore(self) -> Any:
        return restore(self.operator, self.at, self.copies)["rebuilt"]

    def own(self) -> dict[str, Any]:
        return self.shop.aws.item("PurchasesTable", self.own_id)

    def status_of_stand_in(self) -> str:
        item = self.shop.aws.item("PurchasesTable", self.stand_in["id"])
        return str(item["status"])

    def refund(self) -> None:
        paid = self.stand_in["stripe_payment_intent_id"]
        self.shop.stripe.post("/v1/refunds", payment_intent=paid)
        self.shop.deliver()


@pytest.fixture
def lost(shop: Shop, operator: Operator, clock: Traveller) -> LostSession:
    return LostSession(shop, operator, clock)


def test_it_becomes_its_session_s_purchase_and_the_stand_in_is_dismissed(
    lost: LostSession, shop: Shop
) -> None:
    done = lost.restore()
    settle_down(shop, lost.operator)

    assert (done["dismissed"], done["problems"]) == (1, [])
    assert lost.own()["status"] == "completed"
    assert [each["purchase_id"] for each in shop.ownerships()] == [lost.own_id]
    assert lost.status_of_stand_in() == "failed"
    [entry] = shop.audit.of("quarantine_dismissed")
    assert entry["purchase_id"] == lost.stand_in["id"]
    assert lost.own_id in entry["note"]
    assert entry["dismissed_by"]
    check_sums(shop)


@pytest.mark.parametrize("how", ["refund", "lost dispute"])
def test_what_goes_back_afterwards_ends_the_access(
    lost: LostSession, shop: Shop, how: str
) -> None:
    lost.restore()
    settle_down(shop, lost.operator)
    if how == "refund":
        lost.refund()
    else:
        close(shop, dispute(shop, lost.own()), "lost")
        shop.deliver()

    assert lost.own()["status"] == {"refund": "refunded"}.get(how, "disputed")
    assert shop.ownerships() == []
    assert lost.restore()["problems"] == []
    check_sums(shop)


def test_a_partial_refund_of_before_is_recorded_of_the_purchase_too(
    lost: LostSession, shop: Shop
) -> None:
    paid = lost.stand_in["stripe_payment_intent_id"]
    refund = shop.stripe.post("/v1/refunds", payment_intent=paid, amount=100)
    shop.deliver()

    lost.restore()
    settle_down(shop, lost.operator)
    pass_time(shop, lost.clock, HOURS)

    assert [*lost.own()["refunds"]] == [refund["id"]]
    assert lost.own()["status"] == "completed"
    check_sums(shop)


def test_it_has_one_record_also_if_a_person_has_dismissed_it_before(
    lost: LostSession, shop: Shop
) -> None:
    """So a restore that was cut off after the dismissal is continued as well."""
    dismiss = ("quarantine", "dismiss", lost.stand_in["id"], "--note", "x", "--yes")
    assert lost.operator(*dismiss).exit_code == 0

    done = lost.restore()
    settle_down(shop, lost.operator)
    lost.refund()

    assert (done["dismissed"], done["problems"]) == (0, [])
    assert lost.own()["status"] == "refunded"


def test_what_reconcile_took_for_a_second_payment_can_be_accepted_and_refunded(
    lost: LostSession, shop: Shop
) -> None:
    """The session came back by another way, and reconcile was faster."""
    for item in lost.sessions:
        shop.aws.put("PaymentSessionsTable", item)
    settle_down(shop, lost.operator)
    assert lost.own()["quarantine_reason"] == "payment_intent_recorded_already"

    assert lost.restore()["problems"] == []
    accept = ("quarantine", "accept", lost.own_id, "--yes")
    assert lost.operator(*accept).exit_code == 0
    lost.refund()

    assert lost.own()["status"] == "refunded"
    assert lost.status_of_stand_in() == "failed"
    assert shop.ownerships() == []


def test_what_was_given_back_meanwhile_is_no_sale(
    lost: LostSession, shop: Shop
) -> None:
    lost.refund()

    time = ("--to-time", lost.at.isoformat(), "--yes")
    copy = ("--sessions", lost.copies["PaymentSessionsTable"])
    result = lost.operator("restore", *time, *copy)
    settle_down(shop, lost.operator)

    assert result.exit_code == 1
    assert f"dismiss {lost.own_id}" in result.stdout
    assert lost.own()["status"] == "quarantined"
    assert lost.restore()["problems"] == []
    assert lost.own()["status"] == "refunded"


def test_what_is_being_given_back_is_no_sale_either(
    lost: LostSession, shop: Shop
) -> None:
    paid = lost.stand_in["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=paid)
    event = deepcopy(shop.stripe.events("refund.created")[-1])
    event["data"]["object"]["status"] = "pending"
    shop.deliver(event)
    assert lost.status_of_stand_in() == "refunding"

    time = ("--to-time", lost.at.isoformat(), "--yes")
    copy = ("--sessions", lost.copies["PaymentSessionsTable"])
    result = lost.operator("restore", *time, *copy)
    settle_down(shop, lost.operator)

    assert result.exit_code == 1
    assert f"dismiss {lost.own_id}" in result.stdout
    assert lost.own()["status"] == "quarantined"
    assert shop.ownerships() == []


def test_a_lost_purchase_that_a_stand_in_was_recorded_for_is_the_only_one(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    """Both tables are lost, and Stripe's event comes again."""
    loss = Loss(shop, operator, clock)
    lose(shop, "PurchasesTable", everything)
    lose(shop, "PaymentSessionsTable", everything)
    paid = [
        event
        for event in shop.stripe.events("checkout.session.completed")
        if event["data"]["object"]["id"] == loss.first["stripe_session_id"]
    ]
    shop.deliver(*paid)
    [stand_in] = shop.purchases()
    assert stand_in["quarantine_reason"] == "session_lost"

    done = restore(operator, loss.at, loss.copies)["rebuilt"]
    intent = loss.first["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent)
    shop.deliver()

    assert done["problems"] == []
    own = shop.aws.item("PurchasesTable", loss.first["id"])
    assert own["status"] == "refunded"


def test_a_stand_in_that_is_lost_as_well_was_no_sale(
    lost: LostSession, shop: Shop
) -> None:
    """The audit log has it: but the offer may have been sold to somebody else."""
    shop.aws.delete("PurchasesTable", {"id": lost.stand_in["id"]})

    assert lost.restore()["purchases"] == 0
    settle_down(shop, lost.operator)

    assert lost.own()["quarantine_reason"] == "payment_intent_recorded_already"
    assert shop.ownerships() == []


@pytest.mark.parametrize("of_own_payment", [True, False])
def test_a_session_that_cannot_be_read_stops_no_other_repair(
    lost: LostSession, shop: Shop, *, of_own_payment: bool
) -> None:
    bought = pay(shop, "bid")
    session_id = lost.stand_in["payment_session_id"]
    if not of_own_payment:
        session_id = bought["payment_session_id"]
    for item in lost.sessions:
        shop.aws.put("PaymentSessionsTable", item)
    shop.aws.change("PaymentSessionsTable", session_id, sale="much")
    counter = f"buyer#{bought['buyer_id']}"
    shop.aws.change("PurchasesTable", counter, total=77)

    result = lost.operator("restore", "--to-time", lost.at.isoformat(), "--yes")

    assert result.exit_code == 1
    assert f"{session_id} cannot be read" in result.stdout
    assert shop.aws.item("PurchasesTable", counter)["total"] != 77
