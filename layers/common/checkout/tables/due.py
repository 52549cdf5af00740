"""What is due for a look: the sparse index that two tables share."""

from contextlib import suppress
from datetime import datetime
from string import ascii_letters, digits
from zlib import crc32

from checkout.clients import aws
from checkout.clock import iso
from checkout.tables.item import Value, to_item

# None of them is hot, and reconcile reads each in turn.
PARTITIONS = "0123456789abcdef"
# Items were indexed by the last character of their id once, which may be any of these.
# Each moves to a partition above when it is next changed or postponed.
EARLIER_PARTITIONS = "".join(
    sorted({*ascii_letters, *digits, "-", "_"} - {*PARTITIONS})
)


def partition_of(item_id: str) -> str:
    """Return the partition of any id, by a hash: ids of Stripe end in any character."""
    return PARTITIONS[crc32(item_id.encode()) % len(PARTITIONS)]


def index(item_id: str, due_at: datetime) -> dict[str, Value]:
    """Return the attributes by which an item is found once it is due."""
    return {"unresolved": partition_of(item_id), "due_at": iso(due_at)}


def find(table: str, partition: str, at: datetime, limit: int) -> list[str]:
    """Return the ids of the items of *partition* due by then, the longest due first."""
    answer = aws.client("dynamodb").query(
        TableName=table,
        IndexName="unresolved",
        KeyConditionExpression="unresolved = :partition AND due_at <= :now",
        ExpressionAttributeValues=to_item({":partition": partition, ":now": iso(at)}),
        Limit=limit,
    )
    return [item["id"]["S"] for item in answer["Items"]]


def postpone(table: str, item_id: str, due_at: datetime) -> None:
    """Look at an item again at *due_at*, unless it has been resolved."""
    dynamodb = aws.client("dynamodb")
    still_unresolved = "attribute_exists(unresolved)"
    with suppress(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.update_item(
            TableName=table,
            Key=to_item({"id": item_id}),
            UpdateExpression="SET unresolved = :unresolved, due_at = :due_at",
            ConditionExpression=still_unresolved,
            ExpressionAttributeValues=to_item(
                {f":{name}": value for name, value in index(item_id, due_at).items()}
            ),
        )
