"""`restore`: only a copy of the stack's own table, and of the time that was named."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import Traveller

from tests.aws_calls import AwsCall, intercepted
from tests.cli.conftest import Operator
from tests.cli.test_restore import MINUTES, START, pay, restored_copy
from tests.shop import Shop

SECONDS = timedelta(seconds=1)
ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/"
pytestmark = pytest.mark.frozen_at(START)
type Described = Callable[[AwsCall], Any]


@pytest.fixture
def at(clock: Traveller) -> datetime:
    at = datetime.now(UTC)
    clock.shift(MINUTES)
    return at


def described(**changes: Any) -> Described:
    """Let AWS say more of a restored table than the one in memory knows."""

    def answer(call: AwsCall) -> Any:
        answer = call.answer()
        if call.operation == "DescribeTable":
            answer["Table"] |= changes
        return answer

    return answer


def restored_from(table: str, at: datetime) -> Described:
    summary = {"RestoreDateTime": at, "RestoreInProgress": False}
    return described(RestoreSummary={"SourceTableArn": ARN + table, **summary})


def tried(shop: Shop, operator: Operator, at: datetime, says: Described) -> str:
    """Restore one lost purchase; return what is said, "" if it came back."""
    purchase = pay(shop, "content")
    copy = restored_copy(shop, "PurchasesTable", [purchase])
    shop.aws.delete("PurchasesTable", {"id": purchase["id"]})
    with intercepted(says):
        command = ("restore", "--to-time", at.isoformat(), "--yes")
        result = operator(*command, "--purchases", copy)
    came_back = [each["id"] for each in shop.purchases()] == [purchase["id"]]
    assert came_back == (result.exit_code == 0)
    return "" if came_back else result.stderr


def test_a_copy_of_the_stack_s_own_table_is_taken(
    shop: Shop, operator: Operator, at: datetime
) -> None:
    """AWS may have restored a part of a second more."""
    own = shop.aws.tables["PurchasesTable"]
    says = restored_from(own, at + SECONDS / 2)
    assert tried(shop, operator, at, says) == ""


def test_a_copy_of_another_stage_s_table_is_refused(
    shop: Shop, operator: Operator, at: datetime
) -> None:
    """Its items look the same, and its purchases are of somebody else's buyers."""
    says = restored_from("checkout-test-PurchasesTable-1", at)

    refusal = tried(shop, operator, at, says)

    assert "restored from checkout-test-PurchasesTable-1" in refusal


def test_a_copy_that_is_older_than_the_time_is_refused(
    shop: Shop, operator: Operator, at: datetime
) -> None:
    """What was erased between the two would come back, and nothing would say so."""
    says = restored_from(shop.aws.tables["PurchasesTable"], at - MINUTES)

    refusal = tried(shop, operator, at, says)

    assert "--to-time 2031-05-06T07:07:09.000Z" in refusal


def test_a_table_that_aws_still_restores_is_refused(
    shop: Shop, operator: Operator, at: datetime
) -> None:
    says = described(TableStatus="CREATING")
    assert "still restores" in tried(shop, operator, at, says)
