"""Conditional writes as values, and the transaction that executes them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from checkout.clients import aws
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.tables.item import (
    Value,
    from_item,
    pause,
    throttling,
    to_item,
    try_again,
)
from checkout.tables.readable import report_unreadable

ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.02
# Two transactions met on one item, or there were too many requests. Nothing was
# written; the next attempt may succeed.
CONFLICT = "TransactionConflict"
TEMPORARY = frozenset([CONFLICT, "ProvisionedThroughputExceeded", "ThrottlingError"])
# The same of a whole request. One that is throttled botocore has repeated already.
CONFLICTS = frozenset(
    ["TransactionConflictException", "TransactionInProgressException"]
)


class Condition(NamedTuple):
    """
    What must hold for a write.

    *failure* says what it means if it does not hold: for a payment that is why it is
    quarantined. A write whose condition is not *required* may be left out of its
    transaction: see `execute_required`.
    """

    name: str
    expression: str
    failure: str | QuarantineReason
    required: bool = True
    values: Mapping[str, Value] = {}


class Write(NamedTuple):
    """
    One write of a transaction: a value that does nothing until it is executed.

    *request* is a Put, Update or Delete of TransactWriteItems:
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItem.html
    It *only_counts* if it does no more than add to the numbers of a counter.
    """

    request: dict[str, dict[str, Any]]
    condition: Condition | None
    only_counts: bool = False


type Failures = dict[str, dict[str, Any]]
"""The names of the writes whose condition failed, each with the item as it is."""


def insertion(
    table: str, item: Mapping[str, Value], condition: Condition | None = None
) -> Write:
    return _described("Put", {"TableName": table, "Item": to_item(item)}, condition)


def deletion(table: str, item_id: str, condition: Condition) -> Write:
    return _described("Delete", _key(table, item_id), condition)


def item_update(  # noqa: PLR0913 - DynamoDB's own clauses
    table: str,
    item_id: str,
    condition: Condition | None,
    *,
    set_: Mapping[str, Value] | None = None,
    append: Mapping[str, Value] | None = None,
    add: Mapping[str, int] | None = None,
    remove: tuple[str, ...] = (),
) -> Write:
    """
    Return the update of one item, created if it does not exist.

    It sets the attributes *set_*, appends to the lists *append*, adds to the numbers
    *add* (zero at first) and removes the attributes *remove*. Names may be reserved
    words of DynamoDB.
    """
    set_, append, add = set_ or {}, append or {}, add or {}
    assignments = [f"#{name} = :{name}" for name in set_]
    assignments += [
        f"#{name} = list_append(if_not_exists(#{name}, :empty), :{name})"
        for name in append
    ]
    clauses = (
        ("SET", assignments),
        ("ADD", [f"#{name} :{name}" for name in add]),
        ("REMOVE", [f"#{name}" for name in remove]),
    )
    values: dict[str, Value] = {**set_, **add}
    values |= {name: [value] for name, value in append.items()}
    if append:
        values["empty"] = []
    request = _key(table, item_id) | {
        "UpdateExpression": " ".join(
            f"{verb} {', '.join(parts)}" for verb, parts in clauses if parts
        )
    }
    write = _described("Update", request, condition, values)
    return write._replace(only_counts=not (set_ or append or remove or condition))


def _key(table: str, item_id: str) -> dict[str, Any]:
    return {"TableName": table, "Key": to_item({"id": item_id})}


def _described(
    verb: str,
    request: dict[str, Any],
    condition: Condition | None,
    values: Mapping[str, Value] | None = None,
) -> Write:
    expressions = request.get("UpdateExpression", "")
    values = {**(values or {})}
    if condition:
        request["ConditionExpression"] = condition.expression
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        expressions += f" {condition.expression}"
        if clash := values.keys() & condition.values.keys():
            raise ValueError(f"two values have the name {clash}")
        values |= condition.values
    if names := _placeholders(expressions):
        request["ExpressionAttributeNames"] = {name: name[1:] for name in names}
    if values:
        request["ExpressionAttributeValues"] = to_item(
            {f":{name}": value for name, value in values.items()}
        )
    return Write({verb: request}, condition)


def _placeholders(expressions: str) -> set[str]:
    """Return the names that begin with `#`; a regular expression costs a cold start."""
    spaced = (c if c.isalnum() or c in "_#" else " " for c in expressions)
    words = "".join(spaced).replace("#", " #").split()
    return {word for word in words if word.startswith("#")}


def execute(writes: Mapping[str, Write]) -> Failures:
    """
    Execute all *writes* or none; return those whose condition failed.

    An empty answer means that everything is written, but for a counter that DynamoDB
    cannot add to: it is reported, and stops no payment. Raises TryAgainError when other
    transactions on the same items were faster in each attempt, or there are too many
    requests.
    """
    client = aws.client("dynamodb")
    requests: list[Any] = [write.request for write in writes.values()]
    # All attempts carry one token: if an earlier one was executed and its answer lost,
    # DynamoDB says so, and does not find our own writes in our way.
    token = uuid4().hex
    codes: set[str] = set()
    for attempt in range(ATTEMPTS):
        try:
            with throttling():
                client.transact_write_items(
                    TransactItems=requests, ClientRequestToken=token
                )
        except client.exceptions.TransactionCanceledException as error:
            reasons = dict(
                zip(writes, error.response["CancellationReasons"], strict=True)
            )
        except aws.Refusal as error:
            if aws.code_of(error) not in CONFLICTS:
                raise
            reasons = {}
        else:
            return {}
        failures = {
            name: from_item(reason.get("Item", {}))
            for name, reason in reasons.items()
            if reason["Code"] == "ConditionalCheckFailed"
        }
        if failures:
            return failures
        broken = {
            name: writes[name]
            for name, reason in reasons.items()
            if reason["Code"] == "ValidationError" and writes[name].only_counts
        }
        if broken:
            for write in broken.values():
                item_id = write.request["Update"]["Key"]["id"]["S"]
                report_unreadable(item_id, TypeError("not a number"))
            return execute({n: w for n, w in writes.items() if n not in broken})
        codes = {reason["Code"] for reason in reasons.values()} - {"None"}
        if unexpected := codes - TEMPORARY:
            raise RuntimeError(f"transaction refused: {', '.join(sorted(unexpected))}")
        pause(attempt, FIRST_PAUSE_SECONDS)
    raise try_again(throttled=bool(codes - {CONFLICT}))


def execute_required(writes: Mapping[str, Write]) -> Failures:
    """
    Execute the required *writes*, and of the others each whose condition holds.

    Return the required writes whose condition failed: then nothing is written. Raises
    TryAgainError as `execute` does.
    """
    while failures := execute(writes):
        required = {
            name: item
            for name, item in failures.items()
            if (condition := writes[name].condition) and condition.required
        }
        if required:
            return required
        writes = {n: write for n, write in writes.items() if n not in failures}
    return {}


def execute_alone(write: Write) -> bool:
    """
    Execute one write outside a transaction; return whether its condition held.

    Raises TryAgainError as `execute` does.
    """
    client = aws.client("dynamodb")
    [(verb, request)] = write.request.items()
    calls: dict[str, Callable[..., object]] = {
        "Put": client.put_item,
        "Update": client.update_item,
        "Delete": client.delete_item,
    }
    for attempt in range(ATTEMPTS):
        try:
            with throttling():
                calls[verb](**request)
        except client.exceptions.ConditionalCheckFailedException:
            return False
        except aws.Refusal as error:
            if aws.code_of(error) not in CONFLICTS:
                raise
            pause(attempt, FIRST_PAUSE_SECONDS)
        else:
            return True
    raise try_again()
