"""Starts, watches and stops the processes of the local stack."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from local.settings import ROOT, StackError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

POLL_SECONDS = 0.1
STOP_SECONDS = 5.0


@dataclass(frozen=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def failure(self) -> StackError:
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return StackError(
            f"{self.name} ended with exit code {self.process.returncode}. "
            f"The end of {self.log}:\n\n" + "\n".join(f"  {line}" for line in lines)
        )

    def signal_group(self, number: signal.Signals) -> None:
        """Signal the child and its descendants, which share its process group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


class Processes:
    """The child processes of a run; leaving the `with` block stops them."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children:
            child.signal_group(signal.SIGTERM)
        for child in self._children:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0, deadline - time.monotonic()))
            # Descendants may outlive the child: kill the rest of the group.
            child.signal_group(signal.SIGKILL)
            child.process.wait()

    def start(
        self, name: str, command: Sequence[str | Path], env: Mapping[str, str]
    ) -> Child:
        """Start a server that writes its output to its own log file."""
        log = self._logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A process group of its own: Ctrl-C reaches only this process, which
                # then stops the children.
                start_new_session=True,
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def run(
        self, name: str, command: Sequence[str | Path], env: Mapping[str, str]
    ) -> None:
        """Run a command to its end; raise if it or a server fails meanwhile."""
        child = self.start(name, command, env)
        while child.process.poll() is None:
            self.check(ignoring=child)
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(POLL_SECONDS)
        self._children.remove(child)
        if child.process.returncode != 0:
            raise child.failure()

    def check(self, ignoring: Child | None = None) -> None:
        """Raise if a server has ended."""
        for child in self._children:
            if child is not ignoring and child.process.poll() is not None:
                raise child.failure()

    def wait_until_answers(
        self,
        url: str,
        status: int = 200,
        *,
        data: bytes | None = None,
        within_seconds: float = 30.0,
    ) -> None:
        """Request *url*, or post *data* to it, until it answers with *status*."""
        deadline = time.monotonic() + within_seconds
        seen: object = "no answer"
        while time.monotonic() < deadline:
            self.check()
            try:
                with urllib.request.urlopen(url, data, timeout=10) as response:  # noqa: S310
                    seen = response.status
            except urllib.error.HTTPError as error:
                seen = error.code
            except OSError as error:
                seen = error
            if seen == status:
                return
            time.sleep(POLL_SECONDS)
        raise StackError(
            f"{url} did not answer {status} within {within_seconds:.0f} seconds; "
            f"last result: {seen}"
        )

    def watch(self) -> None:
        """Block until a signal arrives; raise if a server ends."""
        while True:
            self.check()
            time.sleep(1)
