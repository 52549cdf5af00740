"""Packages of npm, for the tests of what is written in JavaScript."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.template_file import ROOT

CLIENT = "clients/typescript"
NODE = shutil.which("node")
NPM = shutil.which("npm")
INSTALL_WITHIN_SECONDS = 120
# What npm calls it; anything else is a mistake in our own files.
NO_NETWORK = re.compile(
    r"npm error code (ENOTFOUND|ECONN|EAI_AGAIN|ETIMEDOUT|ENETUNREACH)"
)
NAMES = ("package.json", "package-lock.json", ".npmrc")

needs_node = pytest.mark.skipif(NODE is None, reason="NOT TESTED: there is no Node.")


def run_node_tests(*arguments: str | Path) -> None:
    """Run tests that are written for Node's own runner."""
    assert NODE is not None
    run = subprocess.run(
        [NODE, *arguments], capture_output=True, check=False, text=True, timeout=120
    )
    assert run.returncode == 0, run.stdout + run.stderr


def copy_of_example() -> Path:
    """Copy the React example beside the client that it takes, with its packages."""
    copy = copy_with_packages("examples/react")
    dist = copy.parents[1] / CLIENT / "dist"
    shutil.copytree(ROOT / CLIENT / "dist", dist, dirs_exist_ok=True)
    return copy


def copy_with_packages(name: str, into: str = "npm") -> Path:
    """Copy a folder of the repository into .local, with its packages installed."""
    if NODE is None or NPM is None:
        pytest.skip(f"NOT TESTED: {name} needs Node and npm.")
    folder = ROOT / name
    copy = ROOT / ".local" / into / name
    installed = copy / "node_modules/.installed"
    wanted = b"".join((folder / name).read_bytes() for name in NAMES)
    kept = installed.exists() and installed.read_bytes() == wanted
    for path in copy.iterdir() if copy.exists() else ():
        if path.name == "node_modules" and kept:
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    ignored = shutil.ignore_patterns("node_modules", "generated")
    shutil.copytree(folder, copy, ignore=ignored, dirs_exist_ok=True)
    if not kept:
        install(copy)
        installed.write_bytes(wanted)
    return copy


def install(folder: Path) -> None:
    """Install the packages of a lock; skip the test, and say so, without a registry."""
    assert NPM is not None
    done = subprocess.run(
        [NPM, "ci", "--no-audit", "--no-fund", "--fetch-retries=1"],
        cwd=folder,
        capture_output=True,
        check=False,
        text=True,
        timeout=INSTALL_WITHIN_SECONDS,
    )
    if done.returncode and NO_NETWORK.search(done.stderr):
        pytest.skip(f"NOT TESTED: npm cannot reach its registry: {done.stderr}")
    assert done.returncode == 0, done.stderr
