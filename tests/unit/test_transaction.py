"""A transaction says which condition failed, and tries again where it may."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from checkout.errors import TryAgainError
from checkout.tables import transaction
from checkout.tables.transaction import Condition, Write
from tests.aws_calls import AwsCall, intercepted

TABLE = "things"
IS_NEW = Condition("is_new", "attribute_not_exists(id)", "it exists already")


@pytest.fixture(autouse=True)
def table(fake_aws: None) -> None:  # noqa: ARG001
    boto3.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )


@pytest.fixture
def refusals(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """Make DynamoDB refuse with these reasons, one refusal after the other."""
    monkeypatch.setattr(transaction, "FIRST_PAUSE_SECONDS", 0)
    waiting: list[list[str]] = []

    def refuse(call: AwsCall) -> Any:
        if waiting and call.operation == "TransactWriteItems":
            error = call.error("TransactionCanceledException")
            reasons = [{"Code": code} for code in waiting.pop(0)]
            error.response["CancellationReasons"] = reasons  # type: ignore[typeddict-unknown-key]
            raise error
        return call.answer()

    with intercepted(refuse):
        yield waiting


def put(item_id: str, **attributes: str) -> Write:
    return transaction.insertion(TABLE, {"id": item_id, **attributes}, IS_NEW)


def stored() -> set[str]:
    found = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
    return {item["id"]["S"] for item in found}


def test_every_item_of_a_transaction_is_written() -> None:
    assert transaction.execute({"a": put("1"), "b": put("2")}) == {}
    assert stored() == {"1", "2"}


def test_a_condition_that_fails_is_named_with_what_stood_in_its_way() -> None:
    transaction.execute({"a": put("1", colour="red")})

    failed = transaction.execute({"a": put("2"), "b": put("1", colour="blue")})

    assert failed == {"b": {"id": "1", "colour": "red"}}
    assert stored() == {"1"}


def test_a_transaction_that_met_another_is_tried_again(
    refusals: list[list[str]],
) -> None:
    refusals += [["TransactionConflict", "None"], ["None", "ThrottlingError"]]

    assert transaction.execute({"a": put("1"), "b": put("2")}) == {}
    assert stored() == {"1", "2"}


def test_a_failed_condition_beside_a_conflict_is_returned(
    refusals: list[list[str]],
) -> None:
    refusals.append(["ConditionalCheckFailed", "TransactionConflict"])

    assert transaction.execute({"a": put("1"), "b": put("2")}) == {"a": {}}


def test_a_transaction_that_always_meets_another_is_given_up(
    refusals: list[list[str]],
) -> None:
    refusals += [["TransactionConflict"]] * 99

    with pytest.raises(TryAgainError):
        transaction.execute({"a": put("1")})

    assert len(refusals) == 99 - transaction.ATTEMPTS
    assert stored() == set()


def test_an_unexpected_cancellation_reason_is_an_error(
    refusals: list[list[str]],
) -> None:
    refusals.append(["ValidationError"])

    with pytest.raises(RuntimeError, match="ValidationError"):
        transaction.execute({"a": put("1")})


def test_a_table_that_is_missing_is_an_error() -> None:
    wrong = transaction.insertion("none", {"id": "1"}, IS_NEW)

    with pytest.raises(ClientError):
        transaction.execute({"a": wrong})
