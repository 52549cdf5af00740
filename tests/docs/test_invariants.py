"""The architecture page lists the invariants, with tests that name them."""

import ast
import re
from functools import cache

import pytest

from tests.template_file import ROOT

PAGE = ROOT / "docs/architecture.md"
TESTS = ROOT / "tests"
HOW_MANY = 15
ROW = re.compile(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"Invariant ((?:\d+(?:, and |, | and )?)+)")


def listed() -> dict[int, list[str]]:
    """Return the tests that the page lists for each invariant."""
    section = PAGE.read_text().split("## What always holds")[1].split("\n## ")[0]
    return {
        int(number): re.findall(r"`([^`]+)`", tests)
        for number, tests in ROW.findall(section)
    }


@cache
def numbers_named_by(test: str) -> frozenset[int]:
    """Return the invariants in a test's docstring; raises if there is no such test."""
    path, _, name = test.partition("::")
    [found] = [
        node
        for node in ast.walk(ast.parse((TESTS / path).read_text()))
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    named = NAMED.findall(ast.get_docstring(found) or "")
    return frozenset(int(n) for numbers in named for n in re.findall(r"\d+", numbers))


def test_the_page_lists_every_invariant_once() -> None:
    assert [*listed()] == [*range(1, HOW_MANY + 1)]


@pytest.mark.parametrize("number", range(1, HOW_MANY + 1))
def test_the_listed_tests_name_their_invariant(number: int) -> None:
    tests = listed()[number]
    assert tests
    for test in tests:
        assert number in numbers_named_by(test), test
