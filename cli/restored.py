"""What is copied back from a restored table, and what of the stack's own stays."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import batched
from typing import Any, NamedTuple

from checkout import clock
from checkout.clients import aws
from checkout.tables import transaction
from checkout.tables.item import MOST_KEYS_AT_ONCE, from_item
from checkout.tables.transaction import Condition, Write
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
    if _is_ahead(item, other):
        return True
    # An offer was sold, or a session paid beside its own Checkout Session.
    gained = any(n in item and n not in other for n in ("purchase_id", "paid_beside"))
    # Reconcile has done what a session was due for: its e-mail address is gone.
    is_same_rank = "rank" in item and item["rank"] == other.get("rank")
    return gained or (is_same_rank and "due_at" in other and "due_at" not in item)


def _is_ahead(item: Item, other: Item) -> bool:
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


@dataclass
class Comparison:
    """How many restored items were found how, and which of them differ."""

    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(map(str, Finding), 0)
    )
    different: list[str] = field(default_factory=list)
    copied: int = 0
    replaced: int = 0


def compare(table: Restored) -> Comparison:
    """Compare all items; nothing is written."""
    found = Comparison()
    for restored, own in pairs(table):
        finding = table.finding(from_item(restored), own and from_item(own))
        found.counts[finding] += 1
        if finding is Finding.DIFFERENT:
            found.different.append(name_of(table, restored))
    return found


def copy(table: Restored, *, replace: bool) -> Comparison:
    """
    Copy what is missing and, with *replace*, what differs and is not newer.

    Each write has the condition that the stack's own item is as it was compared.
    """
    found = Comparison()
    for restored, own in pairs(table):
        finding = table.finding(from_item(restored), own and from_item(own))
        found.counts[finding] += 1
        if finding is Finding.MISSING:
            found.copied += transaction.execute_alone(_put(table, restored, None))
        elif finding is Finding.DIFFERENT and replace:
            found.replaced += transaction.execute_alone(_put(table, restored, own))
        elif finding is Finding.DIFFERENT:
            found.different.append(name_of(table, restored))
    return found


def pairs(table: Restored) -> Iterator[tuple[Raw, Raw | None]]:
    """Yield each restored item with the stack's own of the same key, None without."""
    for some in batched(scan(table.restored), MOST_KEYS_AT_ONCE, strict=False):
        if not all(table.belongs(from_item(item)) for item in some):
            raise CommandError(
                f"{table.restored} is no copy of {table.logical_id} ({table.option})."
            )
        own = {_key_text(table, item): item for item in _own(table, some)}
        for item in some:
            mine = own.get(_key_text(table, item))
            yield _kept(item, mine), mine


def _kept(restored: Raw, own: Raw | None) -> Raw:
    """
    Return a restored item with the time to live of the stack's own.

    Functions give an item one when its session ends unpaid, move it to a later time,
    and take it away when the session is paid after all. If the restored item is ahead,
    what it has belongs to it.
    """
    if own is None or _is_ahead(from_item(restored), from_item(own)):
        return restored
    kept = {name: value for name, value in restored.items() if name != "ttl"}
    return kept | {"ttl": own["ttl"]} if "ttl" in own else kept


def scan(table: str) -> Iterator[Raw]:
    """Yield all items of a table as they are now, in DynamoDB's types."""
    pages = aws.client("dynamodb").get_paginator("scan")
    for page in pages.paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _own(table: Restored, items: tuple[Raw, ...]) -> Iterator[Raw]:
    keys = [{name: item[name] for name in table.key_names} for item in items]
    wanted: Any = {table.own: {"Keys": keys, "ConsistentRead": True}}
    while wanted:
        answer = aws.client("dynamodb").batch_get_item(RequestItems=wanted)
        yield from answer["Responses"].get(table.own, [])
        wanted = answer["UnprocessedKeys"]


def _key_text(table: Restored, item: Raw) -> tuple[str, ...]:
    return tuple(str(item[name]["S"]) for name in table.key_names)


def name_of(table: Restored, item: Raw) -> str:
    return "/".join(_key_text(table, item))


def _put(table: Restored, item: Raw, own: Raw | None) -> Write:
    """Return the put of a restored item, if the stack's own still is *own*."""
    if own is None:
        expression, names, values = (
            f"attribute_not_exists({table.key_names[0]})",
            {},
            {},
        )
    else:
        compared = [name for name in own if name not in PASSING]
        names = {f"#n{number}": name for number, name in enumerate(compared)}
        values = {f":v{number}": own[name] for number, name in enumerate(compared)}
        expression = " AND ".join(
            f"#n{number} = :v{number}" for number in range(len(compared))
        )
    request = {"TableName": table.own, "Item": item, "ConditionExpression": expression}
    if own is not None:
        request["ExpressionAttributeNames"] = names
        request["ExpressionAttributeValues"] = values
    unchanged = Condition(
        "own_item_is_unchanged", expression, "it has changed meanwhile"
    )
    return Write({"Put": request}, unchanged)
