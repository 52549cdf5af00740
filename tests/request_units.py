"""
What DynamoDB charges for, counted from the calls that the functions make.

No DynamoDB of our tests answers with a capacity, so this follows AWS's rules:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
A write costs one unit for each begun kilobyte, twice that in a transaction, and one
for each index whose copy of the item it changes (two where it moves within the index).
A consistent read costs one unit for each begun four kilobytes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.client import BaseClient

from tests import template_file
from tests.in_memory_dynamodb.values import size
from tests.shop import Shop

KILOBYTE = 1024
READ_BLOCK = 4 * KILOBYTE

type Item = dict[str, Any]


@dataclass
class RequestUnits:
    read: int = 0
    write: int = 0


@contextmanager
def counted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[RequestUnits]:
    """Count the request units of everything that is called inside."""
    units = RequestUnits()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001

    def counting(client: Any, operation: str, parameters: Any) -> Any:
        writes = _writes(operation, parameters)
        if not writes:
            answer = call(client, operation, parameters)
            if operation == "GetItem":
                units.read += _begun(size(answer.get("Item", {})), READ_BLOCK)
            return answer
        keys = [(verb, write["TableName"], _key(shop, write)) for verb, write in writes]
        before = [_stored(shop, call, table, key) for _, table, key in keys]
        answer = call(client, operation, parameters)
        each = 2 if operation == "TransactWriteItems" else 1
        for (verb, table, key), old in zip(keys, before, strict=True):
            new = _stored(shop, call, table, key)
            largest = max(size(old), size(new))
            blocks = _begun(largest, KILOBYTE)
            if verb == "ConditionCheck":
                units.write += each * blocks
            else:
                units.write += each * blocks + _index_writes(shop, table, old, new)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", counting)
        yield units


def _writes(operation: str, parameters: Item) -> list[tuple[str, Item]]:
    if operation == "TransactWriteItems":
        actions = parameters["TransactItems"]
        return [next(iter(action.items())) for action in actions]
    return [("Write", parameters)] if operation in {"PutItem", "UpdateItem"} else []


def _table(shop: Shop, name: str) -> Item:
    [logical_id] = [k for k, v in shop.tables.items() if v == name]
    return template_file.resources("AWS::DynamoDB::Table")[logical_id]


def _key(shop: Shop, write: Item) -> Item:
    names = [k["AttributeName"] for k in _table(shop, write["TableName"])["KeySchema"]]
    source = write.get("Key") or write["Item"]
    return {name: source[name] for name in names}


def _stored(shop: Shop, call: Any, table: str, key: Item) -> Item:
    found = call(shop.dynamodb, "GetItem", {"TableName": table, "Key": key})
    item: Item = found.get("Item", {})
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
