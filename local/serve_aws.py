"""
Serves MiniStack's application, and keeps web pages away from it.

It runs in the embedded AWS's own environment. Functions run in processes of their own,
which know neither this module nor its folder, and none of that environment's packages.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from ministack import app as ministack  # type: ignore[import-not-found]

from mocktill.loopback_only import LoopbackOnly

# What a frontend asks for: an HTTP API by its id and stage, a function by its URL's id.
# Of a path that does not say both, MiniStack takes the service from the headers, so a
# shorter one would lead everywhere. No segment is empty or of dots alone.
BROWSER_PATHS = re.compile(
    r"/_aws/(?:execute-api/[0-9a-z]+(?=/[^/])|lambda-url/[0-9a-z-]+)"
    r"(?:/(?!\.{1,2}(?:/|\Z))[^/\\]+)*/?"
)


def main() -> None:
    container_host = sys.argv.pop()
    # What MiniStack starts a function's process with, looked up each time.
    sys.executable = str(Path(__file__).with_name("function_python"))
    # MiniStack's own start serves this name; there is no second port without a guard.
    ministack.app = LoopbackOnly(
        ministack.app, browser_paths=BROWSER_PATHS, container_host=container_host
    )
    ministack.main()


if __name__ == "__main__":
    main()
