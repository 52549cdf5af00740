"""The audit log: an append-only line for every step of a payment session."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from checkout.clients import aws
from checkout.clock import iso
from checkout.domain.payment_session import PaymentSession
from checkout.domain.purchase import Purchase
from checkout.tables.item import Value, from_item, to_item
from checkout.tables.transaction import Action


class AuditLog:
    def __init__(self, table: str) -> None:
        self._table = table

    def entry(
        self,
        about: PaymentSession | Purchase,
        action: str,
        at: datetime,
        **facts: Value,
    ) -> Action:
        """
        Make the write of one entry, to be part of the transaction it reports.

        Ids and states only: no e-mail address, no secret, no payload. It says enough to
        be understood without the records that it is about, for whoever is told of it.
        """
        moment = iso(at)
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(
                    {
                        "payment_session_id": about.payment_session_id,
                        "entry_id": f"{moment}#{uuid4().hex}",
                        "action": action,
                        "at": moment,
                        "kind": about.kind,
                        "offer_id": about.offer_id,
                        "buyer_id": about.buyer_id,
                        "amount": about.amount,
                        "currency": about.currency,
                        **facts,
                    }
                ),
                "ConditionExpression": "attribute_not_exists(payment_session_id)",
            }
        }

    def append(self, entry: Action) -> None:
        """Write an entry about something that changed nothing else."""
        aws.client("dynamodb").put_item(**entry["Put"])

    def entries(self, payment_session_id: str) -> list[dict[str, Any]]:
        """Return what happened to a session, oldest first."""
        pages = (
            aws.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                KeyConditionExpression="payment_session_id = :id",
                ExpressionAttributeValues=to_item({":id": payment_session_id}),
                ConsistentRead=True,
            )
        )
        return [from_item(item) for page in pages for item in page["Items"]]
