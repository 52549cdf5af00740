"""What the tables have of a buyer, item by item: for an export, and to erase it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from checkout.clients import aws
from checkout.domain.payment_session import PaymentSession
from checkout.tables.item import Value, from_item, query, read_all, to_item
from checkout.tables.transaction import Condition, Write, item_update

type Item = dict[str, Any]


class BuyerRecords(NamedTuple):
    """The names of the tables; no function has the permissions to change entries."""

    sessions: str
    purchases: str
    audit_log: str

    def of_sessions(self, buyer_id: str) -> list[Item]:
        """Return the buyer's payment sessions, oldest first."""
        return self._listed(self.sessions, buyer_id)

    def of_purchases(self, buyer_id: str) -> list[Item]:
        """Return the buyer's purchases, oldest first."""
        return self._listed(self.purchases, buyer_id)

    def counts(self, buyer_id: str) -> Item | None:
        """Return the buyer's number of purchases by status, None without any."""
        return next(read_all(self.purchases, [f"buyer#{buyer_id}"]), None)

    def audit_entries(self, buyer_id: str) -> dict[str, list[Item]]:
        """
        Return the buyer's entries of the audit log, by the payment session's id.

        It reads the whole table: of a session that DynamoDB has deleted, nothing else
        leads from the buyer to its entries.
        """
        pages = (
            aws.client("dynamodb")
            .get_paginator("scan")
            .paginate(
                TableName=self.audit_log,
                FilterExpression="buyer_id = :buyer",
                ExpressionAttributeValues=to_item({":buyer": buyer_id}),
            )
        )
        found: dict[str, list[Item]] = {}
        for page in pages:
            for entry in map(from_item, page["Items"]):
                found.setdefault(entry["payment_session_id"], []).append(entry)
        return found

    def _listed(self, table: str, buyer_id: str) -> list[Item]:
        keys = query(
            table, "buyer_id = :buyer", {":buyer": buyer_id}, IndexName="by-buyer"
        )
        return self.items(table, [key["id"] for key in keys])

    def items(self, table: str, ids: list[str]) -> list[Item]:
        """Return the items with these ids as they are now, in this order."""
        found = {item["id"]: item for item in read_all(table, ids, consistent=True)}
        return [found[each] for each in dict.fromkeys(ids) if each in found]

    def session_erased(
        self, session: PaymentSession, changed: Mapping[str, Value]
    ) -> Write:
        """Return the update of some attributes, if the session is as it was read."""
        unchanged = Condition(
            "session_is_unchanged",
            "#status = :status_before AND #stripe_request = :request_before",
            "the session has been changed meanwhile",
            values={
                "status_before": session.status,
                "request_before": session.stripe_request,
            },
        )
        return item_update(self.sessions, session.id, unchanged, set_=changed)

    def entry_erased(self, entry: Mapping[str, Any], names: tuple[str, ...]) -> Write:
        """Return the removal of attributes from an entry of the audit log."""
        key = {name: entry[name] for name in ("payment_session_id", "entry_id")}
        request = {
            "TableName": self.audit_log,
            "Key": to_item(key),
            "UpdateExpression": "REMOVE " + ", ".join(f"#{name}" for name in names),
            "ConditionExpression": "attribute_exists(entry_id)",
            "ExpressionAttributeNames": {f"#{name}": name for name in names},
        }
        return Write({"Update": request}, None)
