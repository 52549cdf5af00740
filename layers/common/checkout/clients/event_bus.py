"""The EventBridge bus on which events for other services are published."""

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
        Publish at most ten *events*; return the error code of each, None for success.

        The codes are in the order of *events*. A request may have 256 KB, of which an
        event is a small part:
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
