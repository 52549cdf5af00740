"""
DynamoDB in memory refuses what AWS refuses, and says what it does not know.

Where moto refuses it too, moto is asked; where moto is kinder, the case says so. Then
the rule is AWS's documentation:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from time_machine import travel

from checkout.tables.item import to_item
from tests.aws import aws_client
from tests.in_memory_dynamodb.dynamodb import DynamoDB
from tests.in_memory_dynamodb.expressions import NotUnderstoodError
from tests.in_memory_dynamodb.test_as_moto import LOG_SCHEMA, SCHEMA

type Json = dict[str, Any]

THINGS, LOG = "things", "entries"
X = {"id": {"S": "x"}}
ONE: Json = {":one": {"N": "1"}}
LARGE = {"S": "x" * 400 * 1024}


def put(**parts: Any) -> Json:
    return {"TableName": THINGS, "Item": X} | parts


def update(expression: str, **parts: Any) -> Json:
    return {"TableName": THINGS, "Key": X, "UpdateExpression": expression} | parts


def where(condition: str, **values: Json) -> Json:
    """Make a put with a condition; its values are named as those of the condition."""
    given = {f":{name}": value for name, value in values.items()}
    return put(ConditionExpression=condition) | (
        {"ExpressionAttributeValues": given} if given else {}
    )


def query(condition: str, values: Json, **parts: Any) -> Json:
    return {
        "TableName": THINGS,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
    } | parts


def transaction(*actions: Json) -> Json:
    return {"TransactItems": list(actions)}


def item(**attributes: Json) -> Json:
    return put(Item=X | attributes)


def nested(depth: int) -> Json:
    value: Json = {"S": "x"}
    for _ in range(depth):
        value = {"L": [value]}
    return value


OF_WHO = {"IndexName": "by-who"}
WHO: Json = {":a": {"S": "a"}}

REFUSED_BY_BOTH: list[tuple[str, Json]] = [
    # Keys.
    ("put_item", put(Item={"id": {"S": ""}})),
    ("put_item", put(Item={"id": {"N": "1"}})),
    ("put_item", put(Item={"other": {"S": "x"}})),
    ("put_item", put(Item={"id": {"S": "x" * 2049}})),
    ("get_item", {"TableName": LOG, "Key": X}),
    ("update_item", update("SET id = :one", ExpressionAttributeValues=ONE)),
    # Keys of indexes.
    ("put_item", item(who={"S": ""})),
    # Values.
    ("put_item", item(many={"SS": []})),
    ("put_item", item(number={"N": "one"})),
    ("put_item", item(text=LARGE)),
    # Placeholders.
    ("put_item", put(ExpressionAttributeNames={"#id": "id"})),
    (
        "put_item",
        put(
            ConditionExpression="attribute_exists(id)",
            ExpressionAttributeNames={"#n": "number"},
        ),
    ),
    # Expressions.
    ("put_item", where("attribute_exists(status)")),
    ("put_item", where("((attribute_exists(id)))")),
    ("update_item", update("SET status = :one", ExpressionAttributeValues=ONE)),
    (
        "update_item",
        update("SET who = :one SET due = :one", ExpressionAttributeValues=ONE),
    ),
    (
        "update_item",
        update("SET number2 = number3 + :one", ExpressionAttributeValues=ONE),
    ),
    ("update_item", update("SET due = :one REMOVE due", ExpressionAttributeValues=ONE)),
    # Queries.
    ("query", query("due = :a", WHO, **OF_WHO)),
    ("query", query("who > :a", WHO, **OF_WHO)),
    ("query", query("who = :a", WHO, **OF_WHO, ConsistentRead=True)),
    # Batches and transactions.
    (
        "batch_get_item",
        {"RequestItems": {THINGS: {"Keys": [X, X]}}},
    ),
    (
        "batch_get_item",
        {
            "RequestItems": {
                THINGS: {"Keys": [{"id": {"S": str(n)}} for n in range(101)]}
            }
        },
    ),
    (
        "transact_write_items",
        transaction({"Put": put()}, {"Delete": {"TableName": THINGS, "Key": X}}),
    ),
    (
        "transact_write_items",
        transaction(
            *({"Put": put(Item={"id": {"S": str(n)}})} for n in range(101)),
        ),
    ),
]
REFUSED_BY_AWS: list[tuple[str, Json]] = [
    # Keys.
    ("get_item", {"TableName": THINGS, "Key": X | {"who": {"S": "a"}}}),
    ("get_item", {"TableName": THINGS, "Key": {"id": {"S": ""}}}),
    ("get_item", {"TableName": THINGS, "Key": {"id": {"S": "x" * 2049}}}),
    # Keys of indexes.
    ("put_item", item(who={"N": "1"})),
    ("put_item", item(due={"S": "x" * 1025})),
    ("update_item", update("SET who = :one", ExpressionAttributeValues=ONE)),
    # Values.
    ("put_item", item(number={"N": "1" * 39})),
    ("put_item", item(number={"N": "1e126"})),
    ("put_item", item(nothing={"NULL": False})),
    ("put_item", item(many={"SS": ["a", "a"]})),
    ("put_item", item(many=nested(40))),
    ("put_item", item(text={"S": "\ud800"})),
    ("put_item", item(text={"S": "a", "N": "1"})),
    # Placeholders.
    ("put_item", where("id = :one")),
    ("put_item", where("attribute_exists(id)", one={"N": "1"})),
    ("put_item", where("attribute_exists(id)") | {"ExpressionAttributeNames": {}}),
    # Expressions.
    ("put_item", where("")),
    ("put_item", where(f"attribute_exists(id){' ' * 4096}")),
    ("put_item", where("number2 = number2")),
    ("put_item", where("contains(id, id)")),
    ("put_item", where("begins_with(id, :one)", one={"N": "1"})),
    ("put_item", where("id < :many", many={"L": []})),
    (
        "put_item",
        where("number2 BETWEEN :two AND :one", one={"N": "1"}, two={"N": "2"}),
    ),
    (
        "put_item",
        where(
            f"number2 IN ({', '.join(f':v{n}' for n in range(101))})",
            **{f"v{n}": {"N": str(n)} for n in range(101)},
        ),
    ),
    (
        "update_item",
        update("SET due = :due", ExpressionAttributeValues={":due": LARGE}),
    ),
    # Queries.
    ("query", query("who = :a", WHO, IndexName="by-nothing")),
    ("query", query("who = :a", {":a": {"N": "1"}}, **OF_WHO)),
    ("query", query("who = :a AND who = :a", WHO, **OF_WHO)),
    ("query", query("who = :a", WHO, **OF_WHO, FilterExpression="due = :a")),
    ("query", query("who = :a", WHO, **OF_WHO, ExclusiveStartKey=X)),
    # Batches and transactions.
    (
        "batch_write_item",
        {
            "RequestItems": {
                THINGS: [
                    {"PutRequest": {"Item": {"id": {"S": str(n)}}}} for n in range(26)
                ]
            }
        },
    ),
    (
        "batch_write_item",
        {
            "RequestItems": {
                THINGS: [{"DeleteRequest": {"Key": X}}, {"PutRequest": {"Item": X}}]
            }
        },
    ),
    ("batch_get_item", {"RequestItems": {}}),
    ("transact_write_items", transaction()),
    (
        "transact_write_items",
        transaction(
            *(
                {"Put": put(Item={"id": {"S": str(n)}, "text": {"S": "x" * 390_000}})}
                for n in range(12)
            ),
        ),
    ),
]


@pytest.fixture
def both(fake_aws: None) -> tuple[DynamoDB, Any]:  # noqa: ARG001
    """Return DynamoDB in memory and moto's, each with the same two tables."""
    clients = DynamoDB(), aws_client("dynamodb")
    for client in clients:
        client.create_table(TableName=THINGS, **SCHEMA)
        client.create_table(TableName=LOG, **LOG_SCHEMA)
    return clients


