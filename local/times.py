"""
`make times`: measures on this machine what a developer waits for.

It starts a stack of its own, in a folder of its own and on free ports, and stops it. It
removes the builds of this checkout, so that the first start is one from nothing.
INSTALL=1 also installs the environments in a copy of the repository.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from local import builds, settings
from local.console import exit_code_of, say
from local.http_json import ask
from local.sam_local.payment import call, pay, token
from local.settings import DEFAULT_PORTS, ROOT, StackError, choose_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

type Json = dict[str, Any]

POLL_SECONDS = 0.02
START_WITHIN_SECONDS = 900
CHANGE_WITHIN_SECONDS = 30
ENVIRONMENTS = (".venv/ready", ".venvs/sam/ready", ".venvs/embedded-aws/ready")

# As local/phases.py writes it.
PHASE = re.compile(r"^(?P<text>\S.*?\S) +(?P<seconds>\d+\.\d) s$", re.MULTILINE)

# A sentence of the layer, and the request whose answer has it.
CHANGED_FILE = ROOT / "layers/common/checkout/flows/create_session.py"
SENTENCE = "There is no such payment session of yours."
ASK_FOR_IT = "/payments/sessions/ps_none/cancel"


@dataclass(frozen=True)
class Row:
    """One measured time; *goal* is what it should be on a quiet machine."""

    text: str
    seconds: float | None
    goal: float | None = None


@dataclass
class Run:
    """A `make run` of this program, without the check of the environments."""

    folder: Path
    seconds: float = 0.0
    stack: Json = field(default_factory=dict)
    output: str = ""


def run() -> None:
    processors = os.cpu_count() or 1
    say(
        f"Load average {os.getloadavg()[0]:.1f} on {processors} processors; "
        "others at work make every time longer.\n"
    )
    rows = [*installation()] if os.environ.get("INSTALL") == "1" else []
    folder = settings.folder() / "times"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        rows += measured(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    say(table(rows))


def installation() -> Iterator[Row]:
    """Install the environments as the first `make run` does, with uv's cache."""
    with tempfile.TemporaryDirectory() as copy:
        subprocess.run(  # noqa: S603
            ["git", "clone", "--quiet", str(ROOT), copy],  # noqa: S607
            check=True,
        )
        say("Installing the environments in a copy")
        began = time.monotonic()
        subprocess.run(["make", "--silent", *ENVIRONMENTS], cwd=copy, check=True)  # noqa: S603, S607
        seconds = time.monotonic() - began
    yield Row("Installing the environments (downloads that uv has kept)", seconds)


def measured(folder: Path) -> Iterator[Row]:
    # The same ports for both: a start on others deploys again.
    ports = {
        name.upper(): str(port)
        for name, port in choose_ports(dict.fromkeys(DEFAULT_PORTS, "0")).items()
    }
    say("Starting a stack from nothing")
    shutil.rmtree(ROOT / builds.STORE, ignore_errors=True)
    with started(folder, ports) as cold:
        yield Row("make run, from nothing in .local", cold.seconds, 45)
        for phase in PHASE.finditer(cold.output):
            yield Row(f"  {phase['text']}", float(phase["seconds"]))
        say("Buying")
        yield Row('A purchase, from "Pay" to hasAccess: the first', bought(cold), 3)
        yield Row('A purchase, from "Pay" to hasAccess: the second', bought(cold), 3)
        say("Changing code")
        yield Row("A change in layers/, until it is answered", changed(cold), 3)
        began = time.monotonic()
    yield Row("Ctrl-C, until everything has stopped", time.monotonic() - began)
    say("Starting it again")
    with started(folder, ports) as warm:
        yield Row("make run again, nothing changed", warm.seconds, 15)
        for phase in PHASE.finditer(warm.output):
            yield Row(f"  {phase['text']}", float(phase["seconds"]))


@contextmanager
def started(folder: Path, ports: dict[str, str]) -> Iterator[Run]:
    """Start a stack, and stop it as Ctrl-C does."""
    folder.mkdir(parents=True, exist_ok=True)
    log, described = folder / "output.log", folder / "stack.json"
    without_keys = {n: value for n, value in os.environ.items() if "STRIPE" not in n}
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=ROOT,
            env=without_keys | ports | {"CHECKOUT_LOCAL_DIR": str(folder)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(
            lambda: described.exists() or process.poll() is not None,
            START_WITHIN_SECONDS,
        )
        seconds = time.monotonic() - began
        if process.poll() is not None:
            raise StackError(f"The stack did not start:\n{log.read_text()}")
        stack = json.loads(described.read_text())
        yield Run(folder, seconds, stack, log.read_text())
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def bought(stack_run: Run) -> float:
    """Buy the sample content as somebody new; return the seconds after "Pay"."""
    stack, buyer = stack_run.stack, f"times-{uuid4().hex[:8]}"
    content = stack["sample"]["contents"]["published"]
    log_in = {"Authorization": f"Bearer {token(stack, buyer)}"}
    home = stack["storefront_url"]
    wanted = {"contentId": content, "successUrl": home, "cancelUrl": home}
    checkout = call(f"{stack['api_url']}/api/checkout", log_in, json.dumps(wanted))
    access = f"{stack['api_url']}/api/access/content/{content}"
    began = time.monotonic()
    pay(stack, checkout["sessionId"])
    wait_for(lambda: call(access, log_in)["hasAccess"], 60)
    return time.monotonic() - began


def changed(stack_run: Run) -> float | None:
    """
    Change a sentence of the layer; return the seconds until a function answers it.

    None without local/live.py, which makes a change take effect. The file is restored.
    """
    if importlib.util.find_spec("local.live") is None:
        return None
    stack = stack_run.stack
    log_in = {"Authorization": f"Bearer {token(stack, 'times')}"}
    url, before = stack["api_url"] + ASK_FOR_IT, CHANGED_FILE.read_text()
    new = f"{SENTENCE[:-1]}, as of {uuid4().hex[:8]}."

    def answer() -> str:
        return ask("POST", url, log_in, {}).text

    wait_for(lambda: SENTENCE in answer(), CHANGE_WITHIN_SECONDS)
    try:
        CHANGED_FILE.write_text(before.replace(SENTENCE, new))
        began = time.monotonic()
        wait_for(lambda: new in answer(), CHANGE_WITHIN_SECONDS)
        return time.monotonic() - began
    finally:
        CHANGED_FILE.write_text(before)


def wait_for(seen: Callable[[], Any], within_seconds: float) -> None:
    deadline = time.monotonic() + within_seconds
    while not seen():
        if time.monotonic() > deadline:
            raise StackError(f"Nothing happened within {within_seconds:.0f} seconds.")
        time.sleep(POLL_SECONDS)


def table(rows: list[Row]) -> str:
    width = max(len(row.text) for row in rows)
    lines = [f"\n{'':{width}}  seconds  goal, on a quiet machine"]
    for row in rows:
        seconds = f"{row.seconds:7.1f}" if row.seconds is not None else "      -"
        goal = f"  at most {row.goal:.0f}" if row.goal else ""
        lines.append(f"{row.text:{width}}  {seconds}{goal}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(exit_code_of(run))
