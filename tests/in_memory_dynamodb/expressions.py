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

    key condition = key test ["AND" key test]
    key test      = path ("=" | "<" | "<=" | ">" | ">=") value
                  | path "BETWEEN" value "AND" value
                  | "begins_with(" path "," value ")"

    update = {"SET" path "=" sum {"," ...} | "REMOVE" path {"," ...}
             | "ADD" path value {"," ...}}
    sum    = term ["+" term | "-" term]
    term   = operand | "if_not_exists(" path "," term ")"
           | "list_append(" term "," term ")"

A path is one name: the layer never reaches into a list or a map. Whatever is not of
this grammar raises NotUnderstoodError, so that no test passes because of a guess. What
is of the grammar, and refused by DynamoDB nevertheless, raises InvalidError.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from functools import cache
from typing import Any

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from tests.in_memory_dynamodb.values import (
    InvalidError,
    Item,
    Typed,
    comparable,
    number,
)

type Evaluate = Callable[["Scope"], Any]
type Values = Mapping[str, Typed]

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
LONGEST_EXPRESSION_BYTES = 4096
MOST_OPERANDS_OF_IN = 100

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
# AWS publishes the list as a page; moto keeps a copy.
RESERVED = frozenset(ReservedKeywords.get_reserved_keywords())
# Wide enough for any two numbers of DynamoDB's.
EXACT = Context(prec=300)
# What has an order, and what has a beginning.
ORDERED = frozenset("SNB")
WITH_BEGINNING = frozenset("SB")


class NotUnderstoodError(Exception):
    """DynamoDB may know what this means; we do not, and will not guess."""


class UnfitError(InvalidError):
    """The request is valid, but not for the item as it is."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may refer to."""

    item: Mapping[str, Typed]
    names: Mapping[str, str]
    values: Values

    def name(self, token: str) -> str:
        return named(token, self.names)

    def get(self, token: str) -> Typed | None:
        if token.startswith(":"):
            return self.values[token]
        return self.item.get(self.name(token))


def named(token: str, names: Mapping[str, str]) -> str:
    return names[token] if token.startswith("#") else token


@dataclass(frozen=True)
class Expression:
    """The placeholders and paths that it uses, and what it asks of the values."""

    used: frozenset[str]
    paths: frozenset[str]
    checks: tuple[Callable[[Values], None], ...]


@dataclass(frozen=True)
class Condition(Expression):
    holds: Evaluate


@dataclass(frozen=True)
class KeyTest:
    path: str
    sign: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class KeyCondition(Condition):
    tests: tuple[KeyTest, ...]


@dataclass(frozen=True)
class Update(Expression):
    changes: tuple[Callable[[Scope, Item], None], ...]
    targets: tuple[str, ...]

    def applied(self, scope: Scope) -> Item:
        """Return the item as it is afterwards; every right side sees it as before."""
        changed = dict(scope.item)
        for change in self.changes:
            change(scope, changed)
        return changed

    def changed_names(self, names: Mapping[str, str]) -> set[str]:
        found = {named(target, names) for target in self.targets}
        if len(found) < len(self.targets):
            raise InvalidError("two changes of an update are about one attribute")
        return found


@cache
def condition(text: str) -> Condition:
    tokens = _Tokens(text)
    holds = _condition(tokens)
    tokens.end()
    return Condition(*tokens.asked(), holds)


@cache
def key_condition(text: str) -> KeyCondition:
    tokens = _Tokens(text)
    found = [_key_test(tokens)]
    while tokens.took("AND"):
        found.append(_key_test(tokens))
    tokens.end()
    tests, every = zip(*found, strict=True)
    return KeyCondition(
        *tokens.asked(), lambda scope: all(holds(scope) for holds in every), tests
    )


@cache
def update(text: str) -> Update:
    tokens = _Tokens(text)
    changes: list[Callable[[Scope, Item], None]] = []
    targets: list[str] = []
    clauses: list[str] = []
    while not tokens.at_end:
        clauses.append(tokens.take(*CLAUSES))
        clause = CLAUSES[clauses[-1]]
        while True:
            targets.append(tokens.next)
            changes.append(clause(tokens))
            if not tokens.took(","):
                break
    if len({*clauses}) < len(clauses):
        raise InvalidError("each clause of an update is there once")
    return Update(*tokens.asked(), tuple(changes), tuple(targets))


