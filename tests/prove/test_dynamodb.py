"""The DynamoDB of the proof answers as moto does, and refuses what it does not know."""

from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkout.tables.item import to_item
from tests.prove.dynamodb import DynamoDB
from tests.prove.expressions import NotUnderstoodError
from tests.shop import aws_client

type Json = dict[str, Any]

SCHEMA: Json = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in ("id", "who", "due")
    ],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-who",
            "KeySchema": [
                {"AttributeName": "who", "KeyType": "HASH"},
                {"AttributeName": "due", "KeyType": "RANGE"},
            ],
            "Projection": {
                "ProjectionType": "INCLUDE",
                "NonKeyAttributes": ["text"],
            },
        }
    ],
}
NAMES = {"#text": "text", "#number": "number", "#many": "many"}
VALUES = {":one": 1, ":two": 2, ":a": "a", ":b": "b", ":list": ["a"], ":none": []}

IDS = st.sampled_from(["x", "y", "z"])
NUMBERS = st.sampled_from([":one", ":two"])
TEXTS = st.sampled_from([":a", ":b"])
SIGNS = st.sampled_from(["=", "<", "<=", ">", ">="])


def joined(*parts: st.SearchStrategy[str] | str) -> st.SearchStrategy[str]:
    """Make a text of parts, some of which are drawn."""
    drawn = [
        part if isinstance(part, st.SearchStrategy) else st.just(part) for part in parts
    ]
    return st.tuples(*drawn).map(" ".join)


TESTS = st.one_of(
    joined(
        st.sampled_from(["attribute_exists", "attribute_not_exists"]),
        "(",
        st.sampled_from(["id", "who", "due", *NAMES]),
        ")",
    ),
    joined("#number", SIGNS, NUMBERS),
    joined("#text", SIGNS, TEXTS),
    joined("#number BETWEEN", NUMBERS, "AND", NUMBERS),
    joined("#text IN (", TEXTS, ",", TEXTS, ")"),
    joined("contains ( #many ,", TEXTS, ")"),
    joined("begins_with ( #text ,", TEXTS, ")"),
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        joined(inner, st.sampled_from(["AND", "OR"]), inner),
        joined("NOT (", inner, ")"),
        # Never two pairs in a row: DynamoDB refuses parentheses that say nothing.
        joined("(", inner, st.sampled_from(["AND", "OR"]), inner, ") AND", inner),
    ),
    max_leaves=4,
)
CHANGES = st.one_of(
    joined("SET #number =", NUMBERS),
    joined("SET #number = #number", st.sampled_from(["+", "-"]), NUMBERS),
    joined("SET #text =", TEXTS, "REMOVE #many , due"),
    joined("SET who =", TEXTS, ", due =", TEXTS),
    joined("ADD #number", NUMBERS, "SET #text =", TEXTS),
    joined("SET #number = if_not_exists ( #number ,", NUMBERS, ")"),
    st.just(
        "SET #many = list_append ( if_not_exists ( #many , :none ) , :list ) REMOVE who"
    ),
)
ITEMS = st.fixed_dictionaries(
    {"id": IDS},
    optional={
        "who": st.sampled_from(["a", "b"]),
        "due": st.sampled_from(["1", "2", "3"]),
        "number": st.integers(0, 3),
        "text": st.sampled_from(["a", "ab", "b"]),
        "many": st.lists(st.sampled_from(["a", "b"]), max_size=2),
    },
)


def request(**parts: Any) -> Json:
    """Make a request with the placeholders that its expressions use, and no more."""
    text = " ".join(str(part) for name, part in parts.items() if "Expression" in name)
    used = set(text.split())
    names = {token: name for token, name in NAMES.items() if token in used}
    values = {token: value for token, value in VALUES.items() if token in used}
    return (
        {name: part for name, part in parts.items() if part is not None}
        | ({"ExpressionAttributeNames": names} if names else {})
        | ({"ExpressionAttributeValues": to_item(values)} if values else {})
    )


