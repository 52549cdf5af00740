"""A transaction says which condition failed, and tries again where it may."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from checkout.errors import TryAgainError
from checkout.tables import transaction
from checkout.tables.transaction import Condition, Write
from tests.aws_calls import AwsCall, failing, intercepted, observed, unseen

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


@pytest.mark.parametrize(
    "reason",
    ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"],
)
def test_what_dynamodb_could_not_do_at_this_moment_is_tried_again(
    refusals: list[list[str]], reason: str
) -> None:
    refusals.append([reason])

    assert transaction.execute({"a": put("1")}) == {}
    assert stored() == {"1"}


def test_all_attempts_carry_one_token(refusals: list[list[str]]) -> None:
    refusals += [["TransactionConflict"]] * 3
    with observed() as calls:
        transaction.execute({"a": put("1")})
        transaction.execute({"a": put("2")})

    tokens = [call.parameters["ClientRequestToken"] for call in calls]
    assert len(tokens) == 5
    assert len({*tokens[:4]}) == 1
    assert tokens[3] != tokens[4]
    assert all(0 < len(token) <= 36 for token in tokens)


@pytest.mark.usefixtures("refusals", "in_memory_only")
def test_an_attempt_that_was_executed_unseen_is_no_obstacle() -> None:
    """Or a payment would be recorded, and reported as if it had been before."""
    count = transaction.item_update(TABLE, "counter", None, add={"n": 1})
    with unseen("TransactWriteItems"):
        assert transaction.execute({"a": put("1"), "b": count}) == {}

    assert stored() == {"1", "counter"}
    assert transaction.execute({"a": put("1")}) == {"a": {"id": "1"}}
    counter = boto3.client("dynamodb").get_item(
        TableName=TABLE, Key={"id": {"S": "counter"}}
    )
    assert counter["Item"]["n"] == {"N": "1"}


@pytest.fixture
def in_memory_only(on_moto: bool) -> None:
    if on_moto:
        pytest.skip("moto ignores the token")


SINGLE_WRITES = {
    "PutItem": put("1"),
    "UpdateItem": transaction.item_update(TABLE, "1", IS_NEW, set_={"colour": "red"}),
    "DeleteItem": transaction.deletion(TABLE, "1", IS_NEW),
}
TOO_MANY = [
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
]


@pytest.mark.parametrize("operation", SINGLE_WRITES)
@pytest.mark.usefixtures("refusals")
def test_a_single_write_that_meets_a_transaction_is_tried_again(operation: str) -> None:
    write = SINGLE_WRITES[operation]
    conflict = "TransactionConflictException"
    tried = 0

    def refuse_twice(call: AwsCall) -> Any:
        nonlocal tried
        tried += 1
        if tried <= 2:
            raise call.error(conflict)
        return call.answer()

    with intercepted(refuse_twice):
        assert transaction.execute_alone(write)
    assert tried == 3
    with (
        failing(operation, error=conflict),
        observed() as calls,
        pytest.raises(TryAgainError),
    ):
        transaction.execute_alone(write)
    assert len(calls) == transaction.ATTEMPTS


def write_by(operation: str) -> None:
    if operation in SINGLE_WRITES:
        transaction.execute_alone(SINGLE_WRITES[operation])
    else:
        transaction.execute({"a": put("1")})


@pytest.mark.parametrize("error", TOO_MANY)
@pytest.mark.parametrize("operation", [*SINGLE_WRITES, "TransactWriteItems"])
def test_a_throttled_write_may_be_repeated_by_the_caller(
    operation: str, error: str
) -> None:
    """Soon, and not after minutes: botocore has repeated it, with pauses of its own."""
    with (
        failing(operation, error=error),
        observed() as calls,
        pytest.raises(TryAgainError),
    ):
        write_by(operation)

    assert len(calls) == 1


def test_another_refusal_of_a_single_write_is_an_error() -> None:
    with failing("PutItem", error="AccessDeniedException"), pytest.raises(ClientError):
        transaction.execute_alone(put("1"))


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
