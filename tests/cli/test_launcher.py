"""`./checkout`, as it is typed: from anywhere, installed or not yet."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.aws import REGION
from tests.cli.conftest import Operator
from tests.template_file import ROOT

COMMAND = ROOT / "checkout"


def run(command: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Type a command in a terminal that knows nothing of the functions' variables."""
    return subprocess.run(
        [command, *arguments],
        cwd="/",
        env={"PATH": os.environ["PATH"]} | (env or {"AWS_DEFAULT_REGION": REGION}),
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_is_found_from_anywhere(tmp_path: Path) -> None:
    link = tmp_path / "checkout"
    link.symlink_to(COMMAND)

    result = run(link, "--help")

    assert result.returncode == 0
    assert "show" in result.stdout


def test_it_says_what_to_do_where_nothing_is_installed(tmp_path: Path) -> None:
    copy = Path(shutil.copy(COMMAND, tmp_path))

    result = run(copy, "--help")

    assert result.returncode == 1
    assert "make cli" in result.stderr


def test_without_a_local_stack_it_says_how_to_start_one(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "stack.json")

    result = run(COMMAND, "--local", "show", "ps_1", CHECKOUT_STACK_JSON=nowhere)

    assert result.returncode == 1
    assert "`make run` starts one" in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_credentials_it_says_so(tmp_path: Path) -> None:
    nowhere = {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }

    result = run(COMMAND, "show", "ps_1", **nowhere)

    assert result.returncode == 1
    assert "credentials" in result.stderr.lower()
    assert "Traceback" not in result.stderr


def test_a_stack_that_does_not_exist_is_a_plain_answer(operator: Operator) -> None:
    result = operator("--stack", "elsewhere", "show", "order_1")

    assert result.exit_code == 1
    assert result.stderr == "Stack with id elsewhere does not exist\n"


@pytest.mark.parametrize("arguments", [("nothing",), ("show",), ("show", "a", "b")])
def test_wrong_use_is_told_from_failure(
    operator: Operator, arguments: tuple[str, ...]
) -> None:
    assert operator(*arguments).exit_code == 2


def test_the_environment_of_its_own_comes_first(tmp_path: Path) -> None:
    """It has the versions of its own lock; a developer's may be stale."""
    copy = Path(shutil.copy(COMMAND, tmp_path))
    for environment in (".venv", ".venvs/cli"):
        python = tmp_path / environment / "bin/python"
        python.parent.mkdir(parents=True)
        python.write_text(f"#!/bin/sh\necho {environment} $@\n")
        python.chmod(0o755)

    assert run(copy, "show", "ps_1").stdout == ".venvs/cli -P -m cli show ps_1\n"
    (tmp_path / ".venvs/cli/bin/python").unlink()
    assert run(copy, "show", "ps_1").stdout == ".venv -P -m cli show ps_1\n"


def test_without_a_region_it_says_how_to_choose_one(tmp_path: Path) -> None:
    nowhere = {"AWS_CONFIG_FILE": str(tmp_path)}

    result = run(COMMAND, "show", "ps_1", **nowhere)

    assert result.returncode == 1
    assert result.stderr.startswith("No AWS region is chosen: set AWS_DEFAULT_REGION")
    assert result.stderr.count("\n") == 1
