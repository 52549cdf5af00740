"""The audit log: an append-only line for every step of a payment session."""

from datetime import datetime
from uuid import uuid4

from checkout.clock import iso
from checkout.tables.item import Value, to_item
from checkout.tables.transaction import Action


class AuditLog:
    def __init__(self, table: str) -> None:
        self._table = table

    def entry(
        self, payment_session_id: str, action: str, at: datetime, **facts: Value
    ) -> Action:
        """
        Make the write of one entry, to be part of the transaction it reports.

        Ids and states only: no e-mail address, no secret, no payload.
        """
        moment = iso(at)
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(
                    {
                        "payment_session_id": payment_session_id,
                        "entry_id": f"{moment}#{uuid4().hex}",
                        "action": action,
                        "at": moment,
                        **facts,
                    }
                ),
                "ConditionExpression": "attribute_not_exists(payment_session_id)",
            }
        }
