"""The command line is a package: installed alone, it has all that it needs."""

import tomllib
from pathlib import Path

import pytest

from local.raise_pins import requirements
from tests.cli_package import install, typed
from tests.template_file import ROOT

PACKAGE = tomllib.loads((ROOT / "cli/pyproject.toml").read_text())["project"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_package_needs_what_make_cli_installs() -> None:
    group = requirements(PROJECT["dependency-groups"], "cli")
    assert PACKAGE["dependencies"] == sorted(group)


def test_the_package_has_the_version_of_the_project() -> None:
    for name in ("version", "requires-python", "license"):
        assert PACKAGE[name] == PROJECT["project"][name]


def test_the_command_line_imports_nothing_of_the_development_environment() -> None:
    for file in (ROOT / "cli").glob("*.py"):
        text = file.read_text()
        for package in ("local", "tests", "mocktill", "boto3"):
            assert f"from {package}" not in text, file
            assert f"import {package}" not in text, file


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("package"))


@pytest.mark.slow  # it downloads what `make cli` does
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--help",), "Inspect and repair the payments of a deployed stack."),
        (("offers", "validate", str(ROOT / "local/sample_offers.json")), "no problems"),
        (("smoke", "--help"), "Stripe's test key"),
    ],
)
def test_it_works_where_nothing_else_is_installed(
    command: Path, arguments: tuple[str, ...], said: str
) -> None:
    result = typed(command, *arguments)

    assert result.returncode == 0, result.stderr
    assert said in " ".join(result.stdout.split())


@pytest.mark.slow
def test_it_looks_for_the_local_stack_where_it_is_called(command: Path) -> None:
    result = typed(command, "--local", "show", "ps_1")

    assert result.returncode == 1
    assert f"{command.parent / '.local/stack.json'} is missing" in result.stderr
