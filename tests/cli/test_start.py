"""How the command line starts: help imports no SDK, and knows each command."""

import os
import subprocess
import sys
from typing import Any

import pytest

from cli.app import COMMANDS
from cli.lazy_commands import Group, Lazy, LazyCommands
from tests.aws import REGION
from tests.cli.conftest import Operator
from tests.template_file import ROOT

# Typer itself imports pydantic as soon as an option has a value.
HEAVY = {"stripe", "botocore", "requests", "urllib3", "checkout"}
LISTING = """
import sys
try:
    import runpy
    sys.argv = ["checkout", *sys.argv[1:]]
    runpy.run_module("cli", run_name="__main__")
except SystemExit:
    pass
print("IMPORTED", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def imported_by(*arguments: str) -> set[str]:
    """Return the top-level packages that a command imports in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", LISTING, *arguments],
        env={
            "PATH": os.environ["PATH"],
            "AWS_DEFAULT_REGION": REGION,
            "PYTHONPATH": f"{ROOT}:{ROOT / 'layers/common'}",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    _, _, names = done.stdout.rpartition("IMPORTED ")
    return set(names.split())


GROUPS = [name for name, entry in COMMANDS.items() if isinstance(entry, Group)]


@pytest.mark.parametrize("arguments", [("--help",), ()])
def test_help_imports_no_sdk(arguments: tuple[str, ...]) -> None:
    imported = imported_by(*arguments)

    assert "typer" in imported
    assert imported & {*HEAVY, "pydantic"} == set()


@pytest.mark.parametrize(
    "arguments", [("nothing",), *((name, "--help") for name in GROUPS)]
)
def test_neither_does_help_of_a_group(arguments: tuple[str, ...]) -> None:
    assert imported_by(*arguments) & HEAVY == set()


def test_a_command_is_seen_to_import_what_it_needs() -> None:
    """Otherwise the test above could not fail."""
    assert imported_by("show", "--help").issuperset({"botocore", "checkout"})


def test_offers_are_checked_without_stripe() -> None:
    assert "stripe" not in imported_by("offers", "validate", "/nowhere")


def commands(
    table: Any = COMMANDS, path: tuple[str, ...] = ()
) -> list[tuple[tuple[str, ...], Lazy, Any]]:
    found = []
    for name, entry in table.items():
        if isinstance(entry, Group):
            found += commands(entry.commands, (*path, name))
        else:
            found.append(((*path, name), entry, LazyCommands(table)[name]))
    return found


def test_help_says_of_each_command_what_the_command_says_of_itself(
    operator: Operator,
) -> None:
    """The functions' docstrings are written a second time, so that help is quick."""
    del operator  # it has set the environment that the commands are imported in
    for path, entry, command in commands():
        first, _, _ = command.help.partition("\n\n")
        assert " ".join(first.split()) == entry.help, path


@pytest.mark.parametrize(
    ("typed", "meant"), [(("shwo",), "show"), (("offers", "lod"), "load")]
)
def test_a_command_that_is_misspelt_is_answered_with_the_right_one(
    operator: Operator, typed: tuple[str, ...], meant: str
) -> None:
    result = operator(*typed)

    assert result.exit_code == 2
    assert f"Did you mean '{meant}'?" in result.stderr


READS_ONLY = {
    ("show",),
    ("quarantine", "list"),
    ("dlq", "list"),
    ("offers", "validate"),
    ("export-buyer",),
    ("webhook-endpoint", "check"),
    ("smoke",),  # it removes what it makes, and refuses live mode
}


def test_whatever_changes_something_takes_yes(operator: Operator) -> None:
    del operator  # as above
    for path, _, command in commands():
        options = {name for param in command.params for name in param.opts}
        assert ("--yes" in options) == (path not in READS_ONLY), path


def test_help_of_a_command_needs_no_stack(operator: Operator) -> None:
    result = operator("--local", "show", "--help")

    assert result.exit_code == 0
    assert "issfr_" in result.stdout
