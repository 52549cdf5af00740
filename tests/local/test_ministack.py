"""The private names of MiniStack that the local stack uses are still there."""

import subprocess

import pytest

from local.settings import ROOT

PYTHON_OF_THE_AWS = ROOT / ".venvs/embedded-aws/bin/python"
MISSING = "from local.aws_state import missing_names; print(*missing_names())"


@pytest.mark.skipif(
    not PYTHON_OF_THE_AWS.exists(),
    reason="The embedded AWS is not installed: make .venvs/embedded-aws/ready",
)
def test_ministack_has_the_private_names_that_are_used():
    """Adapt `local/aws_state.py` and `local/aws_workers.py` to what this one prints."""
    done = subprocess.run(
        [PYTHON_OF_THE_AWS, "-c", MISSING],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == []
