"""
DynamoDB in memory: what the layer asks of it, in microseconds.

Moto takes milliseconds for a call, which is too long for the thousands of calls of the
functional tests and for the million of ten thousand histories. `test_as_moto.py` shows
with generated requests that this answers as moto does, and `test_refusals.py` that it
refuses what AWS refuses, also where moto is kinder. An operation, a parameter or an
expression that it does not know is an error, never a guess.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from botocore.exceptions import ClientError

from tests.in_memory_dynamodb import expressions
from tests.in_memory_dynamodb.expressions import (
    Condition,
    Expression,
    KeyCondition,
    NotUnderstoodError,
    Scope,
    UnfitError,
)
from tests.in_memory_dynamodb.values import (
    LONGEST_HASH_KEY_BYTES,
    LONGEST_RANGE_KEY_BYTES,
    InvalidError,
    Item,
    Typed,
    check_size,
    comparable,
    copied_item,
    key_part,
    size,
    stored_item,
)

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MOST_ACTIONS = 100
LARGEST_TRANSACTION_BYTES = 4 * 1024 * 1024
MOST_WRITES_AT_ONCE = 25
MOST_KEYS_AT_ONCE = 100
LARGEST_BATCH_BYTES = 16 * 1024 * 1024
LARGEST_PAGE_BYTES = 1024 * 1024
TOKEN_SECONDS = 10 * 60
LONGEST_TOKEN = 36
MOST_TOKENS = 1000

type Json = dict[str, Any]
type Key = tuple[Any, ...]


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


@dataclass(frozen=True)
class KeySchema:
    """The attributes of a key, of a table or of an index, and their types."""

    where: str
    types: Mapping[str, str]

    @classmethod
    def described_by(
        cls, where: str, key_schema: list[Json], types: Mapping[str, str]
    ) -> "KeySchema":
        ordered = sorted(key_schema, key=lambda part: part["KeyType"] != "HASH")
        kinds = [part["KeyType"] for part in ordered]
        if kinds not in (["HASH"], ["HASH", "RANGE"]):
            raise NotUnderstoodError(str(key_schema))
        names = [part["AttributeName"] for part in ordered]
        if not types.keys() >= {*names}:
            raise InvalidError("an attribute of a key is not defined")
        return cls(where, {name: types[name] for name in names})

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.types)

    @property
    def hash_name(self) -> str:
        return self.names[0]

    @property
    def range_name(self) -> str | None:
        return self.names[1] if len(self.types) > 1 else None

    def part(self, attributes: Mapping[str, Typed], name: str) -> Any:
        longest = (
            LONGEST_HASH_KEY_BYTES
            if name == self.hash_name
            else LONGEST_RANGE_KEY_BYTES
        )
        return key_part(
            attributes.get(name), name, self.types[name], longest, self.where
        )

    def of_item(self, item: Mapping[str, Typed]) -> Key:
        return tuple(self.part(item, name) for name in self.types)

    def exactly(self, key: Mapping[str, Typed]) -> Key:
        if key.keys() != self.types.keys():
            raise InvalidError(f"the key of {self.where} has other attributes")
        return self.of_item(key)

    def check_copy(self, item: Item) -> None:
        """Refuse an item that gives an index's attribute what cannot be a key."""
        for name in self.types.keys() & item.keys():
            self.part(item, name)


@dataclass(frozen=True)
class Index:
    key: KeySchema
    # None: every attribute.
    shows: frozenset[str] | None

    def has(self, item: Item) -> bool:
        return self.key.types.keys() <= item.keys()


