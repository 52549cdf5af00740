"""What `make run` tries to sell: the samples, under ids and to a buyer of their own."""

from datetime import UTC, datetime

import pytest

from local.samples import sample_offers
from local.trial_offers import BUYER, SAMPLES, trials
from openapi.models import kind_names

HOME = "http://localhost:3000"
SAMPLE_OFFERS = sample_offers(datetime.now(UTC))
TRIALS = {trial.kind: trial for trial in trials(SAMPLE_OFFERS, HOME)}


def test_each_kind_is_tried():
    assert set(TRIALS) == set(SAMPLES) == set(kind_names())


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
    again = {trial.kind: trial for trial in trials(SAMPLE_OFFERS, HOME)}

    for kind, trial in TRIALS.items():
        assert trial.offer_id != again[kind].offer_id
