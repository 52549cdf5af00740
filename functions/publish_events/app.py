"""Publish new entries of the audit log on the event bus, at least once."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from checkout import clock
from checkout.clients.event_bus import NEVER_ACCEPTED, EventBus, check_size
from checkout.config import PublishEventsConfig
from checkout.domain.published_events import PublishedEvent, published_event
from checkout.metric import Metric
from checkout.tables.item import from_item
from checkout.telemetry import count, logger, metrics

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@cache
def config() -> PublishEventsConfig:
    return PublishEventsConfig()


@cache
def bus() -> EventBus:
    return EventBus(config().event_bus_name)


def event_of(record: dict[str, Any]) -> PublishedEvent | None:
    """Return the event of *record*, None if it publishes nothing or is unreadable."""
    try:
        event = published_event(from_item(record["NewImage"]), config().usd_rates)
        if event:
            check_size(event)
            clock.from_iso(event.occurred_at)
    except Exception:  # noqa: BLE001 - one bad entry must not stop the others
        # It would fail each time, and hold up the entries behind it for six hours.
        count(Metric.EVENTS_UNREADABLE)
        number = record["SequenceNumber"]
        logger.exception("entry_unreadable", sequence_number=number)
        return None
    return event


def publish(records: Sequence[dict[str, Any]]) -> list[str]:
    """Publish the events of *records*; return the numbers of those that failed."""
    events = {
        record["SequenceNumber"]: event
        for record in records
        if (event := event_of(record))
    }
    try:
        errors = bus().put(list(events.values()))
    except Exception:
        count(Metric.EVENTS_NOT_PUBLISHED, len(events))
        logger.exception("events_not_published")
        raise
    refused = {
        number: error for number, error in zip(events, errors, strict=True) if error
    }
    failed = {n: error for n, error in refused.items() if error not in NEVER_ACCEPTED}
    for number in refused.keys() - failed:
        count(Metric.EVENTS_UNREADABLE)
        logger.error("entry_unreadable", sequence_number=number, error=refused[number])
    count(Metric.EVENTS_PUBLISHED, len(events) - len(refused))
    if failed:
        count(Metric.EVENTS_NOT_PUBLISHED, len(failed))
        logger.error("events_not_published", errors=sorted(set(failed.values())))
    return list(failed)


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(
    event: dict[str, Any], context: "LambdaContext"
) -> dict[str, list[dict[str, str]]]:
    failed = publish([record["dynamodb"] for record in event["Records"]])
    # Lambda resumes at the first failure that is returned; earlier records are done.
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed[:1]]}
