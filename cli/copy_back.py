"""Compare the items of a restored table with the stack's own, and copy them back."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from checkout.clients import aws
from checkout.tables import transaction
from checkout.tables.item import MOST_KEYS_AT_ONCE, from_item
from checkout.tables.transaction import Condition, Write
from cli.console import CommandError
from cli.restored import PASSING, Finding, Raw, Restored, is_ahead, scan


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
    if own is None or is_ahead(from_item(restored), from_item(own)):
        return restored
    kept = {name: value for name, value in restored.items() if name != "ttl"}
    return kept | {"ttl": own["ttl"]} if "ttl" in own else kept


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
