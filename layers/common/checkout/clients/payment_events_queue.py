"""The SQS queue of payment events."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import batched
from typing import Any, NamedTuple

from checkout.clients import aws
from checkout.domain.stripe_events import SESSION_OBSERVED, Event, reduced
from checkout.telemetry import logger

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MOST_AT_ONCE = 10
LARGEST_BATCH_BYTES = 1024 * 1024
# The attribute of a message that was sent again: how often it was tried before.
TRIED = "tried"

type Message = tuple[str, str]
"""The id of an event, and the body of its message."""


class Unsent(NamedTuple):
    """Ids of events that SQS did not take: to send *later*, or refused for good."""

    later: list[str]
    never: list[str]


class PaymentEventsQueue:
    """
    Sends events to the worker, reduced to what we act on.

    So no event is too large for the queue, and no message holds a buyer's name, e-mail
    address or client secret.
    """

    def __init__(self, queue_url: str) -> None:
        self._queue_url = queue_url

    def send(self, event: Mapping[str, Any]) -> None:
        """Send a verified event; SQS has stored it when this returns."""
        self.send_back(_body(event))

    def send_observed(self, stripe_object: Mapping[str, Any]) -> None:
        """Send a session that was just read from Stripe, for the worker to fulfill."""
        event_id = f"observed:{stripe_object['id']}"
        observed = {"id": event_id, "type": SESSION_OBSERVED}
        self.send(observed | {"data": {"object": stripe_object}})

    def send_back(self, message: str) -> None:
        """Send a message that was on the queue before, as it was."""
        aws.client("sqs").send_message(QueueUrl=self._queue_url, MessageBody=message)

    def send_untried(self, message: str, tried: int) -> None:
        """Send a message again that was not tried now, but *tried* times before."""
        aws.client("sqs", aws.HURRIED).send_message(
            QueueUrl=self._queue_url,
            MessageBody=message,
            MessageAttributes={
                TRIED: {"DataType": "Number", "StringValue": str(tried)}
            },
        )

    def send_all(self, events: Iterable[Mapping[str, Any]]) -> Unsent:
        """
        Send verified events; return those that could not be sent.

        An event that cannot be sent does not stop the others.
        """
        messages = [(str(event.get("id")), _body(event)) for event in events]
        unsent = Unsent([], [])
        for batch in _batches(messages):
            self._send_batch(batch, unsent)
        return unsent

    def _send_batch(
        self, batch: list[Message], unsent: Unsent, *, again: bool = True
    ) -> None:
        entries = [
            {"Id": str(number), "MessageBody": body}
            for number, (_, body) in enumerate(batch)
        ]
        try:
            answer = aws.client("sqs").send_message_batch(
                QueueUrl=self._queue_url,
                Entries=entries,  # type: ignore[arg-type]  # they have what it needs
            )
        except aws.Error as error:
            logger.warning("events_not_sent", error=type(error).__name__)
            unsent.later.extend(event_id for event_id, _ in batch)
            return
        broken: list[Message] = []
        for failure in answer.get("Failed", []):
            message = batch[int(failure["Id"])]
            event_id, _ = message
            code = failure["Code"]
            logger.warning("event_not_sent", event_id=event_id, code=code)
            if failure["SenderFault"]:
                unsent.never.append(event_id)
            else:
                broken.append(message)
        if broken and again:
            self._send_batch(broken, unsent, again=False)
        else:
            unsent.later.extend(event_id for event_id, _ in broken)

    def hide(self, seconds_by_receipt: Mapping[str, int]) -> None:
        """
        Let received messages be received again after these seconds.

        If SQS does not answer, they return after the queue's own visibility timeout.
        """
        for ten in batched(seconds_by_receipt.items(), MOST_AT_ONCE, strict=False):
            try:
                answer = aws.client("sqs", aws.HURRIED).change_message_visibility_batch(
                    QueueUrl=self._queue_url,
                    Entries=[
                        {
                            "Id": str(number),
                            "ReceiptHandle": receipt,
                            "VisibilityTimeout": seconds,
                        }
                        for number, (receipt, seconds) in enumerate(ten)
                    ],
                )
            except aws.Error as error:
                logger.warning("messages_not_hidden", error=type(error).__name__)
            else:
                for failure in answer.get("Failed", []):
                    logger.warning("messages_not_hidden", error=failure["Code"])


def _body(event: Mapping[str, Any]) -> str:
    # In ASCII: SQS refuses some characters that JSON may contain.
    return json.dumps(reduced(event))


def _batches(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Yield the messages in batches that SQS accepts: at most ten, and one megabyte."""
    for ten in batched(messages, MOST_AT_ONCE, strict=False):
        batch: list[Message] = []
        size = 0
        for message in ten:
            length = len(message[1])
            if batch and size + length > LARGEST_BATCH_BYTES:
                yield batch
                batch, size = [], 0
            batch.append(message)
            size += length
        yield batch


def read_event(message: str) -> Event:
    """Return the event in *message*; raises ValueError, KeyError or TypeError."""
    body = json.loads(message)
    event = Event(id=body["id"], type=body["type"], object=body["data"]["object"])
    created, api_version = body.get("created"), body.get("api_version")
    return event._replace(
        created=created if type(created) is int else None,
        api_version=api_version if isinstance(api_version, str) else None,
    )
