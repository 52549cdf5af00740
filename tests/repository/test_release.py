"""One version, and a changelog that has it: docs/releasing.md."""

import json
import re
import subprocess
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from openapi.document import document
from tests.template_file import ROOT, template

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
HEADING = re.compile(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)( \[YANKED\])?")


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", pattern],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines()]


def manifest(path: Path) -> dict[str, Any]:
    text = path.read_text()
    if path.suffix == ".json":
        return dict(json.loads(text))
    return dict(tomllib.loads(text).get("project", {}))


# An example that nobody installs needs no version.
PACKAGES = [
    path
    for path in [*tracked("*pyproject.toml"), *tracked("*package.json")]
    if "version" in manifest(path) and "examples" not in path.relative_to(ROOT).parts
]


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_package_has_the_version_of_the_project(path: Path) -> None:
    assert manifest(path)["version"] == VERSION


def test_the_packages_are_found() -> None:
    names = {str(path.relative_to(ROOT)) for path in PACKAGES}
    assert {"pyproject.toml", "mocktill/pyproject.toml"} <= names


def test_the_document_that_a_stack_serves_has_the_version() -> None:
    served = json.loads((ROOT / "functions/openapi/openapi.json").read_text())
    assert document()["info"]["version"] == served["info"]["version"] == VERSION
    shown = re.findall(r'"version": "([\d.]+)"', (ROOT / "docs/api.md").read_text())
    assert set(shown) == {VERSION}


def headings() -> list[str]:
    return re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)


def test_the_newest_release_of_the_changelog_is_the_version_of_the_project() -> None:
    unreleased, *released = headings()
    assert unreleased == "[Unreleased]"
    found = [HEADING.fullmatch(heading) for heading in released]
    assert all(found), released
    versions = [match[1] for match in found if match]
    dates = [date.fromisoformat(match[2]) for match in found if match]
    assert versions[0] == VERSION
    assert dates == sorted(dates, reverse=True)


@pytest.mark.parametrize("section", ["Parameters", "Outputs"])
def test_the_changelog_names_every_parameter_and_output(section: str) -> None:
    """So that whoever deploys learns of each that is new."""
    named = set(re.findall(r"`(\w+)`", CHANGELOG))
    assert set(template()[section]) - named == set()
