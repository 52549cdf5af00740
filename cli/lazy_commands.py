"""Commands that are imported when they run; help knows their first lines without."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

if TYPE_CHECKING:
    # Typer has its own copy of click's classes.
    type Command = TyperCommand | TyperGroup


class Lazy(NamedTuple):
    """The function of a command, as `module:function`, and its docstring's line."""

    function: str
    help: str


class Group(NamedTuple):
    commands: Mapping[str, Lazy]
    help: str


class LazyCommands(Mapping[str, "Command"]):
    """Typer's commands by name, each made when it is asked for."""

    def __init__(self, table: Mapping[str, Lazy | Group]) -> None:
        self.table = table

    def __getitem__(self, name: str) -> "Command":
        entry = self.table[name]
        if isinstance(entry, Group):
            return LazyGroup(
                entry.commands, name=name, help=entry.help, no_args_is_help=True
            )
        module, _, function = entry.function.partition(":")
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(name)(getattr(import_module(module), function))
        made: Any = get_command(alone)
        return made  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[str]:
        return iter(self.table)

    def __len__(self) -> int:
        return len(self.table)


class LazyGroup(TyperGroup):
    def __init__(self, table: Mapping[str, Lazy | Group], **attributes: Any) -> None:  # noqa: ANN401 - typer's
        super().__init__(**attributes)
        self._table = table
        self.commands = LazyCommands(table)  # type: ignore[assignment] # never added to

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - as below
        return list(self._table)

    def get_command(self, ctx: Any, cmd_name: str) -> "Command | None":  # noqa: ANN401, ARG002 - typer's context is not public
        """Return what help shows; `resolve_command` returns the command."""
        entry = self._table.get(cmd_name)
        return entry and TyperCommand(cmd_name, help=entry.help)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - as above
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and self.commands[name or ""], rest
