"""
Raises the pins in pyproject.toml to the newest versions that go together.

`make lock UPGRADE=1` runs it before it locks. uv decides: each pin becomes a lower
limit, and what uv then resolves becomes the pin. A pin whose line says `# held: why`
stays as it is. cli/pyproject.toml gets the same pins.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

from local.settings import ROOT, StackError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

type Groups = dict[str, list[str | dict[str, str]]]
type Resolve = Callable[[list[str]], str]

PIN = re.compile(r'(?<=")([\w.-]+)((?:\[[^]]*\])?==)[\w.!+]+')
PINNED = re.compile(r'(?<=")([\w.-]+)(?:\[[^]]*\])?==[\w.!+]+(?=")')
HELD = re.compile(r"# held: \S")
RESOLVED = re.compile(r"^([\w.-]+)==(\S+)")
UV = (
    *(ROOT / ".venvs/uv/bin/uv", "pip", "compile", "--quiet", "--universal"),
    *("--python-version", "3.13", "--no-header", "--no-annotate"),
    *("--no-emit-index-url", "-"),
)


def main() -> int:
    path, of_cli = ROOT / "pyproject.toml", ROOT / "cli/pyproject.toml"
    try:
        path.write_text(text := raised(path.read_text(), resolve))
        of_cli.write_text(as_in(text, of_cli.read_text()))
    except StackError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


def resolve(requirements: list[str]) -> str:
    done = subprocess.run(  # noqa: S603 - our own uv
        UV,
        input="\n".join(requirements),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StackError("uv finds no versions that go together: pyproject.toml stays.")
    return done.stdout


def raised(text: str, resolve: Resolve) -> str:
    """Return *text*, a pyproject.toml, with what *resolve* answers as its pins."""
    groups: Groups = tomllib.loads(text)["dependency-groups"]
    held = {
        pin[1]
        for line in text.splitlines()
        if HELD.search(line)
        for pin in PIN.finditer(line)
    }
    newest: dict[str, str] = {}
    for group in installed_alone(groups):
        found = dict(versions(resolve(limits(groups, group, held))))
        for name in pinned(groups, group):
            if newest.setdefault(name, found[name]) != found[name]:
                raise StackError(f"{name} is pinned in two groups that cannot agree.")
    return "".join(
        line
        if HELD.search(line)
        else PIN.sub(lambda pin: f"{pin[1]}{pin[2]}{newest[pin[1]]}", line)
        for line in text.splitlines(keepends=True)
    )


def as_in(raised: str, text: str) -> str:
    """Return *text*, another pyproject.toml, with the pins that *raised* has."""
    versions = {pin[1]: pin[0] for pin in PINNED.finditer(raised)}
    return PINNED.sub(lambda pin: versions.get(pin[1], pin[0]), text)


def installed_alone(groups: Groups) -> list[str]:
    """Return the groups that are in no other one: each is resolved by itself."""
    included = {
        entry["include-group"]
        for entries in groups.values()
        for entry in entries
        if isinstance(entry, dict)
    }
    return [group for group in groups if group not in included]


def requirements(groups: Groups, group: str) -> Iterable[str]:
    for entry in groups[group]:
        if isinstance(entry, dict):
            yield from requirements(groups, entry["include-group"])
        else:
            yield entry


def limits(groups: Groups, group: str, held: set[str]) -> list[str]:
    return [
        written if name_of(written) in held else written.replace("==", ">=")
        for written in requirements(groups, group)
    ]


def pinned(groups: Groups, group: str) -> set[str]:
    return {
        name_of(written) for written in requirements(groups, group) if "==" in written
    }


def name_of(requirement: str) -> str:
    return re.split(r"[\[=]", requirement)[0]


def versions(resolved: str) -> Iterable[tuple[str, str]]:
    for line in resolved.splitlines():
        if found := RESOLVED.match(line):
            yield found[1], found[2]


if __name__ == "__main__":
    sys.exit(main())
