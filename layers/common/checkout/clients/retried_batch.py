"""A batch of messages: each that fails returns to its queue alone, ever later."""

from typing import TYPE_CHECKING, cast

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType

from checkout.clients import aws
from checkout.clients.payment_events_queue import TRIED, PaymentEventsQueue
from checkout.domain.retries import MOST_RECEIVES, STUCK_AFTER, pause_after
from checkout.errors import TryAgainError
from checkout.metric import Metric
from checkout.telemetry import count, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord


class OutOfTimeError(Exception):
    """The other messages of the batch took all the time: this one has not failed."""


class RetriedBatch(BatchProcessor):
    """Powertools' processor of partial batches, which does not know of pauses."""

    def __init__(self) -> None:
        # Otherwise a batch in which every message fails would raise, and report none.
        super().__init__(EventType.SQS, raise_on_entire_batch_failure=False)

    def pauses(self) -> dict[str, int]:
        """
        Return the seconds until each failed message comes again, by receipt handle.

        Counts those that have failed so often that they are stuck.
        """
        records = cast("list[SQSRecord]", self.fail_messages)
        return {
            record.receipt_handle: _pause(record, cause)
            for record, (cause, *_) in zip(records, self.exceptions, strict=True)
        }


def attempt(record: "SQSRecord") -> int:
    """Return the number of this attempt, with those before it was sent again."""
    tried = record.message_attributes[TRIED]
    before = int(tried.string_value or 0) if tried else 0
    return before + int(record.attributes.approximate_receive_count)


def hand_back(record: "SQSRecord", queue: PaymentEventsQueue) -> None:
    """
    Send an untried message again, as a new one, so that it keeps its attempts.

    SQS counts each receive: a message that only becomes visible again would reach the
    dead-letter queue untried. Raises OutOfTimeError if it has had all its attempts, or
    if SQS does not take it: then the original comes again.
    """
    tried = attempt(record) - 1
    if tried >= MOST_RECEIVES:
        raise OutOfTimeError
    try:
        queue.send_untried(record.body, tried)
    except aws.Error as error:
        logger.warning("event_not_sent_again", error=type(error).__name__)
        raise OutOfTimeError from error
    keys = {"message_id": record.message_id, "receive_count": tried + 1}
    logger.info("event_handed_back", extra=keys)


def _pause(record: "SQSRecord", cause: type[BaseException] | None) -> int:
    number = attempt(record)
    if number >= STUCK_AFTER and cause is not OutOfTimeError:
        count(Metric.EVENTS_STUCK)
    return pause_after(number)


def report_failed(error: Exception, keys: dict[str, object]) -> None:
    """Count and log a message that returns: it came too early, or it has failed."""
    if isinstance(error, TryAgainError):
        count(Metric.EVENTS_POSTPONED)
        logger.warning("event_postponed", code=error.code, extra=keys)
    else:
        count(Metric.EVENTS_FAILED)
        logger.exception("event_failed", extra=keys)
