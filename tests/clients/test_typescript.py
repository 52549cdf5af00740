"""The client for browsers: what it does, how large it is, and that it is not stale."""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.npm import (
    NODE,
    copy_of_example,
    copy_with_packages,
    needs_node,
    run_node_tests,
)
from tests.template_file import ROOT

CLIENT = ROOT / "clients/typescript"
BUNDLE = CLIENT / "dist/paidonce.js"
TYPES = CLIENT / "dist/paidonce.d.ts"
DOCUMENT = ROOT / "functions/openapi/openapi.json"
MOST_BYTES = 8 * 1000


def inputs() -> list[Path]:
    """Return what the bundle is made of, in the order of build.mjs."""
    own = ["build.mjs", "package-lock.json", "package.json", "tsconfig.json"]
    sources = [f"src/{path.name}" for path in (CLIENT / "src").glob("*.ts")]
    return [*(CLIENT / name for name in sorted([*own, *sources])), DOCUMENT]


@needs_node
def test_what_the_client_does() -> None:
    run_node_tests("--test", Path(__file__).parent / "typescript/paidonce.test.mjs")


def test_the_client_is_small() -> None:
    assert len(gzip.compress(BUNDLE.read_bytes(), 9)) <= MOST_BYTES


@pytest.mark.parametrize("made", [BUNDLE, TYPES], ids=lambda path: path.name)
def test_the_committed_client_is_made_of_what_is_committed(made: Path) -> None:
    """`make client` writes the hash of its inputs into the first line."""
    digest = hashlib.sha256(b"".join(path.read_bytes() + b"\0" for path in inputs()))
    first = made.read_text().splitlines()[0]
    assert first.endswith(f"inputs sha256 {digest.hexdigest()}"), "run `make client`"


@pytest.mark.slow
def test_the_committed_client_is_what_make_client_builds() -> None:
    copy = copy_with_packages("clients/typescript", into="npm-built")
    document = copy.parents[1] / DOCUMENT.relative_to(ROOT)
    document.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(DOCUMENT, document)

    subprocess.run([str(NODE), "build.mjs"], cwd=copy, check=True, timeout=300)

    for made in (CLIENT / "dist").iterdir():
        assert (copy / "dist" / made.name).read_bytes() == made.read_bytes(), made.name


@pytest.mark.slow
def test_the_types_of_the_client_fit_the_example() -> None:
    copy = copy_of_example()
    tsc = copy / "node_modules/typescript/bin/tsc"

    done = subprocess.run(
        [str(NODE), tsc], cwd=copy, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("folder", ["clients/typescript", "examples/react"])
def test_packages_are_pinned_and_their_lock_names_no_registry(folder: str) -> None:
    package = json.loads((ROOT / folder / "package.json").read_text())
    lock = json.loads((ROOT / folder / "package-lock.json").read_text())
    settings = (ROOT / folder / ".npmrc").read_text()

    versions = package.get("dependencies", {}) | package["devDependencies"]
    assert [v for v in versions.values() if not re.fullmatch(r"\d+\.\d+\.\d+", v)] == []
    assert package["private"] is True
    assert [name for name, each in lock["packages"].items() if "resolved" in each] == []
    assert all(
        "integrity" in each for name, each in lock["packages"].items() if name
    ), folder
    assert "ignore-scripts=true" in settings
    assert "omit-lockfile-registry-resolved=true" in settings
