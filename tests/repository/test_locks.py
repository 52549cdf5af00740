"""The locks can be installed anywhere: they name versions and hashes, and no place."""

import re
import tomllib
from pathlib import Path

import pytest

from local.raise_pins import installed_alone
from tests.template_file import ROOT

LOCKS = [
    *sorted(ROOT.glob("requirements/*.txt")),
    ROOT / "layers/common/requirements.txt",
]
REQUIREMENT = re.compile(r"[a-z\d-]+(?:\[[a-z\d,-]+\])?==[\w.!+]+(?: ; [^\\]+)? \\")
HASH = re.compile(r" {4}--hash=sha256:[\da-f]{64}(?: \\)?")
COMMENT = re.compile(r" +# .*")
ADDRESS = re.compile(r"\w+://|file:|--(?:extra-)?index|--find-links|(?<![\w.])[/~]\w")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_each_group_that_is_installed_has_its_lock():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = installed_alone(pyproject["dependency-groups"])
    # A developer's environment has these two as well: the layer's, and the operator's.
    assert {path.stem for path in LOCKS} == {*groups, "requirements", "cli"}


@pytest.mark.parametrize("lock", LOCKS, ids=relative)
def test_a_lock_names_no_index_and_no_folder(lock: Path):
    found = [line for line in lock.read_text().splitlines() if ADDRESS.search(line)]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS, ids=relative)
def test_a_lock_has_versions_and_hashes_and_nothing_else(lock: Path):
    odd = [
        line
        for line in lock.read_text().splitlines()
        if not any(kind.fullmatch(line) for kind in (REQUIREMENT, HASH, COMMENT))
    ]
    assert odd == []


def test_the_lock_of_the_stripe_cli_names_no_index_either():
    """As `npm install --omit-lockfile-registry-resolved` makes it."""
    lock = (ROOT / "tests/stack/stripe_cli/package-lock.json").read_text()
    assert ADDRESS.findall(lock) == []


def test_uvs_own_lock_which_names_an_index_is_not_kept():
    assert "uv.lock" in (ROOT / ".gitignore").read_text().splitlines()
