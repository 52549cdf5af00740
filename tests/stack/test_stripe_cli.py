"""
Stripe's own command line, as it comes from npm, against the sandbox of the stack.

It names no API version, and what it sends is of older ones: until the account's default
version is one of these, the sandbox refuses that as Stripe would.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from tests.stack.http_shop import eventually

HERE = Path(__file__).parent / "stripe_cli"
ROOT = Path(__file__).resolve().parents[2]
INSTALLED = ROOT / ".local" / "stripe-cli"
BEFORE_ENDIVE = "2026-08-26.dahlia"
INSTALL_WITHIN_SECONDS = 60

# What each trigger is for; those of a disputed or failed payment tell more on the way.
TRIGGERS = [
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.failed",
    "charge.refunded",
    "charge.succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "customer.created",
    "payment_intent.canceled",
    "payment_intent.created",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.succeeded",
    "product.created",
]


@pytest.fixture(scope="session")
def installed():
    """The program, as package-lock.json pins it."""
    program = INSTALLED / "node_modules" / ".bin" / "stripe"
    lock = HERE / "package-lock.json"
    copy = INSTALLED / lock.name
    if program.exists() and copy.read_bytes() == lock.read_bytes():
        return program
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("NOT TESTED: the Stripe CLI comes from npm, and there is no npm.")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", lock.name):
        shutil.copy(HERE / name, INSTALLED)
    # Not `npm ci`: the lock names the program for one platform of five.
    command = [npm, "install", "--no-save", "--no-audit", "--no-fund"]
    try:
        subprocess.run(
            [*command, "--fetch-retries=1", "--prefix", INSTALLED],
            check=True,
            timeout=INSTALL_WITHIN_SECONDS,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"NOT TESTED: npm could not install the Stripe CLI: {error}")
    return program


@pytest.fixture
def stripe_cli(stack, installed, tmp_path):
    """Type a command, as somebody who has nothing of their own on this machine."""
    nobody = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "STRIPE_CLI_TELEMETRY_OPTOUT": "1",
        "STRIPE_NO_AUTO_UPDATE": "1",
        "DO_NOT_TRACK": "1",
        "STRIPE_API_KEY": stack.stripe_secret_key,
    }

    def run(*arguments):
        done = subprocess.run(
            [installed, *arguments, "--api-base", stack.stripe_url],
            cwd=tmp_path,
            env=nobody,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def before_endive(stack):
    """An account that has not been upgraded yet."""
    account = f"{stack.stripe_url}/sandbox/account"
    now = requests.get(account, timeout=10).json()
    older = {"default_api_version": BEFORE_ENDIVE}
    requests.put(account, json=older, timeout=10).raise_for_status()
    yield
    requests.put(account, json=now, timeout=10).raise_for_status()


@pytest.fixture
def newest(stripe_cli):
    """The newest event of a type, if there is one."""

    def find(kind):
        listed = json.loads(
            stripe_cli("get", "/v1/events", "-d", f"type={kind}", "--limit", "1")
        )
        return listed["data"][0] if listed["data"] else {"id": None}

    return find


@pytest.mark.usefixtures("before_endive")
@pytest.mark.parametrize("kind", TRIGGERS)
def test_a_trigger_makes_its_event_and_the_shop_takes_it(stripe_cli, newest, kind):
    """It is about nothing that the shop sold, so the shop has nothing to do."""
    before = newest(kind)

    said = stripe_cli("trigger", kind)

    after = newest(kind)
    assert "Trigger succeeded" in said
    assert after["id"] not in (None, before["id"])
    assert after["api_version"] == BEFORE_ENDIVE
    eventually(lambda: newest(kind)["pending_webhooks"] == 0)


def test_a_trigger_in_the_newest_version_is_refused_what_that_removed(
    stripe_cli, newest
):
    before = newest("charge.refunded")

    with pytest.raises(AssertionError, match="payment_method_types"):
        stripe_cli("trigger", "charge.refunded")

    assert newest("charge.refunded") == before


def test_a_trigger_may_name_its_version_and_change_what_is_sent(stripe_cli, newest):
    stripe_cli(
        "trigger",
        "charge.succeeded",
        *("--api-version", BEFORE_ENDIVE),
        *("--override", "payment_intent:amount=777"),
    )

    assert newest("charge.succeeded")["data"]["object"]["amount"] == 777


def test_what_is_posted_can_be_got(stripe_cli):
    made = json.loads(
        stripe_cli("post", "/v1/products", "-d", "name=A mug", "--idempotency", "mug")
    )
    again = json.loads(
        stripe_cli("post", "/v1/products", "-d", "name=A mug", "--idempotency", "mug")
    )
    got = json.loads(stripe_cli("get", f"/v1/products/{made['id']}"))

    assert made == again == got
    assert got["name"] == "A mug"


def test_resources_have_commands_of_their_own(stripe_cli):
    intent = json.loads(
        stripe_cli(
            *("payment_intents", "create", "--amount=2000", "--currency=usd"),
            *("-d", "payment_method=pm_card_visa", "-d", "confirm=true"),
        )
    )
    refund = json.loads(
        stripe_cli("refunds", "create", "--payment-intent", intent["id"])
    )
    listed = json.loads(stripe_cli("checkout", "sessions", "list"))

    assert (refund["status"], refund["amount"]) == ("succeeded", 2000)
    assert listed["object"] == "list"


def test_an_event_is_sent_again(stack, stripe_cli, newest):
    stripe_cli("trigger", "checkout.session.expired")
    event = newest("checkout.session.expired")
    eventually(lambda: len(_attempts(stack, event)) == 1)

    sent = json.loads(stripe_cli("events", "resend", event["id"]))

    assert sent["id"] == event["id"]
    eventually(lambda: [a["status"] for a in _attempts(stack, event)] == [200, 200])


def _attempts(stack, event):
    url = f"{stack.stripe_url}/sandbox/webhooks/attempts"
    attempts = requests.get(url, timeout=10).json()["data"]
    return [each for each in attempts if each["event"] == event["id"]]
