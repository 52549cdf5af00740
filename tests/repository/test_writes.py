"""
A write is a value that does nothing until it is executed, so none may be dropped.

A statement such as `self.audit_log.entry(…)` looks as if it wrote something. Its value
must be used: returned, stored, or handed to a function that executes it.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.template_file import ROOT

SOURCES = sorted(
    path
    for folder in ("layers/common/checkout", "functions", "cli")
    for path in (ROOT / folder).rglob("*.py")
)
# Methods of Python's own dicts and sets are called `update` too.
CALLED_ON_A_MODULE = frozenset(["update", "put", "delete"])


def returns_writes(function: ast.FunctionDef) -> bool:
    """Whether the function returns a write, perhaps one, or several by name."""
    annotation = function.returns
    return annotation is not None and any(
        isinstance(node, ast.Name) and node.id == "Write"
        for node in ast.walk(annotation)
    )


@cache
def makers_of_writes() -> frozenset[str]:
    """Return the names of all functions that return writes."""
    return frozenset(
        node.name
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and returns_writes(node)
    )


def dropped(source: str, makers: frozenset[str]) -> Iterator[str]:
    """Yield each statement that only calls a maker of writes."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            continue
        match node.value.func:
            case ast.Name(name) if name in makers:
                yield ast.unparse(node)
            case ast.Attribute(ast.Name("transaction"), name) if name in makers:
                yield ast.unparse(node)
            case ast.Attribute(_, name) if name in makers - CALLED_ON_A_MODULE:
                yield ast.unparse(node)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_write_is_dropped(path: Path):
    assert list(dropped(path.read_text(), makers_of_writes())) == []


def test_the_makers_of_writes_are_found():
    makers = makers_of_writes()
    assert makers >= {"put", "update", "delete", "entry", "moved", "sold", "counted"}


@pytest.mark.parametrize(
    "statement",
    [
        "self.audit_log.entry(purchase, action)",
        "transaction.put(table, item)",
        "put(self._table, item)",
        "self.offers.sold(sale)",
    ],
)
def test_a_dropped_write_is_found(statement: str):
    assert list(dropped(statement, makers_of_writes())) == [statement]


@pytest.mark.parametrize(
    "statement",
    ["names.update(more)", "execute_alone(put(table, item))", "write = moved(id)"],
)
def test_a_write_that_is_used_is_none(statement: str):
    assert list(dropped(statement, makers_of_writes())) == []
