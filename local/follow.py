"""
"Follow a payment": collects every record of a payment from the local stack.

It scans tables and the whole log, which no deployed function is allowed to do.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from base64 import b64encode
from functools import cached_property
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from local.embedded_aws import client
from local.event_subscriber import receive
from local.function_log import invocations
from local.settings import STRIPE_API

if TYPE_CHECKING:
    from pathlib import Path

type Json = dict[str, Any]

NEWEST = 20


class Follower:
    """Reads the stack that *stack_file* describes."""

    def __init__(self, stack_file: Path) -> None:
        self._stack_file = stack_file
        self._published: list[Json] = []
        self._receiving = threading.Lock()
        self._clients: dict[str, Any] = {}

    @cached_property
    def stack(self) -> Json:
        described: Json = json.loads(self._stack_file.read_text())
        return described

    def payments(self) -> list[Json]:
        """Return the newest payment sessions, newest first."""
        sessions = [
            item for item in self.items("PaymentSessionsTable") if "kind" in item
        ]
        sessions.sort(key=lambda session: str(session["created_at"]), reverse=True)
        return [_without_request(session) for session in sessions[:NEWEST]]

    def payment(self, session_id: str) -> Json | None:
        """Return the records of a payment; *session_id* is ours or Stripe's."""
        session = self._session(session_id)
        if session is None:
            return None
        ids = {session["id"], session.get("stripe_session_id", session["id"])}
        events = self._stripe_events(ids)
        audit = self._audit_log(session["id"])
        ids |= {event["id"] for event in events}
        # Without the sandbox there is no list of events; the audit log names some.
        ids |= {entry["event_id"] for entry in audit if "event_id" in entry}
        return {
            "session": _without_request(session),
            "stripe_requests": self._stripe_requests(session),
            "events": events,
            "invocations": [
                invocation
                for invocation in self._invocations(since=session["created_at"])
                if names_any(ids, invocation)
            ],
            "queue": {
                "payment events": self._queue_depth("PaymentEventsQueueUrl"),
                "dead letters": self._queue_depth("PaymentEventsDeadLetterQueueUrl"),
            },
            "written": self._written(session),
            "audit": audit,
            "events_out": self._events_out(session["id"]),
        }

    # ------------------------------------------------------------ the embedded AWS

    def aws(self, service: str) -> Any:  # noqa: ANN401 - a boto3 client
        if service not in self._clients:
            url = self.stack["aws_endpoint_url"]
            self._clients[service] = client(service, url)
        return self._clients[service]

    def items(self, table: str) -> list[Json]:
        pages = self.aws("dynamodb").get_paginator("scan")
        found = pages.paginate(TableName=self.stack["outputs"][table])
        return [from_item(item) for page in found for item in page["Items"]]

    def _item(self, table: str, key: str) -> Json | None:
        answer = self.aws("dynamodb").get_item(
            TableName=self.stack["outputs"][table], Key={"id": {"S": key}}
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def _session(self, session_id: str) -> Json | None:
        session = self._item("PaymentSessionsTable", session_id)
        if session and "kind" not in session:  # it only maps Stripe's id to ours
            session = self._item("PaymentSessionsTable", session["payment_session_id"])
        return session

    def _written(self, session: Json) -> list[Json]:
        """Return the items that the fulfilling transaction has written so far."""
        payment_id = str(session["id"]).removeprefix("ps_")
        sale_key = session.get("sale_key")
        # The sale key is the id of the sold item, except for content and products.
        offer = f"{session['kind']}#{session['offer_id']}"
        sold = offer if session["kind"] == "content" else sale_key or offer
        keys = [
            ("session", "PaymentSessionsTable", session["id"]),
            ("purchase", "PurchasesTable", f"pur_{payment_id}"),
            ("ownership", "PurchasesTable", f"owns#{sale_key}"),
            ("offer", "OffersTable", sold),
            (
                "payment intent",
                "PurchasesTable",
                session.get("stripe_payment_intent_id"),
            ),
            ("count", "PurchasesTable", f"buyer#{session.get('buyer_id')}"),
        ]
        return [
            {"part": part, "key": key, "item": _without_request(item)}
            for part, table, key in keys
            if key and (item := self._item(table, key))
        ]

    def _audit_log(self, payment_session_id: str) -> list[Json]:
        answer = self.aws("dynamodb").query(
            TableName=self.stack["outputs"]["AuditLogTable"],
            KeyConditionExpression="payment_session_id = :id",
            ExpressionAttributeValues={":id": {"S": payment_session_id}},
        )
        return [from_item(item) for item in answer["Items"]]

    def _queue_depth(self, output: str) -> Json:
        counts = self.aws("sqs").get_queue_attributes(
            QueueUrl=self.stack["outputs"][output],
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
            ],
        )["Attributes"]
        waiting, in_flight = (int(counts[name]) for name in sorted(counts))
        return {"waiting": waiting, "in_flight": in_flight}

    @cached_property
    def _log_group(self) -> str:
        found = self.aws("cloudformation").describe_stack_resource(
            StackName=self.stack["stack_name"], LogicalResourceId="Logs"
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def _invocations(self, since: str) -> list[Json]:
        pages = self.aws("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=self._log_group)
        lines = [line for page in found for line in page["events"]]
        return [each for each in invocations(lines) if each["ended_at"] >= since]

    # ------------------------------------------------------------ the event bus

    def _events_out(self, payment_session_id: str) -> list[Json]:
        with self._receiving:
            self._published += receive(self.aws("sqs"))
        return [
            event
            for event in self._published
            if event["detail"]["payment_session_id"] == payment_session_id
        ]

    # ------------------------------------------------------------ mocktill

    def _stripe_events(self, ids: set[str]) -> list[Json]:
        attempts = self._sandbox("/sandbox/webhooks/attempts")
        listed = self._sandbox("/v1/events?limit=100")
        return [
            {
                "id": event["id"],
                "type": event["type"],
                "created": event["created"],
                "attempts": [each for each in attempts if each["event"] == event["id"]],
            }
            for event in reversed(listed)
            if names_any(ids, event)
        ]

    def _stripe_requests(self, session: Json) -> list[Json]:
        ids = {session["idempotency_key"], session.get("stripe_session_id")}
        return [
            request
            for request in self._sandbox("/sandbox/requests")
            if request["idempotency_key"] in ids
            or not ids.isdisjoint(str(request["path"]).split("/"))
        ]

    def _sandbox(self, path: str) -> list[Json]:
        """Return a list of the sandbox; empty at Stripe, which has no such lists."""
        if self.stack["stripe_url"] == STRIPE_API:
            return []
        key = b64encode(f"{self.stack['stripe_secret_key']}:".encode()).decode()
        request = urllib.request.Request(  # noqa: S310 - our own sandbox
            self.stack["stripe_url"] + path, headers={"Authorization": f"Basic {key}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            found: list[Json] = json.load(answer)["data"]
        return found


def from_item(item: Json) -> Json:
    """Convert an item of a table to plain JSON with integers."""
    read = {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
    plain: Json = json.loads(json.dumps(read, default=int))
    return plain


def _without_request(item: Json) -> Json:
    """Omit the request to Stripe: it is long, and its fields are shown elsewhere."""
    return {name: value for name, value in item.items() if name != "stripe_request"}


def names_any(ids: set[str], record: Json) -> bool:
    """Return whether the record contains any of the ids, anywhere."""
    text = json.dumps(record)
    return any(each in text for each in ids)
