"""
DynamoDB's expressions, as far as the layer uses them: parsed once, then called.

    condition   = conjunction {"OR" conjunction}
    conjunction = negation {"AND" negation}
    negation    = "NOT" negation | "(" condition ")" | test
    test        = "attribute_exists(" path ")" | "attribute_not_exists(" path ")"
                | "contains(" path "," operand ")" | "begins_with(" path "," operand ")"
                | operand ("=" | "<" | "<=" | ">" | ">=") operand
                | operand "BETWEEN" operand "AND" operand
                | operand "IN (" operand {"," operand} ")"

    update = {"SET" path "=" sum {"," ...} | "REMOVE" path {"," ...}
             | "ADD" path value {"," ...}}
    sum    = term ["+" term | "-" term]
    term   = operand | "if_not_exists(" path "," term ")"
           | "list_append(" term "," term ")"

A path is one name: the layer never reaches into a list or a map. Whatever is not of
this grammar raises NotUnderstoodError, so that nothing is proven about a guess.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

type Typed = dict[str, Any]
type Item = dict[str, Typed]
type Evaluate = Callable[["Scope"], Any]

TOKEN = re.compile(r"\s*([#:]?\w+|<=|>=|[()=<>,+-])")
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: left == right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
KEYWORDS = frozenset(
    ["AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"]
)
FUNCTIONS = frozenset(
    [
        "attribute_exists",
        "attribute_not_exists",
        "attribute_type",
        "begins_with",
        "contains",
        "if_not_exists",
        "list_append",
        "size",
    ]
)


class NotUnderstoodError(Exception):
    """DynamoDB may know what this means; the proof does not, and will not guess."""


class InvalidError(Exception):
    """DynamoDB refuses this, too: a ValidationException."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may refer to."""

    item: Mapping[str, Typed]
    names: Mapping[str, str]
    values: Mapping[str, Typed]

    def name(self, token: str) -> str:
        return self.names[token] if token.startswith("#") else token

    def get(self, token: str) -> Typed | None:
        if token.startswith(":"):
            return self.values[token]
        return self.item.get(self.name(token))


@dataclass(frozen=True)
class Condition:
    """A condition, and which placeholders it uses."""

    holds: Evaluate
    used: frozenset[str]


@dataclass(frozen=True)
class Update:
    """An update, and which placeholders it uses."""

    changes: tuple[Callable[[Scope, Item], None], ...]
    used: frozenset[str]

    def applied(self, scope: Scope) -> Item:
        """Return the item as it is afterwards; every right side sees it as before."""
        changed = dict(scope.item)
        for change in self.changes:
            change(scope, changed)
        return changed


@cache
def condition(text: str) -> Condition:
    tokens = _Tokens(text)
    holds = _condition(tokens)
    tokens.end()
    return Condition(holds, tokens.used)


@cache
def update(text: str) -> Update:
    tokens = _Tokens(text)
    changes: list[Callable[[Scope, Item], None]] = []
    while not tokens.at_end:
        clause = CLAUSES[tokens.take(*CLAUSES)]
        changes.append(clause(tokens))
        while tokens.took(","):
            changes.append(clause(tokens))
    return Update(tuple(changes), tokens.used)


@dataclass
class _Tokens:
    text: str
    waiting: list[str] = field(default_factory=list)
    used: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        position = 0
        while position < len(self.text.rstrip()):
            match = TOKEN.match(self.text, position)
            if match is None:
                raise self.not_understood()
            self.waiting.append(match[1])
            position = match.end()
        self.used = frozenset(token for token in self.waiting if token[0] in "#:")

    def not_understood(self) -> NotUnderstoodError:
        return NotUnderstoodError(f"{self.text!r}, at {' '.join(self.waiting)!r}")

    @property
    def at_end(self) -> bool:
        return not self.waiting

    @property
    def next(self) -> str:
        return self.waiting[0] if self.waiting else ""

    def took(self, token: str) -> bool:
        """Take *token* if it is the next one."""
        if self.next != token:
            return False
        del self.waiting[0]
        return True

    def take(self, *expected: str) -> str:
        if self.next not in expected:
            raise self.not_understood()
        return self.waiting.pop(0)

    def path(self) -> str:
        if not re.fullmatch(r"#?\w+", self.next) or self.next in KEYWORDS | FUNCTIONS:
            raise self.not_understood()
        return self.waiting.pop(0)

    def operand(self) -> str:
        return self.waiting.pop(0) if self.next.startswith(":") else self.path()

    def end(self) -> None:
        if self.waiting:
            raise self.not_understood()


# -------------------------------------------------------------------- conditions


def _condition(tokens: _Tokens) -> Evaluate:
    either = [_conjunction(tokens)]
    while tokens.took("OR"):
        either.append(_conjunction(tokens))
    return lambda scope: any(holds(scope) for holds in either)


def _conjunction(tokens: _Tokens) -> Evaluate:
    every = [_negation(tokens)]
    while tokens.took("AND"):
        every.append(_negation(tokens))
    return lambda scope: all(holds(scope) for holds in every)