@pytest.fixture
def dynamodb() -> DynamoDB:
    dynamodb = DynamoDB()
    dynamodb.create_table(TableName=THINGS, **SCHEMA)
    dynamodb.create_table(TableName=LOG, **LOG_SCHEMA)
    return dynamodb


def code_of(client: Any, operation: str, wanted: Json) -> str:
    with pytest.raises(ClientError) as refusal:
        getattr(client, operation)(**wanted)
    return str(refusal.value.response["Error"]["Code"])


@pytest.mark.parametrize("on_moto", [True])
@pytest.mark.parametrize(("operation", "wanted"), REFUSED_BY_BOTH)
def test_what_aws_refuses_is_refused(
    both: tuple[DynamoDB, Any], operation: str, wanted: Json
) -> None:
    codes = [code_of(client, operation, wanted) for client in both]

    assert codes == ["ValidationException"] * 2


@pytest.mark.parametrize(("operation", "wanted"), REFUSED_BY_AWS)
def test_what_moto_takes_is_refused_too(
    dynamodb: DynamoDB, operation: str, wanted: Json
) -> None:
    assert code_of(dynamodb, operation, wanted) == "ValidationException"
    assert dynamodb.scan(TableName=THINGS)["Items"] == []


@pytest.mark.parametrize(
    "update",
    [
        update("SET number2 = number3 + :one", ExpressionAttributeValues=ONE),
        update("SET who = :one", ExpressionAttributeValues=ONE),
        update("SET due = :due", ExpressionAttributeValues={":due": LARGE}),
    ],
)
def test_an_update_that_does_not_fit_the_item_cancels_its_transaction(
    dynamodb: DynamoDB, update: Json
) -> None:
    other = {"Put": put(Item={"id": {"S": "y"}})}

    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as refusal:
        dynamodb.transact_write_items(TransactItems=[other, {"Update": update}])

    reasons = refusal.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ValidationError"]
    assert dynamodb.scan(TableName=THINGS)["Items"] == []


