"""Which browser is driven: the one that was named, or the first that is here."""

import pytest

from local.browser import find_browser, main


@pytest.fixture
def folder(tmp_path):
    def with_programs(*names):
        for name in names:
            (tmp_path / name).touch(mode=0o755)
        return str(tmp_path)

    return with_programs


def test_chromium_comes_before_another(folder):
    path = folder("google-chrome", "chromium")

    assert find_browser({"PATH": path}) == f"{path}/chromium"


def test_the_one_that_is_named_comes_first(folder):
    path = folder("chromium", "my-browser")

    found = find_browser({"PATH": path, "CHECKOUT_BROWSER": f"{path}/my-browser"})

    assert found == f"{path}/my-browser"


def test_none_takes_the_place_of_one_that_was_named(folder):
    path = folder("chromium")

    assert find_browser({"PATH": path, "CHECKOUT_BROWSER": "missing"}) is None


def test_a_machine_without_a_browser_is_told_what_is_skipped(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHECKOUT_BROWSER", raising=False)

    main()

    assert "will be skipped" in capsys.readouterr().err
