"""`make times` reads what `make run` prints, and changes a sentence that is there."""

import io

import pytest

from local import times
from local.http_json import Answer
from local.phases import Phases
from local.times import PHASE, Row, changed, table


def test_it_finds_each_phase_in_what_a_run_prints(tmp_path):
    out = io.StringIO()
    with Phases(tmp_path, out) as phase:
        phase("Building the functions and their layer (sam build)", "sam-build")
        phase("Loading the sample offers")
    out.write("Ready after 31 seconds.\n\n  storefront     http://localhost:3000\n")

    found = [match["text"] for match in PHASE.finditer(out.getvalue())]

    assert found == [
        "Building the functions and their layer (sam build)",
        "Loading the sample offers",
    ]


def test_a_time_stands_beside_its_goal():
    lines = table([Row("make run", 28.34, 45), Row("A change", None, 3)]).splitlines()

    assert lines[-2:] == [
        "make run     28.3  at most 45",
        "A change        -  at most 3",
    ]


def test_the_sentence_that_it_changes_is_in_the_layer_once():
    assert times.CHANGED_FILE.read_text().count(f'"{times.SENTENCE}"') == 1


def test_without_live_code_no_change_is_tried(monkeypatch):
    monkeypatch.setattr(times.importlib.util, "find_spec", lambda _: None)

    assert changed(times.Run(times.ROOT)) is None


@pytest.fixture
def layer_file(tmp_path, monkeypatch):
    file = tmp_path / "create_session.py"
    file.write_text(f'raise NotFoundError("{times.SENTENCE}")')
    monkeypatch.setattr(times, "CHANGED_FILE", file)
    monkeypatch.setattr(times.importlib.util, "find_spec", lambda _: True)
    monkeypatch.setattr(times, "token", lambda *_: "token")
    return file


def test_it_waits_for_the_change_and_restores_the_file(layer_file, monkeypatch):
    before = layer_file.read_text()
    answers = []

    def ask(*_):
        answers.append(layer_file.read_text())
        return Answer(404, answers[-1])

    monkeypatch.setattr(times, "ask", ask)

    assert changed(times.Run(layer_file, stack={"api_url": "http://api"})) >= 0
    assert [before in answer for answer in answers] == [True, False]
    assert layer_file.read_text() == before
