"""The README names the cards, the calls and the options that exist."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

from mocktill import cards, control, debits
from mocktill.faults import Fault

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text()


def section(heading):
    return README.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def first_cells(heading):
    """Return the names in the first column of a section's tables."""
    cells = re.findall(r"^\| (`.*?) \|", section(heading), re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_card_and_account_is_listed():
    assert first_cells("Pay without a browser") == {*cards.CARDS, *debits.ACCOUNTS}


def test_every_call_is_listed():
    there_are = {
        f"{method} {route.path}"
        for route in control.routes()
        for method in route.methods - {"HEAD"}
    }

    assert first_cells("The control API") == there_are


def test_every_field_of_a_fault_is_listed():
    listed = first_cells("Make things go wrong")

    assert listed == {field.name for field in fields(Fault)}


def test_every_option_is_listed():
    command = [sys.executable, "-m", "mocktill", "--help"]
    environment = {"PYTHONPATH": str(PROJECT / "src")}
    answer = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    )

    options = set(re.findall(r"^  (--[\w-]+)", answer.stdout, re.MULTILINE))
    assert first_cells("Start it") == options


def test_every_file_and_link_exists():
    named = re.findall(r"`((?:src|tests)/[\w/.]+)`", README)
    linked = re.findall(r"\]\((?!https:)([^)]+)\)", README)

    assert [name for name in [*named, *linked] if not (PROJECT / name).exists()] == []
