"""A saved deployment is used while nothing has changed, and only if it is whole."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.deployments import MARKER, SOURCES, SavedDeployment
from tests.local.test_builds import copied_sources

OUTPUTS = {"ApiUrl": "http://api"}


@dataclass
class Aws:
    """An AWS that saves two files, or fails between them."""

    folder: Path
    url: str = "http://127.0.0.1:4566"
    fails: bool = False

    def ask(self, action):
        assert action == "save-deployment"
        new = self.folder / "deployed.new"
        (new / "lambda-blobs").mkdir(parents=True)
        (new / "sqs.json").write_text("{}")
        if self.fails:
            raise OSError("HTTP Error 500")
        (new / "lambda-blobs/a.zip").write_bytes(b"code")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return copied_sources(tmp_path_factory.mktemp("root"), more=SOURCES)


@pytest.fixture
def aws(tmp_path):
    return Aws(tmp_path)


def saved(aws, root, **parameters):
    return SavedDeployment.of(aws, {"StripeMode": "test"} | parameters, root)


@pytest.fixture
def deployment(aws, root):
    deployment = saved(aws, root)
    deployment.save(aws, OUTPUTS)
    return deployment


@pytest.mark.usefixtures("deployment")
def test_an_unchanged_deployment_is_restored(aws, root):
    assert saved(aws, root).outputs() == OUTPUTS


def test_nothing_is_restored_before_the_first_deployment(aws, root):
    assert saved(aws, root).outputs() is None


@pytest.mark.usefixtures("deployment")
def test_another_parameter_or_port_is_another_deployment(aws, root):
    assert saved(aws, root, FrontendUrl="http://localhost:1").outputs() is None
    other = Aws(aws.folder, "http://127.0.0.1:4567")
    assert saved(other, root).outputs() is None


@pytest.mark.parametrize(
    "source",
    [
        "functions/create_session/app.py",
        "layers/common/checkout/clock.py",
        "template.yaml",
        "local/http_api.py",
        "requirements/embedded-aws.txt",
    ],
)
@pytest.mark.usefixtures("deployment")
def test_a_changed_source_is_another_deployment(aws, root, source):
    before = (root / source).read_bytes()
    (root / source).write_bytes(before + b"\n")

    changed = saved(aws, root).outputs()

    (root / source).write_bytes(before)
    assert changed is None
    assert saved(aws, root).outputs() == OUTPUTS


def truncate(folder):
    (folder / "lambda-blobs/a.zip").write_bytes(b"co")


def lose(folder):
    (folder / "sqs.json").unlink()


def add(folder):
    (folder / "iam.json").write_text("{}")


def cut_the_marker(folder):
    marker = folder / MARKER
    marker.write_text(marker.read_text()[:40])


def empty_the_marker(folder):
    (folder / MARKER).write_text("{}")


@pytest.mark.parametrize(
    "harm", [truncate, lose, add, cut_the_marker, empty_the_marker]
)
def test_a_broken_deployment_is_not_used(deployment, harm):
    harm(deployment.folder)

    assert deployment.outputs() is None


def test_a_deployment_that_was_saved_by_half_does_not_count(aws, root):
    aws.fails = True
    with pytest.raises(OSError, match="500"):
        saved(aws, root).save(aws, OUTPUTS)
    assert saved(aws, root).outputs() is None

    aws.fails = False
    saved(aws, root).save(aws, OUTPUTS)

    assert saved(aws, root).outputs() == OUTPUTS
    assert not (aws.folder / "deployed.new").exists()


def test_the_newest_deployment_replaces_the_one_before(deployment, aws, root):
    changed = saved(aws, root, LogLevel="DEBUG")
    changed.save(aws, {"ApiUrl": "http://new"})

    assert changed.outputs() == {"ApiUrl": "http://new"}
    assert deployment.outputs() is None
    assert json.loads((changed.folder / MARKER).read_text())["key"] == changed.key
