"""Reconcile, when somebody does not want to wait for it."""

from datetime import UTC, datetime, timedelta

import pytest
from time_machine import Traveller

from checkout.flows import reconcile
from tests.cli.conftest import Operator
from tests.shop import Shop

START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
pytestmark = pytest.mark.frozen_at(START)


BUYERS = 17  # one more than reconcile has partitions


@pytest.fixture
def due(shop: Shop, clock: Traveller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let more buyers pay unheard than one run of reconcile looks at."""
    monkeypatch.setattr(reconcile, "MOST_AT_ONCE", 1)
    for buyer in range(BUYERS):
        shop.create("content", f"user_{buyer}")
        shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    clock.shift(timedelta(minutes=11))


@pytest.mark.usefixtures("due")
def test_it_runs_until_nothing_is_due(shop: Shop, operator: Operator) -> None:
    answer = operator.json("reconcile")

    assert answer["checked"] == BUYERS
    assert answer["runs"] >= 3
    assert not shop.work()
    assert len(shop.purchases()) == BUYERS


@pytest.mark.usefixtures("due")
def test_it_runs_once_if_asked(operator: Operator) -> None:
    answer = operator.json("reconcile", "--once")

    assert answer["runs"] == 1
    assert 0 < answer["checked"] < BUYERS


def test_nothing_due_is_fine(operator: Operator) -> None:
    assert operator("reconcile").stdout == "Checked: 0. Failed: 0. Runs: 1.\n"


@pytest.mark.usefixtures("due")
def test_one_bad_session_does_not_stop_the_run_and_is_counted(
    shop: Shop, operator: Operator
) -> None:
    bad = shop.sessions()[0]["id"]
    shop.aws.dynamodb.update_item(
        TableName=shop.aws.tables["PaymentSessionsTable"],
        Key={"id": {"S": bad}},
        UpdateExpression="SET created_at = :odd",
        ExpressionAttributeValues={":odd": {"S": "long ago"}},
    )

    result = operator("reconcile")

    assert result.exit_code == 1
    assert result.stdout.startswith(f"Checked: {BUYERS}. Failed: 1. ")
    assert "reconcile_item_failed" in result.stderr
    assert not shop.work()
    assert len(shop.purchases()) == BUYERS - 1


def test_a_run_that_fails_is_reported(shop: Shop, operator: Operator) -> None:
    del shop.values["ReconcileCallsPerSecond"]

    result = operator("reconcile")

    assert result.exit_code == 1
    assert result.stderr.startswith("The run failed: ")
