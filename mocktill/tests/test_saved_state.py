"""An account in a file: it goes on after a restart as if there had been none."""

import http.server
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
import stripe

from mocktill import Sandbox, running
from mocktill.cards import Outcome
from mocktill.faults import Fault
from mocktill.saved_state import StateError, load, save, saved_in

SOURCE = Path(__file__).parents[1] / "src"
ORDER = {
    "mode": "payment",
    "success_url": "https://shop.example/thanks",
    "line_items": [
        {
            "price_data": {
                "currency": "usd",
                "unit_amount": 2500,
                "product_data": {"name": "T-shirt"},
            },
            "quantity": 1,
        }
    ],
}


class Account:
    """A sandbox on a port, which a client asks."""

    def __init__(self, sandbox, url):
        self.sandbox, self.url = sandbox, url
        addresses = {"api": url}
        self.v1 = stripe.StripeClient(
            sandbox.secret_key, base_addresses=addresses, max_network_retries=0
        ).v1

    def order(self, **options):
        return self.v1.checkout.sessions.create(ORDER, options)

    def pay(self, session, card="pm_card_visa"):
        answer = requests.post(
            f"{self.url}/v1/payment_pages/{session.id}/confirm",
            data={"payment_method": card},
            auth=(self.sandbox.secret_key, ""),
            timeout=10,
        )
        answer.raise_for_status()
        return self.v1.checkout.sessions.retrieve(session.id)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "kept/account.json"


@pytest.fixture
def start(file):
    """Start the account of the file, after the start before has stopped."""
    with ExitStack() as running_now:

        def start(**options):
            running_now.close()
            sandbox = Sandbox(**{"retry_base_seconds": 0.01} | options)
            running_now.enter_context(saved_in(file, sandbox))
            server = running_now.enter_context(running(sandbox))
            return Account(sandbox, server.url)

        yield start


@contextmanager
def endpoint(status=200):
    """An endpoint of webhooks that answers with a status; the types it has got."""
    got, arrived = [], threading.Condition()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            with arrived:
                got.append(json.loads(body)["type"])
                arrived.notify_all()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", got, arrived
    finally:
        server.shutdown()
        server.server_close()


def test_an_account_and_its_keys_are_the_same_after_a_restart(start):
    first = start()
    before = first.v1.accounts.retrieve_current()
    key = first.sandbox.restricted_key(["event_read"])

    second = start(secret_key="sk_test_of_a_new_account")

    assert second.v1.accounts.retrieve_current() == before
    assert second.sandbox.secret_key == first.sandbox.secret_key
    assert second.sandbox.webhook_secret == first.sandbox.webhook_secret
    assert second.sandbox.publishable_key == first.sandbox.publishable_key
    assert second.sandbox.restricted_keys[key].named == {"event_read"}


def test_every_object_is_there(start):
    first = start()
    paid = first.pay(first.order())
    first.v1.refunds.create({"payment_intent": paid.payment_intent, "amount": 100})
    before = first.v1.events.list({"limit": 100}).data

    second = start()

    assert second.v1.events.list({"limit": 100}).data == before
    intent = second.v1.payment_intents.retrieve(
        paid.payment_intent, {"expand": ["latest_charge"]}
    )
    assert intent.latest_charge.amount_refunded == 100
    assert len(second.sandbox.requests) > 1


def test_a_session_that_is_open_can_be_paid(start):
    """It is one object: the session of the list is that of the payment page."""
    session = start().order()

    second = start()
    paid = second.pay(session)

    assert paid.payment_status == "paid"
    assert second.v1.checkout.sessions.list().data == [paid]


def test_a_payment_can_be_refunded(start):
    first = start()
    paid = first.pay(first.order(), "pm_card_pendingRefund")

    second = start()
    refund = second.v1.refunds.create({"payment_intent": paid.payment_intent})

    # The card's behaviour is kept too: its refunds wait.
    assert refund.status == "pending"
    assert second.sandbox.outcomes
    assert set(map(type, second.sandbox.outcomes.values())) == {Outcome}


def test_an_idempotency_key_still_has_its_answer(start):
    session = start().order(idempotency_key="key_1")

    assert start().order(idempotency_key="key_1").id == session.id


