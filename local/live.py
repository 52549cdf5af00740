"""
Makes a change of the code live in the running stack, without a deployment.

`function_python` takes the changed code from `live/current` in the stack's folder.
Until the first change nothing is there, and the deployed build runs as it is.
"""

from __future__ import annotations

import linecache
import os
import py_compile
import shutil
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from local import sam, template_yaml
from local.console import say
from local.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from local.embedded_aws import EmbeddedAws

SCAN_SECONDS = 0.2
FUNCTIONS = "functions"
PACKAGE = "layers/common/checkout"
# What a build reads besides code: only a deployment makes a change of it live.
DEPLOYED_ONLY = (
    "template.yaml",
    "functions/Makefile",
    "layers/common/Makefile",
    "layers/common/requirements.txt",
    "layers/common/trim_endpoints.py",
)
GENERATED = {"functions/openapi/openapi.json": "make openapi"}
IGNORED = {"__pycache__"}
# A process that starts now may still read the version before.
KEPT_VERSIONS = 3
# A file with an older time was moved here, not written now.
JUST_WRITTEN_SECONDS = 10

# The time and size of each file.
type Stamps = dict[str, tuple[int, int]]


def stamps(root: Path) -> Stamps:
    found: Stamps = {}
    for top in (FUNCTIONS, PACKAGE):
        for folder, inner, names in (root / top).walk():
            inner[:] = [name for name in inner if name not in IGNORED]
            for name in names:
                if name.endswith((".py", ".json")):
                    _stamp(root, folder / name, found)
    for name in DEPLOYED_ONLY:
        _stamp(root, root / name, found)
    return found


def _stamp(root: Path, path: Path, found: Stamps) -> None:
    try:
        status = path.stat()
    except FileNotFoundError:  # an editor replaces it at this moment
        return
    found[str(path.relative_to(root))] = status.st_mtime_ns, status.st_size


def function_names(aws: EmbeddedAws, root: Path = ROOT) -> dict[str, str]:
    """Return the deployed name of the function in each folder of `functions`."""
    deployed = aws.client("cloudformation").describe_stack_resources(
        StackName=sam.STACK_NAME
    )["StackResources"]
    names = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in deployed}
    resources = template_yaml.read(root / "template.yaml")["Resources"]
    return {
        resource["Properties"]["CodeUri"].rpartition("/")[2]: names[logical_id]
        for logical_id, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function" and logical_id in names
    }


