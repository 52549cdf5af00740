"""
What is kept of an event is all that anything reads of it.

The events are those that mocktill sends, each also as Stripe may send it by the SDK's
types: with nullable fields null, and left out.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import stripe
from stripe.radar import EarlyFraudWarning

from checkout.domain.checkout_session import CheckoutSession, bank_refused
from checkout.domain.dispute import Dispute
from checkout.domain.refund import Refund
from checkout.domain.stripe_events import (
    AFTER_PAYMENT,
    FROM_STRIPE,
    KEPT_BY_PREFIX,
    SESSION_OBSERVED,
    Event,
    reduced,
)
from checkout.domain.stripe_object import id_of
from checkout.errors import TryAgainError
from functions.fulfillment import app as fulfillment
from tests.functional.test_disputes import close, dispute
from tests.functional.test_nullable_fields import variants
from tests.shop import PUBLISHED, Shop
from tests.stripe_side import DECLINED_CARD

type Json = dict[str, Any]

# What only the answer to a buyer needs: it is never on the queue.
SECRET = {"url": None, "client_secret": None}

SDK_TYPES: dict[str, type] = {
    "checkout.session.": stripe.checkout.Session,
    "payment_intent.": stripe.PaymentIntent,
    "refund.": stripe.Refund,
    "charge.dispute.": stripe.Dispute,
    "charge.": stripe.Charge,
    "radar.early_fraud_warning.": EarlyFraudWarning,
}


def by_prefix[T](found: dict[str, T], event_type: str) -> T:
    return next(v for prefix, v in found.items() if event_type.startswith(prefix))


def started(shop: Shop, kind: str) -> str:
    """Start a payment; return the only Checkout Session that is open."""
    assert shop.create(kind).status == 200
    [found] = [s["id"] for s in shop.stripe.sessions() if s["status"] == "open"]
    return str(found)


def bank_debit(shop: Shop, *, pays: bool) -> None:
    euros = {"amount": 999, "currency": "eur"}
    shop.change_offer(f"content#{PUBLISHED}", price=euros)
    stripe_session_id = started(shop, "content")
    shop.stripe.pay_by_bank(stripe_session_id)
    session = shop.stripe.get(f"/v1/checkout/sessions/{stripe_session_id}")
    shop.stripe.bank_decides(session["payment_intent"], pays=pays)
    shop.deliver()


@pytest.fixture
def events(shop: Shop) -> list[Json]:
    """Return an event of every type that we act on, and one of ours."""
    declined = started(shop, "order")
    shop.stripe.pay(declined, DECLINED_CARD)
    shop.stripe.post(f"/v1/checkout/sessions/{declined}/expire")
    bank_debit(shop, pays=False)
    bank_debit(shop, pays=True)
    [paid] = [p for p in shop.purchases() if p["status"] == "completed"]
    path = f"/v1/checkout/sessions/{paid['stripe_session_id']}"
    session = shop.stripe.get(path, **{"expand[]": "payment_intent"})
    intent = paid["stripe_payment_intent_id"]
    refund = shop.stripe.post("/v1/refunds", payment_intent=intent, amount="1")
    shop.stripe.control("refunds", refund["id"], "fail")
    shop.stripe.control("charges", intent, "early_fraud_warning")
    close(shop, dispute(shop, paid), "won")
    found = shop.stripe.events(*FROM_STRIPE)
    created = next(e for e in found if e["type"] == "charge.dispute.created")
    found.append(created | {"id": "evt_updated", "type": "charge.dispute.updated"})
    observed = {"id": "observed:1", "type": SESSION_OBSERVED}
    found.append(observed | {"data": {"object": session}})
    assert {event["type"] for event in found} == {*FROM_STRIPE, SESSION_OBSERVED}
    return found


def as_sent(events: list[Json]) -> list[Json]:
    """Return each event as it is, and with each nullable field null or absent."""
    found = list(events)
    for event in events:
        kind = by_prefix(SDK_TYPES, event["type"])
        about = event["data"]["object"]
        odd = [changed for _, changed in variants(kind, {"charge": None} | about)]
        found += [event | {"data": {"object": changed}} for changed in odd]
    return found


class Recorded(dict[str, Any]):
    """An object that notes the path of everything that is read of it."""

    def __init__(self, plain: Json, path: tuple[str, ...], seen: set[Any]) -> None:
        super().__init__(plain)
        self._path = path
        self._seen = seen

    def _note(self, name: str) -> Any:
        path = (*self._path, name)
        self._seen.add(path)
        value = super().get(name)
        if isinstance(value, dict):
            return Recorded(value, path, self._seen)
        if isinstance(value, list):
            return [Recorded(entry, path, self._seen) for entry in value]
        return value

    def __getitem__(self, name: str) -> Any:
        return self._note(name) if name in self else super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        return self._note(name) if name in self else default

    def items(self) -> Any:
        raise AssertionError("everything is read of an object")

    keys = values = __iter__ = items


def is_kept(path: tuple[str, ...], kept: Any) -> bool:
    for name in path:
        [names] = kept if isinstance(kept, list) else [kept]
        if name not in (names or {}):
            return False
        kept = names[name]
    return True


def test_what_fulfillment_reads_is_kept(shop: Shop, events: list[Json]) -> None:
    """Of each event as Stripe sends it: what is read must be on the queue, too."""
    read: dict[str, set[Any]] = {}
    with shop.environment("FulfillmentFunction"):
        session_events, money_events = fulfillment.flows()
        for event in events:
            seen = read.setdefault(event["type"], set())
            about = Recorded(event["data"]["object"], (), seen)
            read_from = Event(event["id"], event["type"], about)
            with suppress(TryAgainError):
                if event["type"] in AFTER_PAYMENT:
                    money_events.apply_money_event(read_from)
                else:
                    session_events.apply_session_event(read_from)

    assert all(read.values())
    for event_type, paths in read.items():
        kept = by_prefix(KEPT_BY_PREFIX, event_type)
        lost = {path for path in paths if not is_kept(path, kept)}
        assert {path[0] for path in lost} <= SECRET.keys(), event_type


def outcome(read: Callable[[Json], Any], stripe_object: Json) -> Any:
    """Return what *read* makes of the object, or which error it raises."""
    try:
        return read(stripe_object)
    except (KeyError, TypeError, ValueError) as error:
        return type(error)


READERS: dict[str, list[Callable[[Json], Any]]] = {
    "checkout.session.": [CheckoutSession.from_stripe, bank_refused],
    "payment_intent.": [
        lambda found: found["id"],
        lambda found: found["last_payment_error"]["decline_code"],
    ],
    "refund.": [Refund.from_stripe],
    "charge.dispute.": [Dispute.from_stripe],
    "charge.": [lambda found: found["amount_refunded"]],
    "radar.early_fraud_warning.": [lambda found: (found["id"], found["fraud_type"])],
}


def references(found: Json) -> Any:
    return [id_of(found.get(name)) for name in ("payment_intent", "charge")]


def test_an_event_reads_the_same_once_it_is_reduced(events: list[Json]) -> None:
    compared = 0
    for event in as_sent(events):
        whole = event["data"]["object"]
        kept = reduced(event)["data"]["object"]
        for read in [*by_prefix(READERS, event["type"]), references]:
            expected = outcome(
                read, {n: v for n, v in whole.items() if n not in SECRET}
            )
            assert outcome(read, kept) == expected, event["type"]
            compared += not isinstance(expected, type)
    assert compared > len(events)