@dataclass
class _Tokens:
    text: str
    waiting: list[str] = field(default_factory=list)
    used: frozenset[str] = frozenset()
    paths: set[str] = field(default_factory=set)
    checks: list[Callable[[Values], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise InvalidError("an expression says something")
        if len(self.text.encode()) > LONGEST_EXPRESSION_BYTES:
            raise InvalidError("an expression is too long")
        position = 0
        while position < len(self.text.rstrip()):
            match = TOKEN.match(self.text, position)
            if match is None:
                raise self.not_understood()
            self.waiting.append(match[1])
            position = match.end()
        self.used = frozenset(token for token in self.waiting if token[0] in "#:")

    def asked(
        self,
    ) -> tuple[frozenset[str], frozenset[str], tuple[Callable[[Values], None], ...]]:
        return self.used, frozenset(self.paths), tuple(self.checks)

    def not_understood(self) -> NotUnderstoodError:
        return NotUnderstoodError(f"{self.text!r}, at {' '.join(self.waiting)!r}")

    @property
    def at_end(self) -> bool:
        return not self.waiting

    @property
    def next(self) -> str:
        return self.waiting[0] if self.waiting else ""

    def after_parentheses(self) -> str:
        """Return the token after the pair of parentheses that opens next."""
        depth = 0
        for position, token in enumerate(self.waiting, 1):
            depth += {"(": 1, ")": -1}.get(token, 0)
            if depth == 0:
                return "".join(self.waiting[position : position + 1])
        return ""

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
        if self.next.upper() in RESERVED:
            raise InvalidError(f"{self.next} is a reserved word")
        self.paths.add(self.next)
        return self.waiting.pop(0)

    def value(self) -> str:
        if not self.next.startswith(":"):
            raise self.not_understood()
        return self.waiting.pop(0)

    def operand(self) -> str:
        return self.value() if self.next.startswith(":") else self.path()

    def end(self) -> None:
        if self.waiting:
            raise self.not_understood()

    def must_be(self, operand: str, kinds: frozenset[str]) -> None:
        """Refuse a value whose type the operator does not know."""
        if not operand.startswith(":"):
            return

        def check(values: Values) -> None:
            if not values[operand].keys() <= kinds:
                raise InvalidError(f"{operand} is of a type that has none of that")

        self.checks.append(check)

    def must_differ(self, first: str, *others: str) -> None:
        if first in others:
            raise InvalidError(f"{first} is compared with itself")

    def must_be_in_order(self, low: str, high: str) -> None:
        if not (low.startswith(":") and high.startswith(":")):
            return

        def check(values: Values) -> None:
            if values[low].keys() != values[high].keys():
                raise InvalidError("the bounds of BETWEEN are of two types")
            if comparable(values[low]) > comparable(values[high]):
                raise InvalidError("the bounds of BETWEEN are in the wrong order")

        self.checks.append(check)


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
    if tokens.next == "(":
        return _in_parentheses(tokens)
    if tokens.next in TESTS:
        return _function(tokens)
    return _comparison(tokens)


def _in_parentheses(tokens: _Tokens) -> Evaluate:
    tokens.take("(")
    if tokens.next == "(" and tokens.after_parentheses() == ")":
        raise InvalidError("the expression has redundant parentheses")
    inner = _condition(tokens)
    tokens.take(")")
    return inner


def _function(tokens: _Tokens) -> Evaluate:
    name = tokens.take(*TESTS)
    test = TESTS[name]
    tokens.take("(")
    path = tokens.path()
    argument = None
    if name in WITH_ARGUMENT:
        tokens.take(",")
        argument = tokens.operand()
        tokens.must_differ(path, argument)
        if name == "begins_with":
            tokens.must_be(argument, WITH_BEGINNING)
    tokens.take(")")
    return lambda scope: test(
        scope.get(path), scope.get(argument) if argument else None
    )


def _comparison(tokens: _Tokens) -> Evaluate:
    left = tokens.operand()
    if tokens.took("BETWEEN"):
        low, high = _bounds(tokens, tokens.operand)
        return lambda scope: (
            _compare(">=", scope.get(left), scope.get(low))
            and _compare("<=", scope.get(left), scope.get(high))
        )
    if tokens.took("IN"):
        among = _among(tokens)
        tokens.must_differ(left, *among)
        return lambda scope: any(
            _compare("=", scope.get(left), scope.get(each)) for each in among
        )
    sign, right = tokens.take(*COMPARISONS), tokens.operand()
    tokens.must_differ(left, right)
    if sign != "=":
        tokens.must_be(left, ORDERED)
        tokens.must_be(right, ORDERED)
    return lambda scope: _compare(sign, scope.get(left), scope.get(right))


def _bounds(tokens: _Tokens, operand: Callable[[], str]) -> tuple[str, str]:
    low = operand()
    tokens.take("AND")
    high = operand()
    for bound in (low, high):
        tokens.must_be(bound, ORDERED)
    tokens.must_be_in_order(low, high)
    return low, high


def _among(tokens: _Tokens) -> list[str]:
    tokens.take("(")
    among = [tokens.operand()]
    while tokens.took(","):
        among.append(tokens.operand())
    tokens.take(")")
    if len(among) > MOST_OPERANDS_OF_IN:
        raise InvalidError("IN has at most a hundred operands")
    return among


def _key_test(tokens: _Tokens) -> tuple[KeyTest, Evaluate]:
    if tokens.took("begins_with"):
        tokens.take("(")
        path = tokens.path()
        tokens.take(",")
        start = tokens.value()
        tokens.take(")")
        tokens.must_be(start, WITH_BEGINNING)
        return KeyTest(path, "begins_with", (start,)), lambda scope: _begins_with(
            scope.get(path), scope.get(start)
        )
    path = tokens.path()
    if tokens.took("BETWEEN"):
        low, high = _bounds(tokens, tokens.value)
        return (
            KeyTest(path, "BETWEEN", (low, high)),
            lambda scope: (
                _compare(">=", scope.get(path), scope.get(low))
                and _compare("<=", scope.get(path), scope.get(high))
            ),
        )
    sign, right = tokens.take(*COMPARISONS), tokens.value()
    return KeyTest(path, sign, (right,)), lambda scope: _compare(
        sign, scope.get(path), scope.get(right)
    )


def _compare(sign: str, left: Typed | None, right: Typed | None) -> bool:
    """Compare two values; one that is absent, or of another type, never compares."""
    if left is None or right is None or left.keys() != right.keys():
        return False
    if sign != "=" and not left.keys() <= ORDERED:
        return False
    return COMPARISONS[sign](comparable(left), comparable(right))


def _contains(whole: Typed | None, part: Typed | None) -> bool:
    if whole is None or part is None:
        return False
    if "S" in whole:
        return "S" in part and part["S"] in whole["S"]
    if "L" in whole:
        return any(_compare("=", member, part) for member in whole["L"])
    raise NotUnderstoodError(f"contains() of {whole}")


def _begins_with(whole: Typed | None, start: Typed | None) -> bool:
    if whole is None or start is None or whole.keys() != start.keys():
        return False
    [(kind, value)] = whole.items()
    return kind in WITH_BEGINNING and bool(value.startswith(start[kind]))


TESTS: dict[str, Callable[[Typed | None, Typed | None], bool]] = {
    "attribute_exists": lambda found, _: found is not None,
    "attribute_not_exists": lambda found, _: found is None,
    "contains": _contains,
    "begins_with": _begins_with,
}
WITH_ARGUMENT = frozenset(["contains", "begins_with"])


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
        return lambda scope: {"L": _list(first(scope)) + _list(second(scope))}
    operand = tokens.operand()

    def present(scope: Scope) -> Typed:
        found = scope.get(operand)
        if found is None:
            raise UnfitError("an expression refers to an attribute that is not there")
        return found

    return present


def _list(typed: Typed) -> list[Any]:
    if "L" not in typed:
        raise UnfitError("only lists are appended to each other")
    members: list[Any] = typed["L"]
    return members


def _remove(tokens: _Tokens) -> Callable[[Scope, Item], None]:
    path = tokens.path()
    return lambda scope, changed: void(changed.pop(scope.name(path), None))


def _add(tokens: _Tokens) -> Callable[[Scope, Item], None]:
    path, value = tokens.path(), tokens.value()

    def change(scope: Scope, changed: Item) -> None:
        added = scope.values[value]
        if added.keys() & {"SS", "NS", "BS"}:
            raise NotUnderstoodError("ADD to a set")
        changed[scope.name(path)] = _added(scope.get(path) or {"N": "0"}, added, 1)

    return change


def _added(left: Typed, right: Typed, factor: int) -> Typed:
    if left.keys() | right.keys() != {"N"}:
        raise UnfitError("only numbers are added here")
    exact = EXACT.add(Decimal(left["N"]), factor * Decimal(right["N"]))
    return {"N": number(str(exact))}


def void(_: object) -> None:
    """Take a value that nobody needs."""


CLAUSES = {"SET": _set, "REMOVE": _remove, "ADD": _add}
