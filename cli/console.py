"""What the commands say: tables for people, JSON for scripts, questions before harm."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Column, Table

# A pipe has no width of its own, and a folded id is of no use to grep.
WIDTH_OF_A_PIPE = 240

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")]


class CommandError(Exception):
    """The command cannot be carried out; its text is a sentence for the operator."""


def say(sentence: str) -> None:
    """Tell the operator something that is no part of the output."""
    typer.echo(_printable(" ".join(sentence.split())), err=True)


def ask(question: str, *, yes: bool) -> None:
    """Go on only if the operator agrees, or did so beforehand."""
    if not yes:
        typer.confirm(_printable(question), abort=True, err=True)


def print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print what is known of several things."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        # An id that is cut short cannot be copied.
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    _print(table)


def print_facts(title: str, facts: Mapping[str, object]) -> None:
    """Print what is known of one thing; what is absent is left out."""
    table = Table(
        "", Column(overflow="fold"), box=None, show_header=False, padding=(0, 2)
    )
    for name, value in facts.items():
        if value is not None:
            table.add_row(name.replace("_", " "), _cell(value))
    _print(title)
    _print(table)
    _print("")


def with_progress[T](things: Sequence[T], doing: str) -> Iterable[T]:
    """Go through *things*; who watches at a terminal sees how far it is."""
    console = Console(stderr=True)
    hidden = not console.is_terminal
    return track(things, doing, console=console, transient=True, disable=hidden)


def waiting(for_what: str) -> AbstractContextManager[object]:
    """Show at a terminal that something takes its time."""
    return Console(stderr=True).status(for_what)


def _print(what: Any) -> None:  # noqa: ANN401 - whatever rich can print
    width = None if sys.stdout.isatty() else WIDTH_OF_A_PIPE
    Console(width=width, markup=False, highlight=False, emoji=False).print(what)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(_cell(member) for member in value)
    return "" if value is None else _printable(str(value))


def _printable(text: str) -> str:
    """Disarm what would command the terminal: not every text here is ours."""
    return "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text
    )
