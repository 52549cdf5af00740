"""Values as DynamoDB takes, stores and measures them."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

type Typed = dict[str, Any]
type Item = dict[str, Typed]

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
LARGEST_ITEM_BYTES = 400 * 1024
LONGEST_HASH_KEY_BYTES = 2048
LONGEST_RANGE_KEY_BYTES = 1024
DEEPEST_NESTING = 32
MOST_DIGITS = 38
LARGEST_EXPONENT = 125
SMALLEST_EXPONENT = -130

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


class InvalidError(Exception):
    """DynamoDB refuses this, too: a ValidationException."""


def stored(typed: Mapping[str, Any], depth: int = 0) -> Typed:
    """Return a value as DynamoDB stores it, and no part of it shared with *typed*."""
    if len(typed) != 1:
        raise InvalidError("a value has exactly one type")
    if depth > DEEPEST_NESTING:
        raise InvalidError("a value is nested too deeply")
    [(kind, value)] = typed.items()
    match kind:
        case "S":
            _encoded(value)
        case "N":
            return {"N": number(value)}
        case "L":
            return {"L": [stored(member, depth + 1) for member in value]}
        case "M":
            return {"M": {name: stored(v, depth + 1) for name, v in value.items()}}
        case "SS" | "NS" | "BS":
            return {kind: _set(kind, value)}
        case "NULL" if value is not True:
            raise InvalidError("a null is true")
        case "B" | "BOOL" | "NULL":
            pass
        case _:
            raise InvalidError(f"there is no type {kind}")
    return {kind: value}


def copied(typed: Typed) -> Typed:
    """Return a copy of a stored value, no part of it shared with the original."""
    [(kind, value)] = typed.items()
    if kind == "L":
        return {"L": [copied(member) for member in value]}
    if kind == "M":
        return {"M": {name: copied(v) for name, v in value.items()}}
    return {kind: [*value] if isinstance(value, list) else value}


def copied_item(item: Item) -> Item:
    return {name: copied(typed) for name, typed in item.items()}


def stored_item(item: Mapping[str, Any]) -> Item:
    return {name: stored(typed) for name, typed in item.items()}


@cache
def number(text: str) -> str:
    """Return a number without needless zeros, as DynamoDB answers it."""
    if not NUMBER.fullmatch(text):
        raise InvalidError(f"{text!r} is not a number")
    exact = Decimal(text)
    if not exact:
        return "0"
    sign, digits, exponent = exact.as_tuple()
    assert isinstance(exponent, int)
    significant = "".join(map(str, digits)).rstrip("0")
    if len(significant) > MOST_DIGITS:
        raise InvalidError("a number has at most 38 digits")
    if not SMALLEST_EXPONENT <= exact.adjusted() <= LARGEST_EXPONENT:
        raise InvalidError("a number is too large or too small")
    exponent += len(digits) - len(significant)
    return format(Decimal(f"{'-' * sign}{significant}e{exponent}"), "f")


def _set(kind: str, members: list[Any]) -> list[Any]:
    if kind == "NS":
        members = [number(member) for member in members]
    if not members:
        raise InvalidError("a set may not be empty")
    if len({*members}) < len(members):
        raise InvalidError("a set has each member once")
    return [*members]


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidError("a string is UTF-8") from error


def comparable(typed: Typed) -> Any:
    """Return a plain value: numbers compare as numbers, "1.0" is 1."""
    [(kind, value)] = typed.items()
    match kind:
        case "N":
            return Decimal(value)
        case "L":
            return [(next(iter(member)), comparable(member)) for member in value]
        case "M":
            return {name: (next(iter(v)), comparable(v)) for name, v in value.items()}
        case "SS" | "NS" | "BS":
            return frozenset(Decimal(m) if kind == "NS" else m for m in value)
    return value


# ------------------------------------------------------------------------ size


def size(item: Item) -> int:
    """
    Return the bytes of an item: its names and values.

    AWS says of numbers only that it is "approximately" so:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(typed: Typed) -> int:
    [(kind, value)] = typed.items()
    measure = SIZES.get(kind)
    return measure(value) if measure else sum(_size({kind[0]: m}) for m in value)


SIZES: dict[str, Callable[[Any], int]] = {
    "S": lambda text: len(text.encode()),
    "B": len,
    "N": lambda text: len(text) // 2 + 2,
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
    "M": lambda members: (
        3 + sum(len(n.encode()) + 1 + _size(m) for n, m in members.items())
    ),
    "L": lambda members: 3 + sum(1 + _size(member) for member in members),
}


def check_size(item: Item) -> None:
    if size(item) > LARGEST_ITEM_BYTES:
        raise InvalidError("an item is too large")


# ------------------------------------------------------------------------ keys


def key_part(
    typed: Typed | None, name: str, kind: str, longest: int, where: str
) -> Any:
    """Return the value of a key's attribute, if it can be one."""
    if typed is None or typed.keys() != {kind}:
        raise InvalidError(f"{name}, of the key of {where}, is not of type {kind}")
    value = comparable(typed)
    if kind != "N":
        length = len(_encoded(value) if kind == "S" else value)
        if not 0 < length <= longest:
            raise InvalidError(f"{name}, of the key of {where}, is empty or too long")
    return value
