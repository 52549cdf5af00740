"""The shape of the code: sizes, writes that are executed, collaborators left alone."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.template_file import ROOT

PACKAGE = sorted((ROOT / "layers/common/checkout").rglob("*.py"))
HANDLERS = sorted(ROOT.glob("functions/*/app.py"))
CODE = [*PACKAGE, *HANDLERS, *sorted(ROOT.glob("cli/*.py"))]

MOST_LINES = 250
# One screen, blank lines not counted.
MOST_LINES_OF_A_HANDLER = 90
WRITES = re.compile(r"\bWrite\b")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PACKAGE, ids=name_of)
def test_no_module_of_the_package_is_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", HANDLERS, ids=name_of)
def test_no_handler_is_longer_than_a_screen(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES_OF_A_HANDLER


# ---------------------------------------------------------------- writes


@cache
def functions_returning_writes() -> set[str]:
    """Return the names of all functions whose result is a Write, or contains some."""
    return {
        node.name
        for path in PACKAGE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        and node.returns
        and WRITES.search(ast.unparse(node.returns))
    }


def dropped_writes(source: str, makers: set[str]) -> Iterator[str]:
    """
    Yield each statement in which a Write is made and goes nowhere.

    It goes somewhere if it is returned, yielded, an argument, a value of a dict or an
    element that is passed on, or assigned to a name that is not thrown away.
    """
    tree = ast.parse(source)
    parents = {
        child: parent
        for parent in ast.walk(tree)
        for child in ast.iter_child_nodes(parent)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
                statement = _dropped_in(node, parents) if name in makers else None
                if statement:
                    yield ast.unparse(statement)


def _dropped_in(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> ast.stmt | None:
    """Return the statement that drops the value of *node*, None if it is used."""
    parent = parents[node]
    while True:
        match parent:
            case ast.Return() | ast.Yield() | ast.Dict() | ast.keyword():
                return None
            case ast.Call(func=func) if func is not node:
                return None
            case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
                names = [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]
                thrown_away = all(name.startswith("_") for name in names)
                return parent if thrown_away or isinstance(target, ast.Tuple) else None
            case ast.stmt():
                return parent if isinstance(parent, ast.Expr | ast.If) else None
        node, parent = parent, parents[parent]


def test_the_functions_that_return_writes_are_found() -> None:
    makers = functions_returning_writes()

    assert {
        "insertion",
        "moved",
        "followed",
        "entry",
        "updated",
        "writes_for",
    } <= makers
    # What executes writes is a verb, and returns none.
    assert not {"execute", "execute_required", "append", "change"} & makers


@pytest.mark.parametrize(
    "statement",
    [
        "s.followed(x)",
        "_ = s.followed(x)",
        "_unused = s.followed(x)",
        "_, b = s.followed(x), 1",
        "[s.followed(i) for i in ids]",
        "a and s.followed(x)",
        "s.followed(x) if a else None",
        "if s.followed(x): pass",
        "_: object = insertion(1)",
    ],
)
def test_a_write_that_is_made_and_dropped_is_found(statement: str) -> None:
    """A test of the test below."""
    source = f"def f(self, s, a, x, ids):\n    {statement}\n"

    assert len(list(dropped_writes(source, functions_returning_writes()))) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "return s.followed(x)",
        "execute({'session': s.followed(x)})",
        "writes['session'] = s.followed(x)",
        "return {'a': 1} | s.updated(x)",
        "write = s.followed(x) if a else None",
        "headers.update({'a': 1})",
    ],
)
def test_a_write_that_is_used_is_not_found(statement: str) -> None:
    """A test of the test below."""
    source = f"def f(self, s, a, x, headers, writes):\n    {statement}\n"

    assert list(dropped_writes(source, functions_returning_writes())) == []


@pytest.mark.parametrize("path", PACKAGE, ids=name_of)
def test_no_failure_of_a_transaction_is_overlooked(path: Path) -> None:
    """What `execute` returns says which condition failed."""
    ignored = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).endswith(("execute", "execute_required"))
    ]

    assert ignored == []


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_every_write_is_used(path: Path) -> None:
    """A Write does nothing until it is executed; ruff finds unused variables."""
    makers = functions_returning_writes()

    assert list(dropped_writes(path.read_text(), makers)) == []


# ---------------------------------------------------------------- collaborators


def reached_into(source: str) -> Iterator[str]:
    """Yield each `self.a.b.c`: what an object of another object does is its own."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(
                value=ast.Attribute(value=ast.Attribute(value=ast.Name(id="self")))
            ):
                yield ast.unparse(node)


def test_a_train_of_attributes_is_found() -> None:
    """A test of the test below."""
    source = "def f(self):\n    self.refunds.changes.purchases.get('pur_1')\n"

    assert list(reached_into(source))


@pytest.mark.parametrize("path", [*PACKAGE, *HANDLERS], ids=name_of)
def test_no_attribute_of_a_collaborator_is_reached_into(path: Path) -> None:
    assert list(reached_into(path.read_text())) == []