SHOWS = st.sampled_from([None, "NONE", "ALL_OLD"])
KEYS = IDS.map(lambda key: to_item({"id": key}))
PUTS = st.builds(
    request,
    Item=ITEMS.map(to_item),
    ConditionExpression=st.none() | CONDITIONS,
    ReturnValuesOnConditionCheckFailure=SHOWS,
)
UPDATES = st.builds(
    request,
    Key=KEYS,
    UpdateExpression=CHANGES,
    ConditionExpression=st.none() | CONDITIONS,
    ReturnValuesOnConditionCheckFailure=SHOWS,
)
DELETES = st.builds(request, Key=KEYS, ConditionExpression=st.none() | CONDITIONS)
CHECKS = st.builds(
    request,
    Key=KEYS,
    ConditionExpression=CONDITIONS,
    ReturnValuesOnConditionCheckFailure=SHOWS,
)
ACTIONS = st.one_of(
    st.tuples(st.just("Put"), PUTS),
    st.tuples(st.just("Update"), UPDATES),
    st.tuples(st.just("Delete"), DELETES),
    st.tuples(st.just("ConditionCheck"), CHECKS),
)
QUERIES = st.builds(
    request,
    IndexName=st.just("by-who"),
    KeyConditionExpression=st.one_of(
        joined("who =", TEXTS),
        joined("who =", TEXTS, "AND due", SIGNS, TEXTS),
        joined("who =", TEXTS, "AND due BETWEEN", TEXTS, "AND", TEXTS),
    ),
    FilterExpression=st.none() | joined("#text =", TEXTS),
    ScanIndexForward=st.none() | st.booleans(),
    Limit=st.none() | st.integers(1, 2),
)
CALLS = st.one_of(
    st.tuples(st.just("put_item"), PUTS),
    st.tuples(st.just("update_item"), UPDATES),
    st.tuples(st.just("delete_item"), DELETES),
    st.tuples(st.just("get_item"), st.builds(request, Key=KEYS)),
    st.tuples(st.just("query"), QUERIES),
    st.tuples(
        st.just("transact_write_items"),
        st.lists(ACTIONS, min_size=1, max_size=3).map(tuple),
    ),
)


def outcome(client: Any, table: str, operation: str, wanted: Any) -> Any:
    """Make the call; return what it answers, or what it is refused with."""
    here = {"TableName": table}
    call = getattr(client, operation)
    try:
        if operation == "transact_write_items":
            call(TransactItems=[{verb: here | what} for verb, what in wanted])
            return "written"
        answer = call(**here, **wanted)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        reasons = error.response.get("CancellationReasons", [])
        told = [(r.get("Code"), r.get("Item")) for r in reasons]
        return code, error.response.get("Item"), told
    shown = ("Item", "Items", "LastEvaluatedKey")
    return {name: answer[name] for name in shown if name in answer}


def everything(client: Any, table: str) -> list[Any]:
    items = client.scan(TableName=table)["Items"]
    return sorted(items, key=lambda item: str(item["id"]["S"]))


@pytest.mark.usefixtures("fake_aws")
@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    # AWS stays the same for all examples; each has a table of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(calls=st.lists(CALLS, min_size=1, max_size=12))
def test_it_answers_as_moto_does(calls: list[tuple[str, Any]]) -> None:
    table = uuid4().hex
    ours, theirs = DynamoDB(), aws_client("dynamodb")
    for client in (ours, theirs):
        client.create_table(TableName=table, **SCHEMA)

    for operation, wanted in calls:
        answers = [outcome(c, table, operation, wanted) for c in (ours, theirs)]
        assert answers[0] == answers[1], (operation, wanted)

    assert everything(ours, table) == everything(theirs, table)


@pytest.mark.parametrize(
    "unknown",
    [
        {"ConditionExpression": "size(many) > :one"},
        {"ConditionExpression": "many[0] = :one"},
        {"ConditionExpression": "id <> :one"},
        {"ConditionExpression": "id = :one id"},
        {"ReturnValues": "ALL_OLD"},
    ],
)
def test_what_it_does_not_know_it_refuses(unknown: Json) -> None:
    dynamodb = DynamoDB()
    dynamodb.create_table(TableName="table", **SCHEMA)
    value = {"ExpressionAttributeValues": to_item({":one": 1})}
    with pytest.raises(NotUnderstoodError):
        dynamodb.put_item(
            TableName="table", Item=to_item({"id": "x"}), **unknown, **value
        )
