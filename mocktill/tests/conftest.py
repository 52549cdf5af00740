"""A sandbox for each test, the official SDK, and a shop's webhook endpoint."""

import contextlib
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
import stripe

from mocktill import Sandbox, running
from mocktill.permissions import NAMES

RESTRICTED_KEY = "rk_test_another"
WAIT_SECONDS = 10
EXPIRED = "checkout.session.expired"


@pytest.fixture(autouse=True)
def _quiet_sdk(monkeypatch):
    """Turn telemetry off, because it writes to the home folder."""
    monkeypatch.setattr(stripe, "enable_telemetry", False)


@pytest.fixture
def sandbox():
    return Sandbox(
        restricted_keys={RESTRICTED_KEY: NAMES},
        retry_base_seconds=0.01,
        redirect_hold_seconds=WAIT_SECONDS,
    )


@pytest.fixture(scope="session")
def server():
    with running(Sandbox()) as server:
        yield server


@pytest.fixture
def url(server, sandbox):
    server.use(sandbox)
    return server.url


@pytest.fixture
def client(sandbox, url):
    return stripe.StripeClient(sandbox.secret_key, base_addresses={"api": url})


@pytest.fixture
def other_client(url):
    """A client of the same account with a restricted key that may do everything."""
    return stripe.StripeClient(RESTRICTED_KEY, base_addresses={"api": url})


@pytest.fixture
def raw(sandbox, url):
    """Call the API without the SDK."""

    def call(method, path, *, key=sandbox.secret_key, data=None, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            names["Authorization"] = f"Bearer {key}"
        return requests.request(
            method, f"{url}{path}", data=data, headers=names, timeout=WAIT_SECONDS
        )

    return call


@pytest.fixture
def ask(url):
    """Make a call under /sandbox, and return its status."""
    return lambda *call: _control(url, *call).status_code


@pytest.fixture
def control(url):
    """Make a call under /sandbox that must succeed, and return its answer."""

    def call(*parts):
        response = _control(url, *parts)
        response.raise_for_status()
        return response.json()

    return call


def _control(url, method, path, body=None):
    return requests.request(
        method, f"{url}/sandbox/{path}", json=body, timeout=WAIT_SECONDS
    )


def _line(amount=1250, quantity=2, currency="usd", **product):
    return {
        "price_data": {
            "currency": currency,
            "unit_amount": amount,
            "product_data": {"name": "T-shirt", **product},
        },
        "quantity": quantity,
    }


@pytest.fixture
def line():
    return _line


@pytest.fixture
def hosted():
    """Return the parameters of a hosted session, with changes; None removes one."""

    def params(**changes):
        base = {
            "mode": "payment",
            "success_url": "https://shop.example/thanks?id={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://shop.example/basket",
            "line_items": [_line()],
        }
        return {k: v for k, v in (base | changes).items() if v is not None}

    return params


@pytest.fixture
def embedded(hosted):
    def params(**changes):
        base = {
            "ui_mode": "embedded_page",
            "success_url": None,
            "cancel_url": None,
            "return_url": "https://shop.example/back?id={CHECKOUT_SESSION_ID}",
        }
        return hosted(**(base | changes))

    return params


@pytest.fixture
def create(client, hosted):
    """Create a hosted session with the SDK."""

    def make(**changes):
        return client.v1.checkout.sessions.create(params=hosted(**changes))

    return make


@pytest.fixture
def pay(client, raw):
    """Pay without a browser, and return the answer of the confirm call."""

    def confirm(session, number="4242424242424242", method=None):
        if method is None:
            method = {
                "type": "card",
                "card": {
                    "number": number,
                    "exp_month": 12,
                    "exp_year": 2040,
                    "cvc": "123",
                },
                "billing_details": {"email": "ada@example.com", "name": "Ada"},
            }
        made = client.v1.payment_methods.create(params=method)
        return raw(
            "POST",
            f"/v1/payment_pages/{session.id}/confirm",
            data={"payment_method": made.id, "expected_amount": session.amount_total},
        )

    return confirm


@pytest.fixture
def fill_in(client, raw):
    """Pay without a browser with what the page asks for, and return the session."""

    def confirm(session, card="pm_card_visa", status=200, **entered):
        form = flattened({"payment_method": card, **entered})
        answer = raw("POST", f"/v1/payment_pages/{session.id}/confirm", data=form)
        assert answer.status_code == status, answer.text
        if status != HTTPStatus.OK:
            return answer.json()["error"]
        return client.v1.checkout.sessions.retrieve(session.id)

    return confirm


def flattened(value, name=""):
    """Return nested parameters as the fields of a form."""
    if isinstance(value, list):
        value = {str(index): each for index, each in enumerate(value)}
    if not isinstance(value, dict):
        return {name: value}
    return {
        field: text
        for key, each in value.items()
        for field, text in flattened(each, f"{name}[{key}]" if name else key).items()
    }


@pytest.fixture
def expire(client, create):
    """Expire a new session, and return the id of its event."""

    def happen():
        client.v1.checkout.sessions.expire(create().id)
        listed = client.v1.events.list({"type": EXPIRED, "limit": 1})
        return listed.data[0].id

    return happen


@pytest.fixture
def paid(client, create, pay):
    """Make a PaymentIntent that has succeeded, of 2500 cents by default."""

    def make(number="4242424242424242", **changes):
        session = create(**changes)
        intent = pay(session, number).json()["payment_intent"]
        return client.v1.payment_intents.retrieve(intent["id"])

    return make


@pytest.fixture
def events(client):
    """List the events of these types, the oldest first."""

    def since(*types):
        listed = client.v1.events.list({"types": list(types), "limit": 100})
        return listed.data[::-1]

    return since


@pytest.fixture
def bank_debit():
    """A payment method whose payment takes days."""
    return {
        "type": "us_bank_account",
        "us_bank_account": {
            "account_number": "000123456789",
            "routing_number": "110000000",
            "account_holder_type": "individual",
        },
        "billing_details": {"email": "ada@example.com", "name": "Ada"},
    }


@pytest.fixture
def event_types(client):
    """List the types of all events, the oldest first."""

    def types():
        return [e.type for e in reversed(client.v1.events.list({"limit": 100}).data)]

    return types


@pytest.fixture
def all_delivered(sandbox, eventually):
    """Wait until the endpoints have all events."""

    def wait():
        events = sandbox.store.all("event")
        eventually(lambda: all(event["pending_webhooks"] == 0 for event in events))

    return wait


@pytest.fixture
def eventually():
    """Wait for a condition that another thread fulfils."""

    def wait(condition):
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.005)

    return wait


