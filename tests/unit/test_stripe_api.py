"""The door to Stripe: what it says becomes plain facts or one of our errors."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from checkout.clients.stripe_api import StripeApi
from checkout.stripe_errors import (
    IdempotencyKeyTakenError,
    StripeBrokenError,
    StripeDeniedError,
    StripeError,
    StripeInvalidRequestError,
    StripeRefusedError,
)
from checkout.telemetry import metrics
from mocktill import Running, Sandbox
from mocktill.faults import Fault
from tests.output import captured_log

REQUEST: dict[str, Any] = {
    "mode": "payment",
    "ui_mode": "hosted_page",
    "success_url": "https://shop.example.test/",
    "line_items": [
        {
            "quantity": 1,
            "price_data": {
                "currency": "usd",
                "unit_amount": 500,
                "product_data": {"name": "One"},
            },
        }
    ],
}
KEY = "order:1:user_1"


@pytest.fixture(autouse=True)
def no_metric_is_left() -> Iterator[None]:
    """What a function would print at its end."""
    yield
    metrics.clear_metrics()


@pytest.fixture
def stripe(stripe_server: Running) -> Sandbox:
    sandbox = Sandbox()
    stripe_server.use(sandbox)
    return sandbox


@pytest.fixture
def gateway(stripe: Sandbox, stripe_server: Running) -> StripeApi:
    return StripeApi(lambda: stripe.secret_key, stripe_server.url)


def test_a_session_comes_back_as_plain_values(gateway: StripeApi) -> None:
    session = gateway.create_session(REQUEST, KEY)

    assert type(session) is dict
    assert type(session["metadata"]) is dict
    assert session["amount_total"] == 500
    assert gateway.session(session["id"])["id"] == session["id"]


def test_the_same_key_is_the_same_session(gateway: StripeApi) -> None:
    first, second = (gateway.create_session(REQUEST, KEY) for _ in range(2))

    assert first["id"] == second["id"]


def test_one_key_for_two_requests_is_refused(gateway: StripeApi) -> None:
    gateway.create_session(REQUEST, KEY)

    with pytest.raises(StripeRefusedError):
        gateway.create_session(REQUEST | {"client_reference_id": "x"}, KEY)


@pytest.mark.parametrize("api_key", ["sk_test_ключ", "sk_test_a\nb"])
def test_a_key_that_http_cannot_carry_is_an_error_of_stripe(
    stripe_server: Running, api_key: str
) -> None:
    """What Python's HTTP refuses to send must not end as a 500 nor end a run."""
    gateway = StripeApi(lambda: api_key, stripe_server.url)

    with pytest.raises(StripeError):
        gateway.create_session(REQUEST, KEY)


def test_a_closed_session_is_expired_and_closing_twice_is_fine(
    gateway: StripeApi,
) -> None:
    session = gateway.create_session(REQUEST, KEY)

    for _ in range(2):
        assert gateway.expire_session(session["id"])["status"] == "expired"


def test_an_unknown_session_is_refused(gateway: StripeApi) -> None:
    with pytest.raises(StripeRefusedError):
        gateway.session("cs_test_none")
    with pytest.raises(StripeRefusedError):
        gateway.expire_session("cs_test_none")


@pytest.mark.parametrize(
    ("status", "refused"), [(400, True), (401, False), (403, False), (429, False)]
)
def test_only_what_can_never_succeed_is_called_refused(
    gateway: StripeApi, stripe: Sandbox, status: int, refused: bool
) -> None:
    stripe.faults.add(Fault("POST", status=status, times=9))

    with pytest.raises(StripeError) as failure:
        gateway.create_session(REQUEST, KEY)

    assert isinstance(failure.value, StripeRefusedError) is refused
    assert stripe.secret_key not in str(failure.value)


def test_an_error_says_what_could_not_be_done(
    gateway: StripeApi, stripe: Sandbox
) -> None:
    with pytest.raises(StripeRefusedError) as refused:
        gateway.session("cs_test_none")
    stripe.faults.add(Fault("POST", status=500, times=9))
    with pytest.raises(StripeBrokenError) as failed:
        gateway.create_session(REQUEST, KEY)
    stripe.faults.clear()
    stripe.faults.add(Fault("GET", status=429, times=9))
    with pytest.raises(StripeError) as unavailable:
        gateway.refunds("pi_1")

    assert [str(each.value) for each in (refused, failed, unavailable)] == [
        "The payment provider refused to return this payment's session.",
        "The payment provider could not start this payment; please try again.",
        "The payment provider is unavailable; please try again.",
    ]


def test_a_new_key_is_used_at_once(stripe: Sandbox, gateway: Any) -> None:
    gateway.create_session(REQUEST, KEY)
    stripe.secret_key = "sk_test_rotated"

    assert gateway.create_session(REQUEST, "order:2:user_1")["status"] == "open"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_a_matter_for_the_operator(
    gateway: StripeApi, stripe: Sandbox, status: int
) -> None:
    stripe.faults.add(Fault("POST", status=status, times=9))

    with captured_log() as log, pytest.raises(StripeDeniedError):
        gateway.create_session(REQUEST, KEY)

    [line] = map(json.loads, log.getvalue().splitlines())
    assert (line["level"], line["message"], line["status"]) == (
        "ERROR",
        "stripe_denied",
        status,
    )


def test_what_stripe_never_accepts_says_the_code_and_the_parameter(
    gateway: StripeApi,
) -> None:
    with captured_log() as log, pytest.raises(StripeInvalidRequestError) as refused:
        gateway.create_session(REQUEST | {"success_url": "nowhere"}, KEY)

    assert (refused.value.stripe_code, refused.value.param) == (
        "url_invalid",
        "success_url",
    )
    [line] = map(json.loads, log.getvalue().splitlines())
    assert (line["level"], line["stripe_code"], line["param"]) == (
        "WARNING",
        "url_invalid",
        "success_url",
    )


@pytest.mark.parametrize("inside", ["", "payment_intent_data"])
def test_a_callers_key_of_metadata_is_not_logged(
    gateway: StripeApi, inside: str
) -> None:
    metadata = {"metadata": {"ada@example.test": "x" * 501}}
    request = REQUEST | ({inside: metadata} if inside else metadata)

    with captured_log() as log, pytest.raises(StripeInvalidRequestError) as refused:
        gateway.create_session(request, KEY)

    expected = f"{inside}[metadata]" if inside else "metadata"
    [line] = map(json.loads, log.getvalue().splitlines())
    assert refused.value.param == line["param"] == expected


def test_a_key_that_is_taken_is_not_an_invalid_request(gateway: StripeApi) -> None:
    gateway.create_session(REQUEST, KEY)

    with pytest.raises(IdempotencyKeyTakenError):
        gateway.create_session(REQUEST | {"client_reference_id": "x"}, KEY)
