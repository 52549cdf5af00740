"""The Purchases table: purchases, ownerships, and each buyer's counts."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from checkout import clock
from checkout.clients import aws
from checkout.domain.purchase import Purchase, PurchaseStatus
from checkout.tables import counters, due
from checkout.tables.item import from_item, read, read_all, readable, to_item
from checkout.tables.transaction import Action

# Not named quarantined: a buyer's counts have a number of that name, and an attribute
# that an index goes by has the same type in every item.
OPEN = "open"
NEVER_WRITTEN = "attribute_not_exists(id)"


@dataclass(frozen=True, slots=True)
class Ownership:
    """
    The fact that a buyer holds a sale key, and by which purchase.

    *suspended* while a bank decides whether the buyer gets the money back.
    """

    buyer_id: str | None
    kind: str
    offer_id: str
    purchase_id: str
    suspended: bool


class Cursor(NamedTuple):
    """A place among a creator's purchases: that of one of them."""

    purchased_at: str
    id: str


class Purchases:
    partitions = due.PARTITIONS + due.EARLIER_PARTITIONS

    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, purchase_id: str) -> Purchase | None:
        if not purchase_id.startswith("pur_"):
            return None
        item = read(self._table, purchase_id)
        return readable(Purchase.from_dict, item) if item else None

    def ownership(self, sale_key: str) -> Ownership | None:
        """Return who holds *sale_key* now, if anybody."""
        item = read(self._table, f"owns#{sale_key}")
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

    def page_of_creator(
        self,
        creator_id: str,
        since: str,
        until: str,
        size: int,
        after: Cursor | None,
    ) -> tuple[list[Purchase], Cursor | None]:
        """
        Return a page of the creator's purchases of that time, newest first.

        It begins *after* a position, which must lie in that time. With it comes the
        position that the next page begins after, None if this is the last.
        """
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": "by-creator",
            "KeyConditionExpression": (
                "creator_id = :creator AND purchased_at BETWEEN :since AND :until"
            ),
            "ExpressionAttributeValues": to_item(
                {":creator": creator_id, ":since": since, ":until": until}
            ),
            "ScanIndexForward": False,
            "Limit": size,
        }
        if after:
            key = {"creator_id": creator_id, **after._asdict()}
            query["ExclusiveStartKey"] = to_item(key)
        answer = aws.client("dynamodb").query(**query)
        last = from_item(answer.get("LastEvaluatedKey", {}))
        following = Cursor(last["purchased_at"], last["id"]) if last else None
        return self._all([item["id"]["S"] for item in answer["Items"]]), following

    def _all(self, ids: list[str]) -> list[Purchase]:
        found = {item["id"]: item for item in read_all(self._table, ids)}
        return [readable(Purchase.from_dict, found[i]) for i in ids if i in found]

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
        _check_readable(purchase)
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(_stored(purchase)),
                "ConditionExpression": NEVER_WRITTEN,
            }
        }

    def change(self, before: Purchase, after: Purchase) -> Action:
        """Make the write that turns *before* into *after*, if nobody was faster."""
        _check_readable(after)
        unchanged = "#version = :before"
        old = _stored(before)
        new = _stored(replace(after, version=before.version + 1))
        # Whatever has changed is worth a look soon, so these are written every time.
        always = {"unresolved", "due_at"}
        changed = {
            name: value
            for name, value in new.items()
            if value is not None and (value != old.get(name) or name in always)
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
        """Return the put that gives the buyer ownership, if nobody has it."""
        item = {
            "id": f"owns#{purchase.sale_key}",
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
        """Make the write that lets the sale key be sold again."""
        return {
            "Delete": {
                "TableName": self._table,
                "Key": to_item({"id": f"owns#{purchase.sale_key}"}),
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
                "Key": to_item({"id": f"owns#{purchase.sale_key}"}),
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
        changes: dict[str, int] = {status: 1}
        changes |= {"total": 1} if was is None else {was: -1}
        return counters.add(self._table, f"buyer#{buyer_id}", changes)


def _stored(purchase: Purchase) -> dict[str, Any]:
    """Add what the sparse indexes go by: there while it is so, absent otherwise."""
    unresolved = purchase.is_unresolved
    quarantined = purchase.status is PurchaseStatus.QUARANTINED
    return {
        **purchase.to_dict(),
        **(due.index(purchase.id, clock.now()) if unresolved else {}),
        **({"quarantine": OPEN} if quarantined else {}),
    }


def _check_readable(purchase: Purchase) -> None:
    """
    Raise what reading *purchase* and its status would raise, before it is written.

    One that cannot be read takes its buyer's whole history with it, and every later
    event of its payment.
    """
    stored = from_item(to_item(purchase.to_dict()))
    readable(Purchase.from_dict, stored).to_dict()


def _held_by(purchase: Purchase) -> dict[str, Any]:
    held_by_this = "purchase_id = :purchase"
    return {
        "ConditionExpression": held_by_this,
        "ExpressionAttributeValues": to_item({":purchase": purchase.id}),
    }