def test_a_table_is_there_once_and_before_it_is_used(dynamodb: DynamoDB) -> None:
    again = {"TableName": THINGS, **SCHEMA}
    other = {"TableName": "other", "Item": X}

    assert code_of(dynamodb, "create_table", again) == "ResourceInUseException"
    assert code_of(dynamodb, "put_item", other) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "attributes",
    [
        SCHEMA["AttributeDefinitions"][:2],
        [
            *SCHEMA["AttributeDefinitions"],
            {"AttributeName": "other", "AttributeType": "S"},
        ],
    ],
)
def test_every_attribute_of_a_key_is_defined_and_no_other(
    attributes: list[Json],
) -> None:
    wanted = {"TableName": THINGS} | SCHEMA | {"AttributeDefinitions": attributes}

    assert code_of(DynamoDB(), "create_table", wanted) == "ValidationException"


@pytest.mark.parametrize(
    "unknown",
    [
        {"ConditionExpression": "size(many) > :one"},
        {"ConditionExpression": "many[0] = :one"},
        {"ConditionExpression": "id <> :one"},
        {"ConditionExpression": "id = :one id"},
        {"ConditionExpression": "attribute_exists(id, who)"},
        {"ReturnValues": "ALL_OLD"},
    ],
)
def test_what_it_does_not_know_it_refuses(dynamodb: DynamoDB, unknown: Json) -> None:
    with pytest.raises(NotUnderstoodError):
        dynamodb.put_item(**put(ExpressionAttributeValues=ONE), **unknown)


# ----------------------------------------------------- where moto answers otherwise


def test_numbers_are_stored_without_needless_zeros(dynamodb: DynamoDB) -> None:
    for text, kept in (("01.50", "1.5"), ("1E2", "100"), ("-0.0", "0"), ("100", "100")):
        dynamodb.put_item(**item(number={"N": text}))

        [found] = dynamodb.scan(TableName=THINGS)["Items"]
        assert found["number"] == {"N": kept}


def test_a_query_that_stops_at_its_limit_does_not_look_further(
    dynamodb: DynamoDB,
) -> None:
    """So the key to go on from says only where it stopped."""
    dynamodb.put_item(**item(who={"S": "a"}, due={"S": "1"}))

    answer = dynamodb.query(**query("who = :a", WHO, **OF_WHO, Limit=1))

    assert answer["LastEvaluatedKey"] == answer["Items"][0]


def test_a_page_is_a_megabyte(dynamodb: DynamoDB) -> None:
    for number in range(7):
        large = {"number": {"N": str(number)}, "text": {"S": "x" * 390 * 1024}}
        dynamodb.put_item(TableName=LOG, Item=X | large)
    wanted = query("id = :x", {":x": X["id"]}, TableName=LOG)

    for operation, request in (("query", wanted), ("scan", {"TableName": LOG})):
        pages = list(dynamodb.get_paginator(operation).paginate(**request))
        assert [len(page["Items"]) for page in pages] == [2, 2, 2, 1]
        numbers = [int(i["number"]["N"]) for page in pages for i in page["Items"]]
        assert numbers == list(range(7))


