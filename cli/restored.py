"""A restored table: what of it is copied back, and what of the stack's own stays."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from checkout import clock
from checkout.clients import aws
from cli.console import CommandError

# In DynamoDB's types: the host application's items may hold what ours never do.
type Raw = dict[str, Any]
type Item = dict[str, Any]

# When an item is due changes by itself, and says nothing of how new the item is.
PASSING = ("unresolved", "due_at")
OF_PURCHASES = ("pur_", "owns#", "undecided#", "buyer#", "revenue#")
OF_SESSIONS = ("ps_", "live#", "rate#", "reconcile#")


class Finding(StrEnum):
    """What became of a restored item in the stack's own table."""

    MISSING = "missing"  # it is copied
    SAME = "same"
    NEWER = "newer"  # the stack's own has got further: it stays
    DIFFERENT = "different"  # nothing says which is newer: only on request
    NOT_COPIED = "not_copied"  # it follows from others, or is over


class Restored(NamedTuple):
    """A table of the stack, and the one that was restored beside it."""

    option: str
    logical_id: str
    own: str
    restored: str

    @property
    def key_names(self) -> tuple[str, ...]:
        is_audit_log = self.logical_id == "AuditLogTable"
        return ("payment_session_id", "entry_id") if is_audit_log else ("id",)

    def belongs(self, item: Item) -> bool:
        """Return whether an item can be of this table at all."""
        item_id = str(item.get("id", ""))
        match self.logical_id:
            case "AuditLogTable":
                return "entry_id" in item
            case "PurchasesTable":
                is_pointer = "purchase_id" in item
                return item_id.startswith(OF_PURCHASES) or is_pointer
            case "PaymentSessionsTable":
                is_pointer = "payment_session_id" in item
                is_listed = "offer" in item
                return item_id.startswith(OF_SESSIONS) or is_pointer or is_listed
        others = (*OF_PURCHASES, *OF_SESSIONS)
        return "entry_id" not in item and not item_id.startswith(others)

    def is_copied(self, item: Item) -> bool:
        """Return whether it is copied; what follows from other items is rebuilt."""
        item_id = str(item.get("id", ""))
        match self.logical_id:
            case "PurchasesTable":
                return item_id.startswith("pur_")
            case "PaymentSessionsTable":
                is_over = item.get("ttl", float("inf")) < clock.now().timestamp()
                return not (is_over or item_id.startswith(("rate#", "reconcile#")))
        return True

    def finding(self, restored: Item, own: Item | None) -> Finding:
        """Compare a restored item with the stack's own."""
        if not self.is_copied(restored):
            return Finding.NOT_COPIED
        if own is None:
            return Finding.MISSING
        if _lasting(own) == _lasting(restored):
            return Finding.SAME
        if self.logical_id == "AuditLogTable":
            # Entries only lose what was erased.
            return Finding.NEWER
        return Finding.NEWER if _is_newer(own, restored) else Finding.DIFFERENT


def _lasting(item: Item) -> Item:
    return {name: value for name, value in item.items() if name not in PASSING}


def _is_newer(item: Item, other: Item) -> bool:
    """Return whether *item* has got further, by what functions write only forwards."""
    if is_ahead(item, other):
        return True
    # An offer was sold, or a session paid beside its own Checkout Session.
    gained = any(n in item and n not in other for n in ("purchase_id", "paid_beside"))
    # Reconcile has done what a session was due for: its e-mail address is gone.
    is_same_rank = "rank" in item and item["rank"] == other.get("rank")
    return gained or (is_same_rank and "due_at" in other and "due_at" not in item)


def is_ahead(item: Item, other: Item) -> bool:
    """
    Return whether *item* has a higher number of those that functions only raise.

    They are the version of a purchase or an offer, the rank of a session, and the
    attempt of a live session.
    """
    numbers = (
        (item.get(name), other.get(name)) for name in ("version", "rank", "attempt")
    )
    return any(
        isinstance(mine, int) and isinstance(its, int) and mine > its
        for mine, its in numbers
    )


def check(table: Restored, to_time: datetime) -> None:
    """
    Raise CommandError unless it is whole, of the stack's own table, and new enough.

    A table that AWS has not restored says nothing of its origin: it is taken.
    """
    found = aws.client("dynamodb").describe_table(TableName=table.restored)["Table"]
    if found["TableStatus"] != "ACTIVE":
        raise CommandError(f"AWS still restores {table.restored}: repeat the command.")
    summary = found.get("RestoreSummary")
    if summary is None:
        return
    source = summary.get("SourceTableArn", table.own).rpartition("/")[2]
    if source != table.own:
        raise CommandError(
            f"{table.restored} was restored from {source}, and {table.option} is "
            f"{table.own}."
        )
    restored_to = summary["RestoreDateTime"]
    if restored_to < to_time.replace(microsecond=0):
        raise CommandError(
            f"{table.restored} was restored to an earlier time: repeat the command "
            f"with --to-time {clock.iso(restored_to)}, the oldest of all its tables."
        )


def scan(table: str) -> Iterator[Raw]:
    """Yield all items of a table as they are now, in DynamoDB's types."""
    pages = aws.client("dynamodb").get_paginator("scan")
    for page in pages.paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]
