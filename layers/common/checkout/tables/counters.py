"""Counters: numbers of one item that are added to, and never read to be written."""

from collections.abc import Mapping

from checkout.tables.item import to_item
from checkout.tables.transaction import Action


def add(table: str, item_id: str, changes: Mapping[str, int]) -> Action:
    """Make the write that adds each change to the number of its name, zero at first."""
    return {
        "Update": {
            "TableName": table,
            "Key": to_item({"id": item_id}),
            "UpdateExpression": "ADD "
            + ", ".join(f"#{name} :{name}" for name in changes),
            "ExpressionAttributeNames": {f"#{name}": name for name in changes},
            "ExpressionAttributeValues": to_item(
                {f":{name}": change for name, change in changes.items()}
            ),
        }
    }
