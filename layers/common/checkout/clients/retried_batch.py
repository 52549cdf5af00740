"""A batch of messages: each that fails returns to its queue alone, ever later."""

from typing import TYPE_CHECKING, cast

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType

from checkout.domain.retries import STUCK_AFTER, pause_after
from checkout.metric import Metric
from checkout.telemetry import count

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


def received(record: "SQSRecord") -> int:
    return int(record.attributes.approximate_receive_count)


def _pause(record: "SQSRecord", cause: type[BaseException] | None) -> int:
    if cause is OutOfTimeError:
        return 0
    if received(record) >= STUCK_AFTER:
        count(Metric.EVENTS_STUCK)
    return pause_after(received(record))
