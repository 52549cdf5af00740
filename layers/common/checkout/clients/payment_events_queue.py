"""The queue of payment events: SQS."""

import json
from typing import Any

from checkout.clients import aws
from checkout.domain.stripe_events import SESSION_OBSERVED, Event


class PaymentEventsQueue:
    def __init__(self, queue_url: str) -> None:
        self._queue_url = queue_url

    def send(self, event_json: str) -> None:
        """Put a verified event on the queue; it is safe there once this returns."""
        aws.client("sqs").send_message(QueueUrl=self._queue_url, MessageBody=event_json)

    def send_observed(self, stripe_object: dict[str, Any]) -> None:
        """Ask for the fulfillment of a session that was read from Stripe just now."""
        event = {
            "id": f"observed:{stripe_object['id']}",
            "type": SESSION_OBSERVED,
            "data": {"object": stripe_object},
        }
        self.send(json.dumps(event))


def read_event(message: str) -> Event:
    """Read a message of the queue; raises ValueError, KeyError or TypeError."""
    body = json.loads(message)
    return Event(id=body["id"], type=body["type"], object=body["data"]["object"])
