"""Thin events: they name the object, and do not contain it."""

import contextlib
import json
from datetime import datetime

import pytest
import stripe

from mocktill.destinations import Destination

EXPIRED = "checkout.session.expired"


@pytest.fixture
def thin(endpoint, sandbox, control):
    """Configure the shop's server for thin events, and collect what it gets."""
    received = []

    def take(body, headers):
        stripe.WebhookSignature.verify_header(
            body.decode(), headers["Stripe-Signature"], sandbox.webhook_secret, 300
        )
        with endpoint.changed:
            received.append(body)
            endpoint.changed.notify_all()
        return 200

    endpoint.take = take
    body = {"url": endpoint.url, "payload": "thin"}
    control("PUT", "webhook_endpoint", body)

    def wait(count=1):
        with endpoint.changed:
            assert endpoint.changed.wait_for(lambda: len(received) >= count, 10)
        return received

    return wait


def test_a_thin_event_names_the_object(client, thin, expire):
    snapshot = client.v1.events.retrieve(expire())

    (body,) = thin()
    shown = json.loads(body)
    (session,) = client.v1.checkout.sessions.list().data

    assert shown["object"] == "v2.core.event"
    assert shown["type"] == f"v1.{EXPIRED}"
    assert shown["id"].startswith("evt_test_")
    assert shown["id"] != snapshot.id
    assert datetime.fromisoformat(shown["created"]).timestamp() == snapshot.created
    assert shown["created"].endswith("Z")
    assert shown["livemode"] is False
    assert shown["related_object"] == {
        "id": session.id,
        "type": "checkout.session",
        "url": f"/v1/checkout/sessions/{session.id}",
    }
    assert shown["reason"]["request"]["id"] == snapshot.request.id
    assert "data" not in shown
    assert client.v1.events.retrieve(snapshot.id).object == "event"


def test_the_sdk_reads_it_and_fetches_the_object(client, sandbox, thin, expire):
    expire()

    (body,) = thin()
    notification = client.parse_event_notification(
        body,
        stripe.WebhookSignature.generate_signature_header(
            body.decode(), sandbox.webhook_secret
        ),
        sandbox.webhook_secret,
    )

    assert type(notification).__name__.startswith("V1CheckoutSessionExpired")
    assert notification.fetch_related_object().status == "expired"


def test_a_snapshot_reader_refuses_it(thin, expire, sandbox):
    expire()
    (body,) = thin()

    header = stripe.WebhookSignature.generate_signature_header(
        body.decode(), sandbox.webhook_secret
    )
    with pytest.raises(ValueError, match="event notification"):
        stripe.Webhook.construct_event(body, header, sandbox.webhook_secret)


def test_every_event_of_a_payment_is_sent(thin, paid, client):
    intent = paid("4000000000000259")
    client.v1.products.create({"name": "T-shirt"})
    happened = client.v1.events.list().data

    types = {json.loads(body)["type"] for body in thin(len(happened))}

    assert types == {f"v1.{event.type}" for event in happened}
    assert f"{intent.id}" in "".join(body.decode() for body in thin())


def test_a_destination_names_thin_types(thin, endpoint, control, expire, paid):
    body = {"url": endpoint.url, "payload": "thin", "enabled_events": [f"v1.{EXPIRED}"]}
    control("PUT", "webhook_endpoint", body)

    paid()
    expire()

    (received,) = thin()
    assert json.loads(received)["type"] == f"v1.{EXPIRED}"


@pytest.mark.usefixtures("thin")
def test_the_v1_api_does_not_list_a_destination_of_thin_events(client):
    assert client.v1.webhook_endpoints.list().data == []


def test_a_payload_is_thin_or_a_snapshot(ask, unconfigured):
    with contextlib.closing(unconfigured):
        body = {"url": unconfigured.url, "payload": "fat"}
        assert ask("PUT", "webhook_endpoint", body) == 400


def test_an_event_without_a_thin_form_is_not_sent():
    destination = Destination("http://127.0.0.1:1/", "whsec_x", payload="thin")

    assert destination.wants(EXPIRED)
    assert not destination.wants("checkout.session.thought_about")
