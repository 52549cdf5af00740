"""The Purchases table: purchases, ownerships, and each buyer's counts."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from checkout import aws, clock
from checkout.purchase import Purchase, PurchaseStatus
from checkout.tables import due
from checkout.tables.item import from_item, read, to_item
from checkout.tables.transaction import Action

# Not named quarantined: a buyer's counts have a number of that name, and an attribute
# that an index goes by has the same type in every item.
OPEN = "open"
NEVER_WRITTEN = "attribute_not_exists(id)"


@dataclass(frozen=True, slots=True)
class Ownership:
    """
    The fact that a buyer holds a claim, and by which purchase.

    *suspended* while a bank decides whether the buyer gets the money back.
    """

    buyer_id: str | None
    kind: str
    offer_id: str
    purchase_id: str
    suspended: bool


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
        return Ownership(
            buyer_id=item.get("owner_id"),
            kind=item["kind"],
            offer_id=item["offer_id"],
            purchase_id=item["purchase_id"],
            suspended=item.get("suspended", False),
        )

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

    def by_payment_intent(self, payment_intent_id: str) -> Purchase | None:
        pointer = read(self._table, payment_intent_id)
        return self.get(pointer["purchase_id"]) if pointer else None

    def due(self, partition: str, at: datetime, limit: int) -> list[str]:
        """Return the ids of purchases that Stripe should be asked about by now."""
        return due.find(self._table, partition, at, limit)

    def postpone(self, purchase_id: str, due_at: datetime) -> None:
        due.postpone(self._table, purchase_id, due_at)

    def quarantined(self) -> list[Purchase]:
        """Return the purchases that wait for a person, the oldest first."""
        pages = (
            aws.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                IndexName="quarantined",
                KeyConditionExpression="quarantine = :open",
                ExpressionAttributeValues=to_item({":open": OPEN}),
            )
        )
        return self._all([i["id"]["S"] for page in pages for i in page["Items"]])

    def add(self, purchase: Purchase) -> Action:
        """Make the write of a purchase that must not exist yet."""
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(_stored(purchase)),
                "ConditionExpression": NEVER_WRITTEN,
            }
        }

    def change(self, before: Purchase, after: Purchase) -> Action:
        """Make the write that turns *before* into *after*, if nobody was faster."""
        unchanged = "#version = :before"
        old = _stored(before)
        new = _stored(replace(after, version=before.version + 1))
        # Whatever has changed is worth a look soon, so due_at is written every time.
        changed = {
            name: value
            for name, value in new.items()
            if value is not None and (value != old.get(name) or name == "due_at")
        }
        gone = [n for n, v in old.items() if v is not None and new.get(n) is None]
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in changed)
        if gone:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in gone)
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item({"id": before.id}),
                "UpdateExpression": expression,
                "ConditionExpression": unchanged,
                "ExpressionAttributeNames": {f"#{n}": n for n in (*changed, *gone)},
                "ExpressionAttributeValues": to_item(
                    {":before": before.version}
                    | {f":{name}": value for name, value in changed.items()}
                ),
            }
        }

    def take_ownership(self, purchase: Purchase, *, suspended: bool) -> Action:
        """Make the write by which the buyer comes to hold a claim that nobody holds."""
        item = {
            "id": f"owns#{purchase.claim}",
            "kind": purchase.kind,
            "offer_id": purchase.offer_id,
            "purchase_id": purchase.id,
            # Not named buyer_id: that would put it into the index of purchases.
            "owner_id": purchase.buyer_id,
            "suspended": suspended or None,
        }
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(item),
                "ConditionExpression": NEVER_WRITTEN,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def end_ownership(self, purchase: Purchase) -> Action:
        """Make the write that lets the claim be sold again."""
        return {
            "Delete": {
                "TableName": self._table,
                "Key": to_item({"id": f"owns#{purchase.claim}"}),
                **_held_by(purchase),
            }
        }

    def suspend(self, purchase: Purchase, *, suspended: bool) -> Action:
        """Make the write that takes the access away, or gives it back."""
        held = _held_by(purchase)
        expression = "REMOVE suspended"
        if suspended:
            expression = "SET suspended = :yes"
            held["ExpressionAttributeValues"] |= to_item({":yes": True})
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item({"id": f"owns#{purchase.claim}"}),
                "UpdateExpression": expression,
                **held,
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

    def count(
        self, buyer_id: str, was: PurchaseStatus | None, status: PurchaseStatus
    ) -> Action:
        """Make the write that keeps the buyer's totals, over all and by status."""
        changes = {"total": 1, status: 1} if was is None else {was: -1, status: 1}
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item({"id": f"buyer#{buyer_id}"}),
                "UpdateExpression": "ADD "
                + ", ".join(f"#{name} :{name}" for name in changes),
                "ExpressionAttributeNames": {f"#{name}": name for name in changes},
                "ExpressionAttributeValues": to_item(
                    {f":{name}": change for name, change in changes.items()}
                ),
            }
        }


def _stored(purchase: Purchase) -> dict[str, Any]:
    """Add what the sparse indexes go by: there while it is so, absent otherwise."""
    unresolved = purchase.is_unresolved
    quarantined = purchase.status is PurchaseStatus.QUARANTINED
    return purchase.to_dict() | {
        "unresolved": purchase.id[-1] if unresolved else None,
        "due_at": clock.iso(clock.now()) if unresolved else None,
        "quarantine": OPEN if quarantined else None,
    }


def _held_by(purchase: Purchase) -> dict[str, Any]:
    held_by_this = "purchase_id = :purchase"
    return {
        "ConditionExpression": held_by_this,
        "ExpressionAttributeValues": to_item({":purchase": purchase.id}),
    }