@dataclass
class Table:
    key: KeySchema
    indexes: dict[str, Index]
    items: dict[Key, Item] = field(default_factory=dict)

    @classmethod
    def described_by(
        cls,
        key_schema: list[Json],
        attributes: list[Json],
        indexes: list[Json],
        wanted: Mapping[str, Any],
    ) -> "Table":
        if wanted.keys() - {"TableName"} != {"BillingMode"}:
            raise NotUnderstoodError(str(wanted))
        types = {part["AttributeName"]: part["AttributeType"] for part in attributes}
        key = KeySchema.described_by(wanted["TableName"], key_schema, types)
        found = {}
        for described in indexes:
            name = described["IndexName"]
            own = KeySchema.described_by(name, described["KeySchema"], types)
            projection = described["Projection"]
            shown = {*key.names, *own.names, *projection.get("NonKeyAttributes", ())}
            everything = projection["ProjectionType"] == "ALL"
            found[name] = Index(own, None if everything else frozenset(shown))
        used = {*key.names}.union(*(index.key.names for index in found.values()))
        if used != types.keys():
            raise InvalidError("an attribute is defined that no key has")
        return cls(key, found)

    def index(self, name: str | None) -> Index:
        """Return the index of that name, or the table as if it were one."""
        if name is None:
            return Index(self.key, None)
        if name not in self.indexes:
            raise InvalidError(f"there is no index {name}")
        return self.indexes[name]


