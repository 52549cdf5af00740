"""A copy of the working tree, which a test may change."""

import shutil
import subprocess
from pathlib import Path

from tests.template_file import ROOT


def copy_repository(folder: Path) -> Path:
    """Copy what is in the repository, or would be with the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def link_environments(folder: Path) -> None:
    """Let a copy use what is installed here."""
    for name in (".venv", ".venvs"):
        (folder / name).symlink_to((ROOT / name).resolve(), target_is_directory=True)
