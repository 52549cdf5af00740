"""Each phase of `make run` is one line, with its seconds."""

import io
import re
import threading
import time
from contextlib import suppress

from local.phases import Phases

LINE = re.compile(r"^(\S.*\S) +(\d+\.\d) s$")


class Terminal(io.StringIO):
    def __init__(self):
        super().__init__()
        self.shown = threading.Condition()

    def isatty(self):
        return True

    def write(self, text):
        with self.shown:
            super().write(text)
            self.shown.notify_all()
        return len(text)

    def wait_for(self, text):
        with self.shown:
            assert self.shown.wait_for(lambda: text in self.getvalue(), timeout=10)


def test_a_phase_is_one_line_with_its_seconds(tmp_path, monkeypatch):
    clock = iter([0.0, 10.0, 22.25, 30.0, 30.5])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    out = io.StringIO()

    with Phases(tmp_path, out) as phase:
        phase("Building the functions", log="sam-build")
        phase("Loading the sample offers")

    lines = [LINE.fullmatch(line).groups() for line in out.getvalue().splitlines()]
    assert lines == [
        ("Building the functions", "12.2"),
        ("Loading the sample offers", "0.5"),
    ]


def test_a_phase_is_named_as_soon_as_it_begins(tmp_path):
    out = io.StringIO()
    with Phases(tmp_path, out) as phase:
        phase("Building the functions")
        assert out.getvalue().startswith("Building the functions")


def test_the_line_of_a_phase_that_fails_has_no_seconds(tmp_path):
    out = io.StringIO()

    with suppress(ValueError), Phases(tmp_path, out) as phase:
        phase("Building the functions")
        raise ValueError

    assert out.getvalue().rstrip(" \n") == "Building the functions"
    assert out.getvalue().endswith("\n")


def test_a_terminal_shows_what_a_phase_does_meanwhile(tmp_path):
    (tmp_path / "sam-build.log").write_text("Building layer 'CommonLayer'\n\n")
    out = Terminal()

    with Phases(tmp_path, out) as phase:
        phase("Building the functions", log="sam-build")
        out.wait_for("Building the functions    0 s  Building layer 'CommonLayer'")

    last = out.getvalue().split("\r\x1b[K")[-1]
    assert LINE.fullmatch(last.strip())[1] == "Building the functions"


def test_a_log_that_is_not_there_yet_shows_nothing(tmp_path):
    out = Terminal()

    with Phases(tmp_path, out) as phase:
        phase("Building the functions", log="sam-build")
        out.wait_for("Building the functions    0 s")


def test_a_line_fits_into_the_terminal(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    (tmp_path / "sam-build.log").write_text("x" * 500)
    out = Terminal()

    with Phases(tmp_path, out) as phase:
        phase("Building the functions", log="sam-build")
        out.wait_for("xx")

    first = out.getvalue().split("\r\x1b[K")[1]
    assert len(first) == 39
