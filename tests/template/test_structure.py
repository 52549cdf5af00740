"""The shape of the code: sizes, writes that are executed, collaborators left alone."""

import ast
import re
from collections.abc import Iterator
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
    """Yield each statement that makes a Write and does nothing with it."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(attr=name) | ast.Name(id=name),
                )
            ) if name in makers:
                yield ast.unparse(node)
            case ast.Assign(targets=[ast.Name(id="_")], value=ast.Call()):
                yield ast.unparse(node)


def test_the_functions_that_return_writes_are_found() -> None:
    makers = functions_returning_writes()

    assert {
        "insertion",
        "moved",
        "released",
        "entry",
        "updated",
        "writes_for",
    } <= makers
    # What executes writes is a verb, and returns none.
    assert not {"execute", "execute_required", "append", "change"} & makers


def test_a_write_that_is_made_and_dropped_is_found() -> None:
    """A test of the test below."""
    source = "def f(self):\n    self.sessions.released('ps_1')\n    _ = insertion(1)\n"

    assert len(list(dropped_writes(source, functions_returning_writes()))) == 2


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
