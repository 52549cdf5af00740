"""Prints each phase of a start as one line, with the seconds that it took."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 62
TICK_SECONDS = 0.5
CLEAR = "\r\x1b[K"


class Phases:
    """
    Begins a phase each time that it is called, and ends the one before.

    On a terminal, the line of a phase shows its seconds and the last line of its log
    while it lasts.
    """

    def __init__(self, logs: Path, out: TextIO = sys.stdout) -> None:
        self._logs = logs
        self._out = out
        self._live = out.isatty()
        self._text: str | None = None
        self._began = 0.0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed is None:
            self.end()
        else:
            self._finish("")

    def __call__(self, text: str, log: str | None = None) -> None:
        """Begin a phase; *log* is the name of the log that it writes."""
        self.end()
        self._text, self._began = text, time.monotonic()
        self._over = threading.Event()
        if self._live:
            self._thread = threading.Thread(
                target=self._tick, args=(self._over, log), daemon=True
            )
            self._thread.start()
        else:
            self._write(f"{text:<{WIDTH}}")

    def end(self) -> None:
        self._finish(f"{time.monotonic() - self._began:6.1f} s")

    def _finish(self, seconds: str) -> None:
        if self._text is None:
            return
        self._over.set()
        if self._thread:
            self._thread.join()
            self._write(f"{CLEAR}{self._text:<{WIDTH}}")
        self._write(f"{seconds}\n")
        self._text = None

    def _tick(self, over: threading.Event, log: str | None) -> None:
        while True:
            columns = shutil.get_terminal_size().columns
            seconds = f"{time.monotonic() - self._began:4.0f} s"
            line = f"{self._text} {seconds}  {self._last_line(log)}"
            self._write(CLEAR + line[: columns - 1])
            if over.wait(TICK_SECONDS):
                return

    def _last_line(self, log: str | None) -> str:
        if log is None:
            return ""
        try:
            text = (self._logs / f"{log}.log").read_text(errors="replace")
        except OSError:
            return ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1] if lines else ""

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
