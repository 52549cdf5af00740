"""
Every field that the application reads is there, and is one that the SDK declares.

A mapping that takes notes tells which fields these are: nobody has to list them.
"""

from collections.abc import Mapping

import pytest
import stripe

from checkout.domain.checkout_session import CheckoutSession, bank_refused
from checkout.domain.dispute import Dispute
from checkout.domain.receipt import Receipt
from checkout.domain.refund import Refund

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


@pytest.fixture
def story(client, create, pay, control):
    """What we get from Stripe of one payment and of what came after, by its reader."""
    session = create(metadata={"payment_session_id": "ps_1"})
    pay(session)
    v1 = client.v1
    found = v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    intent = v1.payment_intents.retrieve(
        found.payment_intent.id, {"expand": ["latest_charge.balance_transaction"]}
    )
    refund = v1.refunds.create({"payment_intent": intent.id, "amount": 1})
    control("POST", f"charges/{intent.id}/dispute")
    (dispute,) = v1.disputes.list().data
    return {
        CheckoutSession.from_dict: found,
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


def test_what_is_read_of_an_event_is_there(story, events):
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
        (event,) = events(kind)
        about = event.data.object
        assert envelope <= event.to_dict().keys() & stripe.Event.__annotations__.keys()
        assert names <= about.to_dict().keys() & type(about).__annotations__.keys()
