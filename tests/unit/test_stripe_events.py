"""What is kept of an event, and how it is read from the queue."""

import json
from typing import Any

import pytest
import stripe
from stripe.radar import EarlyFraudWarning

from checkout.clients import payment_events_queue
from checkout.domain import stripe_events
from checkout.domain.stripe_events import (
    CHARGE,
    CHECKOUT_SESSION,
    DISPUTE,
    EARLY_FRAUD_WARNING,
    KEPT_BY_PREFIX,
    PAYMENT_INTENT,
    REFUND,
    Event,
    reduced,
)

type Json = dict[str, Any]

LARGEST_MESSAGE_BYTES = 1024 * 1024


def test_a_message_is_read_as_an_event() -> None:
    message = {"id": "evt_1", "type": "t", "data": {"object": {"id": "cs_1"}}}

    assert payment_events_queue.read_event(json.dumps(message)) == Event(
        "evt_1", "t", {"id": "cs_1"}
    )


@pytest.mark.parametrize(
    "message", ["", "x", "[]", "1", "null", "{}", '{"id": "e", "type": "t"}']
)
def test_what_is_no_event_is_an_error_that_is_expected(message: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        payment_events_queue.read_event(message)


@pytest.mark.parametrize(
    ("facts", "created", "version"),
    [
        (
            {"created": 1_790_000_000, "api_version": "2026-10-28.endive"},
            1_790_000_000,
            "2026-10-28.endive",
        ),
        ({"created": None, "api_version": None}, None, None),
        ({"created": "soon", "api_version": 3}, None, None),
        ({"created": True, "api_version": {}}, None, None),
        ({}, None, None),
    ],
)
def test_an_event_has_its_time_and_its_version_if_stripe_gave_them(
    facts: Json, created: int | None, version: str | None
) -> None:
    message = {"id": "evt_1", "type": "t", "data": {"object": {}}} | facts

    event = payment_events_queue.read_event(json.dumps(message))

    assert (event.created, event.api_version) == (created, version)


def test_our_own_type_is_none_of_stripes() -> None:
    assert stripe_events.SESSION_OBSERVED not in stripe_events.FROM_STRIPE


SDK_TYPES: dict[str, tuple[type, Json]] = {
    "checkout.session.completed": (stripe.checkout.Session, CHECKOUT_SESSION),
    "payment_intent.payment_failed": (stripe.PaymentIntent, PAYMENT_INTENT),
    "charge.refunded": (stripe.Charge, CHARGE),
    "refund.created": (stripe.Refund, REFUND),
    "charge.dispute.created": (stripe.Dispute, DISPUTE),
    "radar.early_fraud_warning.created": (EarlyFraudWarning, EARLY_FRAUD_WARNING),
}


@pytest.mark.parametrize("event_type", SDK_TYPES)
def test_what_is_kept_are_fields_of_stripe(event_type: str) -> None:
    """Or a misspelt name would be kept of nothing."""
    kind, kept = SDK_TYPES[event_type]

    assert kept.keys() <= {*kind.__annotations__}


def worst(kept: Any) -> Any:
    """Return the largest value that may be kept under the names *kept*."""
    if isinstance(kept, dict):
        return {name: worst(inner) for name, inner in kept.items()}
    if isinstance(kept, list):
        return [worst(kept[0])] * 1000
    return "\N{ADMISSION TICKETS}" * 100_000


@pytest.mark.parametrize(
    "event_type", sorted({*stripe_events.FROM_STRIPE, stripe_events.SESSION_OBSERVED})
)
def test_no_event_is_too_large_for_the_queue(event_type: str) -> None:
    """A hard bound: every text is as long as it gets, and takes twelve bytes each."""
    [kept] = [
        kept for start, kept in KEPT_BY_PREFIX.items() if event_type.startswith(start)
    ][:1]
    text = worst(None)
    event = {"id": text, "type": event_type, "created": text, "livemode": text}
    event |= {"api_version": text, "account": text, "data": {"object": worst(kept)}}

    assert len(json.dumps(reduced(event))) <= LARGEST_MESSAGE_BYTES
    unknown = event | {"type": text}
    assert len(json.dumps(reduced(unknown))) <= LARGEST_MESSAGE_BYTES


ODD: list[Any] = [None, True, 0, -1, 10**400, 1.5, "", "x" * 9000, "\ud800", [], [None]]
ODD += [[["x"] * 9000], {}, {"id": None}, {"object": [1]}, {"x": "y" * 9000}]


@pytest.mark.parametrize("value", ODD, ids=lambda value: f"{value!r:.20}")
@pytest.mark.parametrize("event_type", SDK_TYPES)
def test_no_value_of_any_type_is_an_error(event_type: str, value: Any) -> None:
    """Invariant 13: not of the event, nor of its object, nor within that."""
    _, kept = SDK_TYPES[event_type]
    whole = {"id": "evt_1", "type": event_type, "created": 1, "livemode": False}
    tried: list[Json] = [whole | {name: value} for name in (*whole, "data")]
    tried.append(whole | {"data": {"object": value}})
    nested = [
        {name: {inner: value}}
        for name in kept
        for inner in kept[name] or ()
        if isinstance(inner, str)
    ]
    about = [{name: value} for name in kept] + [{name: [value]} for name in kept]
    tried += [whole | {"data": {"object": found}} for found in about + nested]

    for event in tried:
        found = reduced(event)
        assert len(json.dumps(found)) < 20_000
        assert found.keys() == event.keys()
        assert reduced(json.loads(json.dumps(found))) == found


def test_a_value_of_another_type_stays_one_of_another_type() -> None:
    """So that what refuses the object refuses it reduced, too."""
    odd = {
        "id": 3,
        "amount": {"x": 1},
        "created": ["y"],
        "status": 0.5,
        "reason": False,
    }
    event = {"type": "refund.created", "data": {"object": odd | {"metadata": "text"}}}

    assert reduced(event)["data"]["object"] == {
        "id": 3,
        "amount": {},
        "created": [],
        "status": 0.5,
        "reason": False,
        "metadata": "text",
    }


def test_nothing_else_of_an_event_is_kept() -> None:
    """Invariant 8: no e-mail address, no client secret, no metadata of a caller."""
    session = {
        "id": "cs_1",
        "client_secret": "cs_1_secret_x",
        "url": "https://pay.test/c/cs_1",
        "customer_details": {"email": "buyer@example.test"},
        "metadata": {"payment_session_id": "ps_1", "note": "for Ada"},
    }
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "checkout.session.completed",
        "request": {"id": "req_1"},
        "data": {"object": session, "previous_attributes": {"status": "open"}},
    }

    assert reduced(event) == {
        "id": "evt_1",
        "object": "event",
        "type": "checkout.session.completed",
        "data": {
            "object": {
                "id": "cs_1",
                "customer_details": {},
                "metadata": {"payment_session_id": "ps_1"},
            }
        },
    }
