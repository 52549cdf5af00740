"""Output of the commands: tables, JSON, progress and questions."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Column, Table

# A pipe has no width, and grep cannot find an id that is folded over two lines.
PIPE_WIDTH = 240

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")]


class CommandError(Exception):
    """The command failed; the message is a sentence for the operator."""


def say(sentence: str) -> None:
    """Print a sentence to standard error, on one line."""
    typer.echo(_printable(" ".join(sentence.split())), err=True)


def ask(question: str, *, yes: bool) -> None:
    """Abort unless the operator confirms or *yes* is set."""
    if not yes:
        typer.confirm(_printable(question), abort=True, err=True)


def counted(number: int, name: str) -> str:
    """Return "1 offer" or "2 offers", "1 entry" or "2 entries"."""
    plural = f"{name.removesuffix('y')}ies" if name.endswith("ry") else f"{name}s"
    return f"{number} {name if number == 1 else plural}"


def print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2))


def print_records(records: Sequence[Mapping[str, object]]) -> None:
    """Print records with the same fields as a table; the names become its header."""
    columns = [name.replace("_", " ") for name in records[0]]
    print_table(columns, [tuple(record.values()) for record in records])


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        # Folded, not truncated: an id must be complete to be copied.
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    _print(table)


def print_fields(title: str, fields: Mapping[str, object]) -> None:
    """Print one record, a line for each field; omit fields that are None."""
    table = Table(
        "", Column(overflow="fold"), box=None, show_header=False, padding=(0, 2)
    )
    for name, value in fields.items():
        if value is not None:
            table.add_row(name.replace("_", " "), _cell(value))
    _print(title)
    _print(table)
    _print("")


def with_progress[T](items: Sequence[T], doing: str) -> Iterable[T]:
    """Iterate over *items* and, at a terminal, show a progress bar."""
    console = Console(stderr=True)
    hidden = not console.is_terminal
    return track(items, doing, console=console, transient=True, disable=hidden)


def waiting(doing: str) -> AbstractContextManager[object]:
    """At a terminal, show a spinner while the block runs."""
    return Console(stderr=True).status(doing)


def _print(renderable: Any) -> None:  # noqa: ANN401 - anything that rich prints
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    Console(width=width, markup=False, highlight=False, emoji=False).print(renderable)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(_cell(member) for member in value)
    return "" if value is None else _printable(str(value))


def _printable(text: str) -> str:
    """Replace control characters: some texts come from buyers or from Stripe."""
    return "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text
    )
