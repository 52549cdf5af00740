"""`dlq`: list, redrive and delete the messages of the dead-letter queue."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from checkout import clock
from checkout.clients import aws, payment_events_queue
from cli.console import (
    CommandError,
    Json,
    Yes,
    ask,
    counted,
    print_json,
    print_records,
    with_progress,
)
from cli.stack import Stack, stack_of

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# Received messages are invisible while a command runs; if it is killed, they reappear.
HIDDEN_SECONDS = 300
MOST_AT_ONCE = 10

EventIds = Annotated[
    list[str] | None,
    typer.Argument(metavar="EVENT_ID...", help="Default: all dead letters."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """
    An event that could not be applied.

    If the message is not a Stripe event, *event_id* is the message's id.
    """

    event_id: str
    type: str | None
    payment_session_id: str | None
    sent_at: str
    first_received_at: str
    receive_count: int
    # What checkout acts on of the event; of a message from elsewhere, anything.
    body: str = field(repr=False)
    handle: str = field(repr=False)

    def summary(self) -> dict[str, Any]:
        """Return what may be printed: everything but the payload."""
        return {
            "event_id": self.event_id,
            "type": self.type,
            "payment_session_id": self.payment_session_id,
            "sent_at": self.sent_at,
            "first_received_at": self.first_received_at,
            "receive_count": self.receive_count,
        }


def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """List the events that could not be applied, without their payloads."""
    with _received(stack_of(ctx)) as letters:
        _print_letters(letters, as_json=as_json)


def redrive(
    ctx: typer.Context,
    event_ids: EventIds = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Send dead letters back to the queue; safe, applied events have no effect."""
    stack = stack_of(ctx)
    with _received(stack) as letters:
        chosen = _chosen(letters, event_ids)
        if chosen:
            ask(f"Put {_some(chosen, letters)} back on the queue?", yes=yes)
        for letter in with_progress(chosen, "Redriving"):
            # In this order, a crash in between duplicates the event, never loses it.
            stack.payment_events.send_back(letter.body)
            _delete(stack, letter)
    _print_done("redriven", chosen, as_json=as_json)


def delete(
    ctx: typer.Context,
    event_ids: Annotated[list[str], typer.Argument(metavar="EVENT_ID...")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Delete dead letters that were resolved by other means; cannot be undone."""
    stack = stack_of(ctx)
    with _received(stack) as letters:
        chosen = _chosen(letters, event_ids)
        ask(f"Permanently delete {_some(chosen, letters)}?", yes=yes)
        for letter in with_progress(chosen, "Deleting"):
            _delete(stack, letter)
    _print_done("deleted", chosen, as_json=as_json)


def _chosen(
    letters: Sequence[DeadLetter], event_ids: Sequence[str] | None
) -> list[DeadLetter]:
    if not event_ids:
        return list(letters)
    if missing := set(event_ids) - {letter.event_id for letter in letters}:
        raise CommandError(
            f"Not among the dead letters: {', '.join(sorted(missing))}. "
            "Nothing was changed."
        )
    return [letter for letter in letters if letter.event_id in event_ids]


def _some(chosen: Sequence[DeadLetter], letters: Sequence[DeadLetter]) -> str:
    return f"{len(chosen)} of {counted(len(letters), 'dead letter')}"


@contextmanager
def _received(stack: Stack) -> Iterator[list[DeadLetter]]:
    """Receive all messages; afterwards, make those that remain visible again."""
    sqs = aws.client("sqs")
    queue_url = stack.output("PaymentEventsDeadLetterQueueUrl")
    found: dict[str, MessageTypeDef] = {}
    try:
        while batch := sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=MOST_AT_ONCE,
            MessageSystemAttributeNames=["All"],
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=1,
        ).get("Messages"):
            seen_again = all(message["MessageId"] in found for message in batch)
            found |= {message["MessageId"]: message for message in batch}
            if seen_again:
                break
        yield [_read(message) for message in found.values()]
    finally:
        _make_visible(queue_url, list(found.values()))


def _make_visible(queue_url: str, messages: Sequence["MessageTypeDef"]) -> None:
    for start in range(0, len(messages), MOST_AT_ONCE):
        # Deleted messages are reported as failed, which does not matter.
        aws.client("sqs").change_message_visibility_batch(
            QueueUrl=queue_url,
            Entries=[
                {
                    "Id": str(number),
                    "ReceiptHandle": message["ReceiptHandle"],
                    "VisibilityTimeout": 0,
                }
                for number, message in enumerate(messages[start : start + MOST_AT_ONCE])
            ],
        )


def _delete(stack: Stack, letter: DeadLetter) -> None:
    aws.client("sqs").delete_message(
        QueueUrl=stack.output("PaymentEventsDeadLetterQueueUrl"),
        ReceiptHandle=letter.handle,
    )


def _read(message: "MessageTypeDef") -> DeadLetter:
    event_id, event_type, payment_session_id = message["MessageId"], None, None
    try:
        event = payment_events_queue.read_event(message["Body"])
        event_id, event_type = str(event.id), str(event.type)
        payment_session_id = event.object["metadata"]["payment_session_id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        # Not a Stripe event, or one without our metadata: keep what was read so far.
        pass
    attributes = message["Attributes"]
    return DeadLetter(
        event_id=event_id,
        type=event_type,
        payment_session_id=payment_session_id,
        sent_at=_iso(attributes["SentTimestamp"]),
        first_received_at=_iso(attributes["ApproximateFirstReceiveTimestamp"]),
        receive_count=int(attributes["ApproximateReceiveCount"]),
        body=message["Body"],
        handle=message["ReceiptHandle"],
    )


def _iso(milliseconds: str) -> str:
    return clock.iso(datetime.fromtimestamp(int(milliseconds) / 1000, UTC))


def _print_letters(letters: Sequence[DeadLetter], *, as_json: bool) -> None:
    rows = [letter.summary() for letter in letters]
    if as_json:
        print_json({"dead_letters": rows})
    elif rows:
        print_records(rows)
    else:
        typer.echo("There are no dead letters.")


def _print_done(done: str, letters: Sequence[DeadLetter], *, as_json: bool) -> None:
    if as_json:
        print_json({done: [letter.event_id for letter in letters]})
    else:
        typer.echo(f"{counted(len(letters), 'dead letter')} {done}.")
