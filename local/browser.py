"""
The browser that tests and screenshots drive: the machine's own Chromium.

As a program (`make browser`) it makes sure that there is one: it installs Debian's if
it may, and says what is left out if it may not.
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
# Root may not use Chromium's sandbox, and a container's /dev/shm is small.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]

INSTALL = (
    ("apt-get", "update", "--quiet=2"),
    ("apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends", "chromium"),
)
NONE = (
    "No browser is here and none could be installed: the tests that need one will be "
    "skipped. Install chromium, or name a browser in CHECKOUT_BROWSER.\n"
)


def find_browser(env: Mapping[str, str] = os.environ) -> str | None:
    """Return the browser that CHECKOUT_BROWSER names, or the first on the path."""
    named = env.get("CHECKOUT_BROWSER")
    found = (
        shutil.which(name, path=env.get("PATH"))
        for name in (named and [named]) or NAMES
    )
    return next(filter(None, found), None)


def install() -> None:
    """Install Debian's Chromium, where this is Debian and we may."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    sys.stdout.write("Installing chromium for the tests in a browser\n")
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
