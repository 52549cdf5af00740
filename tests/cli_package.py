"""The command line as pipx installs it: built into a wheel, in an environment alone."""

import os
import subprocess
import sys
from pathlib import Path

from tests.template_file import ROOT

UV = ROOT / ".venvs/uv/bin/uv"


def install(folder: Path) -> Path:
    """Build the wheel and install it below *folder*; return the command."""
    environment = folder / "environment"
    for command in (
        (UV, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT / "cli"),
        (UV, "venv", "--quiet", "--python", sys.executable, environment),
    ):
        subprocess.run(command, check=True)
    [wheel] = folder.glob("*.whl")
    subprocess.run(
        [
            *(UV, "pip", "install", "--quiet", "--python", environment / "bin/python"),
            *("--constraint", ROOT / "requirements/cli.txt", wheel),
        ],
        check=True,
    )
    return environment / "bin/checkout"


def typed(
    command: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Type the command in an empty folder, on a machine that knows nothing of us."""
    return subprocess.run(
        [command, *arguments],
        cwd=command.parent,
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
