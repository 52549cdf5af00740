"""A change of the code is live when it can run, and the old code runs until then."""

import importlib.machinery
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local.live import LiveCode, stamps
from local.settings import ROOT

OFFERS = "functions/offers/app.py"
CLOCK = "layers/common/checkout/clock.py"
NAMES = {"offers": "stack-Offers-1", "creators": "stack-Creators-1"}


@dataclass
class Aws:
    folder: Path
    problem: str = ""
    replaced: list = field(default_factory=list)

    def ask(self, action, names):
        assert action == "replace-workers"
        self.replaced.append(sorted(names))
        return self.problem


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "project"
    for path, text in {
        OFFERS: "answer = 'old'\n",
        "functions/creators/app.py": "",
        "functions/openapi/openapi.json": "{}",
        CLOCK: "now = 'old'\n",
        "layers/common/checkout/kinds/bid.py": "",
        "template.yaml": "",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture
def aws(tmp_path, root):
    """A stack whose processes have unpacked the layer, with its bytecode."""
    folder = tmp_path / "stack"
    layer = folder / "tmp/layers/0/python"
    layer.mkdir(parents=True)
    copied = ["cp", "-R", root / "layers/common/checkout", layer]
    subprocess.run(copied, check=True)
    compiled = [sys.executable, "-m", "compileall", "-q", layer]
    subprocess.run(
        [*compiled, "--invalidation-mode", "unchecked-hash", "-p", "/opt"], check=True
    )
    return Aws(folder)


@pytest.fixture
def live(aws, root):
    return LiveCode(aws, stamps(root), root, NAMES)


def change(root, path, text):
    """Write a file later than the file before, as a person does."""
    file = root / path
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, ns=(before + 1, before + 1))
    return stamps(root)


