"""Reconcile, when somebody does not want to wait for it."""

from datetime import UTC, datetime, timedelta

import pytest
from time_machine import Traveller

from checkout.flows import check_due
from tests.aws_calls import failing
from tests.cli.conftest import Operator
from tests.crashes import crash_when_prepared
from tests.shop import Shop

START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
pytestmark = pytest.mark.frozen_at(START)


BUYERS = 17  # one more than the index has partitions


@pytest.fixture
def due(shop: Shop, clock: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let crashes leave more sessions than one run of reconcile checks."""
    monkeypatch.setattr(check_due, "MOST_AT_ONCE", 1)
    for buyer in range(BUYERS):
        crash_when_prepared(shop, f"user_{buyer}")
    clock.shift(timedelta(minutes=11))


@pytest.mark.usefixtures("due")
def test_it_runs_until_it_is_up_to_date(shop: Shop, operator: Operator) -> None:
    answer = operator.json("reconcile")

    assert answer["checked"] >= BUYERS
    assert answer["runs"] >= 3
    assert {session["status"] for session in shop.sessions()} == {"expired"}


@pytest.mark.usefixtures("due")
def test_it_runs_once_if_asked(shop: Shop, operator: Operator) -> None:
    answer = operator.json("reconcile", "--once")

    assert answer["runs"] == 1
    assert {s["status"] for s in shop.sessions()} == {"expired", "prepared"}


def test_payments_that_it_finds_are_queued(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    clock.shift(timedelta(minutes=2))

    told = operator("reconcile").stdout

    assert told.startswith("Checked: ")
    assert "Queued: 1. Failed: 0. Runs: 1." in told


def test_nothing_new_is_fine(operator: Operator) -> None:
    told = operator("reconcile").stdout
    assert told == "Checked: 0. Queued: 0. Failed: 0. Runs: 1.\n"


def test_a_run_in_progress_is_left_alone(shop: Shop, operator: Operator) -> None:
    """The schedule's run and the operator's never work at the same time."""
    state = shop.aws.item("PaymentSessionsTable", "reconcile#state")
    lease = {"owner": "the schedule", "expires_at": "2099-01-01T00:00:00.000Z"}
    shop.aws.put("PaymentSessionsTable", state | lease)

    result = operator("reconcile")

    assert result.exit_code == 1
    assert result.stderr.startswith("Another run is in progress")


@pytest.mark.usefixtures("due")
def test_one_bad_session_does_not_stop_the_run_and_is_counted(
    shop: Shop, operator: Operator
) -> None:
    bad = shop.sessions()[0]["id"]
    shop.aws.change("PaymentSessionsTable", bad, expires_at="long ago")

    result = operator("reconcile")

    assert result.exit_code == 1
    assert "Failed: 1. " in result.stdout
    assert "reconcile_item_failed" in result.stderr
    others = [s["status"] for s in shop.sessions() if s["id"] != bad]
    assert {*others} == {"expired"}


def test_a_run_that_fails_is_reported(shop: Shop, operator: Operator) -> None:
    del shop.values["ReconcileCallsPerSecond"]

    result = operator("reconcile")

    assert result.exit_code == 1
    assert result.stderr.startswith("The run failed: ")


def test_a_throttled_run_names_the_two_causes(operator: Operator) -> None:
    with failing("Invoke", error="TooManyRequestsException"):
        result = operator("reconcile")

    assert result.exit_code == 1
    assert "ReconcileReservedConcurrency" in result.stderr
    assert "quota" in result.stderr
