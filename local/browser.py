"""
Finds the Chromium that tests and screenshots use.

Run as a program (`make browser`), it installs Debian's Chromium if none is found and
root runs it; otherwise it prints what will be skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Chromium's sandbox does not work as root, and /dev/shm is small in a container.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]

INSTALL = (
    ("apt-get", "update", "--quiet=2"),
    ("apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends", "chromium"),
)
NONE = (
    "No browser was found or could be installed: tests that need one will be skipped. "
    "Install chromium, or set CHECKOUT_BROWSER to a browser.\n"
)


def find_browser(env: Mapping[str, str] = os.environ) -> str | None:
    """Return the browser in CHECKOUT_BROWSER, or the first one on the path."""
    named = env.get("CHECKOUT_BROWSER")
    found = (
        shutil.which(name, path=env.get("PATH"))
        for name in (named and [named]) or NAMES
    )
    return next(filter(None, found), None)


def install() -> None:
    """Install Debian's Chromium if apt-get exists and the user is root."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    sys.stdout.write("Installing chromium for the browser tests\n")
    sys.stdout.flush()
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in INSTALL:
        done = subprocess.run(  # noqa: S603 - the two commands above
            command, env=quiet, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            return


def main() -> None:
    if find_browser() is None:
        install()
    if find_browser() is None:
        sys.stderr.write(NONE)


if __name__ == "__main__":
    main()
