"""The Purchases table: purchases, ownerships, and each buyer's counts."""

from dataclasses import dataclass
from typing import Any

from checkout import aws
from checkout.purchase import Purchase, PurchaseStatus
from checkout.tables.item import from_item, read, to_item
from checkout.tables.transaction import Action

NEVER_WRITTEN = "attribute_not_exists(id)"


@dataclass(frozen=True, slots=True)
class Ownership:
    """The fact that a buyer holds a claim, and by which purchase."""

    buyer_id: str | None
    kind: str
    offer_id: str
    purchase_id: str


class Purchases:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, purchase_id: str) -> Purchase | None:
        if not purchase_id.startswith("pur_"):
            return None
        item = read(self._table, purchase_id)
        return Purchase.from_dict(item) if item else None

    def ownership(self, claim: str) -> Ownership | None:
        """Return who holds *claim* now, if anybody."""
        item = read(self._table, f"owns#{claim}")
        if not item:
            return None
        names = ("owner_id", "kind", "offer_id", "purchase_id")
        return Ownership(*(item.get(name) for name in names))  # type: ignore[arg-type]

    def page(
        self, buyer_id: str, status: PurchaseStatus | None, page: int, size: int
    ) -> tuple[list[Purchase], int]:
        """
        Return one page of a buyer's purchases, newest first, and how many there are.

        Walks the keys of the pages before it, not their purchases: forty keys cost
        what one purchase costs (docs/adr/0006-page-numbers.md).
        """
        client = aws.client("dynamodb")
        values: dict[str, Any] = {":buyer": buyer_id}
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": "by-buyer",
            "KeyConditionExpression": "buyer_id = :buyer",
            "ScanIndexForward": False,
        }
        if status:
            values[":status"] = status
            query["FilterExpression"] = "#status = :status"
            query["ExpressionAttributeNames"] = {"#status": "status"}
        query["ExpressionAttributeValues"] = to_item(values)
        ids: list[str] = []
        for answer in client.get_paginator("query").paginate(**query):
            ids += [item["id"]["S"] for item in answer["Items"]]
            if len(ids) >= page * size:
                break
        counts = read(self._table, f"buyer#{buyer_id}") or {}
        return self._all(ids[(page - 1) * size : page * size]), counts.get(
            status or "total", 0
        )

    def _all(self, ids: list[str]) -> list[Purchase]:
        client = aws.client("dynamodb")
        found: dict[str, Purchase] = {}
        while missing := [{"id": {"S": i}} for i in ids if i not in found]:
            answer = client.batch_get_item(
                RequestItems={self._table: {"Keys": missing}}
            )
            for item in answer["Responses"][self._table]:
                purchase = Purchase.from_dict(from_item(item))
                found[purchase.id] = purchase
            if not answer["UnprocessedKeys"]:
                break
        return [found[i] for i in ids if i in found]

    def add(self, purchase: Purchase) -> Action:
        """Make the write of a purchase that must not exist yet."""
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(purchase.to_dict()),
                "ConditionExpression": NEVER_WRITTEN,
            }
        }

    def take_ownership(self, claim: str, purchase: Purchase) -> Action:
        """Make the write by which the buyer comes to hold a claim that nobody holds."""
        item = {
            "id": f"owns#{claim}",
            "kind": purchase.kind,
            "offer_id": purchase.offer_id,
            "purchase_id": purchase.id,
            # Not named buyer_id: that would put it into the index of purchases.
            "owner_id": purchase.buyer_id,
        }
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(item),
                "ConditionExpression": NEVER_WRITTEN,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def point_from(self, payment_intent_id: str, purchase: Purchase) -> Action:
        """Make the write that lets a refund or dispute find the purchase."""
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item({"id": payment_intent_id, "purchase_id": purchase.id}),
                "ConditionExpression": NEVER_WRITTEN,
            }
        }

    def count(self, purchase: Purchase) -> Action:
        """Make the write that keeps the buyer's totals, over all and by status."""
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item({"id": f"buyer#{purchase.buyer_id}"}),
                "UpdateExpression": "ADD #total :one, #status :one",
                "ExpressionAttributeNames": {
                    "#total": "total",
                    "#status": purchase.status,
                },
                "ExpressionAttributeValues": to_item({":one": 1}),
            }
        }
