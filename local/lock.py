"""
The lock on a stack's folder: one `make run` uses it at a time.

The operating system releases it when the process ends, also by a crash.

This module also runs on the Python that `make` finds (before_run.py).
"""

from __future__ import annotations

import fcntl
import json
import os
from typing import TYPE_CHECKING

from local.settings import ROOT, StackError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

NAME = "lock"


class Lock:
    """The lock that this process holds, until it is closed or the process ends."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    @classmethod
    def take(cls, folder: Path) -> Lock:
        """Take the folder's lock; raise StackError if another process has it."""
        folder.mkdir(parents=True, exist_ok=True)
        # It is not truncated, since it may be another's, and no child inherits it.
        lock = cls((folder / NAME).open("a+"))
        lock._lock(fcntl.LOCK_EX, folder)
        lock.describe(pid=os.getpid())
        return lock

    @classmethod
    def look(cls, folder: Path) -> None:
        """Raise StackError if a process has the folder's lock; change nothing."""
        try:
            lock = cls((folder / NAME).open())
        except FileNotFoundError:
            return
        lock._lock(fcntl.LOCK_SH, folder)
        lock.close()

    def _lock(self, kind: int, folder: Path) -> None:
        try:
            fcntl.flock(self._file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            text = self._file.read()
            self.close()
            raise StackError(sentence(folder, text)) from None

    def describe(self, **about: object) -> None:
        """Write who holds the lock, for the message to whoever wants it too."""
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps(about) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def sentence(folder: Path, text: str) -> str:
    """Say what runs in the folder, from the *text* in its lock."""
    try:
        about = json.loads(text)
    except ValueError:  # it is being written
        about = {}
    pid, url = about.get("pid"), about.get("storefront_url")
    where = os.path.relpath(str(folder), str(ROOT))
    process = f"process {pid}" if pid else "another process"
    shop = f"its storefront is {url}" if url else "it has just been started"
    by_hand = f", or run: kill {pid}" if pid else ""
    return (
        f"A stack runs in {where} already: {process}; {shop}.\n"
        f"To stop it, press Ctrl-C in its terminal{by_hand}\n"
        "To run another beside it, give that one a folder and ports of its own:\n"
        f"  make run CHECKOUT_LOCAL_DIR={where}/2 "
        "AWS_PORT=0 STRIPE_PORT=0 ISSUER_PORT=0 STOREFRONT_PORT=0"
    )
