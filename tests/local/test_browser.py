"""Which browser is driven: the one that was named, or the first that is here."""

import re
import subprocess
from pathlib import Path

import pytest

from local import browser
from local.browser import find_browser, main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path):
    def with_programs(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch(mode=0o755)
        return str(tmp_path)

    return with_programs


@pytest.fixture(autouse=True)
def bare_machine(tmp_path, monkeypatch):
    """Where browsers are installed elsewhere than on the path, there is none."""
    monkeypatch.setattr(browser, "SNAP", tmp_path / "snap/bin/chromium")
    apps = (tmp_path / "Applications", Path("~/Applications"))
    monkeypatch.setattr(browser, "APPLICATIONS", apps)


def test_chromium_comes_before_another(folder):
    path = folder("google-chrome", "chromium")

    assert find_browser({"PATH": path}) == f"{path}/chromium"


@pytest.mark.parametrize(
    "name", ["chromium-browser", "google-chrome-stable", "microsoft-edge"]
)
def test_each_is_found_by_the_name_that_its_package_gives_it(folder, name):
    path = folder(name)

    assert find_browser({"PATH": path}) == f"{path}/{name}"


@pytest.mark.parametrize(
    "program",
    [
        "Google Chrome.app/Contents/MacOS/Google Chrome",
        "Chromium.app/Contents/MacOS/Chromium",
        "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ],
)
@pytest.mark.parametrize("where", ["Applications", "home/Applications"])
def test_an_application_of_macos_is_found(folder, program, where):
    path = folder(f"{where}/{program}")

    found = find_browser({"PATH": "", "HOME": f"{path}/home"})

    assert found == f"{path}/{where}/{program}"


def test_a_snap_is_found_though_it_is_not_on_the_path(folder):
    path = folder("snap/bin/chromium")

    assert find_browser({"PATH": ""}) == f"{path}/snap/bin/chromium"


def test_the_one_that_is_named_comes_first(folder):
    path = folder("chromium", "my-browser")

    found = find_browser({"PATH": path, "CHECKOUT_BROWSER": f"{path}/my-browser"})

    assert found == f"{path}/my-browser"


def test_none_takes_the_place_of_one_that_was_named(folder):
    path = folder("chromium")

    assert find_browser({"PATH": path, "CHECKOUT_BROWSER": "missing"}) is None


# ---------------------------------------------------------------- installing one


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """A machine without a browser, on which root can install one; what it runs."""
    (tmp_path / "apt-get").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("CHECKOUT_BROWSER", "CI", "INSTALL_BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    ran = []

    def run(command, **_):
        ran.append(command[1])
        if command[1] == "install":
            (tmp_path / "chromium").touch(mode=0o755)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(browser.subprocess, "run", run)
    return ran


def test_tests_install_nothing_and_say_what_they_skip(commands, capsys):
    main([])

    said = capsys.readouterr().err
    assert commands == []
    assert "These tests are skipped: tests/stack/browser" in said
    assert "`make browser`" in said


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("INSTALL_BROWSER", "1")])
def test_tests_install_one_if_they_are_told_to(
    commands, capsys, monkeypatch, name, value
):
    monkeypatch.setenv(name, value)

    main([])

    assert commands == ["update", "install"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("name", "value"), [("CI", "false"), ("INSTALL_BROWSER", "0")])
def test_they_are_not_told_to_by_another_value(commands, monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    main([])

    assert commands == []


def test_make_browser_installs_one(commands, capsys):
    main(["--install"])

    assert commands == ["update", "install"]
    assert capsys.readouterr().err == ""


def test_nobody_but_root_can_install_one(commands, capsys, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    main(["--install"])

    assert commands == []
    assert "No browser could be installed" in capsys.readouterr().err


def test_a_browser_that_is_here_is_enough(commands, folder, capsys):
    folder("google-chrome")

    main(["--install"])

    assert commands == []
    assert "google-chrome" in capsys.readouterr().out


def test_the_tests_that_are_said_to_be_skipped_are_those_with_a_browser():
    named = set(re.findall(r"tests/[\w/]+(?:\.py)?", browser.NONE))
    using = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("tests/**/*.py")
        if path.name != "test_browser.py" and "find_browser()" in path.read_text()
    }

    assert named == {
        "tests/stack/browser",
        "tests/local/storefront/test_pages.py",
        "tests/local/test_mocktill_pages.py",
        "tests/docs/test_site.py",
    }
    assert all(any(each.startswith(name) for name in named) for each in using)


def make(*arguments):
    return subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_typed_by_hand_it_may_install_and_before_tests_it_may_not():
    assert "local.browser --install\n" in make("browser")
    assert "local.browser\n" in make("test-stack")
    assert "--install" not in make("test-stack")
