"""Botocore's clients speak with DynamoDB in memory as they do with AWS."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ParamValidationError

from tests.aws import aws_client, on_moto_too
from tests.aws_calls import observed
from tests.in_memory_dynamodb.expressions import NotUnderstoodError
from tests.in_memory_dynamodb.test_as_moto import SCHEMA
from tests.in_memory_dynamodb.under_botocore import UnderBotocore

TABLE = "things"
X = {"id": {"S": "x"}}
NEW = {
    "TableName": TABLE,
    "Item": X,
    "ConditionExpression": "attribute_not_exists(id)",
    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
}


@pytest.fixture
def dynamodb(fake_aws: None) -> Any:  # noqa: ARG001
    client = aws_client("dynamodb")
    client.create_table(TableName=TABLE, **SCHEMA)
    client.put_item(TableName=TABLE, Item=X | {"who": {"S": "a"}})
    return client


@on_moto_too
def test_a_refusal_is_of_the_client_s_own_class(dynamodb: Any) -> None:
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as failed:
        dynamodb.put_item(**NEW)

    assert failed.value.response["Item"] == X | {"who": {"S": "a"}}


@on_moto_too
def test_a_transaction_says_which_condition_failed(dynamodb: Any) -> None:
    other = NEW | {"Item": {"id": {"S": "y"}}}

    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as cancelled:
        dynamodb.transact_write_items(TransactItems=[{"Put": other}, {"Put": NEW}])

    fine, failed = cancelled.value.response["CancellationReasons"]
    assert fine["Code"] == "None"
    assert failed["Code"] == "ConditionalCheckFailed"
    assert failed["Item"] == X | {"who": {"S": "a"}}


@on_moto_too
def test_a_table_says_what_its_key_is(dynamodb: Any) -> None:
    table = dynamodb.describe_table(TableName=TABLE)["Table"]

    assert table["TableStatus"] == "ACTIVE"
    assert table["KeySchema"] == SCHEMA["KeySchema"]


@on_moto_too
def test_a_parameter_that_botocore_refuses_is_refused(dynamodb: Any) -> None:
    for wanted in ({"Keys": X}, {"Key": {"id": "x"}}, {"Key": X, "Limit": 0}):
        with pytest.raises(ParamValidationError):
            dynamodb.get_item(TableName=TABLE, **wanted)


@on_moto_too
def test_a_region_has_tables_of_its_own(dynamodb: Any) -> None:
    elsewhere = boto3.client("dynamodb", region_name="us-west-2")

    with pytest.raises(elsewhere.exceptions.ResourceNotFoundException):
        elsewhere.get_item(TableName=TABLE, Key=X)
    assert dynamodb.get_item(TableName=TABLE, Key=X)["Item"]


@pytest.mark.parametrize("on_moto", [False])
def test_an_operation_that_it_does_not_know_is_an_error(dynamodb: Any) -> None:
    with pytest.raises(NotUnderstoodError):
        dynamodb.list_tables()


def test_tables_are_forgotten(dynamodb_in_memory: UnderBotocore) -> None:
    client = aws_client("dynamodb")
    with dynamodb_in_memory.no_tables():
        client.create_table(TableName=TABLE, **SCHEMA)
    unknown = client.exceptions.ResourceNotFoundException
    with dynamodb_in_memory.no_tables(), pytest.raises(unknown):
        client.get_item(TableName=TABLE, Key=X)


@pytest.mark.parametrize("on_moto", [False])
def test_a_call_that_it_answers_can_be_observed(dynamodb: Any) -> None:
    with observed() as calls:
        list(dynamodb.get_paginator("scan").paginate(TableName=TABLE))

    assert [call.operation for call in calls] == ["Scan"]
