"""A transaction says which condition failed, and tries again where it may."""

from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from checkout.errors import TryAgainError
from checkout.tables import transaction
from checkout.tables.transaction import Condition, Write

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
def refusals(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Make DynamoDB refuse with these reasons, one refusal after the other."""
    monkeypatch.setattr(transaction, "FIRST_PAUSE_SECONDS", 0)
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001
    waiting: list[list[str]] = []

    def refuse(client: Any, operation: str, parameters: Any) -> Any:
        if waiting and operation == "TransactWriteItems":
            reasons = [{"Code": code} for code in waiting.pop(0)]
            error = {"Error": {"Code": "TransactionCanceledException"}}
            raise client.exceptions.TransactionCanceledException(
                error | {"CancellationReasons": reasons}, operation
            )
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)
    return waiting


def put(item_id: str, **attributes: str) -> Write:
    return transaction.insertion(TABLE, {"id": item_id, **attributes}, IS_NEW)


def stored() -> set[str]:
    found = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
    return {item["id"]["S"] for item in found}


def test_all_is_written() -> None:
    assert transaction.execute({"a": put("1"), "b": put("2")}) == {}
    assert stored() == {"1", "2"}


def test_a_condition_that_fails_is_named_with_what_stood_in_its_way() -> None:
    transaction.execute({"a": put("1", colour="red")})

    failed = transaction.execute({"a": put("2"), "b": put("1", colour="blue")})

    assert failed == {"b": {"id": "1", "colour": "red"}}
    assert stored() == {"1"}


def test_who_met_another_transaction_tries_again(refusals: list[list[str]]) -> None:
    refusals += [["TransactionConflict", "None"], ["None", "ThrottlingError"]]

    assert transaction.execute({"a": put("1"), "b": put("2")}) == {}
    assert stored() == {"1", "2"}


def test_a_failed_condition_beside_a_conflict_is_told(
    refusals: list[list[str]],
) -> None:
    refusals.append(["ConditionalCheckFailed", "TransactionConflict"])

    assert transaction.execute({"a": put("1"), "b": put("2")}) == {"a": {}}


def test_who_always_meets_another_gives_up_and_says_so(
    refusals: list[list[str]],
) -> None:
    refusals += [["TransactionConflict"]] * 99

    with pytest.raises(TryAgainError):
        transaction.execute({"a": put("1")})

    assert len(refusals) == 99 - transaction.ATTEMPTS
    assert stored() == set()


def test_a_reason_that_nobody_expects_is_an_error(refusals: list[list[str]]) -> None:
    refusals.append(["ValidationError"])

    with pytest.raises(RuntimeError, match="ValidationError"):
        transaction.execute({"a": put("1")})


def test_a_table_that_is_missing_is_an_error() -> None:
    wrong = transaction.insertion("none", {"id": "1"}, IS_NEW)

    with pytest.raises(ClientError):
        transaction.execute({"a": wrong})