@dataclass
class Write:
    """One write, checked but not done: what was there, and what will be."""

    table: Table
    key: Key
    before: Item | None
    after: Item | None
    holds: bool
    shows_before: bool
    # Why it cannot be done to the item as it is.
    unfit: UnfitError | None = None

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
        # What was executed under a token, and when; the oldest first.
        self._executed: dict[str, tuple[int, float]] = {}

    def create_table(
        self,
        *,
        KeySchema: list[Json],  # noqa: N803 - AWS's names, here and below
        AttributeDefinitions: list[Json],  # noqa: N803
        GlobalSecondaryIndexes: list[Json] | None = None,  # noqa: N803
        **wanted: Any,
    ) -> Json:
        name = wanted["TableName"]
        if name in self._tables:
            raise _refusal("CreateTable", "ResourceInUseException", name)
        with _validation("CreateTable"):
            self._tables[name] = Table.described_by(
                KeySchema, AttributeDefinitions, GlobalSecondaryIndexes or [], wanted
            )
        return {"TableDescription": {"TableName": name, "TableStatus": "ACTIVE"}}

    def describe_table(self, *, TableName: str) -> Json:  # noqa: N803
        """Say of a table what a test has asked for; there is more to say."""
        hash_name, *range_names = self._table(TableName, "DescribeTable").key.names
        schema = [{"AttributeName": hash_name, "KeyType": "HASH"}] + [
            {"AttributeName": name, "KeyType": "RANGE"} for name in range_names
        ]
        described = {"TableName": TableName, "TableStatus": "ACTIVE"}
        return {"Table": described | {"KeySchema": schema}}

    def _table(self, name: str, operation: str) -> Table:
        if name not in self._tables:
            raise _refusal(operation, "ResourceNotFoundException", name)
        return self._tables[name]

    # ------------------------------------------------------------------- reads

    def get_item(
        self,
        *,
        TableName: str,  # noqa: N803
        Key: Item,  # noqa: N803
        ConsistentRead: bool = False,  # noqa: ARG002, N803 - here every read is
    ) -> Json:
        table = self._table(TableName, "GetItem")
        with _validation("GetItem"):
            found = table.items.get(table.key.exactly(Key))
        return {"Item": copied_item(found)} if found else {}

    def batch_get_item(self, *, RequestItems: Json) -> Json:  # noqa: N803
        operation = "BatchGetItem"
        responses: dict[str, list[Item]] = {}
        unprocessed: Json = {}
        total = 0
        with _validation(operation):
            wanted_keys = [key for w in RequestItems.values() for key in w["Keys"]]
            if not 0 < len(wanted_keys) <= MOST_KEYS_AT_ONCE:
                raise InvalidError("a batch has one to a hundred keys")
            for name, wanted in RequestItems.items():
                if wanted.keys() - {"Keys", "ConsistentRead"}:
                    raise NotUnderstoodError(str(wanted))
                table = self._table(name, operation)
                keys = [table.key.exactly(key) for key in wanted["Keys"]]
                if len({*keys}) < len(keys):
                    raise InvalidError("a batch asks for a key once")
                found = [table.items.get(key) for key in keys]
                answered = _answered(found, total)
                total += sum(size(item) for item in found[:answered] if item)
                responses[name] = [copied_item(i) for i in found[:answered] if i]
                if wanted["Keys"][answered:]:
                    rest = {"Keys": wanted["Keys"][answered:]}
                    unprocessed[name] = wanted | rest
        return {"Responses": responses, "UnprocessedKeys": unprocessed}

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
        ConsistentRead: bool = False,  # noqa: N803 - here every read is
        ExpressionAttributeNames: Mapping[str, str] | None = None,  # noqa: N803
        ExpressionAttributeValues: Item | None = None,  # noqa: N803
    ) -> Json:
        table = self._table(TableName, "Query")
        with _validation("Query"):
            index = table.index(IndexName)
            if ConsistentRead and IndexName:
                raise InvalidError("an index is never read consistently")
            expected = expressions.key_condition(KeyConditionExpression)
            shown = _condition(FilterExpression)
            names, values = _placeholders(
                [expected, shown], ExpressionAttributeNames, ExpressionAttributeValues
            )
            _check_key_condition(expected, index.key, names, values)
            if shown:
                _check_filter(shown, index.key, names)

            def order(item: Item) -> Any:
                ranged = index.key.range_name
                first = [comparable(item[ranged])] if ranged else []
                return *first, *table.key.of_item(item)

            found = sorted(
                (
                    item
                    for item in table.items.values()
                    if index.has(item) and expected.holds(Scope(item, names, values))
                ),
                key=order,
                reverse=not ScanIndexForward,
            )
            if ExclusiveStartKey:
                _check_start(ExclusiveStartKey, table, index)
                start = order(ExclusiveStartKey)
                found = [
                    item
                    for item in found
                    if (order(item) > start) == ScanIndexForward
                    and order(item) != start
                ]
        # Of the items that a filter leaves out, the page is full all the same.
        page, more = _page(found, Limit, index)
        answer: Json = {
            "Items": [
                _projected(item, index.shows)
                for item in page
                if shown is None or shown.holds(Scope(item, names, values))
            ]
        }
        return _paged(answer, page, table, index, more=more)

    def scan(
        self,
        *,
        TableName: str,  # noqa: N803
        IndexName: str | None = None,  # noqa: N803
        FilterExpression: str | None = None,  # noqa: N803
        ExclusiveStartKey: Item | None = None,  # noqa: N803
        ConsistentRead: bool = False,  # noqa: N803
        ExpressionAttributeNames: Mapping[str, str] | None = None,  # noqa: N803
        ExpressionAttributeValues: Item | None = None,  # noqa: N803
    ) -> Json:
        """
        For tests and operators: no function may.

        The order is AWS's secret; here, of insertion.
        """
        table = self._table(TableName, "Scan")
        with _validation("Scan"):
            index = table.index(IndexName)
            if IndexName and ConsistentRead:
                raise InvalidError("an index cannot be read consistently")
            shown = _condition(FilterExpression)
            names, values = _placeholders(
                [shown], ExpressionAttributeNames, ExpressionAttributeValues
            )
            keys = [key for key, item in table.items.items() if index.has(item)]
            if ExclusiveStartKey:
                _check_start(ExclusiveStartKey, table, index)
                start = table.key.of_item(ExclusiveStartKey)
                if start not in keys:
                    raise NotUnderstoodError("a scan goes on after what has gone")
                keys = keys[keys.index(start) + 1 :]
        page, more = _page([table.items[key] for key in keys], None, index)
        answer: Json = {
            "Items": [
                _projected(item, index.shows)
                for item in page
                if shown is None or shown.holds(Scope(item, names, values))
            ]
        }
        return _paged(answer, page, table, index, more=more)

    def get_paginator(self, operation: str) -> "Paginator":
        return Paginator(self, operation)

    # ------------------------------------------------------------------ writes

    def put_item(self, **put: Any) -> Json:
        return self._write_one("PutItem", put, self._put)

    def update_item(self, **update: Any) -> Json:
        return self._write_one("UpdateItem", update, self._update)

    def delete_item(self, **delete: Any) -> Json:
        return self._write_one("DeleteItem", delete, self._delete)

    def batch_write_item(self, *, RequestItems: Json) -> Json:  # noqa: N803
        operation = "BatchWriteItem"
        prepare = {"PutRequest": self._put, "DeleteRequest": self._delete}
        with _validation(operation):
            writes = []
            for name, requests in RequestItems.items():
                for request in requests:
                    [(verb, what)] = request.items()
                    writes.append(prepare[verb](operation, {"TableName": name} | what))
            if not 0 < len(writes) <= MOST_WRITES_AT_ONCE:
                raise InvalidError("a batch has one to twenty-five writes")
            if len({(id(write.table), write.key) for write in writes}) < len(writes):
                raise InvalidError("two writes of a batch are about one item")
        for write in writes:
            write.do()
        return {"UnprocessedItems": {}}

    def transact_write_items(
        self,
        *,
        TransactItems: list[Json],  # noqa: N803
        ClientRequestToken: str | None = None,  # noqa: N803
    ) -> Json:
        """
        Write all or nothing; the reasons stand in the order of the actions.

        What was executed under a token is not executed again for ten minutes.
        """
        prepare = {
            "Put": self._put,
            "Update": self._update,
            "Delete": self._delete,
            "ConditionCheck": self._check,
        }
        operation = "TransactWriteItems"
        if self._was_executed(ClientRequestToken, TransactItems):
            return {}
        with _validation(operation):
            if not 0 < len(TransactItems) <= MOST_ACTIONS:
                raise InvalidError("a transaction has one to a hundred actions")
            writes = []
            for action in TransactItems:
                if len(action) != 1:
                    raise InvalidError("an action of a transaction is one action")
                [(verb, what)] = action.items()
                writes.append(prepare[verb](operation, what))
            if len({(id(write.table), write.key) for write in writes}) < len(writes):
                raise InvalidError("two actions of a transaction are about one item")
            # AWS says "the aggregate size of the items"; that it is of the items as
            # they will be, is a guess.
            if sum(size(w.after or {}) for w in writes) > LARGEST_TRANSACTION_BYTES:
                raise InvalidError("a transaction is too large")
        if not all(write.holds and not write.unfit for write in writes):
            raise TransactionCanceledException(
                {
                    "Error": {
                        "Code": "TransactionCanceledException",
                        "Message": "Transaction cancelled, please refer cancellation "
                        "reasons for specific reasons",
                    },
                    "CancellationReasons": [_reason(write) for write in writes],
                },
                operation,
            )
        for write in writes:
            write.do()
        self._remember(ClientRequestToken, TransactItems)
        return {}

    def _remember(self, token: str | None, actions: list[Json]) -> None:
        if token:
            self._executed[token] = _digest(actions), time.time()
        # Forgetting is never kinder: the transaction is executed again.
        if len(self._executed) > MOST_TOKENS:
            del self._executed[next(iter(self._executed))]

    def _was_executed(self, token: str | None, actions: list[Json]) -> bool:
        """Return whether the transaction was executed under *token* just now."""
        if token is None:
            return False
        with _validation("TransactWriteItems"):
            if not 0 < len(token) <= LONGEST_TOKEN:
                raise InvalidError("a token has one to 36 characters")
        executed, at = self._executed.get(token, (0, -TOKEN_SECONDS))
        if time.time() - at >= TOKEN_SECONDS:
            return False
        if executed != _digest(actions):
            code = "IdempotentParameterMismatchException"
            raise _refusal("TransactWriteItems", code, "the token is another's")
        return True

    def _write_one(self, operation: str, request: Json, prepare: Any) -> Json:
        with _validation(operation):
            write: Write = prepare(operation, request)
            if write.unfit:
                raise write.unfit
        if not write.holds:
            error = _failed_check()
            if write.shows_before and write.before:
                error["Item"] = copied_item(write.before)
            raise ConditionalCheckFailedException(error, operation)
        write.do()
        return {}

    def _put(self, operation: str, request: Json) -> Write:
        item = stored_item(request["Item"])
        return self._write(operation, request, "Item", lambda _: item)

    def _delete(self, operation: str, request: Json) -> Write:
        return self._write(operation, request, "Key", lambda _: None)

    def _check(self, operation: str, request: Json) -> Write:
        return self._write(
            operation,
            request,
            "Key",
            # What is not there stays so.
            lambda scope: dict(scope.item) or None,
        )

    def _update(self, operation: str, request: Json) -> Write:
        # Without an expression only the key would be written: nobody wants that.
        if "UpdateExpression" not in request:
            raise NotUnderstoodError("an update of nothing")
        update = expressions.update(request["UpdateExpression"])
        rest = {k: v for k, v in request.items() if k != "UpdateExpression"}
        table = self._table(request["TableName"], operation)
        changed = update.changed_names(request.get("ExpressionAttributeNames", {}))
        if changed & {*table.key.names}:
            raise InvalidError("a key is not changed")
        key = stored_item(request["Key"])
        return self._write(
            operation,
            rest,
            "Key",
            # The key is there even where the item is new.
            lambda scope: key | stored_item(update.applied(scope)),
            update,
        )

    def _write(
        self,
        operation: str,
        request: Json,
        key: str,
        outcome: Callable[[Scope], Item | None],
        update: Expression | None = None,
    ) -> Write:
        unknown = request.keys() - {*PARAMETERS, key}
        shows = request.get("ReturnValuesOnConditionCheckFailure", "NONE")
        if unknown or shows not in {"NONE", "ALL_OLD"}:
            raise NotUnderstoodError(f"{', '.join(unknown)} {shows}")
        table = self._table(request["TableName"], operation)
        condition = _condition(request.get("ConditionExpression"))
        names, values = _placeholders(
            [update, condition],
            request.get("ExpressionAttributeNames"),
            request.get("ExpressionAttributeValues"),
        )
        identify = table.key.of_item if key == "Item" else table.key.exactly
        place = identify(request[key])
        before = table.items.get(place)
        scope = Scope(before or {}, names, values)
        holds = condition is None or condition.holds(scope)
        write = Write(table, place, before, None, holds, shows == "ALL_OLD")
        try:
            write.after = outcome(scope) if holds or key == "Item" else None
            if write.after is not None:
                _check_item(write.after, table)
        except InvalidError as error:
            # A Put is refused as such; what an update comes to, depends on the item.
            # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
            if key == "Item":
                raise
            write.unfit = UnfitError(str(error))
        return write


