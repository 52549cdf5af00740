"""Items that cannot be read: each is reported, and hides no other."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from checkout.metric import Metric
from checkout.telemetry import report


class UnreadableItemError(Exception):
    """A stored item is not of the expected form; the message names both."""


def readable[T](shape: Callable[[dict[str, Any]], T], item: dict[str, Any]) -> T:
    """Return a stored *item* as a *shape*; raises and reports UnreadableItemError."""
    try:
        return shape(item)
    # An item may have any form; whatever is raised, only this one is unreadable.
    except Exception as error:
        report_unreadable(item["id"], error)
        fault = f"{type(error).__name__}: {error}"
        raise UnreadableItemError(f"{item['id']} cannot be read: {fault}") from error


def report_unreadable(item_id: str, error: Exception) -> None:
    """Count and log an item that cannot be read; its alarm rings."""
    report(
        "item_unreadable",
        Metric.ITEMS_UNREADABLE,
        level="error",
        item_id=item_id,
        fault=type(error).__name__,
    )


def all_readable[T](
    shape: Callable[[dict[str, Any]], T], items: Iterable[dict[str, Any]]
) -> Iterator[T]:
    """Yield each item that can be read: a bad one does not hide the others."""
    for item in items:
        with suppress(UnreadableItemError):
            yield readable(shape, item)
