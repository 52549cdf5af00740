"""The sparse index `unresolved` of two tables: what reconcile must check, and when."""

from datetime import datetime
from string import ascii_letters, digits
from zlib import crc32

from checkout.clients import aws
from checkout.clock import iso
from checkout.tables.item import to_item
from checkout.tables.transaction import Condition, execute_alone, item_update

# Sixteen partitions: none is hot, and reconcile reads each of them.
PARTITIONS = "0123456789abcdef"
# Items were once indexed by the last character of their id, which may be any of these.
# Each such item moves to a partition above when it is next changed or postponed.
EARLIER_PARTITIONS = "".join(
    sorted({*ascii_letters, *digits, "-", "_"} - {*PARTITIONS})
)

STILL_UNRESOLVED = Condition(
    "still_unresolved", "attribute_exists(#unresolved)", "it has been resolved"
)


def partition_of(item_id: str) -> str:
    """Return the partition of an id, by its hash: Stripe's ids end in any character."""
    return PARTITIONS[crc32(item_id.encode()) % len(PARTITIONS)]


def index(item_id: str, due_at: datetime) -> dict[str, str]:
    """Return the attributes that put an item into the index."""
    return {"unresolved": partition_of(item_id), "due_at": iso(due_at)}


def find(table: str, partition: str, at: datetime, limit: int) -> list[str]:
    """Return the ids of the partition's items that are due at *at*, oldest first."""
    answer = aws.client("dynamodb").query(
        TableName=table,
        IndexName="unresolved",
        KeyConditionExpression="unresolved = :partition AND due_at <= :now",
        ExpressionAttributeValues=to_item({":partition": partition, ":now": iso(at)}),
        Limit=limit,
    )
    return [item["id"]["S"] for item in answer["Items"]]


def postpone(table: str, item_id: str, due_at: datetime) -> None:
    """Make the item due at *due_at*, unless it has been resolved meanwhile."""
    due = index(item_id, due_at)
    # Its failure needs no answer: what is resolved is not due any more.
    execute_alone(item_update(table, item_id, STILL_UNRESOLVED, set_={**due}))
