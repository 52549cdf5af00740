"""Items of DynamoDB: reading them by key, and their types."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import batched
from typing import TYPE_CHECKING, Any

from checkout.clients import aws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        KeysAndAttributesUnionTypeDef,
    )

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
LONGEST_KEY_BYTES = 2048
MOST_KEYS_AT_ONCE = 100

type Value = str | int | bool | list[Any] | dict[str, Any] | None


class UnreadableItemError(Exception):
    """A stored item is not of the expected form; the message names both."""


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


def readable[T](shape: Callable[[dict[str, Any]], T], item: dict[str, Any]) -> T:
    """Return *item* as a *shape*; raises UnreadableItemError."""
    try:
        return shape(item)
    except (KeyError, TypeError, ValueError) as error:
        fault = f"{type(error).__name__}: {error}"
        raise UnreadableItemError(f"{item['id']} cannot be read: {fault}") from error


def read(table: str, item_id: str) -> dict[str, Any] | None:
    """Return the item as it is now, None if there is no such id."""
    if not _can_be_key(item_id):
        return None
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
    """Yield the existing items; unless *consistent*, they may be a second old."""
    for batch in batched(item_ids, MOST_KEYS_AT_ONCE, strict=False):
        wanted: Mapping[str, KeysAndAttributesUnionTypeDef] = {
            table: {
                "Keys": [to_item({"id": item_id}) for item_id in batch],
                "ConsistentRead": consistent,
            }
        }
        while wanted:
            answer = aws.client("dynamodb").batch_get_item(RequestItems=wanted)
            yield from map(from_item, answer["Responses"].get(table, []))
            wanted = answer["UnprocessedKeys"]


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
    for page in pages:
        yield from map(from_item, page["Items"])
