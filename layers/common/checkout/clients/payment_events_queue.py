"""The SQS queue of payment events."""

import json
from typing import Any

from checkout.clients import aws
from checkout.domain.stripe_events import SESSION_OBSERVED, Event


class PaymentEventsQueue:
    def __init__(self, queue_url: str) -> None:
        self._queue_url = queue_url

    def send(self, event_json: str) -> None:
        """Send a verified event; SQS has stored it when this returns."""
        aws.client("sqs").send_message(QueueUrl=self._queue_url, MessageBody=event_json)

    def send_observed(self, stripe_object: dict[str, Any]) -> None:
        """Send a session that was just read from Stripe, for the worker to fulfill."""
        event = {
            "id": f"observed:{stripe_object['id']}",
            "type": SESSION_OBSERVED,
            "data": {"object": stripe_object},
        }
        self.send(json.dumps(event))


def read_event(message: str) -> Event:
    """Return the event in *message*; raises ValueError, KeyError or TypeError."""
    body = json.loads(message)
    return Event(
        id=body["id"],
        type=body["type"],
        object=body["data"]["object"],
        created=body.get("created"),
    )
