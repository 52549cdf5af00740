"""Faults, and the list of calls."""

import pytest
import requests
import stripe


def test_a_fault_applies_to_the_given_number_of_calls(client, control):
    control("POST", "faults", {"status": 500, "times": 2})

    for _ in range(2):
        with pytest.raises(stripe.APIError):
            client.v1.checkout.sessions.list()
    assert client.v1.checkout.sessions.list().data == []


def test_a_fault_applies_only_to_matching_calls(client, control, create):
    control(
        "POST",
        "faults",
        {"method": "GET", "path_prefix": "/v1/events", "status": 500},
    )

    assert create().status == "open"
    with pytest.raises(stripe.APIError):
        client.v1.events.list()


def test_too_many_requests_look_like_stripes(raw, client, control):
    control("POST", "faults", {"status": 429, "times": 2})

    response = raw("GET", "/v1/events")
    with pytest.raises(stripe.RateLimitError):
        client.v1.events.list()

    assert response.json()["error"]["code"] == "rate_limit"
    assert response.headers["Stripe-Rate-Limited-Reason"]


def test_an_answer_can_be_lost_after_the_work_is_done(
    sandbox, url, control, hosted, client
):
    """The client times out, and the same key returns the same session."""
    impatient = stripe.StripeClient(
        sandbox.secret_key,
        base_addresses={"api": url},
        http_client=stripe.RequestsClient(timeout=0.5),
    )
    control("POST", "faults", {"hang_seconds": 30, "when": "after"})
    key = {"idempotency_key": "order_1"}

    with pytest.raises(stripe.APIConnectionError):
        impatient.v1.checkout.sessions.create(hosted(), key)
    (lost,) = client.v1.checkout.sessions.list().data
    found = client.v1.checkout.sessions.create(hosted(), key)

    assert found.id == lost.id


def test_a_request_can_hang_before_it_begins(sandbox, url, control):
    control("POST", "faults", {"hang_seconds": 30, "status": 500, "when": "before"})

    with pytest.raises(requests.ReadTimeout):
        requests.get(
            f"{url}/v1/events",
            headers={"Authorization": f"Bearer {sandbox.secret_key}"},
            timeout=0.2,
        )


def test_faults_can_be_removed(client, control):
    control("POST", "faults", {"status": 500})
    control("DELETE", "faults")

    assert client.v1.events.list().data == []


@pytest.mark.parametrize(
    "fault", [{}, {"status": 500, "when": "later"}, {"staus": 500}, {"when": "after"}]
)
def test_a_wrong_fault_is_refused(ask, fault):
    assert ask("POST", "faults", fault) == 400


def test_calls_are_counted_with_their_keys(client, hosted, control):
    client.v1.checkout.sessions.create(hosted(), {"idempotency_key": "order_1"})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.retrieve("cs_test_nobody")

    calls = control("GET", "requests")["data"]
    control("DELETE", "requests")

    assert [(c["method"], c["path"], c["status"]) for c in calls] == [
        ("POST", "/v1/checkout/sessions", 200),
        ("GET", "/v1/checkout/sessions/cs_test_nobody", 404),
    ]
    assert calls[0]["idempotency_key"] == "order_1"
    assert control("GET", "requests")["data"] == []


def test_a_429_names_its_reason(control, raw):
    for reason, code in (
        ("endpoint-rate", "rate_limit"),
        ("global-concurrency", "rate_limit"),
        ("resource-specific", "lock_timeout"),
    ):
        control("POST", "faults", {"status": 429, "reason": reason})
        answer = raw("GET", "/v1/events")

        assert answer.status_code == 429
        assert answer.headers["Stripe-Rate-Limited-Reason"] == reason
        assert answer.json()["error"]["code"] == code
    assert "Stripe-Rate-Limited-Reason" not in raw("GET", "/v1/events").headers


def test_a_saved_429_keeps_its_reason(control, raw):
    fault = {"status": 429, "reason": "resource-specific", "when": "during"}
    control("POST", "faults", fault)

    answers = [raw("POST", "/v1/customers", Idempotency_Key="a key") for _ in range(2)]

    for answer in answers:
        assert answer.headers["Stripe-Rate-Limited-Reason"] == "resource-specific"


def test_an_unknown_reason_is_refused(ask):
    assert ask("POST", "faults", {"status": 429, "reason": "a whim"}) == 400
