"""Daily revenue in the Purchases table: sharded counters for each creator and day."""

from collections import Counter
from collections.abc import Iterable
from typing import Any
from zlib import crc32

from checkout.domain.purchase import Purchase
from checkout.domain.revenue import Entry, Measure, difference
from checkout.tables.item import read_all
from checkout.tables.readable import all_readable
from checkout.tables.transaction import Write, item_update

# Two transactions that write the same item conflict, and one must try again. At ten
# thousand purchases an hour (2.8 a second) that each hold an item for about ten
# milliseconds, a single item is held 2.8 % of the time, each of eight 0.35 %.
SHARDS = 8
PREFIX = "revenue#"


class DailyRevenue:
    def __init__(self, table: str) -> None:
        self._table = table

    def updated(self, before: Purchase | None, after: Purchase) -> dict[str, Write]:
        """Return the writes that add a purchase's change to its days' counters."""
        return {
            f"revenue of {item_id.rsplit('#', 2)[1]}": item_update(
                self._table, item_id, None, add=of_day
            )
            for item_id, of_day in added(before, after).items()
        }

    def totals(self, creator_id: str, days: Iterable[str]) -> Counter[Entry]:
        """Return a creator's revenue on *days*, at most about a second old."""
        keys = (
            f"{PREFIX}{creator_id}#{day}#{shard}"
            for day in days
            for shard in range(SHARDS)
        )
        sums: Counter[Entry] = Counter()
        for counter in all_readable(_sums_of, read_all(self._table, keys)):
            sums.update(counter)
        return sums


def added(before: Purchase | None, after: Purchase) -> dict[str, dict[str, int]]:
    """Return by the id of a day's counter what a purchase's change adds to it."""
    changes: dict[str, dict[str, int]] = {}
    shard = crc32(after.id.encode()) % SHARDS
    for entry, change in difference(before, after).items():
        counter = f"{PREFIX}{after.creator_id}#{entry.day}#{shard}"
        of_day = changes.setdefault(counter, {})
        of_day[f"{entry.currency}_{entry.measure}"] = change
    return changes


def _sums_of(item: dict[str, Any]) -> Counter[Entry]:
    _, day, _ = item["id"].rsplit("#", 2)
    sums: Counter[Entry] = Counter()
    for name, amount in item.items():
        if name != "id":
            currency, _, measure = name.partition("_")
            sums[Entry(day, currency, Measure(measure))] += amount
    return sums
