"""The Makefile is the list of commands, for people and CI alike."""

import os
import re
import subprocess
import tomllib
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

    # Without CI=true, no browser is installed, and tests that need one are skipped.
    assert commands == ["exec env CI=true make test"]


def deploy(stage: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Ask for a deployment of what is checked and built already, to no account."""
    return subprocess.run(
        [
            *("/usr/bin/env", "make", "--no-print-directory"),
            *("--assume-old=build", "--assume-old=can-deploy"),
            *("deploy", f"STAGE={stage}", "SAM=echo", *more),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_stage_is_deployed_with_its_own_settings():
    assert deploy("prod").stdout.split()[-3:] == ["deploy", "--config-env", "prod"]


def test_a_stage_is_deployed_with_another_value_of_a_parameter():
    """As after a rollback, when CodeDeploy would refuse to begin."""
    answer = deploy("prod", "WITH=DeploymentStrategy=off Release=2")

    *_, option, file = answer.stdout.split()
    assert option == "--config-file"
    written = tomllib.loads(Path(file).read_text())["prod"]["deploy"]["parameters"]
    assert {"DeploymentStrategy=off", "Release=2"} <= set(
        written["parameter_overrides"]
    )


def test_without_a_stage_sam_asks_for_each_parameter():
    """And keeps the answers in a file that git ignores."""
    *_, deploying, guided, option, file = deploy("").stdout.split()

    assert [deploying, guided, option] == ["deploy", "--guided", "--config-file"]
    ignored = ["git", "check-ignore", "--quiet", file]
    assert subprocess.run(ignored, cwd=ROOT, check=False).returncode == 0


def test_a_deployment_is_checked_before_it_is_built():
    """A build takes half a minute."""
    answer = subprocess.run(
        [
            *("/usr/bin/env", "make", "--no-print-directory"),
            *("--assume-old=.venv/ready", "--assume-old=.venvs/sam/ready"),
            *("deploy", "SAM=echo"),
        ],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode != 0
    assert "here is no terminal to answer" in answer.stderr
    assert answer.stdout == ""


def test_a_stage_that_is_not_in_samconfig_is_refused():
    """SAM would take the stack's name from nowhere, and create another stack."""
    answer = subprocess.run(
        ["/usr/bin/env", "make", "--assume-old=.venv/ready", "can-deploy"],
        cwd=ROOT,
        env={**os.environ, "STAGE": "production"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode != 0
    assert "no stage 'production': it has default dev staging prod." in answer.stderr
