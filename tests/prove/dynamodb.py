"""
DynamoDB in memory: what the layer asks of it, in microseconds.

Ten thousand histories make a million calls. Moto takes milliseconds for each, since
it goes through botocore's serialisation and signatures; this takes none of that, and
`test_dynamodb.py` shows that it answers as moto does. An operation, a parameter or an
expression that it does not know is an error, never a guess.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from botocore.exceptions import ClientError

from tests.prove import expressions
from tests.prove.expressions import (
    InvalidError,
    Item,
    NotUnderstoodError,
    Scope,
    comparable,
)

MOST_ACTIONS = 100
LONGEST_KEY_BYTES = 2048

type Json = dict[str, Any]
type Key = tuple[str, ...]


class ConditionalCheckFailedException(ClientError):  # noqa: N818 - AWS's names
    pass


class TransactionCanceledException(ClientError):  # noqa: N818
    pass


class TransactionInProgressException(ClientError):  # noqa: N818
    pass


class Exceptions:
    ConditionalCheckFailedException = ConditionalCheckFailedException
    TransactionCanceledException = TransactionCanceledException
    TransactionInProgressException = TransactionInProgressException


@dataclass
class Index:
    hash_name: str
    range_name: str | None
    # None: every attribute.
    shows: frozenset[str] | None


@dataclass
class Table:
    key_names: tuple[str, ...]
    indexes: dict[str, Index]
    items: dict[Key, Item] = field(default_factory=dict)

    @classmethod
    def described_by(
        cls, key_schema: list[Json], indexes: list[Json], wanted: Mapping[str, Any]
    ) -> "Table":
        if wanted.keys() - {"TableName", "BillingMode", "AttributeDefinitions"}:
            raise NotUnderstoodError(str(wanted))
        key_names = _names(key_schema)
        found = {}
        for described in indexes:
            names = _names(described["KeySchema"])
            projection = described["Projection"]
            shown = {*key_names, *names, *projection.get("NonKeyAttributes", ())}
            everything = projection["ProjectionType"] == "ALL"
            found[described["IndexName"]] = Index(
                names[0],
                names[1] if len(names) > 1 else None,
                None if everything else frozenset(shown),
            )
        return cls(key_names, found)

    def key(self, attributes: Mapping[str, Any]) -> Key:
        parts = []
        for name in self.key_names:
            part = attributes.get(name, {}).get("S", "")
            if not 0 < len(part.encode()) <= LONGEST_KEY_BYTES:
                raise InvalidError(f"the key {name} is not one")
            parts.append(part)
        return tuple(parts)


def _names(key_schema: list[Json]) -> tuple[str, ...]:
    ordered = sorted(key_schema, key=lambda part: part["KeyType"] != "HASH")
    return tuple(part["AttributeName"] for part in ordered)


@dataclass
class Write:
    """One write, checked but not done: what was there, and what will be."""

    table: Table
    key: Key
    before: Item | None
    after: Item | None
    holds: bool
    shows_before: bool

    def do(self) -> None:
        if self.after is None:
            self.table.items.pop(self.key, None)
        else:
            self.table.items[self.key] = self.after


class DynamoDB:
    """Speaks as botocore's client does; parameters are checked by being named."""

    exceptions = Exceptions

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}

    def create_table(
        self,
        *,
        KeySchema: list[Json],  # noqa: N803 - AWS's names, here and below
        GlobalSecondaryIndexes: list[Json] | None = None,  # noqa: N803
        **wanted: Any,
    ) -> None:
        self._tables[wanted["TableName"]] = Table.described_by(
            KeySchema, GlobalSecondaryIndexes or [], wanted
        )

    # ------------------------------------------------------------------- reads

    def get_item(
        self,
        *,
        TableName: str,  # noqa: N803
        Key: Item,  # noqa: N803
        ConsistentRead: bool = False,  # noqa: ARG002, N803 - here every read is
    ) -> Json:
        table = self._tables[TableName]
        with _validation("GetItem"):
            found = table.items.get(table.key(Key))
        return {"Item": dict(found)} if found else {}

    def batch_get_item(self, *, RequestItems: Json) -> Json:  # noqa: N803
        responses: dict[str, list[Item]] = {}
        for name, wanted in RequestItems.items():
            if wanted.keys() - {"Keys", "ConsistentRead"}:
                raise NotUnderstoodError(str(wanted))
            table = self._tables[name]
            with _validation("BatchGetItem"):
                keys = [table.key(key) for key in wanted["Keys"]]
            responses[name] = [
                dict(table.items[key]) for key in keys if key in table.items
            ]
        return {"Responses": responses, "UnprocessedKeys": {}}

    def query(
        self,
        *,
        TableName: str,  # noqa: N803
        KeyConditionExpression: str,  # noqa: N803
        IndexName: str | None = None,  # noqa: N803
        FilterExpression: str | None = None,  # noqa: N803
        ScanIndexForward: bool = True,  # noqa: N803
        Limit: int | None = None,  # noqa: N803
        ExclusiveStartKey: Item | None = None,  # noqa: N803
        ConsistentRead: bool = False,  # noqa: N803
        ExpressionAttributeNames: Mapping[str, str] | None = None,  # noqa: N803
        ExpressionAttributeValues: Item | None = None,  # noqa: N803
    ) -> Json:
        if ConsistentRead and IndexName:
            raise NotUnderstoodError("an index is never read consistently")
        table = self._tables[TableName]
        index = (
            table.indexes[IndexName]
            if IndexName
            else Index(table.key_names[0], "".join(table.key_names[1:]) or None, None)
        )
        names, values = ExpressionAttributeNames or {}, ExpressionAttributeValues or {}
        expected = expressions.condition(KeyConditionExpression)
        shown = expressions.condition(FilterExpression) if FilterExpression else None
        with _validation("Query"):
            _check_used(expected.used | (shown.used if shown else set()), names, values)

        def order(item: Item) -> Any:
            ranged = [comparable(item[index.range_name])] if index.range_name else []
            return *ranged, *table.key(item)

        found = sorted(
            (
                item
                for item in table.items.values()
                if index.hash_name in item
                and (index.range_name is None or index.range_name in item)
                and expected.holds(Scope(item, names, values))
            ),
            key=order,
            reverse=not ScanIndexForward,
        )
        if ExclusiveStartKey:
            start = order(ExclusiveStartKey)
            found = [
                item
                for item in found
                if (order(item) > start) == ScanIndexForward and order(item) != start
            ]
        answered = found[:Limit]
        answer: Json = {
            "Items": [
                _projected(item, index.shows)
                for item in answered
                if shown is None or shown.holds(Scope(item, names, values))
            ]
        }
        if len(found) > len(answered):
            key_names = {*table.key_names, index.hash_name, index.range_name or ""}
            answer["LastEvaluatedKey"] = {
                name: value for name, value in answered[-1].items() if name in key_names
            }
        return answer

    def scan(self, *, TableName: str) -> Json:  # noqa: N803
        """For tests: no function may."""
        return {"Items": [dict(i) for i in self._tables[TableName].items.values()]}

    def get_paginator(self, operation: str) -> "Paginator":
        return Paginator(self, operation)

    # ------------------------------------------------------------------ writes

    def put_item(self, **put: Any) -> Json:
        self._write_one("PutItem", put, self._put)
        return {}

    def update_item(self, **update: Any) -> Json:
        self._write_one("UpdateItem", update, self._update)
        return {}

    def delete_item(self, **delete: Any) -> Json:
        self._write_one("DeleteItem", delete, self._delete)
        return {}

    def batch_write_item(self, *, RequestItems: Json) -> Json:  # noqa: N803
        for name, requests in RequestItems.items():
            for request in requests:
                [(verb, what)] = request.items()
                if verb != "PutRequest":
                    raise NotUnderstoodError(verb)
                self.put_item(TableName=name, Item=what["Item"])
        return {"UnprocessedItems": {}}

    def transact_write_items(self, *, TransactItems: list[Json]) -> Json:  # noqa: N803
        """Write all or nothing; the reasons stand in the order of the actions."""
        prepare = {
            "Put": self._put,
            "Update": self._update,
            "Delete": self._delete,
            "ConditionCheck": self._check,
        }
        operation = "TransactWriteItems"
        with _validation(operation):
            if not 0 < len(TransactItems) <= MOST_ACTIONS:
                raise InvalidError("a transaction has one to a hundred actions")
            writes = [
                prepare[verb](what)
                for action in TransactItems
                for verb, what in action.items()
            ]
            if len({(id(write.table), write.key) for write in writes}) < len(writes):
                raise InvalidError("two actions of a transaction are about one item")
        if not all(write.holds for write in writes):
            raise TransactionCanceledException(
                {
                    "Error": {"Code": "TransactionCanceledException", "Message": ""},
                    "CancellationReasons": [_reason(write) for write in writes],
                },
                operation,
            )
        for write in writes:
            write.do()
        return {}

    def _write_one(self, operation: str, request: Json, prepare: Any) -> None:
        with _validation(operation):
            write: Write = prepare(request)
        if not write.holds:
            code = "ConditionalCheckFailedException"
            error: Json = {"Error": {"Code": code, "Message": ""}}
            if write.shows_before and write.before:
                error["Item"] = write.before
            raise ConditionalCheckFailedException(error, operation)
        write.do()

    def _put(self, request: Json) -> Write:
        return self._write(request, "Item", lambda _, __: dict(request["Item"]))

    def _delete(self, request: Json) -> Write:
        return self._write(request, "Key", lambda _, __: None)

    def _check(self, request: Json) -> Write:
        return self._write(
            request, "Key", lambda scope, exists: dict(scope.item) if exists else None
        )

    def _update(self, request: Json) -> Write:
        update = expressions.update(request["UpdateExpression"])
        rest = {k: v for k, v in request.items() if k != "UpdateExpression"}
        return self._write(
            rest,
            "Key",
            # The key is there even where the item is new.
            lambda scope, _: request["Key"] | update.applied(scope),
            update.used,
        )

    def _write(
        self, request: Json, key: str, outcome: Any, used: frozenset[str] = frozenset()
    ) -> Write:
        unknown = request.keys() - {*PARAMETERS, key}
        shows = request.get("ReturnValuesOnConditionCheckFailure", "NONE")
        if unknown or shows not in {"NONE", "ALL_OLD"}:
            raise NotUnderstoodError(f"{', '.join(unknown)} {shows}")
        table = self._tables[request["TableName"]]
        names = request.get("ExpressionAttributeNames", {})
        values = request.get("ExpressionAttributeValues", {})
        text = request.get("ConditionExpression")
        condition = expressions.condition(text) if text else None
        _check_used(used | (condition.used if condition else set()), names, values)
        place = table.key(request[key])
        before = table.items.get(place)
        scope = Scope(before or {}, names, values)
        holds = condition is None or condition.holds(scope)
        after = outcome(scope, before is not None) if holds else None
        if after is not None and table.key(after) != place:
            raise InvalidError("a key is not changed")
        return Write(table, place, before, after, holds, shows == "ALL_OLD")


