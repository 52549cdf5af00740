"""A build is made once for the same sources, and a broken one is never used."""

import shutil

import pytest

from local import builds, sam
from local.settings import ROOT, StackError


def copied_sources(target, more=()):
    """Copy what a build reads, and *more*."""
    for source in (*builds.SOURCES, *more):
        copied = target / source
        copied.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, copied, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / source, copied)
    return target


@pytest.fixture
def root(tmp_path):
    return copied_sources(tmp_path / "project")


@pytest.fixture
def stack(root):
    folder = root / "stack"
    folder.mkdir()
    return folder


@pytest.fixture
def sam_build(monkeypatch):
    """Replace SAM by one that counts; a test may make it fail."""
    made = []

    def build(_processes, folder, *, for_this_machine):
        assert for_this_machine
        (folder / "build").mkdir(parents=True)
        (folder / "build/template.yaml").write_text(f"build {len(made)}")
        made.append(folder)
        if made[0] is None:
            made.clear()
            raise StackError("sam-build ended with exit code 1.")

    monkeypatch.setattr(sam, "build", build)
    return made


def test_the_same_sources_are_built_once_for_every_stack(root, stack, sam_build):
    other = root / "other"
    other.mkdir()

    assert not builds.is_built(root)
    builds.build(None, stack, root)
    assert builds.is_built(root)
    builds.build(None, stack, root)
    builds.build(None, other, root)

    assert len(sam_build) == 1
    assert (stack / "build/template.yaml").read_text() == "build 0"
    assert (other / "build/template.yaml").read_text() == "build 0"


@pytest.mark.parametrize(
    "source",
    [
        "functions/create_session/app.py",
        "functions/openapi/openapi.json",
        "functions/Makefile",
        "layers/common/checkout/clock.py",
        "layers/common/Makefile",
        "layers/common/requirements.txt",
        "template.yaml",
        "requirements/sam.txt",
        "local/sam.py",
    ],
)
def test_every_source_matters(root, source):
    before = builds.fingerprint(root)

    with (root / source).open("a") as file:
        file.write("\n")

    assert builds.fingerprint(root) != before


def test_a_renamed_or_new_file_matters(root):
    before = builds.fingerprint(root)
    package = root / "layers/common/checkout"

    (package / "clock.py").rename(package / "watch.py")
    renamed = builds.fingerprint(root)
    (package / "new.py").touch()

    assert len({before, renamed, builds.fingerprint(root)}) == 3


def test_what_python_writes_beside_the_sources_does_not_matter(root):
    before = builds.fingerprint(root)

    cache = root / "functions/create_session/__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "app.cpython-313.pyc").write_bytes(b"bytecode")

    assert builds.fingerprint(root) == before


def test_a_build_that_failed_is_built_again(root, stack, sam_build):
    sam_build.append(None)
    with pytest.raises(StackError):
        builds.build(None, stack, root)
    assert not (stack / "build").exists()

    assert not builds.is_built(root)

    builds.build(None, stack, root)

    assert (stack / "build/template.yaml").exists()
    assert [each.name for each in (root / ".local/builds").iterdir()] == [
        builds.fingerprint(root)
    ]


def test_a_build_that_another_stack_finished_first_is_used(root, stack, monkeypatch):
    def slow(_processes, folder, **_):
        (folder / "build").mkdir(parents=True)
        first = root / ".local/builds" / builds.fingerprint(root)
        first.mkdir()
        (first / "template.yaml").write_text("theirs")

    monkeypatch.setattr(sam, "build", slow)

    builds.build(None, stack, root)

    assert (stack / "build/template.yaml").read_text() == "theirs"


def test_old_builds_are_removed_and_the_one_before_stays(root, stack, sam_build):
    for number in range(4):
        (root / "template.yaml").write_text(str(number))
        builds.build(None, stack, root)

    assert len(list((root / ".local/builds").iterdir())) == builds.KEPT
    assert (stack / "build/template.yaml").read_text() == "build 3"
    assert len(sam_build) == 4


def test_a_build_of_an_earlier_version_gives_way(root, stack, sam_build):
    (stack / "build").mkdir()
    (stack / "build/template.yaml").write_text("an old one")

    builds.build(None, stack, root)

    assert (stack / "build/template.yaml").read_text() == "build 0"
    assert len(sam_build) == 1
