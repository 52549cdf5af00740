"""The sparse index `unresolved` of two tables: what reconcile must check, and when."""

from datetime import datetime
from itertools import islice
from typing import NamedTuple
from zlib import crc32

from checkout.clock import iso
from checkout.tables.item import query
from checkout.tables.transaction import Condition, execute_alone, item_update

# Sixteen partitions: none is hot, and reconcile reads each of them.
PARTITIONS = tuple("0123456789abcdef")
# Refund requests that Stripe has not answered have partitions of their own: they come
# first, however much else is due.
REFUND_PARTITIONS = tuple(f"refund-{partition}" for partition in PARTITIONS)


class DueItem(NamedTuple):
    id: str
    due_at: str


def partition_of(item_id: str, partitions: tuple[str, ...] = PARTITIONS) -> str:
    """Return the partition of an id, by its hash: Stripe's ids end in any character."""
    return partitions[crc32(item_id.encode()) % len(partitions)]


def index(
    item_id: str, due_at: datetime, partitions: tuple[str, ...] = PARTITIONS
) -> dict[str, str]:
    """Return the attributes that put an item into the index."""
    return {"unresolved": partition_of(item_id, partitions), "due_at": iso(due_at)}


def find(table: str, partition: str, at: datetime, limit: int) -> list[DueItem]:
    """Return *limit* of the partition's items that are due at *at*, oldest first."""
    found = query(
        table,
        "unresolved = :partition AND due_at <= :now",
        {":partition": partition, ":now": iso(at)},
        IndexName="unresolved",
        Limit=limit,
    )
    return [DueItem(item["id"], item["due_at"]) for item in islice(found, limit)]


def postpone(table: str, item: DueItem, due_at: datetime) -> DueItem | None:
    """
    Make the item due at *due_at*; return it as it is then.

    None if another process has resolved it, or has given it another time: a change of
    the item knows better when it is due.
    """
    as_it_was = Condition(
        "due_as_it_was",
        "#due_at = :was",
        "it has been changed or resolved meanwhile",
        values={"was": item.due_at},
    )
    later = DueItem(item.id, iso(due_at))
    postponed = item_update(table, item.id, as_it_was, set_={"due_at": later.due_at})
    return later if execute_alone(postponed) else None