def _negation(tokens: _Tokens) -> Evaluate:
    if tokens.took("NOT"):
        denied = _negation(tokens)
        return lambda scope: not denied(scope)
    if tokens.took("("):
        inner = _condition(tokens)
        tokens.take(")")
        return inner
    if tokens.next in TESTS:
        return _function(tokens)
    return _comparison(tokens)


def _function(tokens: _Tokens) -> Evaluate:
    test = TESTS[tokens.take(*TESTS)]
    tokens.take("(")
    path = tokens.path()
    argument = tokens.operand() if tokens.took(",") else None
    tokens.take(")")
    return lambda scope: test(
        scope.get(path), scope.get(argument) if argument else None
    )


def _comparison(tokens: _Tokens) -> Evaluate:
    left = tokens.operand()
    if tokens.took("BETWEEN"):
        low = tokens.operand()
        tokens.take("AND")
        high = tokens.operand()
        return lambda scope: (
            _compare(">=", scope.get(left), scope.get(low))
            and _compare("<=", scope.get(left), scope.get(high))
        )
    if tokens.took("IN"):
        tokens.take("(")
        among = [tokens.operand()]
        while tokens.took(","):
            among.append(tokens.operand())
        tokens.take(")")
        return lambda scope: any(
            _compare("=", scope.get(left), scope.get(each)) for each in among
        )
    sign, right = tokens.take(*COMPARISONS), tokens.operand()
    return lambda scope: _compare(sign, scope.get(left), scope.get(right))


def _compare(sign: str, left: Typed | None, right: Typed | None) -> bool:
    """Compare two values; one that is absent, or of another type, never compares."""
    if left is None or right is None or left.keys() != right.keys():
        return False
    return COMPARISONS[sign](comparable(left), comparable(right))


def comparable(typed: Typed) -> Any:
    """Return a plain value: numbers compare as numbers, "1.0" is 1."""
    [(kind, value)] = typed.items()
    if kind == "N":
        return Decimal(value)
    if kind == "L":
        return [(next(iter(member)), comparable(member)) for member in value]
    return value


def _contains(whole: Typed | None, part: Typed | None) -> bool:
    if whole is None or part is None:
        return False
    if "S" in whole:
        return "S" in part and part["S"] in whole["S"]
    if "L" in whole:
        return any(_compare("=", member, part) for member in whole["L"])
    raise NotUnderstoodError(f"contains() of {whole}")


def _begins_with(whole: Typed | None, start: Typed | None) -> bool:
    if whole is None or start is None:
        return False
    return "S" in whole and whole["S"].startswith(start["S"])


TESTS: dict[str, Callable[[Typed | None, Typed | None], bool]] = {
    "attribute_exists": lambda found, _: found is not None,
    "attribute_not_exists": lambda found, _: found is None,
    "contains": _contains,
    "begins_with": _begins_with,
}


# ----------------------------------------------------------------------- updates


def _set(tokens: _Tokens) -> Callable[[Scope, Item], None]:
    path = tokens.path()
    tokens.take("=")
    value = _sum(tokens)

    def change(scope: Scope, changed: Item) -> None:
        changed[scope.name(path)] = value(scope)

    return change


def _sum(tokens: _Tokens) -> Evaluate:
    left = _term(tokens)
    if tokens.next not in {"+", "-"}:
        return left
    sign, right = tokens.take("+", "-"), _term(tokens)
    factor = 1 if sign == "+" else -1
    return lambda scope: _added(left(scope), right(scope), factor)


def _term(tokens: _Tokens) -> Evaluate:
    if tokens.took("if_not_exists"):
        tokens.take("(")
        path = tokens.path()
        tokens.take(",")
        otherwise = _term(tokens)
        tokens.take(")")
        return lambda scope: scope.get(path) or otherwise(scope)
    if tokens.took("list_append"):
        tokens.take("(")
        first = _term(tokens)
        tokens.take(",")
        second = _term(tokens)
        tokens.take(")")
        return lambda scope: {"L": first(scope)["L"] + second(scope)["L"]}
    operand = tokens.operand()

    def present(scope: Scope) -> Typed:
        found = scope.get(operand)
        if found is None:
            raise InvalidError("an expression refers to an attribute that is not there")
        return found

    return present


def _remove(tokens: _Tokens) -> Callable[[Scope, Item], None]:
    path = tokens.path()
    return lambda scope, changed: void(changed.pop(scope.name(path), None))


def _add(tokens: _Tokens) -> Callable[[Scope, Item], None]:
    path, value = tokens.path(), tokens.operand()

    def change(scope: Scope, changed: Item) -> None:
        added = _added(scope.get(path) or {"N": "0"}, scope.values[value], 1)
        changed[scope.name(path)] = added

    return change


def _added(left: Typed, right: Typed, factor: int) -> Typed:
    if left.keys() | right.keys() != {"N"}:
        raise InvalidError("only numbers are added here")
    return {"N": str(Decimal(left["N"]) + factor * Decimal(right["N"]))}


def void(_: object) -> None:
    """Take a value that nobody needs."""


CLAUSES = {"SET": _set, "REMOVE": _remove, "ADD": _add}
