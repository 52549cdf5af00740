"""
Every field that the application reads is there, and is one that the SDK declares.

A mapping that takes notes tells which fields these are: nobody has to list them.
"""

from collections.abc import Mapping

import pytest
import requests
import stripe

from checkout.domain.checkout_session import CheckoutSession, bank_refused
from checkout.domain.dispute import Dispute
from checkout.domain.receipt import Receipt
from checkout.domain.refund import Refund
from mocktill import Sandbox

# Ours to fill in.
OPAQUE = {"metadata"}


class Notes(Mapping):
    """What was read of an object, down its branches, as paths."""

    def __init__(self, content, read, path=""):
        self._content, self._read, self._path = content, read, path

    def __getitem__(self, name):
        path = f"{self._path}.{name}" if self._path else name
        self._read.add(path)
        return self._noted(self._content[name], path)

    def _noted(self, value, path):
        if isinstance(value, dict) and path not in OPAQUE:
            return Notes(value, self._read, path)
        if isinstance(value, list):
            return [self._noted(each, path) for each in value]
        return value

    def __iter__(self):
        return iter(self._content)

    def __len__(self):
        return len(self._content)


ORDER = {
    "mode": "payment",
    "success_url": "https://shop.example/thanks",
    "metadata": {"payment_session_id": "ps_1"},
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


@pytest.fixture
def client(stripe_server, monkeypatch):
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    sandbox = Sandbox()
    stripe_server.use(sandbox)
    addresses = {"api": stripe_server.url}
    return stripe.StripeClient(sandbox.secret_key, base_addresses=addresses)


@pytest.fixture
def story(client, stripe_server):
    """What we get from Stripe of one payment and of what came after, by its reader."""
    v1 = client.v1
    session = v1.checkout.sessions.create(ORDER)
    client.raw_request(
        "post",
        f"/v1/payment_pages/{session.id}/confirm",
        payment_method="pm_card_visa",
    )
    found = v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    intent = v1.payment_intents.retrieve(
        found.payment_intent.id, {"expand": ["latest_charge.balance_transaction"]}
    )
    # Only a refund that has failed has a reason for it.
    refund = v1.refunds.create({"payment_intent": intent.id, "amount": 1})
    for path in (f"refunds/{refund.id}/fail", f"charges/{intent.id}/dispute"):
        address = f"{stripe_server.url}/sandbox/{path}"
        requests.post(address, json={}, timeout=10).raise_for_status()
    refund = v1.refunds.retrieve(refund.id)
    (dispute,) = v1.disputes.list().data
    return {
        CheckoutSession.from_stripe: found,
        bank_refused: found,
        Receipt.from_stripe: intent,
        Refund.from_stripe: refund,
        Dispute.from_stripe: dispute,
    }


def test_what_is_read_of_an_object_is_there_and_declared(story):
    for read_it, shown in story.items():
        read = set()

        read_it(Notes(shown.to_dict(for_json=True), read))

        assert read
        for path in read:
            assert is_declared(shown, path.split(".")), path


def is_declared(shown, names):
    name, *rest = names
    if name not in type(shown).__annotations__ or name not in shown.to_dict():
        return False
    inner = shown[name]
    if not rest:
        return True
    each = inner if isinstance(inner, list) else [inner]
    return all(is_declared(one, rest) for one in each)


def test_what_is_read_of_an_event_is_there(client, story):
    """The webhook reads the envelope, and settlement reads what is in it."""
    envelope = {"id", "type", "livemode", "data"}
    inside = {
        "charge.refunded": {"payment_intent", "amount_refunded"},
        "charge.dispute.created": {"id", "payment_intent"},
        "checkout.session.completed": {"id", "metadata", "payment_intent"},
        "payment_intent.succeeded": {"id", "metadata"},
        "refund.created": {"id", "payment_intent"},
    }

    assert story
    for kind, names in inside.items():
        (event,) = client.v1.events.list({"type": kind}).data
        about = event.data.object
        assert envelope <= event.to_dict().keys() & stripe.Event.__annotations__.keys()
        assert names <= about.to_dict().keys() & type(about).__annotations__.keys()
