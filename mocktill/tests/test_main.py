"""Start and stop the server: `python -m mocktill`."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import stripe

from mocktill import Sandbox, running
from mocktill.faults import Fault

SOURCE = Path(__file__).parents[1] / "src"


def test_the_server_prints_its_address_and_takes_its_key_from_the_environment():
    environment = os.environ | {
        "PYTHONPATH": str(SOURCE),
        "STRIPE_SECRET_KEY": "sk_test_from_the_environment",
    }
    command = [sys.executable, "-m", "mocktill", "--port", "0"]

    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:\d+", line)[0]
        client = stripe.StripeClient(
            "sk_test_from_the_environment", base_addresses={"api": url}
        )
        sessions = client.v1.checkout.sessions.list().data
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()

    assert sessions == []
    assert rest == ""
    assert process.returncode == 0


def test_the_server_prints_the_secret_key_that_it_has_made_up():
    environment = {n: v for n, v in os.environ.items() if not n.startswith("STRIPE_")}
    command = [sys.executable, "-m", "mocktill", "--port", "0"]

    with subprocess.Popen(
        command,
        env=environment | {"PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        url = re.search(r"http://\S+", process.stdout.readline())[0]
        key = re.search(r"sk_test_\S+", process.stdout.readline())[0]
        client = stripe.StripeClient(key, base_addresses={"api": url})
        sessions = client.v1.checkout.sessions.list().data
        process.send_signal(signal.SIGTERM)

    assert sessions == []


def test_keys_are_made_up_when_none_are_given():
    first, second = Sandbox(), Sandbox()

    assert first.secret_key.startswith("sk_test_")
    assert first.publishable_key.startswith("pk_test_")
    assert first.webhook_secret.startswith("whsec_")
    assert first.secret_key != second.secret_key


def test_a_page_may_live_at_another_address(hosted):
    sandbox = Sandbox(base_url="https://pay.example")

    with running(sandbox) as server:
        client = stripe.StripeClient(
            sandbox.secret_key, base_addresses={"api": server.url}
        )
        session = client.v1.checkout.sessions.create(hosted())

    assert session.url.startswith(f"https://pay.example/c/pay/{session.id}#")


def test_it_stops_although_a_call_still_hangs():
    """The hung call ends, and its client gets an answer."""
    sandbox = Sandbox()
    with running(sandbox) as server:
        sandbox.faults.add(Fault(hang_seconds=600))
        client = stripe.StripeClient(
            sandbox.secret_key, base_addresses={"api": server.url}
        )
        hung = threading.Thread(target=client.v1.events.list)
        hung.start()
        while not sandbox.requests:
            pass
    hung.join(10)

    assert not hung.is_alive()


def test_it_stops_although_an_endpoint_hangs(hosted, eventually):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        sandbox = Sandbox(webhook_urls=[url])
        with running(sandbox) as server:
            client = stripe.StripeClient(
                sandbox.secret_key, base_addresses={"api": server.url}
            )
            session = client.v1.checkout.sessions.create(hosted())
            client.v1.checkout.sessions.expire(session.id)
            connection, _ = silent.accept()
            connection.recv(1)

        eventually(lambda: sandbox.webhooks.attempts)
        connection.close()

    assert sandbox.webhooks.attempts[0]["status"] is None


@contextlib.contextmanager
def started(*options):
    """Start the server, and return a client of it."""
    environment = os.environ | {
        "PYTHONPATH": str(SOURCE),
        "STRIPE_SECRET_KEY": "sk_test_1",
    }
    command = [sys.executable, "-m", "mocktill", *options]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        url = re.search(r"http://\S+", process.stdout.readline())[0]
        try:
            yield stripe.StripeClient("sk_test_1", base_addresses={"api": url})
        finally:
            process.send_signal(signal.SIGTERM)


def test_the_server_takes_the_tax_behaviour_of_an_account():
    price = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "A mug"}}
    wanted = {
        "mode": "payment",
        "success_url": "https://shop.example.test/",
        "automatic_tax": {"enabled": True},
        "line_items": [{"price_data": price, "quantity": 1}],
    }

    with started("--default-tax-behavior", "inclusive") as client:
        session = client.v1.checkout.sessions.create(wanted)

    assert session.automatic_tax.enabled


def test_the_server_takes_the_minimum_of_an_account_in_dollars():
    price = {"currency": "inr", "unit_amount": 50, "product_data": {"name": "A sweet"}}
    wanted = {
        "mode": "payment",
        "success_url": "https://shop.example.test/",
        "line_items": [{"price_data": price, "quantity": 1}],
    }

    with (
        started("--settled-in-dollars") as client,
        pytest.raises(stripe.InvalidRequestError) as refused,
    ):
        client.v1.checkout.sessions.create(wanted)

    assert refused.value.code == "amount_too_small"
