"""The storefront is JavaScript, and so are its tests: Node runs them if it is here."""

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = sorted(Path(__file__).parent.glob("*.test.mjs"))
NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="needs Node")
def test_what_the_storefront_computes() -> None:
    assert NODE is not None

    run = subprocess.run(
        [NODE, "--test", *map(str, TESTS)],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )

    assert run.returncode == 0, run.stdout + run.stderr