class Endpoint:
    """A shop's webhook endpoint, whose answers the test sets."""

    def __init__(self):
        self.received = []
        self.answers = []
        self.changed = threading.Condition()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(endpoint.take(body, self.headers))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhook?stage=local"
        threading.Thread(target=self.server.serve_forever, args=(0.01,)).start()

    def take(self, body, headers):
        event = stripe.Webhook.construct_event(
            body, headers["Stripe-Signature"], self.secret
        )
        with self.changed:
            self.received.append((event, headers["Stripe-Signature"]))
            self.changed.notify_all()
            return self.answers.pop(0) if self.answers else 200

    def events(self, kind):
        return [event for event, _ in self.received if event.type == kind]

    def wait_for(self, kind, count=1):
        """Wait for *count* events of this type, and return them."""
        with self.changed:
            assert self.changed.wait_for(
                lambda: len(self.events(kind)) >= count, WAIT_SECONDS
            ), f"{kind} did not come"
            return self.events(kind)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def unconfigured():
    """A shop's server that the sandbox does not know yet."""
    with contextlib.closing(Endpoint()) as made:
        yield made


@pytest.fixture
def another_endpoint():
    with contextlib.closing(Endpoint()) as made:
        yield made


@pytest.fixture
def endpoint(unconfigured, sandbox, control):
    unconfigured.secret = sandbox.webhook_secret
    control("PUT", "webhook_endpoint", {"url": unconfigured.url})
    return unconfigured
