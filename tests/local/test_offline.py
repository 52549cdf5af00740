"""Once everything is installed, a start needs no network."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.sam import FUNCTION_PYTHON
from tests.template_file import ROOT

# A uv that notes its calls, and fails without the network as often as it is told to.
UV = """#!/bin/sh
echo "$@" >>calls
case "$*" in *--offline*) exit {offline};; esac
"""
WITHOUT_NETWORK = ["unshare", "--map-root-user", "--net"]


def can_cut_the_network() -> bool:
    if not shutil.which("unshare"):
        return False
    done = subprocess.run([*WITHOUT_NETWORK, "true"], capture_output=True, check=False)
    return done.returncode == 0


@pytest.fixture
def checkout(tmp_path):
    """A checkout with an environment that is older than its lock file."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    for name, moment in (("sam", 1), ("uv", 2**31)):
        environment = tmp_path / ".venvs" / name
        (environment / "bin").mkdir(parents=True)
        (environment / "bin/python").symlink_to(sys.executable)
        (environment / "ready").touch()
        os.utime(environment / "ready", (moment, moment))
    return tmp_path


def install(checkout: Path, *, offline: int) -> list[str]:
    """Install an environment; return the calls of uv."""
    uv = checkout / "uv"
    uv.write_text(UV.format(offline=offline))
    uv.chmod(0o755)
    subprocess.run(
        ["make", "--silent", ".venvs/sam/ready", f"UV={uv}"], cwd=checkout, check=True
    )
    return (checkout / "calls").read_text().splitlines()


def test_an_environment_is_installed_from_uvs_cache_if_that_has_everything(checkout):
    [call] = install(checkout, offline=0)

    assert "pip sync --offline" in call


def test_an_environment_is_installed_over_the_network_if_not(checkout):
    first, second = install(checkout, offline=1)

    assert second == first.replace("--offline ", "")


@pytest.mark.slow
@pytest.mark.skipif(
    not can_cut_the_network(), reason="unshare cannot cut off the network here"
)
def test_the_layer_is_built_without_the_network(tmp_path):
    env = os.environ | {
        "PATH": f"{ROOT / '.venvs/uv/bin'}:{os.environ['PATH']}",
        "LAYER_PYTHON": str(FUNCTION_PYTHON),
    }
    shutil.copytree(ROOT / "layers/common", tmp_path / "layer")

    def build(name: str, *prefix: str) -> list[str]:
        target = tmp_path / name
        target.mkdir()
        shutil.rmtree(tmp_path / "layer/installed", ignore_errors=True)
        subprocess.run(
            [*prefix, "make", f"ARTIFACTS_DIR={target}", "build-CommonLayer"],
            cwd=tmp_path / "layer",
            env=env,
            check=True,
            capture_output=True,
        )
        return sorted(str(path.relative_to(target)) for path in target.rglob("*"))

    with_network = build("with")  # it fills uv's cache, if that was empty

    assert build("without", *WITHOUT_NETWORK) == with_network
