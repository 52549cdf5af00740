"""Items of DynamoDB: reading them by key, and their types."""

import random
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from itertools import batched
from typing import TYPE_CHECKING, Any

from checkout.clients import aws
from checkout.errors import TryAgainError
from checkout.metric import Metric
from checkout.telemetry import count

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        KeysAndAttributesUnionTypeDef,
    )

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
LONGEST_KEY_BYTES = 2048
MOST_KEYS_AT_ONCE = 100

ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.02
# DynamoDB has not executed the request, and botocore has repeated it already.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
THROTTLED = frozenset(
    [
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
    ]
)

type Value = str | int | bool | list[Any] | dict[str, Any] | None


@contextmanager
def throttling() -> Iterator[None]:
    """Raise TryAgainError if DynamoDB throttles the requests inside."""
    try:
        yield
    except aws.Refusal as error:
        if aws.code_of(error) not in THROTTLED:
            raise
        raise try_again(throttled=True) from error


def try_again(*, throttled: bool = False) -> TryAgainError:
    """Return the error; count it if DynamoDB has too many requests."""
    if throttled:
        count(Metric.DYNAMODB_THROTTLED)
    return TryAgainError("Please try again in a moment.")


def pause(attempt: int, first_seconds: float) -> None:
    """Wait before the next attempt, about twice as long each time."""
    # The pauses are random, so that the same requests do not meet again.
    time.sleep(random.uniform(0.5, 1.5) * first_seconds * 2**attempt)  # noqa: S311


def _typed(value: Value) -> "AttributeValueTypeDef":
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case list():
            return {"L": [_typed(member) for member in value]}
        case dict():
            return {"M": to_item(value)}
    # In particular no float: amounts are integers.
    raise TypeError(f"a {type(value).__name__} is not stored")


def _plain(typed: Mapping[str, Any]) -> Any:  # noqa: ANN401 - whatever was stored
    [(kind, value)] = typed.items()
    match kind:
        case "NULL":
            return None
        case "N":
            # Host data may contain decimals. Keep them as Decimal, since our amounts
            # are always integers.
            number = Decimal(value)
            return int(number) if number == number.to_integral_value() else number
        case "L":
            return [_plain(member) for member in value]
        case "M":
            return from_item(value)
    return value


def to_item(plain: Mapping[str, Value]) -> dict[str, "AttributeValueTypeDef"]:
    """Return *plain* in DynamoDB's types; None becomes an absent attribute."""
    return {name: _typed(value) for name, value in plain.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(typed) for name, typed in item.items()}


def read(table: str, item_id: str) -> dict[str, Any] | None:
    """Return the item as it is now, None if there is no such id."""
    if not _can_be_key(item_id):
        return None
    with throttling():
        answer = aws.client("dynamodb").get_item(
            TableName=table, Key=to_item({"id": item_id}), ConsistentRead=True
        )
    return from_item(answer["Item"]) if "Item" in answer else None


def _can_be_key(text: str) -> bool:
    """Return whether DynamoDB accepts *text* as a key; no other id can exist."""
    try:
        return 0 < len(text.encode()) <= LONGEST_KEY_BYTES
    except UnicodeEncodeError:
        return False  # half a surrogate pair is not UTF-8


def read_all(
    table: str, item_ids: Iterable[str], *, consistent: bool = False
) -> Iterator[dict[str, Any]]:
    """
    Yield the existing items of these ids; unless *consistent*, up to a second old.

    DynamoDB refuses a batch with an id twice, or with one that cannot be a key: such
    ids have no item. Raises TryAgainError if DynamoDB leaves the same ids for later
    each time.
    """
    possible = dict.fromkeys(filter(_can_be_key, item_ids))
    for batch in batched(possible, MOST_KEYS_AT_ONCE, strict=False):
        wanted: Mapping[str, KeysAndAttributesUnionTypeDef] = {
            table: {
                "Keys": [to_item({"id": item_id}) for item_id in batch],
                "ConsistentRead": consistent,
            }
        }
        attempt = 0
        while wanted:
            with throttling():
                answer = aws.client("dynamodb").batch_get_item(RequestItems=wanted)
            yield from map(from_item, answer["Responses"].get(table, []))
            before, wanted = wanted, answer["UnprocessedKeys"]
            if wanted:
                # Items that are large in sum leave a rest, too; that is progress.
                is_stuck = len(wanted[table]["Keys"]) == len(before[table]["Keys"])
                attempt = attempt + 1 if is_stuck else 0
                if attempt == ATTEMPTS:
                    raise try_again(throttled=True)
                pause(attempt, FIRST_PAUSE_SECONDS)


def query(
    table: str,
    condition: str,
    values: Mapping[str, Value],
    **options: Any,  # noqa: ANN401 - the client's own
) -> Iterator[dict[str, Any]]:
    """
    Yield the items of a partition, in the order of their sort key.

    *options* are further parameters of DynamoDB's Query, such as IndexName:
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
    """
    pages = (
        aws.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=to_item(values),
            **options,
        )
    )
    with throttling():
        for page in pages:
            yield from map(from_item, page["Items"])