@dataclass
class LiveCode:
    """The code that runs, and the changes of it."""

    aws: EmbeddedAws
    # The files that the deployment was made from.
    running: Stamps
    root: Path = ROOT
    names: Mapping[str, str] = field(default_factory=dict)
    _tried: Stamps = field(default_factory=dict)
    _version: int = 0

    @classmethod
    def from_now_on(cls, aws: EmbeddedAws, root: Path = ROOT) -> Self:
        """Count what changes from now on: call it before the build reads the files."""
        return cls(aws, stamps(root), root)

    def watch(self) -> None:
        """Make each change live, in a thread, as long as the program runs."""
        self.names = function_names(self.aws, self.root)
        threading.Thread(target=self._watch, name="live", daemon=True).start()

    def _watch(self) -> None:
        before: Stamps = {}
        while True:
            now = stamps(self.root)
            # A second look at the same files: an editor or Git may still be writing.
            if now not in (self.running, self._tried) and now == before:
                try:
                    self.apply(now)
                except Exception as problem:  # noqa: BLE001 - the next change may work
                    say(f"The change could not be made live: {problem}")
            before = now
            time.sleep(SCAN_SECONDS)

    def apply(self, now: Stamps) -> None:
        """Make the files as they are *now* live; say what became of it."""
        changed = [
            path
            for path in sorted({*now, *self.running})
            if now.get(path) != self.running.get(path)
        ]
        # Nothing is tried twice: the files must change again first.
        self._tried = now
        self._say_what_to_do(changed)
        self._accept([path for path in changed if path in DEPLOYED_ONLY], now)
        code = [path for path in changed if path not in DEPLOYED_ONLY]
        if code:
            try:
                version = self._write_version(code, now)
            except py_compile.PyCompileError as error:
                say(_described(error, self.root))
                return
            self._switch(version)
            self._replace_processes(code, _written_at(code, now))
            self._accept(code, now)

    def _accept(self, changed: Iterable[str], now: Stamps) -> None:
        for path in changed:
            self.running.pop(path, None)
            if path in now:
                self.running[path] = now[path]

    @property
    def _folder(self) -> Path:
        return self.aws.folder / "live"

    def _write_version(self, changed: Iterable[str], now: Stamps) -> Path:
        """Write the version that is live, with these changes, into a new folder."""
        version = self._folder / str(self._version + 1)
        shutil.rmtree(version, ignore_errors=True)
        if self._version:
            _copy(self._folder / str(self._version), version)
        package = version / "layer/python/checkout"
        try:
            for path in changed:
                source = self.root / path
                if path.startswith(PACKAGE):
                    if not package.exists():
                        _copy(self._deployed_package(), package)
                    target = package / source.relative_to(self.root / PACKAGE)
                elif name := self.names.get(source.parent.name):
                    target = version / FUNCTIONS / name / source.name
                else:  # a function that is not deployed
                    continue
                _put(source if path in now else None, target, path)
        except BaseException:
            shutil.rmtree(version, ignore_errors=True)
            raise
        version.mkdir(parents=True, exist_ok=True)
        self._version += 1
        return version

    def _deployed_package(self) -> Path:
        """Return the package in the layer, which some process has unpacked."""
        return next((self.aws.folder / "tmp/layers").glob("*/python/checkout"))

    def _switch(self, version: Path) -> None:
        link = self._folder / "next"
        link.unlink(missing_ok=True)
        link.symlink_to(version)
        link.replace(self._folder / "current")
        old = self._folder / str(self._version - KEPT_VERSIONS)
        shutil.rmtree(old, ignore_errors=True)

    def _replace_processes(self, changed: list[str], since: float) -> None:
        of_all = any(path.startswith(PACKAGE) for path in changed)
        folders = {path.split("/")[1] for path in changed if path[:9] == FUNCTIONS}
        names = {
            name: folder
            for folder, name in self.names.items()
            if of_all or folder in folders
        }
        if problem := self.aws.ask("replace-workers", list(names)):
            name, _, reason = problem.partition(": ")
            say(
                f"{names[name]} does not start with the new code, so the old code "
                f"keeps running: {reason}"
            )
            return
        what = PACKAGE if of_all else ", ".join(sorted(names.values()))
        verb = "are" if not of_all and len(names) > 1 else "is"
        say(f"{what} {verb} live: {time.time() - since:.1f} s")

    def _say_what_to_do(self, changed: Iterable[str]) -> None:
        for path in changed:
            if path in DEPLOYED_ONLY:
                say(
                    f"{path} has changed, which only a deployment makes live: press "
                    "Ctrl-C and start again (make run KEEP=1 keeps the data)."
                )
            elif path in GENERATED:
                say(f"{path} is a generated file: `{GENERATED[path]}` writes it.")


def _put(source: Path | None, target: Path, path: str) -> None:
    """Copy a file, with its bytecode; without a source, remove both."""
    # Not `cache_from_source`, which obeys this process's PYTHONPYCACHEPREFIX.
    tag = sys.implementation.cache_tag
    bytecode = target.parent / "__pycache__" / f"{target.stem}.{tag}.pyc"
    # Never write into a file: the version before has the same one.
    target.unlink(missing_ok=True)
    bytecode.unlink(missing_ok=True)
    if source is None:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    if target.suffix == ".py":
        py_compile.compile(
            str(target),
            str(bytecode),
            dfile=path,  # what tracebacks show
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


def _copy(folder: Path, to: Path, copy: Callable[..., None] = os.link) -> None:
    shutil.copytree(folder, to, copy_function=copy, dirs_exist_ok=True)


def _described(error: py_compile.PyCompileError, root: Path) -> str:
    problem = error.exc_value
    text = error.msg.strip()
    if isinstance(problem, SyntaxError) and problem.lineno:
        # Python does not find the line itself: it compiled a copy.
        linecache.checkcache()
        line = linecache.getline(str(root / error.file), problem.lineno).strip()
        text = f"{error.file}:{problem.lineno}: {problem.msg}\n  {line}"
    return f"{text}\nThe old code keeps running."


def _written_at(changed: Iterable[str], now: Stamps) -> float:
    """Return when the last of these files was written, or the present time."""
    newest = max((now[path][0] for path in changed if path in now), default=0) / 1e9
    present = time.time()
    return newest if 0 <= present - newest < JUST_WRITTEN_SECONDS else present
