"""What `make run` tries to sell: the samples, under ids and to a buyer of their own."""

import socket
from datetime import UTC, datetime

import pytest

from local import trial
from local.embedded_aws import EmbeddedAws
from local.http_json import Answer
from local.samples import sample_offers
from local.settings import StackError
from local.trial import Tryout, patiently
from local.trial_offers import BUYER, SAMPLES, trials
from openapi.models import kind_names

HOME = "http://localhost:3000"
SAMPLE_OFFERS = sample_offers(datetime.now(UTC))
TRIALS = {each.kind: each for each in trials(SAMPLE_OFFERS, HOME)}


def test_each_kind_that_has_samples_is_tried():
    types = {offer["id"].partition("#")[0] for offer in SAMPLE_OFFERS}

    assert set(TRIALS) == set(SAMPLES) == types & set(kind_names())


@pytest.mark.parametrize("kind", SAMPLES)
def test_no_sample_is_touched(kind):
    ids = {offer["id"] for offer in SAMPLE_OFFERS}

    assert not ids & {item["id"] for item in TRIALS[kind].items}


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_copy_is_a_whole_offer_of_the_trials_own_buyer(kind):
    by_id = {offer["id"]: offer for offer in SAMPLE_OFFERS}
    names, _ = SAMPLES[kind]

    for name, item in zip(names, TRIALS[kind].items, strict=True):
        sample = by_id[name]
        assert item.keys() == sample.keys()
        item_type, _, number = item["id"].partition("#")
        assert item[f"{item_type}_id"] == number
        assert "user_1" not in item.values()
        assert "7" not in item.values()
        for field in ("owner_id", "winner_id"):
            assert item.get(field) in {None, BUYER}
        assert item.get("price") == sample.get("price")


def test_what_belongs_together_stays_together():
    row, bid, quote = TRIALS["quote"].items

    assert bid["row_id"] == quote["row_id"] == row["row_id"]
    assert quote["bid_id"] == bid["bid_id"]


def test_two_trials_do_not_meet():
    again = {each.kind: each for each in trials(SAMPLE_OFFERS, HOME)}

    for kind, first in TRIALS.items():
        assert first.offer_id != again[kind].offer_id


# ---------------------------------------------------------------- what goes wrong


def test_an_aws_that_is_gone_is_named_with_its_log(tmp_path, serve_nothing):
    stack = {
        "api_url": serve_nothing,
        "issuer_url": serve_nothing,
        "storefront_url": HOME,
        "stack_name": "checkout-local",
        "outputs": {"PaymentSessionsTable": "sessions"},
    }
    port = int(serve_nothing.rpartition(":")[2])

    with pytest.raises(StackError) as failure:
        Tryout(EmbeddedAws(port, tmp_path, ""), stack, tmp_path).run(SAMPLE_OFFERS)

    said = str(failure.value)
    assert said.startswith("The embedded AWS does not answer: ")
    assert said.endswith(f"Its log is {tmp_path / 'embedded-aws.log'}.")


@pytest.fixture
def serve_nothing():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("answers", "last"),
    [
        ([Answer(502, "Internal server error"), Answer(200, "{}")], 200),
        ([Answer(504, "timed out"), Answer(503, ""), Answer(409, "{}")], 409),
        ([Answer(502, '{"code": "stripe_unavailable"}'), Answer(200, "{}")], 502),
        ([Answer(599, "Connection refused"), Answer(200, "{}")], 599),
    ],
)
def test_only_a_function_that_has_no_answer_is_asked_again(monkeypatch, answers, last):
    monkeypatch.setattr(trial, "POLL_SECONDS", 0)
    given = iter(answers)

    assert patiently(lambda: next(given)).status == last


def test_it_is_not_asked_for_ever(monkeypatch):
    monkeypatch.setattr(trial, "POLL_SECONDS", 0)
    monkeypatch.setattr(trial, "WITHIN_SECONDS", 0)

    assert patiently(lambda: Answer(504, "timed out")).status == 504
