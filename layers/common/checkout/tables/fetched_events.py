"""How far reconcile has read Stripe's undelivered events, in PaymentSessions."""

from datetime import datetime
from typing import NamedTuple

from checkout.clock import from_iso, iso
from checkout.tables.item import Value, read
from checkout.tables.transaction import execute_alone, insertion
from checkout.telemetry import logger

UNDELIVERED = "reconcile#undelivered_events"
EPOCH = "1970-01-01T00:00:00.000Z"


class Window(NamedTuple):
    """A time in which Stripe made events: from *since* to before *until*."""

    since: datetime
    until: datetime


class FetchedEvents(NamedTuple):
    """
    All undelivered events before *until* are on the queue, except those in *again*.

    These windows failed, in part or as a whole. They are fetched again at *again_at*,
    not before.
    """

    until: datetime
    again: list[Window]
    again_at: datetime


class FetchedEventsNote:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self) -> FetchedEvents | None:
        """
        Return what has been fetched, None if nothing has or the note is unreadable.

        Without a note, all events are fetched once more.
        """
        item = read(self._table, UNDELIVERED)
        if item is None:
            return None
        try:
            until = from_iso(item["until"])
            again = [
                Window(from_iso(first), from_iso(last))
                for first, last in item.get("again", [])
            ]
            return FetchedEvents(until, again, from_iso(item.get("again_at", EPOCH)))
        except (KeyError, TypeError, ValueError):
            logger.exception("fetched_events_unreadable")
            return None

    def store(self, fetched: FetchedEvents) -> None:
        again = [[iso(window.since), iso(window.until)] for window in fetched.again]
        item: dict[str, Value] = {
            "id": UNDELIVERED,
            "until": iso(fetched.until),
            "again": again,
            "again_at": iso(fetched.again_at),
        }
        execute_alone(insertion(self._table, item))