def test_a_page_of_an_index_is_a_megabyte_of_what_the_index_shows(
    dynamodb: DynamoDB,
) -> None:
    """The items are large, and their entries in the index are small."""
    for number in range(7):
        who = {"who": {"S": "a"}, "due": {"S": str(number)}}
        large = {"large": {"S": "x" * 390 * 1024}}
        dynamodb.put_item(**put(Item={"id": {"S": str(number)}} | who | large))

    answer = dynamodb.query(**query("who = :a", WHO, **OF_WHO))

    assert len(answer["Items"]) == 7
    assert "LastEvaluatedKey" not in answer


def test_a_batch_is_sixteen_megabytes(dynamodb: DynamoDB) -> None:
    keys = [{"id": {"S": f"{number:02}"}} for number in range(50)]
    for key in keys:
        dynamodb.put_item(**put(Item=key | {"text": {"S": "x" * 390 * 1024}}))

    answer = dynamodb.batch_get_item(RequestItems={THINGS: {"Keys": keys}})

    found = [{"id": item["id"]} for item in answer["Responses"][THINGS]]
    rest = answer["UnprocessedKeys"][THINGS]["Keys"]
    assert len(found) == 42
    assert found + rest == keys


TOKEN = {"ClientRequestToken": "t" * 36}


def adding(number: int = 1) -> Json:
    values = {":n": {"N": str(number)}}
    wanted = update("ADD many :n", ExpressionAttributeValues=values)
    return transaction({"Update": wanted})


def many(dynamodb: DynamoDB) -> str:
    found = dynamodb.get_item(TableName=THINGS, Key=X)["Item"]["many"]["N"]
    return str(found)


def test_what_was_executed_under_a_token_is_not_executed_again(
    dynamodb: DynamoDB,
) -> None:
    """Moto executes it again."""
    for _ in range(3):
        dynamodb.transact_write_items(**adding(), **TOKEN)
    assert many(dynamodb) == "1"

    dynamodb.transact_write_items(**adding(), ClientRequestToken="another")
    dynamodb.transact_write_items(**adding())
    assert many(dynamodb) == "3"


def test_a_token_is_for_one_transaction(dynamodb: DynamoDB) -> None:
    dynamodb.transact_write_items(**adding(), **TOKEN)

    refused = code_of(dynamodb, "transact_write_items", adding(2) | TOKEN)

    assert refused == "IdempotentParameterMismatchException"
    assert many(dynamodb) == "1"


def test_a_token_is_remembered_for_ten_minutes(dynamodb: DynamoDB) -> None:
    with travel(0, tick=False) as clock:
        dynamodb.transact_write_items(**adding(), **TOKEN)
        clock.shift(599)
        dynamodb.transact_write_items(**adding(), **TOKEN)
        assert many(dynamodb) == "1"

        clock.shift(1)
        dynamodb.transact_write_items(**adding(), **TOKEN)
        assert many(dynamodb) == "2"


def test_what_was_refused_under_a_token_may_be_executed_later(
    dynamodb: DynamoDB,
) -> None:
    is_there = {"ConditionExpression": "attribute_exists(id)"}
    check = {"ConditionCheck": {"TableName": THINGS, "Key": X} | is_there}
    other = {"Put": put(Item={"id": {"S": "y"}})}
    wanted = transaction(check, other) | TOKEN
    assert code_of(dynamodb, "transact_write_items", wanted) == (
        "TransactionCanceledException"
    )

    dynamodb.put_item(**put())
    dynamodb.transact_write_items(**wanted)

    assert len(dynamodb.scan(TableName=THINGS)["Items"]) == 2


@pytest.mark.parametrize("token", ["", "t" * 37])
def test_a_token_of_another_length_is_refused(dynamodb: DynamoDB, token: str) -> None:
    wanted = adding() | {"ClientRequestToken": token}

    assert code_of(dynamodb, "transact_write_items", wanted) == "ValidationException"


def test_what_was_answered_or_given_is_not_what_is_stored(dynamodb: DynamoDB) -> None:
    given = to_item({"id": "x", "many": ["a"]})
    dynamodb.put_item(**put(Item=given))
    given["many"]["L"].append({"S": "b"})
    dynamodb.get_item(TableName=THINGS, Key=X)["Item"]["many"]["L"].append({"S": "c"})

    found = dynamodb.get_item(TableName=THINGS, Key=X)["Item"]

    assert found == to_item({"id": "x", "many": ["a"]})
