"""The Purchases table: purchases, and each buyer's number of them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from checkout.clients import aws
from checkout.domain.cursor import Cursor
from checkout.domain.purchase import Purchase
from checkout.domain.purchase_status import PurchaseStatus
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.errors import InvalidRequestError
from checkout.tables import due
from checkout.tables.due import DueItem
from checkout.tables.item import query, read, read_all, throttling, to_item
from checkout.tables.purchase_item import OPEN, item_of, purchase_of, purchases_of
from checkout.tables.readable import report_unreadable
from checkout.tables.transaction import Condition, Write, insertion, item_update

IS_NEW = Condition(
    "purchase_is_new", "attribute_not_exists(id)", "the payment is recorded already"
)

# What a page may read at most: 13 requests of DynamoDB, and 1,700 of its read units.
MOST_KEYS_READ = 100_000


class Purchases:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, purchase_id: str) -> Purchase | None:
        if not purchase_id.startswith("pur_"):
            return None
        item = read(self._table, purchase_id)
        return purchase_of(item) if item else None

    def page(
        self, buyer_id: str, status: PurchaseStatus | None, page: int, size: int
    ) -> tuple[list[Purchase], int]:
        """
        Return a page of a buyer's purchases, newest first, and the total number.

        It reads the keys of the earlier pages, not their purchases: forty keys cost as
        much as one purchase (docs/adr/0006-page-numbers.md). Raises InvalidRequestError
        if there are more keys than one request may read.
        """
        total = self._count(buyer_id, status)
        first, end = (page - 1) * size, page * size
        if first >= total:
            return [], total
        if end > MOST_KEYS_READ:
            problem = f"reaches beyond {MOST_KEYS_READ} purchases"
            raise InvalidRequestError("The page is refused.", page=problem)
        ids = self._newest(buyer_id, status, min(end, total))
        return self._all(ids[first:]), total

    def _count(self, buyer_id: str, status: PurchaseStatus | None) -> int:
        """Return a buyer's number of purchases; the keys are counted if need be."""
        counts = read(self._table, f"buyer#{buyer_id}") or {}
        total = counts.get(status or "total", 0)
        if type(total) is int and total >= 0:
            return total
        report_unreadable(f"buyer#{buyer_id}", TypeError("not a number"))
        return len(self._newest(buyer_id, status, MOST_KEYS_READ))

    def _newest(
        self, buyer_id: str, status: PurchaseStatus | None, number: int
    ) -> list[str]:
        """Return the ids of a buyer's newest purchases; it reads a bounded number."""
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
        keys_read, limit = 0, number
        while len(ids) < number and keys_read < MOST_KEYS_READ:
            with throttling():
                answer = aws.client("dynamodb").query(**query, Limit=limit)
            ids += [item["id"]["S"] for item in answer["Items"]]
            keys_read += answer["ScannedCount"]
            if "LastEvaluatedKey" not in answer:
                break
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
            # A rare status is found in a few requests, each of which reads more keys.
            limit = min(4 * limit, MOST_KEYS_READ) if status else number - len(ids)
        return ids[:number]

    def page_of_creator(
        self,
        creator_id: str,
        since: str,
        until: str,
        size: int,
        after: Cursor | None,
    ) -> tuple[list[Purchase], Cursor | None]:
        """
        Return a page of a creator's purchases in a period, newest first.

        The page begins after the cursor *after*, which must lie in the period. The
        second result is the cursor for the next page, None on the last page.
        """
        start: dict[str, Any] = {}
        if after:
            key = {"creator_id": creator_id, **after._asdict()}
            start = {"ExclusiveStartKey": to_item(key)}
        keys = query(
            self._table,
            "creator_id = :creator AND purchased_at BETWEEN :since AND :until",
            {":creator": creator_id, ":since": since, ":until": until},
            IndexName="by-creator",
            ScanIndexForward=False,
            # One more: DynamoDB says that there may be more whenever it stops.
            Limit=size + 1,
            **start,
        )
        found = list(islice(keys, size + 1))
        shown = found[:size]
        last = shown[-1] if len(found) > size else None
        following = Cursor(last["purchased_at"], last["id"]) if last else None
        return self._all([item["id"] for item in shown]), following

    def _all(self, ids: list[str]) -> list[Purchase]:
        """Return the purchases with these ids that can be read, in their order."""
        purchases = purchases_of(read_all(self._table, ids))
        found = {purchase.id: purchase for purchase in purchases}
        return [found[i] for i in ids if i in found]

    def get_all(self, purchase_ids: Iterable[str]) -> list[Purchase]:
        """Return the purchases of these ids as they are now, those that can be read."""
        items = read_all(self._table, purchase_ids, consistent=True)
        return list(purchases_of(items))

    def by_payment_intent(self, payment_intent_id: str) -> Purchase | None:
        pointer = read(self._table, payment_intent_id)
        return self.get(pointer["purchase_id"]) if pointer else None

    def by_payment_intents(
        self, payment_intent_ids: Iterable[str]
    ) -> dict[str, Purchase]:
        """Return the purchases by payment intent, without those that do not exist."""
        pointers = {
            pointer["id"]: pointer["purchase_id"]
            for pointer in read_all(self._table, payment_intent_ids)
            if "purchase_id" in pointer
        }
        found = self._all([*{*pointers.values()}])
        purchases = {purchase.id: purchase for purchase in found}
        return {
            payment_intent_id: purchases[purchase_id]
            for payment_intent_id, purchase_id in pointers.items()
            if purchase_id in purchases
        }

    def existing(self, purchase_ids: Iterable[str]) -> set[str]:
        """Return those of the ids that are purchases."""
        return {item["id"] for item in read_all(self._table, purchase_ids)}

    def due(self, partition: str, at: datetime, limit: int) -> list[DueItem]:
        """Return unresolved purchases that are due, the longest due first."""
        return due.find(self._table, partition, at, limit)

    def postpone(self, item: DueItem, due_at: datetime) -> DueItem | None:
        """Make the item due later; None if it has been changed meanwhile."""
        return due.postpone(self._table, item, due_at)

    def quarantined(self) -> list[Purchase]:
        """Return the purchases in quarantine, the oldest first."""
        keys = query(
            self._table,
            "quarantine = :open",
            {":open": OPEN},
            IndexName="quarantined",
        )
        return self._all([key["id"] for key in keys])

    def added(self, purchase: Purchase) -> Write:
        """Return the put of a purchase that must be new."""
        return insertion(self._table, item_of(purchase), IS_NEW)

    def updated(self, before: Purchase, after: Purchase) -> Write:
        """Return the update of *before* to *after*, its next version."""
        old, new = item_of(before), item_of(after)
        # Any change moves the next check, also if nothing else of it is new.
        always = {"unresolved", "due_at"}
        changed = {
            name: value
            for name, value in new.items()
            if value is not None and (value != old.get(name) or name in always)
        }
        gone = [n for n, v in old.items() if v is not None and new.get(n) is None]
        unchanged = Condition(
            "purchase_is_unchanged",
            "#version = :before",
            "the purchase has been changed meanwhile",
            values={"before": before.version},
        )
        return item_update(
            self._table, before.id, unchanged, set_=changed, remove=tuple(gone)
        )

    def next_version(self, before: Purchase, after: Purchase) -> Write:
        """Return the update of *before* to *after*, which gets the next version."""
        return self.updated(before, replace(after, version=before.version + 1))

    def pointer(self, payment_intent_id: str, purchase: Purchase) -> Write:
        """Return the put by which refunds and disputes find the purchase."""
        item = {"id": payment_intent_id, "purchase_id": purchase.id}
        ours_if_any = Condition(
            "payment_intent_is_new",
            "attribute_not_exists(id) OR purchase_id = :ours",
            QuarantineReason.PAYMENT_INTENT_RECORDED_ALREADY,
            # Money is recorded even if its payment intent belongs to another purchase.
            required=False,
            values={"ours": purchase.id},
        )
        return insertion(self._table, item, ours_if_any)

    def counted(self, before: Purchase | None, after: Purchase) -> Write | None:
        """Return the update of the buyer's number of purchases, total and by status."""
        was = before.status if before else None
        if not after.buyer_id or after.status == was:
            return None
        changes: dict[str, int] = {after.status: 1}
        changes |= {"total": 1} if was is None else {was: -1}
        return item_update(self._table, f"buyer#{after.buyer_id}", None, add=changes)
