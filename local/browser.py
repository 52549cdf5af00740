"""
Finds the browser that tests and screenshots use: Chromium, Chrome or Edge.

Run as a program before tests, it says what will be skipped if there is none. It
installs Debian's Chromium only if it is told to: by `make browser` (--install), by
CI=true or by INSTALL_BROWSER=1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    *("microsoft-edge", "microsoft-edge-stable"),
)
# Not every shell has it on its path.
SNAP = Path("/snap/bin/chromium")
# On macOS, below /Applications or that of the user.
APPLICATIONS = (Path("/Applications"), Path("~/Applications"))
PROGRAMS = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
# Chromium's sandbox does not work as root, and /dev/shm is small in a container.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage"]

INSTALL = (
    ("apt-get", "update", "--quiet=2"),
    ("apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends", "chromium"),
)
NONE = """\
No browser was found. These tests are skipped: tests/stack/browser,
tests/local/storefront/test_pages.py, tests/local/test_mocktill_pages.py, and a few of
tests/docs/test_site.py. Install Chrome, Chromium or Edge, or set CHECKOUT_BROWSER to
one; on Debian and Ubuntu, root can run `make browser`.
"""
NOT_INSTALLED = """\
No browser could be installed: that takes apt-get and root. Install Chrome, Chromium or
Edge, or set CHECKOUT_BROWSER to one.
"""


def find_browser(env: Mapping[str, str] = os.environ) -> str | None:
    """Return the browser in CHECKOUT_BROWSER, or the first one that is found."""
    if named := env.get("CHECKOUT_BROWSER"):
        return shutil.which(named, path=env.get("PATH"))
    return next(_found(env), None)


def _found(env: Mapping[str, str]) -> Iterator[str]:
    for name in NAMES:
        if path := shutil.which(name, path=env.get("PATH")):
            yield path
    home = env.get("HOME", "")
    for folder in APPLICATIONS:
        place = Path(str(folder).replace("~", home, 1))
        yield from (str(place / p) for p in PROGRAMS if (place / p).is_file())
    if SNAP.exists():
        yield str(SNAP)


def may_install(arguments: list[str], env: Mapping[str, str] = os.environ) -> bool:
    return (
        "--install" in arguments
        or env.get("CI") == "true"
        or env.get("INSTALL_BROWSER") == "1"
    )


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


def main(arguments: list[str]) -> None:
    if found := find_browser():
        if "--install" in arguments:
            sys.stdout.write(f"The browser is {found}\n")
        return
    if may_install(arguments):
        install()
        if find_browser() is None:
            sys.stderr.write(NOT_INSTALLED)
    if find_browser() is None:
        sys.stderr.write(NONE)


if __name__ == "__main__":
    main(sys.argv[1:])
