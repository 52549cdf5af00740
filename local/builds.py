"""Builds the template once for the same sources; all stacks share a build."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from local import sam
from local.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from local.processes import Processes

STORE = ".local/builds"
# What `sam build` reads, and the code that calls it.
SOURCES = (
    "functions",
    "layers",
    "template.yaml",
    "samconfig.toml",
    "requirements/sam.txt",
    "requirements/uv.txt",
    "local/sam.py",
    "local/builds.py",
)
# Tools write them beside the sources, and no build contains them.
IGNORED = {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
# The last one may belong to a stack that is deploying now.
KEPT = 2


def is_built(root: Path = ROOT) -> bool:
    return (root / STORE / fingerprint(root)).exists()


def build(processes: Processes, folder: Path, root: Path = ROOT) -> None:
    """Make `build` in *folder* a build of the sources, a new one only if needed."""
    store = root / STORE
    wanted = store / fingerprint(root)
    if not wanted.exists():
        # A build under its own name is always complete: it is renamed at its end.
        unfinished = store / f"unfinished-{os.getpid()}"
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            sam.build(processes, unfinished, for_this_machine=True)
            with suppress(OSError):  # another stack has built the same meanwhile
                (unfinished / "build").rename(wanted)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    os.utime(wanted)
    _link(folder / "build", wanted)
    _remove_old(store)


def fingerprint(root: Path = ROOT, sources: Iterable[str] = SOURCES) -> str:
    """Return a name for the sources: the same one for the same contents."""
    digest = hashlib.sha256(f"{platform.system()} {platform.machine()}".encode())
    for source in sources:
        for path in sorted(_files(root / source)):
            content = path.read_bytes()
            digest.update(f"\0{path.relative_to(root)}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()[:32]


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, inner, names in path.walk():
        inner[:] = [name for name in inner if name not in IGNORED]
        yield from (folder / name for name in names)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() or not link.exists():
        link.unlink(missing_ok=True)
    else:
        shutil.rmtree(link)  # a build of an earlier version of this program
    link.symlink_to(target)


def _remove_old(store: Path) -> None:
    complete = [each for each in store.iterdir() if "-" not in each.name]
    complete.sort(key=lambda each: each.stat().st_mtime)
    for each in complete[:-KEPT]:
        shutil.rmtree(each, ignore_errors=True)
