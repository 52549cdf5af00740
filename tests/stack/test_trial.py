"""Before it says "Ready", `make run` has started a checkout of each kind."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.embedded_aws import EmbeddedAws
from local.samples import sample_offers
from local.settings import StackError
from local.trial import Tryout
from local.trial_offers import BUYER, SAMPLES


@pytest.fixture
def tryout(stack, tmp_path):
    aws = EmbeddedAws(urlsplit(stack.aws_endpoint_url).port, Path(), "")
    return Tryout(aws, vars(stack), tmp_path)


def of_the_trial(tryout):
    tables = ("OffersTable", "PaymentSessionsTable", "PurchasesTable", "AuditLogTable")
    return [
        item for name in tables for item in tryout.items(name) if BUYER in str(item)
    ]


def test_a_start_leaves_nothing_of_its_trial(tryout):
    assert of_the_trial(tryout) == []


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_kind_that_cannot_be_bought_is_named_together_with_the_log(tryout, kind):
    broken = sample_offers(datetime.now(UTC))
    names, _ = SAMPLES[kind]
    for offer in broken:
        if offer["id"] == names[-1]:
            del offer["items" if kind == "order" else "price"]

    with pytest.raises(StackError) as failure:
        tryout.run(broken)

    said = str(failure.value)
    assert f"No checkout of the kind {kind} can be started: POST /" in said
    log = tryout.logs / "functions.log"
    assert said.endswith(f"The functions' log is {log}.")
    assert '"service":"create_session"' in log.read_text().replace(": ", ":")
    assert of_the_trial(tryout) == []


@pytest.mark.parametrize("key", ["the sandbox's", "one of Stripe's own"])
def test_the_checkouts_that_were_started_are_expired_at_stripe_too(tryout, shop, key):
    """With Stripe itself, no event arrives before `stripe listen` runs."""
    if key == "one of Stripe's own":
        tryout.stack = tryout.stack | {"stripe_secret_key": None}
    before = {session["id"] for session in shop.stripe.sessions()}

    tryout.run(sample_offers(datetime.now(UTC)))

    new = [each for each in shop.stripe.sessions() if each["id"] not in before]
    assert {each["metadata"]["kind"] for each in new} == set(SAMPLES)
    assert {each["status"] for each in new} == {"expired"}
    assert of_the_trial(tryout) == []
