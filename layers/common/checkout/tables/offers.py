"""The Offers table: what can be bought, as the host application wrote it."""

from typing import Any

from checkout import aws
from checkout.tables.item import Value, from_item, read, to_item
from checkout.tables.transaction import Action


def key(noun: str, item_id: str) -> str:
    return f"{noun}#{item_id}"


class Offers:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, noun: str, item_id: str) -> dict[str, Any] | None:
        """Return the item of a noun (order, row, bid ...) as it is now."""
        return read(self._table, key(noun, item_id))

    def bids_of(self, row_id: str) -> list[dict[str, Any]]:
        """Return the row's bids, read for display: a second old at times."""
        pages = (
            aws.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                IndexName="by-row",
                KeyConditionExpression="row_id = :row",
                ExpressionAttributeValues=to_item({":row": row_id}),
            )
        )
        return [from_item(item) for page in pages for item in page["Items"]]

    def move(
        self, noun: str, item_id: str, *, was: str, becomes: str, **facts: Value
    ) -> Action:
        """Make the write that takes an offer from one status to the next."""
        still_so = "#status = :was"
        names = {"#status": "status"} | {f"#{name}": name for name in facts}
        values = {f":{name}": value for name, value in facts.items()}
        changes = ["#status = :becomes", *(f"#{name} = :{name}" for name in facts)]
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item({"id": key(noun, item_id)}),
                "UpdateExpression": f"SET {', '.join(changes)}",
                "ConditionExpression": still_so,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": to_item(
                    {":was": was, ":becomes": becomes, **values}
                ),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def exists(self, noun: str, item_id: str) -> Action:
        """Make the check that an offer without a sold state is still there."""
        still_there = "attribute_exists(id)"
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": to_item({"id": key(noun, item_id)}),
                "ConditionExpression": still_there,
            }
        }
