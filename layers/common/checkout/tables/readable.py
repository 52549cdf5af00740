"""Items that cannot be read: each is reported, and hides no other."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from checkout.metric import Metric
from checkout.telemetry import report


class UnreadableItemError(Exception):
    """
    A stored item is not of the expected form.

    The message names the item and the type of the fault. It ends in the log, so it
    holds nothing that is stored: that may be an e-mail address.
    """


def readable[T](shape: Callable[[dict[str, Any]], T], item: dict[str, Any]) -> T:
    """Return a stored *item* as a *shape*; raises and reports UnreadableItemError."""
    try:
        return shape(item)
    # An item may have any form; whatever is raised, only this one is unreadable.
    except Exception as error:  # noqa: BLE001 - see above
        report_unreadable(item["id"], error)
        fault = type(error).__name__
        # The error itself would be logged with this one, if it were its cause.
        raise UnreadableItemError(f"{item['id']} cannot be read: {fault}") from None


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
