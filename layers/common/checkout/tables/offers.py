"""The Offers table: what can be bought, as the host application wrote it."""

from collections.abc import Mapping
from typing import Any

from checkout.clients import aws
from checkout.domain.offer import Sale
from checkout.tables.item import from_item, read, to_item
from checkout.tables.transaction import Action


def key(item_type: str, item_id: str) -> str:
    return f"{item_type}#{item_id}"


class Offers:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, item_type: str, item_id: str) -> dict[str, Any] | None:
        """Return the item of a noun (order, row, bid ...) as it is now."""
        return read(self._table, key(item_type, item_id))

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

    def sell(self, sale: Sale) -> Action | None:
        """Make the write that marks an offer as sold, if that can be told of it."""
        if sale.sellable is None:
            return None
        return self._move(sale, (sale.sellable,), sale.sold, sale.facts)

    def sell_after_all(self, sale: Sale) -> Action | None:
        """Make the write that marks an offer as sold, from wherever it could be."""
        if sale.sellable is None:
            return None
        return self._move(sale, (sale.sellable, sale.returned), sale.sold, sale.facts)

    def take_back(self, sale: Sale) -> Action | None:
        """Make the write that marks a sold offer as returned, if it can be."""
        if sale.sellable is None:
            return None
        return self._move(sale, (sale.sold,), sale.returned, {})

    def _move(
        self,
        sale: Sale,
        was: tuple[str | None, ...],
        becomes: str | None,
        facts: Mapping[str, str],
    ) -> Action:
        before = {f":was{number}": status for number, status in enumerate(was)}
        still_so = f"#status IN ({', '.join(before)})"
        names = {"#status": "status"} | {f"#{name}": name for name in facts}
        values = {f":{name}": value for name, value in facts.items()}
        changes = ["#status = :becomes", *(f"#{name} = :{name}" for name in facts)]
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item({"id": key(sale.item_type, sale.id)}),
                "UpdateExpression": f"SET {', '.join(changes)}",
                "ConditionExpression": still_so,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": to_item(
                    {":becomes": becomes, **before, **values}
                ),
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }
