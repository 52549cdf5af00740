"""A newcomer who does what docs/adding-an-offer-kind.md says, in a copy."""

import os
import re
import subprocess
from pathlib import Path

from tests.template_file import ROOT
from tests.working_copy import copy_repository, link_environments

PAGE = ROOT / "docs/adding-an-offer-kind.md"
KIND = "layers/common/checkout/kinds/ticket.py"
OFFERS = "tickets.json"


def blocks(language: str) -> list[str]:
    """Return the page's code blocks of a language, in their order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


def block_with(text: str) -> str:
    [found] = [block for block in blocks("sh") if text in block]
    return found


def copy(folder: Path) -> Path:
    """Copy what is in the repository, with the two files that the page has written."""
    copy_repository(folder)
    link_environments(folder)
    [kind] = blocks("python")
    (folder / KIND).write_text(kind)
    (folder / OFFERS).write_text(blocks("json")[0])
    return folder


def run(folder: Path, commands: str) -> str:
    """Run commands of the page as they are, in the shell; return what they print."""
    # What is installed is older than the copies of the lock files.
    as_installed = "--assume-old=.venv/ready"
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", commands],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"MAKEFLAGS": as_installed},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
