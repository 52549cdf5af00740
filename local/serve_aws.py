"""
Serves MiniStack and refuses requests from web pages of other sites.

It runs in the embedded AWS's Python environment. Functions run in other processes,
which cannot import this module.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from ministack import app as ministack  # type: ignore[import-not-found]

from mocktill.loopback_only import LoopbackOnly

# The paths that a frontend calls: an HTTP API by its id and stage, and a function by
# the id of its URL. For a shorter path, MiniStack chooses the service by the headers,
# so it could reach every service. No segment is empty, `.` or `..`.
BROWSER_PATHS = re.compile(
    r"/_aws/(?:execute-api/[0-9a-z]+(?=/[^/])|lambda-url/[0-9a-z-]+)"
    r"(?:/(?!\.{1,2}(?:/|\Z))[^/\\]+)*/?"
)


def main() -> None:
    container_host = sys.argv.pop()
    # What MiniStack starts a function's process with, looked up each time.
    sys.executable = str(Path(__file__).with_name("function_python"))
    # ministack.main() serves `ministack.app`, and opens no other port.
    ministack.app = LoopbackOnly(
        ministack.app, browser_paths=BROWSER_PATHS, container_host=container_host
    )
    ministack.main()


if __name__ == "__main__":
    main()
