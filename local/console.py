"""What the programs of this folder do alike: say something, and stop when told to."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from local.settings import StackError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the program's output


def exit_code_of(run: Callable[[], None]) -> int:
    """Run a program until it ends or is stopped; return its exit code."""
    # These signals stop it as Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        run()
    except StackError as problem:
        sys.stderr.write(f"\n{problem}\n")
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
    return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