def found_by_a_process(aws, module, function="stack-Offers-1"):
    """Import a module as a process does by `function_python`; compile nothing."""
    version = (aws.folder / "live/current").resolve()
    path = [version / "functions" / function, version / "layer/python"]
    code = (
        f"import importlib.machinery, {module} as m\n"
        "assert isinstance(m.__loader__, importlib.machinery.SourceFileLoader)\n"
        "print(next(v for k, v in vars(m).items() if k[0] != '_'))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code],
        env={"PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_nothing_is_there_before_the_first_change(aws, live):
    assert live.running
    assert not (aws.folder / "live").exists()


def test_a_changed_function_is_live(aws, live, root, capsys):
    live.apply(change(root, OFFERS, "answer = 'new'\n"))

    assert found_by_a_process(aws, "app") == "new"
    assert aws.replaced == [["stack-Offers-1"]]
    assert capsys.readouterr().out.startswith("offers is live: ")


def test_the_package_is_live_in_every_function(aws, live, root, capsys):
    live.apply(change(root, CLOCK, "now = 'new'\n"))

    assert found_by_a_process(aws, "checkout.clock") == "new"
    assert (aws.folder / "live/current/layer/python/checkout/kinds/bid.py").exists()
    assert aws.replaced == [sorted(NAMES.values())]
    assert capsys.readouterr().out.startswith("layers/common/checkout is live: ")


def test_a_later_change_keeps_the_earlier_ones(aws, live, root):
    live.apply(change(root, OFFERS, "answer = 'new'\n"))
    live.apply(change(root, CLOCK, "now = 'new'\n"))
    live.apply(change(root, CLOCK, "now = 'two'\n"))

    assert found_by_a_process(aws, "app") == "new"
    assert found_by_a_process(aws, "checkout.clock") == "two"


def test_a_version_that_a_process_may_still_read_does_not_change(aws, live, root):
    live.apply(change(root, CLOCK, "now = 'new'\n"))
    before = (aws.folder / "live/current").resolve()

    live.apply(change(root, CLOCK, "now = 'two'\n"))

    kept = before / "layer/python/checkout/clock.py"
    assert kept.read_text() == "now = 'new'\n"
    deployed = aws.folder / "tmp/layers/0/python/checkout/clock.py"
    assert deployed.read_text() == "now = 'old'\n"


def test_new_and_removed_modules_are_live(aws, live, root):
    change(root, "layers/common/checkout/kinds/visit.py", "name = 'visit'\n")
    (root / CLOCK).unlink()

    live.apply(stamps(root))

    assert found_by_a_process(aws, "checkout.kinds.visit") == "visit"
    package = aws.folder / "live/current/layer/python/checkout"
    assert not (package / "clock.py").exists()
    assert not list((package / "__pycache__").glob("clock.*"))


def test_a_syntax_error_says_where_it_is_and_changes_nothing(aws, live, root, capsys):
    live.apply(change(root, OFFERS, "answer = 'new'\n"))
    before = (aws.folder / "live/current").resolve()
    capsys.readouterr()

    live.apply(change(root, OFFERS, "answer = 'new'\ndef broken(:\n"))

    said = capsys.readouterr().out
    assert f"{OFFERS}:2: " in said
    assert "def broken(:" in said
    assert "The old code keeps running." in said
    assert (aws.folder / "live/current").resolve() == before
    assert found_by_a_process(aws, "app") == "new"
    assert len(aws.replaced) == 1


def test_a_corrected_file_is_live_with_the_others_that_had_to_wait(aws, live, root):
    change(root, CLOCK, "now = 'new'\n")
    live.apply(change(root, OFFERS, "def broken(:\n"))

    live.apply(change(root, OFFERS, "answer = 'corrected'\n"))

    assert found_by_a_process(aws, "app") == "corrected"
    assert found_by_a_process(aws, "checkout.clock") == "new"


def test_a_function_that_does_not_start_is_named_and_not_called_live(
    aws, live, root, capsys
):
    aws.problem = "stack-Offers-1: No module named 'nothing'"

    live.apply(change(root, OFFERS, "import nothing\n"))

    said = capsys.readouterr().out
    assert said.startswith("offers does not start with the new code")
    assert "No module named 'nothing'" in said
    assert "is live" not in said


@pytest.mark.parametrize(
    "path", ["template.yaml", "layers/common/requirements.txt", "functions/Makefile"]
)
def test_what_needs_a_deployment_says_so(aws, live, root, capsys, path):
    live.apply(change(root, path, "changed\n"))

    said = capsys.readouterr().out
    assert said.startswith(f"{path} has changed")
    assert "KEEP=1" in said
    assert not aws.replaced


def test_a_syntax_error_elsewhere_does_not_hide_what_needs_a_deployment(
    live, root, capsys
):
    live.apply(change(root, OFFERS, "def broken(:\n"))
    capsys.readouterr()

    live.apply(change(root, "template.yaml", "changed\n"))
    live.apply(change(root, OFFERS, "answer = 'corrected'\n"))

    said = capsys.readouterr().out
    assert said.count("template.yaml has changed") == 1
    assert "offers is live" in said


def test_a_generated_file_says_what_writes_it(live, root, capsys):
    live.apply(change(root, "functions/openapi/openapi.json", '{"openapi": "3.1.0"}'))

    assert "`make openapi` writes it" in capsys.readouterr().out


def test_a_function_that_is_not_deployed_is_no_mistake(aws, live, root):
    live.apply(change(root, "functions/segment/app.py", ""))

    assert aws.replaced == [[]]


def test_bytecode_in_the_source_folders_is_no_change(root):
    before = stamps(root)
    cache = root / "functions/offers/__pycache__"
    cache.mkdir()
    (cache / f"app{importlib.machinery.BYTECODE_SUFFIXES[0]}").touch()

    assert stamps(root) == before


def test_everything_that_is_built_is_watched():
    watched = stamps(ROOT)

    assert {OFFERS, CLOCK, "template.yaml", "layers/common/requirements.txt"} <= set(
        watched
    )