def test_the_clock_and_the_faults_stay(start):
    first = start()
    first.sandbox.advance_clock(3600)
    first.sandbox.faults.add(Fault(status=503, times=2))
    first.sandbox.rate_limit.allow(7)

    second = start()

    assert second.sandbox.now() - first.sandbox.now() in {0, 1}
    assert second.sandbox.faults.pending() == first.sandbox.faults.pending()
    assert second.sandbox.rate_limit.per_second == 7


def test_what_waits_for_its_next_attempt_is_sent_at_once(start):
    with endpoint(500) as (url, got, arrived):
        # The second attempt would come in an hour.
        first = start(webhook_urls=[url], retry_base_seconds=3600)
        first.order()
        first.pay(first.order())
        with arrived:
            assert arrived.wait_for(lambda: "checkout.session.completed" in got, 10)
        count = len(got)

        start(retry_base_seconds=3600)

        with arrived:
            assert arrived.wait_for(lambda: len(got) == 2 * count, 10)
        assert sorted(got[count:]) == sorted(got[:count])


def test_what_was_delivered_is_not_sent_again(start):
    with endpoint() as (url, got, arrived):
        first = start(webhook_urls=[url])
        first.pay(first.order())
        events = first.v1.events.list({"limit": 100}).data
        with arrived:
            assert arrived.wait_for(lambda: len(got) == len(events), 10)
        event = first.sandbox.store.get("event", events[0].id)
        assert first.sandbox.webhooks.wait_until_answered(event, 10)
        start()

        second = start()
        second.order()

    assert len(got) == len(events)


def test_held_events_are_still_held(start):
    with endpoint() as (url, got, arrived):
        first = start(webhook_urls=[url])
        first.sandbox.webhooks.mode = "hold"
        first.pay(first.order())

        second = start()

        assert second.sandbox.webhooks.held == first.sandbox.webhooks.held > 0
        second.sandbox.webhooks.release()
        with arrived:
            assert arrived.wait_for(lambda: "checkout.session.completed" in got, 10)


def test_the_pages_are_where_the_account_is_served_now(file):
    first = Sandbox(base_url="http://127.0.0.1:1")
    with running(first) as server:
        session = Account(first, server.url).order()
    save(file, first)

    second = Sandbox(base_url="http://127.0.0.1:2")
    load(file, second)

    kept = second.store.get("checkout.session", session.id)["url"]
    assert kept == session.url.replace(":1/", ":2/")


def test_the_file_is_for_its_owner_only(start, file):
    start()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_crash_loses_little(file):
    """Without a stop, the file has what was there a moment before."""
    sandbox = Sandbox()
    with saved_in(file, sandbox, every_seconds=0.01), running(sandbox) as server:
        session = Account(sandbox, server.url).order()
        for _ in range(1000):
            if session.id in file.read_text():
                break
            threading.Event().wait(0.01)
        crashed = Sandbox()
        load(file, crashed)

    assert crashed.store.get("checkout.session", session.id)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"mocktill": 0}', '{"mocktill": 1}', '{"mocktill": 1, "root": 1}'],
)
def test_a_file_that_is_no_account_is_refused_and_stays(file, text):
    file.parent.mkdir()
    file.write_text(text)

    with pytest.raises(StateError, match="Remove it to start"):
        load(file, Sandbox())

    assert file.read_text() == text


def test_a_file_of_another_version_is_refused(file):
    save(file, Sandbox())
    file.write_text(file.read_text().replace('"mode"', '"modus"'))

    with pytest.raises(StateError, match="other fields of webhooks"):
        load(file, Sandbox())


def test_a_file_that_is_being_written_never_replaces_the_last_one(file, monkeypatch):
    save(file, Sandbox())
    before = file.read_text()
    monkeypatch.setattr(Path, "replace", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        save(file, Sandbox())

    assert file.read_text() == before


def test_the_command_keeps_the_account(file):
    environment = os.environ | {"PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-m", "mocktill", "--port", "0", "--state", str(file)]
    keys = []
    for _ in range(2):
        with subprocess.Popen(
            command,
            env={n: v for n, v in environment.items() if n[:7] != "STRIPE_"},
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            process.stdout.readline()
            keys.append(process.stdout.readline())
            process.send_signal(signal.SIGTERM)

    assert keys[0] == keys[1] != ""


def test_the_command_says_what_is_wrong_with_its_file(file):
    file.parent.mkdir()
    file.write_text("{}")

    done = subprocess.run(
        [sys.executable, "-m", "mocktill", "--state", str(file)],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "is not an account of this version of mocktill" in done.stderr
