"""The settings of editors and hooks agree with the project's own."""

import json
import re
import tomllib
from typing import Any

import yaml

from tests.template_file import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def with_comments(path: str) -> Any:
    text = re.sub(r"^ *//.*$", "", (ROOT / path).read_text(), flags=re.MULTILINE)
    return json.loads(text)


def test_an_editor_finds_what_the_tests_find():
    tests = set(PYPROJECT["tool"]["pytest"]["ini_options"]["pythonpath"])
    assert set(PYPROJECT["tool"]["pyright"]["extraPaths"]) | {"."} == tests


def test_an_editor_runs_the_tests_and_formats_as_we_do():
    settings = with_comments(".vscode/settings.json")
    assert settings["python.testing.pytestEnabled"]
    assert settings["[python]"]["editor.defaultFormatter"] == "charliermarsh.ruff"
    assert settings["[python]"]["editor.rulers"] == [
        PYPROJECT["tool"]["ruff"]["line-length"]
    ]


def test_a_container_for_development_has_our_python_and_our_ports():
    from local.settings import DEFAULT_PORTS  # noqa: PLC0415 - beside its use

    container = with_comments(".devcontainer/devcontainer.json")
    version = (ROOT / ".python-version").read_text().strip()
    assert f"python:{version}-" in container["image"]
    assert set(container["forwardPorts"]) == set(DEFAULT_PORTS.values())


def test_a_hook_is_a_tool_of_the_environment_so_no_version_is_stated_twice():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [repo["repo"] for repo in hooks["repos"]] == ["local"]
    for hook in hooks["repos"][0]["hooks"]:
        assert hook["entry"].startswith(".venv/bin/")
        assert "additional_dependencies" not in hook
