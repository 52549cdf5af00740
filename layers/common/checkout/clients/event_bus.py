"""The client of the event bus, from which subscribers receive events."""

import json
from collections.abc import Sequence

from checkout.clients import aws
from checkout.domain.published_events import PublishedEvent

SOURCE = "payments"


class EventBus:
    def __init__(self, name: str) -> None:
        self._name = name

    def put(self, events: Sequence[PublishedEvent]) -> list[str | None]:
        """
        Put *events* on the bus; say for each why it is not there, None if it is.

        Ten at most, and an event of ours is a small part of the 256 KB that one
        request may have:
        https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
        """
        if not events:
            return []
        answer = aws.client("events").put_events(
            Entries=[
                {
                    "EventBusName": self._name,
                    "Source": SOURCE,
                    "DetailType": event.name,
                    "Time": event.occurred_at,
                    "Detail": json.dumps(event.detail),
                }
                for event in events
            ]
        )
        return [entry.get("ErrorCode") for entry in answer["Entries"]]