PARAMETERS = frozenset(
    [
        "TableName",
        "ConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnValuesOnConditionCheckFailure",
    ]
)


class _validation:  # noqa: N801 - used as a context, like contextlib's
    """Turns what DynamoDB refuses as such into its ValidationException."""

    def __init__(self, operation: str) -> None:
        self._operation = operation

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if isinstance(error, InvalidError):
            self._refuse(error)

    def _refuse(self, error: InvalidError) -> NoReturn:
        described = {"Code": "ValidationException", "Message": str(error)}
        raise ClientError({"Error": described}, self._operation) from error


def _check_used(
    used: frozenset[str] | set[str], names: Mapping[str, str], values: Item
) -> None:
    """Refuse a placeholder that is nowhere defined, and one that is nowhere used."""
    if used != names.keys() | values.keys():
        raise InvalidError(f"of {sorted(used)} some are undefined, or more are defined")


def _projected(item: Item, shown: frozenset[str] | None) -> Item:
    return {name: v for name, v in item.items() if shown is None or name in shown}


def _reason(write: Write) -> Json:
    if write.holds:
        return {"Code": "None"}
    reason: Json = {"Code": "ConditionalCheckFailed", "Message": ""}
    if write.shows_before and write.before:
        reason["Item"] = write.before
    return reason


@dataclass(frozen=True)
class Paginator:
    client: DynamoDB
    operation: str

    def paginate(self, **request: Any) -> Iterator[Json]:
        answer = getattr(self.client, self.operation)(**request)
        yield answer
        while start := answer.get("LastEvaluatedKey"):
            answer = getattr(self.client, self.operation)(
                **request, ExclusiveStartKey=start
            )
            yield answer
