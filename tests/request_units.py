"""
What DynamoDB charges for, counted from the calls that the functions make.

No DynamoDB of our tests answers with a capacity, so this follows AWS's rules:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
A write costs one unit for each begun kilobyte, twice that in a transaction, and one
for each index whose copy of the item it changes (two where it moves within the index).
A consistent read costs one unit for each begun four kilobytes, a list half of it: of
each item, or of all that a query has read, also what its filter leaves out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests import template_file
from tests.aws_calls import AwsCall, intercepted
from tests.in_memory_dynamodb.values import size
from tests.shop import Shop

KILOBYTE = 1024
READ_BLOCK = 4 * KILOBYTE

type Item = dict[str, Any]


@dataclass
class RequestUnits:
    read: int = 0
    # By Query and BatchGetItem.
    listed: float = 0
    write: int = 0


@contextmanager
def counted(shop: Shop) -> Iterator[RequestUnits]:
    """Count the request units of everything that is called inside."""
    units = RequestUnits()

    def count(call: AwsCall) -> Any:
        writes = _writes(call)
        if not writes:
            answer = call.answer()
            if call.operation == "GetItem":
                units.read += _begun(size(answer.get("Item", {})), READ_BLOCK)
            units.listed += _listed(shop, call, answer)
            return answer
        keys = [(verb, write["TableName"], _key(shop, write)) for verb, write in writes]
        before = [_stored(shop, call, table, key) for _, table, key in keys]
        answer = call.answer()
        each = 2 if call.operation == "TransactWriteItems" else 1
        for (verb, table, key), old in zip(keys, before, strict=True):
            new = _stored(shop, call, table, key)
            largest = max(size(old), size(new))
            blocks = _begun(largest, KILOBYTE)
            if verb == "ConditionCheck":
                units.write += each * blocks
            else:
                units.write += each * blocks + _index_writes(shop, table, old, new)
        return answer

    with intercepted(count):
        yield units


def _listed(shop: Shop, call: AwsCall, answer: Item) -> float:
    """Return the units of a list; no list is read consistently."""
    if call.operation == "BatchGetItem":
        [(table, wanted)] = call.parameters["RequestItems"].items()
        found = answer["Responses"].get(table, [])
        # What is not there costs as much as something small.
        absent = len(wanted["Keys"]) - len(found)
        return 0.5 * (absent + sum(_begun(size(item), READ_BLOCK) for item in found))
    if call.operation == "Query":
        together = sum(size(item) for item in _queried(shop, call, answer))
        return 0.5 * _begun(together, READ_BLOCK)
    return 0


def _queried(shop: Shop, call: AwsCall, answer: Item) -> list[Item]:
    """Return all that a query has read, also what its filter leaves out."""
    if "FilterExpression" not in call.parameters:
        return list(answer["Items"])
    wanted = {
        name: value
        for name, value in call.parameters.items()
        if name not in {"FilterExpression", "ExpressionAttributeNames"}
    }
    used = {
        name: value
        for name, value in wanted["ExpressionAttributeValues"].items()
        if name in wanted["KeyConditionExpression"]
    }
    wanted |= {"ExpressionAttributeValues": used, "Limit": answer["ScannedCount"]}
    again = call.other(shop.aws.dynamodb, "Query", **wanted)
    return list(again.answer()["Items"])


def _writes(call: AwsCall) -> list[tuple[str, Item]]:
    if call.operation == "TransactWriteItems":
        actions = call.parameters["TransactItems"]
        return [next(iter(action.items())) for action in actions]
    is_write = call.operation in {"PutItem", "UpdateItem"}
    return [("Write", call.parameters)] if is_write else []


def _table(shop: Shop, name: str) -> Item:
    [logical_id] = [k for k, v in shop.aws.tables.items() if v == name]
    return template_file.resources("AWS::DynamoDB::Table")[logical_id]


def _key(shop: Shop, write: Item) -> Item:
    names = [k["AttributeName"] for k in _table(shop, write["TableName"])["KeySchema"]]
    source = write.get("Key") or write["Item"]
    return {name: source[name] for name in names}


def _stored(shop: Shop, call: AwsCall, table: str, key: Item) -> Item:
    """Return what is stored, without counting that it is read."""
    read = call.other(shop.aws.dynamodb, "GetItem", TableName=table, Key=key)
    item: Item = read.answer().get("Item", {})
    return item


def _index_writes(shop: Shop, table: str, old: Item, new: Item) -> int:
    properties = _table(shop, table)
    keys = {k["AttributeName"] for k in properties["KeySchema"]}
    units = 0
    for index in properties.get("GlobalSecondaryIndexes", []):
        own = {k["AttributeName"] for k in index["KeySchema"]}
        projection = index["Projection"]
        shown = own | keys | set(projection.get("NonKeyAttributes", []))
        if projection["ProjectionType"] == "ALL":
            shown |= old.keys() | new.keys()
        was = {n: old[n] for n in shown & old.keys()} if own <= old.keys() else {}
        is_ = {n: new[n] for n in shown & new.keys()} if own <= new.keys() else {}
        if was == is_:
            continue
        moved = was and is_ and any(was[name] != is_[name] for name in own)
        blocks = _begun(max(size(was), size(is_)), KILOBYTE)
        units += 2 * blocks if moved else blocks
    return units


def _begun(size: int, block: int) -> int:
    return max(1, -(-size // block))
