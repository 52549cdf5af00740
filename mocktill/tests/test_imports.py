"""The package imports only what its pyproject.toml names, and in one direction."""

import ast
import re
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PACKAGE = PROJECT / "src/mocktill"
MODULES = {path.stem: path for path in PACKAGE.glob("*.py")}


def imports_of(path):
    """Return the modules that a file imports, also for type checkers only."""
    within, beyond = set(), set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                beyond |= {alias.name.partition(".")[0] for alias in names}
            case ast.ImportFrom(level=0, module=str(module)):
                beyond.add(module.partition(".")[0])
            case ast.ImportFrom(level=1, module=None, names=names):
                within |= {alias.name for alias in names}
            case ast.ImportFrom(level=1, module=str(module)):
                within.add(module.partition(".")[0])
    return within, beyond


def test_no_module_imports_another_that_imports_it():
    graph = {name: imports_of(path)[0] for name, path in MODULES.items()}

    assert set().union(*graph.values()) <= MODULES.keys()
    TopologicalSorter(graph).prepare()


def test_the_package_imports_its_dependencies_and_nothing_else():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    names = [re.match(r"[\w-]+", named)[0] for named in project["dependencies"]]
    dependencies = {name.replace("-", "_") for name in names}

    imported = set().union(*(imports_of(path)[1] for path in MODULES.values()))

    assert imported - sys.stdlib_module_names <= dependencies