PARAMETERS = frozenset(
    [
        "TableName",
        "ConditionExpression",
        "ExpressionAttributeNames",
        "ExpressionAttributeValues",
        "ReturnValuesOnConditionCheckFailure",
    ]
)


def _refusal(operation: str, code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


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
        raise _refusal(self._operation, "ValidationException", str(error)) from error


def _digest(actions: list[Json]) -> int:
    return hash(json.dumps(actions, sort_keys=True))


def _condition(text: str | None) -> Condition | None:
    return None if text is None else expressions.condition(text)


def _placeholders(
    used_in: list[Expression | None],
    names: Mapping[str, str] | None,
    values: Item | None,
) -> tuple[Mapping[str, str], Item]:
    """Refuse a placeholder that is nowhere defined, and one that is nowhere used."""
    if names == {} or values == {}:
        raise InvalidError("names and values are left out, or not empty")
    present = [expression for expression in used_in if expression]
    used = frozenset[str]().union(*(expression.used for expression in present))
    names, values = names or {}, stored_item(values or {})
    if used != names.keys() | values.keys():
        raise InvalidError(f"of {sorted(used)} some are undefined, or more are defined")
    for expression in present:
        for check in expression.checks:
            check(values)
    return names, values


def _check_key_condition(
    condition: KeyCondition, key: KeySchema, names: Mapping[str, str], values: Item
) -> None:
    """Refuse all but an equality of the hash, and one test of the range."""
    tests = {expressions.named(test.path, names): test for test in condition.tests}
    if len(tests) < len(condition.tests) or tests.keys() - key.types.keys():
        raise InvalidError(f"a query of {key.where} is about its key")
    if key.hash_name not in tests or tests[key.hash_name].sign != "=":
        raise InvalidError(f"a query of {key.where} needs {key.hash_name}")
    for name, test in tests.items():
        for value in test.values:
            # That AWS refuses an empty string in each of these places, is a guess.
            key.part({name: values[value]}, name)


def _check_filter(shown: Condition, key: KeySchema, names: Mapping[str, str]) -> None:
    paths = {expressions.named(path, names) for path in shown.paths}
    if paths & key.types.keys():
        raise InvalidError("a filter is about what the key is not")


def _check_start(start: Item, table: Table, index: Index) -> None:
    if start.keys() != {*table.key.names, *index.key.names}:
        raise InvalidError("the starting key is not one")
    table.key.of_item(start)
    index.key.of_item(start)


def _check_item(item: Item, table: Table) -> None:
    check_size(item)
    for index in table.indexes.values():
        index.key.check_copy(item)


def _answered(found: list[Item | None], total: int) -> int:
    """Return how many of a batch's keys one answer has room for; at least one."""
    for number, item in enumerate(found):
        total += size(item or {})
        if total > LARGEST_BATCH_BYTES and number:
            return number
    return len(found)


def _page(
    found: list[Item], limit: int | None, index: Index
) -> tuple[list[Item], bool]:
    """
    Return what one answer has room for, and whether it stopped there.

    What counts is the size of what the index shows of an item. DynamoDB stops at the
    limit without looking whether it was at the end. Whether the item that fills the
    megabyte is still in the page, is a guess.
    """
    page: list[Item] = []
    total = 0
    for item in found:
        total += size(_shown(item, index.shows))
        if page and total > LARGEST_PAGE_BYTES:
            return page, True
        page.append(item)
        if len(page) == limit:
            return page, True
    return page, False


def _paged(
    answer: Json, page: list[Item], table: Table, index: Index, *, more: bool
) -> Json:
    if more:
        key_names = frozenset([*table.key.names, *index.key.names])
        answer["LastEvaluatedKey"] = _projected(page[-1], key_names)
    return answer | {"Count": len(answer["Items"]), "ScannedCount": len(page)}


def _projected(item: Item, shown: frozenset[str] | None) -> Item:
    return copied_item(_shown(item, shown))


def _shown(item: Item, shown: frozenset[str] | None) -> Item:
    return item if shown is None else {n: v for n, v in item.items() if n in shown}


def _failed_check() -> Json:
    message = "The conditional request failed"
    code = "ConditionalCheckFailedException"
    return {"Error": {"Code": code, "Message": message}, "message": message}


def _reason(write: Write) -> Json:
    if write.unfit:
        return {"Code": "ValidationError", "Message": str(write.unfit)}
    if write.holds:
        return {"Code": "None"}
    reason: Json = {
        "Code": "ConditionalCheckFailed",
        "Message": "The conditional request failed",
    }
    if write.shows_before and write.before:
        reason["Item"] = copied_item(write.before)
    return reason


@dataclass(frozen=True)
class Paginator:
    client: DynamoDB
    operation: str

    def paginate(self, **request: Any) -> Iterator[Json]:
        answer = getattr(self.client, self.operation)(**request)
        yield answer
        while start := answer.get("LastEvaluatedKey"):
            request |= {"ExclusiveStartKey": start}
            answer = getattr(self.client, self.operation)(**request)
            yield answer
