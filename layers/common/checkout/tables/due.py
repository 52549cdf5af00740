"""What is due for a look: the sparse index that two tables share."""

from contextlib import suppress
from datetime import datetime

from checkout import aws
from checkout.clock import iso
from checkout.tables.item import to_item

# Items are indexed by the last digit of their id: none of the partitions is hot, and
# the sweep reads each in turn.
PARTITIONS = "0123456789abcdef"


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
            UpdateExpression="SET due_at = :due_at",
            ConditionExpression=still_unresolved,
            ExpressionAttributeValues=to_item({":due_at": iso(due_at)}),
        )
