"""DynamoDB in memory answers generated requests as moto does."""

from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkout.tables.item import to_item
from tests.aws import aws_client
from tests.in_memory_dynamodb.dynamodb import DynamoDB

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
# As the audit log: read by its hash, in the order of its range, and consistently.
LOG_SCHEMA: Json = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": kind}
        for name, kind in (("id", "S"), ("number", "N"))
    ],
    "KeySchema": [
        {"AttributeName": "id", "KeyType": "HASH"},
        {"AttributeName": "number", "KeyType": "RANGE"},
    ],
}
NAMES = {"#text": "text", "#number": "number", "#many": "many"}
VALUES = {
    ":one": 1,
    ":two": 2,
    ":a": "a",
    ":b": "b",
    ":x": "x",
    ":list": ["a"],
    ":none": [],
}

IDS = st.sampled_from(["x", "y", "z"])
NUMBERS = st.sampled_from([":one", ":two"])
TEXTS = st.sampled_from([":a", ":b"])
FROM_TO = st.sampled_from([":a AND :b", ":a AND :a"])
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
    joined("#number BETWEEN", st.sampled_from([":one AND :two", ":two AND :two"])),
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
        "due": st.sampled_from(["a", "ab", "b"]),
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


def written_id(write: Json) -> str:
    [what] = write.values()
    return str(what.get("Item", what.get("Key"))["id"]["S"])


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
        joined("who =", TEXTS, "AND due BETWEEN", FROM_TO),
        joined("who =", TEXTS, "AND begins_with ( due ,", TEXTS, ")"),
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
    st.tuples(st.just("scan"), st.sampled_from([{}, {"IndexName": "by-who"}])),
    st.tuples(
        st.just("scan"), st.builds(request, FilterExpression=st.just("#text = :a"))
    ),
    st.tuples(
        st.just("transact_write_items"),
        st.lists(ACTIONS, min_size=1, max_size=3).map(tuple),
    ),
    st.tuples(
        st.just("batch_get_item"),
        st.lists(KEYS, min_size=1, max_size=3, unique_by=str).map(
            lambda keys: {"Keys": keys}
        ),
    ),
    st.tuples(
        st.just("batch_write_item"),
        # An item once: moto takes a put and a deletion of one item, AWS does not.
        st.lists(
            ITEMS.map(lambda item: {"PutRequest": {"Item": to_item(item)}})
            | KEYS.map(lambda key: {"DeleteRequest": {"Key": key}}),
            min_size=1,
            max_size=3,
            unique_by=written_id,
        ),
    ),
)

ENTRIES = st.fixed_dictionaries(
    {"id": IDS, "number": st.integers(0, 5)}, optional={"text": st.just("a")}
)
ENTRY_KEYS = st.builds(
    lambda item_id, number: to_item({"id": item_id, "number": number}),
    IDS,
    st.integers(0, 5),
)
LOG_CALLS = st.one_of(
    st.tuples(
        st.just("put_item"),
        st.builds(
            request,
            Item=ENTRIES.map(to_item),
            ConditionExpression=st.none() | st.just("attribute_not_exists ( id )"),
            ReturnValuesOnConditionCheckFailure=SHOWS,
        ),
    ),
    st.tuples(st.just("delete_item"), st.builds(request, Key=ENTRY_KEYS)),
    st.tuples(st.just("get_item"), st.builds(request, Key=ENTRY_KEYS)),
    st.tuples(
        st.just("query"),
        st.builds(
            request,
            KeyConditionExpression=st.one_of(
                joined("id =", st.just(":x")),
                joined("id = :x AND #number", SIGNS, NUMBERS),
                joined("id = :x AND #number BETWEEN :one AND :two"),
            ),
            FilterExpression=st.none() | st.just("#text = :a"),
            ScanIndexForward=st.none() | st.booleans(),
            ConsistentRead=st.none() | st.booleans(),
            Limit=st.none() | st.integers(1, 3),
        ),
    ),
)


def outcome(client: Any, table: str, operation: str, wanted: Any) -> Any:
    """Make the call; return what it answers, or what it is refused with."""
    try:
        return answered(client, table, operation, wanted)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        reasons = error.response.get("CancellationReasons", [])
        told = [(r.get("Code"), r.get("Item")) for r in reasons]
        if any(reason == "ValidationError" for reason, _ in told):
            # moto refuses the whole transaction as such, AWS names the action.
            return "ValidationException", None, []
        return code, error.response.get("Item"), told


def answered(client: Any, table: str, operation: str, wanted: Any) -> Json:
    here = {"TableName": table}
    call = getattr(client, operation)
    if operation == "query":
        return {"Pages": pages(call, here | wanted)}
    if operation == "transact_write_items":
        wanted = {"TransactItems": [{verb: here | what} for verb, what in wanted]}
    elif operation.startswith("batch"):
        wanted = {"RequestItems": {table: wanted}}
    else:
        wanted = here | wanted
    answer = call(**wanted)
    items = answer.get("Items", answer.get("Responses", {}).get(table, []))
    left = [answer.get(name, {}) for name in ("UnprocessedItems", "UnprocessedKeys")]
    return {"Item": answer.get("Item"), "Items": by_id(items), "left": left}


def pages(call: Any, wanted: Json) -> list[Any]:
    """
    Return every page of a query.

    Empty ones at the end are left out: DynamoDB stops at a limit without looking
    whether there is more, and moto looks.
    """
    found = []
    start: Json = {}
    while True:
        answer = call(**wanted, **start)
        found.append(answer["Items"])
        if "LastEvaluatedKey" not in answer:
            break
        assert answer["LastEvaluatedKey"]
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    while found and not found[-1]:
        found.pop()
    return found


def by_id(items: list[Json]) -> list[Json]:
    """Return them in an order; that of a scan or of a batch means nothing."""
    return sorted(items, key=lambda item: (item["id"]["S"], str(item.get("number"))))


def as_moto(schema: Json, calls: list[tuple[str, Any]]) -> None:
    table = f"table-{uuid4().hex}"
    ours, theirs = DynamoDB(), aws_client("dynamodb")
    for client in (ours, theirs):
        client.create_table(TableName=table, **schema)

    for operation, wanted in calls:
        answers = [outcome(c, table, operation, wanted) for c in (ours, theirs)]
        assert answers[0] == answers[1], (operation, wanted)

    assert outcome(ours, table, "scan", {}) == outcome(theirs, table, "scan", {})


@pytest.mark.parametrize("on_moto", [True])
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
    as_moto(SCHEMA, calls)


@pytest.mark.parametrize("on_moto", [True])
@pytest.mark.usefixtures("fake_aws")
@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(calls=st.lists(LOG_CALLS, min_size=1, max_size=12))
def test_a_table_with_a_range_answers_as_moto_s_does(
    calls: list[tuple[str, Any]],
) -> None:
    as_moto(LOG_SCHEMA, calls)
