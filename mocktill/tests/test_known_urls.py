"""Calls of Stripe that mocktill does not answer are refused by name."""

import re

import pytest
import stripe

from mocktill import v1
from mocktill.api import ApiRoute
from mocktill.known_urls import is_known, known

# mocktill answers these. Only Stripe's command line and its pages make them.
UNDOCUMENTED = {
    ("POST", "/v1/events/{id}/retry"),
    ("GET", "/v1/payment_pages/{id}"),
    ("POST", "/v1/payment_pages/{id}"),
    ("POST", "/v1/payment_pages/{id}/confirm"),
}


def unnamed(path):
    return re.sub(r"\{\w+\}", "{}", path)


def test_the_sdk_knows_many_calls():
    assert len(known()) > 600
    assert is_known("GET", "/v1/coupons")
    assert is_known("POST", "/v1/payment_intents/pi_1/capture")
    assert not is_known("POST", "/v1/payment_intents/pi_1/capture/2")
    assert not is_known("GET", "/v1/unheard_of")


def test_every_call_that_is_answered_is_one_of_stripes():
    stripes = {(method, unnamed(path)) for method, path in known()}
    answered = {
        (method, route.path)
        for route in v1.routes()
        if isinstance(route, ApiRoute) and "{path:path}" not in route.path
        for method in route.methods - {"HEAD"}
    }

    assert {
        (method, path)
        for method, path in answered - UNDOCUMENTED
        if (method, unnamed(path)) not in stripes
    } == set()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/balance"),
        ("GET", "/v1/tax_rates"),
        ("GET", "/v1/payment_methods"),
        ("POST", "/v1/payment_intents/pi_1/capture"),
        ("DELETE", "/v1/customers/cus_1"),
        ("GET", "/v1/charges/search"),
        ("GET", "/v1/products/search"),
        ("POST", "/v1/setup_intents"),
        ("GET", "/v2/core/events"),
        ("POST", "/v2/core/event_destinations"),
    ],
)
def test_a_call_of_stripe_is_refused_by_name(raw, method, path):
    answer = raw(method, path)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        f"mocktill does not implement `{method} {path}`."
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/unheard_of"),
        ("POST", "/v1/refunds/re_1/undo"),
        ("GET", "/v1/charges/"),
        ("GET", "/v2/unheard_of"),
    ],
)
def test_any_other_call_is_refused_as_stripe_refuses_it(raw, method, path):
    answer = raw(method, path)

    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith(
        f"Unrecognized request URL ({method}: {path})."
    )


def test_the_sdk_reads_the_refusal_of_v2(client):
    with pytest.raises(stripe.StripeError, match="does not implement"):
        client.v2.core.events.list({"object_id": "cs_1"})
    with pytest.raises(stripe.StripeError, match="does not implement"):
        client.v2.core.event_destinations.create(
            {
                "name": "x",
                "type": "webhook_endpoint",
                "event_payload": "thin",
                "enabled_events": ["v1.refund.created"],
            }
        )


@pytest.mark.parametrize("kind", ["charges", "customers", "payment_intents", "prices"])
def test_a_search_is_refused(client, kind):
    with pytest.raises(stripe.InvalidRequestError, match="does not implement"):
        getattr(client.v1, kind).search({"query": "status:'succeeded'"})
