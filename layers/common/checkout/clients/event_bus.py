"""The EventBridge bus on which events for other services are published."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from checkout.clients import aws
from checkout.domain.published_events import PublishedEvent

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "payments"
# Of one request, with all its entries. An entry's source, name and time count too.
LARGEST_REQUEST = 256 * 1024
OTHER_BYTES = 256


# An entry with one of these codes fails each time; the others can be repaired:
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
NEVER_ACCEPTED = frozenset(["InvalidArgument", "MalformedDetail"])


def check_size(event: PublishedEvent) -> None:
    """Raise ValueError if *event* is larger than a request may be."""
    if _size(_detail(event)) > LARGEST_REQUEST:
        raise ValueError("the event is too large for the bus")


class EventBus:
    def __init__(self, name: str) -> None:
        self._name = name

    def put(self, events: Sequence[PublishedEvent]) -> list[str | None]:
        """
        Publish at most ten *events*; return the error code of each, None for success.

        The codes are in the order of *events*. Large events take several requests:
        https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
        """
        entries = [self._entry(event) for event in events]
        errors: list[str | None] = []
        for request in _requests(entries):
            answer = aws.client("events").put_events(Entries=request)
            errors += [entry.get("ErrorCode") for entry in answer["Entries"]]
        return errors

    def _entry(self, event: PublishedEvent) -> "PutEventsRequestEntryTypeDef":
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": event.name,
            "Time": event.occurred_at,
            "Detail": _detail(event),
        }


def _detail(event: PublishedEvent) -> str:
    return json.dumps(event.detail, ensure_ascii=False)


def _size(detail: str) -> int:
    return len(detail.encode()) + OTHER_BYTES


def _requests(
    entries: Sequence["PutEventsRequestEntryTypeDef"],
) -> Iterator[list["PutEventsRequestEntryTypeDef"]]:
    """Yield the entries of each request, in order."""
    request: list[PutEventsRequestEntryTypeDef] = []
    size = 0
    for entry in entries:
        bytes_of_entry = _size(entry["Detail"])
        if request and size + bytes_of_entry > LARGEST_REQUEST:
            yield request
            request, size = [], 0
        request.append(entry)
        size += bytes_of_entry
    if request:
        yield request
