"""What CloudFormation creates: the template after SAM's own transform."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.template_file import ROOT

SAM_PYTHON = ROOT / ".venvs/sam/bin/python"


@cache
def transformed(*given: str, path: Path = ROOT / "template.yaml") -> dict[str, Any]:
    """
    Return what transform.py prints: `resources`, `outputs`, what schemas say of them.

    *given* are parameters with another value than the default: `Tracing=Active`.
    """
    if not SAM_PYTHON.exists():
        pytest.skip("needs the SAM CLI: `make .venvs/sam/ready` installs it")
    script = ROOT / "tests/template/transform.py"
    printed = subprocess.run(
        [SAM_PYTHON, script, path, *given], check=True, capture_output=True, text=True
    ).stdout
    found: dict[str, Any] = json.loads(printed)
    return found
