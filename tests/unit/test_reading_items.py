"""Reading items: DynamoDB may answer a part, or be asked too often."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from checkout.errors import TryAgainError
from checkout.tables import item
from checkout.tables.item import query, read, read_all
from tests.aws_calls import (
    AwsCall,
    failing,
    half_of_a_batch,
    intercepted,
    nothing_of_a_batch,
    observed,
)

TABLE = "things"
IDS = [f"{number:03}" for number in range(250)]


@pytest.fixture(autouse=True)
def table(fake_aws: None) -> None:  # noqa: ARG001
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    for item_id in IDS:
        dynamodb.put_item(TableName=TABLE, Item={"id": {"S": item_id}})


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Collect how long is waited, and do not wait."""
    waited: list[float] = []
    monkeypatch.setattr(item.time, "sleep", waited.append)
    return waited


def test_all_items_are_found_though_each_answer_has_half(pauses: list[float]) -> None:
    with intercepted(half_of_a_batch):
        found = [each["id"] for each in read_all(TABLE, IDS)]

    assert sorted(found) == IDS
    assert len(pauses) == 17
    # DynamoDB makes progress, so no pause grows.
    assert max(pauses) <= 1.5 * item.FIRST_PAUSE_SECONDS


def test_what_dynamodb_leaves_is_asked_for_ever_later_and_given_up(
    pauses: list[float],
) -> None:
    with (
        intercepted(nothing_of_a_batch),
        observed() as calls,
        pytest.raises(TryAgainError),
    ):
        list(read_all(TABLE, IDS))

    assert len(calls) == item.ATTEMPTS
    assert len(pauses) == item.ATTEMPTS - 1
    for number, seconds in enumerate(pauses, start=1):
        assert 0.5 <= seconds / (item.FIRST_PAUSE_SECONDS * 2**number) <= 1.5
    assert sum(pauses) < 3


def test_pauses_differ_so_that_the_same_requests_do_not_meet_again(
    pauses: list[float],
) -> None:
    for _ in range(20):
        item.pause(3, 0.02)

    assert len({*pauses}) > 1


def test_an_answer_that_is_empty_for_a_while_is_not_given_up(
    pauses: list[float],
) -> None:
    empty = item.ATTEMPTS - 1

    def empty_at_first(call: AwsCall) -> Any:
        nonlocal empty
        empty -= 1
        return nothing_of_a_batch(call) if empty >= 0 else call.answer()

    with intercepted(empty_at_first):
        assert len(list(read_all(TABLE, IDS[:3]))) == 3
    assert len(pauses) == item.ATTEMPTS - 1


READS: dict[str, Callable[[], object]] = {
    "GetItem": lambda: read(TABLE, "001"),
    "BatchGetItem": lambda: list(read_all(TABLE, ["001"])),
    "Query": lambda: list(query(TABLE, "id = :id", {":id": "001"})),
}


@pytest.mark.parametrize(
    "error",
    [
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
    ],
)
@pytest.mark.parametrize("operation", READS)
def test_a_throttled_read_may_be_repeated_by_the_caller(
    operation: str, error: str
) -> None:
    """By then botocore has repeated it."""
    with failing(operation, error=error), pytest.raises(TryAgainError):
        READS[operation]()


@pytest.mark.parametrize("operation", READS)
def test_another_refusal_of_a_read_is_an_error(operation: str) -> None:
    with failing(operation, error="AccessDeniedException"), pytest.raises(ClientError):
        READS[operation]()
