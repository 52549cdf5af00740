"""The Makefile is the list of commands, for people and CI alike."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def targets():
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    return phony[1].split()


def test_make_alone_lists_every_target_with_what_it_does():
    answer = subprocess.run(
        ["/usr/bin/env", "make"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    listed = dict(re.findall(r"^  make (\S+) +(\S.*)$", answer.stdout, re.MULTILINE))
    assert set(targets()) == listed.keys()


def test_ci_runs_what_a_developer_runs():
    commands = [
        line
        for line in (ROOT / ".ci/run").read_text().splitlines()
        if line and not line.startswith("#")
    ]

    assert commands == ["exec make test"]
