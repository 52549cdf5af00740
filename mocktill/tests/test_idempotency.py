"""Idempotency keys follow Stripe's rules."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

KEY = {"idempotency_key": "order_1"}


@pytest.fixture
def attempt(raw, hosted):
    """Create a session with a key, without the SDK's retries."""

    def post(key="order_1", **changes):
        encoded = stripe._encode._api_encode(hosted(**changes))  # noqa: SLF001
        return raw(
            "POST",
            "/v1/checkout/sessions",
            data=list(encoded),
            Idempotency_Key=key,
        )

    return post


def test_the_same_key_returns_the_same_session(client, hosted):
    first = client.v1.checkout.sessions.create(hosted(), KEY)
    second = client.v1.checkout.sessions.create(hosted(), KEY)

    assert second.id == first.id
    assert len(client.v1.checkout.sessions.list().data) == 1


def test_a_replay_is_marked_and_has_the_first_body(attempt):
    first, second = attempt(), attempt()

    assert second.content == first.content
    assert second.status_code == first.status_code
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Idempotency-Key"] == "order_1"
    assert second.headers["Original-Request"] == first.headers["Request-Id"]
    assert second.headers["Request-Id"] != first.headers["Request-Id"]


def test_a_replay_shows_the_session_as_it_was(client, hosted, pay):
    first = client.v1.checkout.sessions.create(hosted(), KEY)
    pay(first)

    assert client.v1.checkout.sessions.create(hosted(), KEY).status == "open"


def test_other_parameters_with_the_same_key_are_an_error(client, hosted):
    client.v1.checkout.sessions.create(hosted(), KEY)

    with pytest.raises(stripe.IdempotencyError) as refused:
        client.v1.checkout.sessions.create(hosted(client_reference_id="2"), KEY)

    assert refused.value.http_status == 400
    assert refused.value.error.type == "idempotency_error"


def test_another_endpoint_with_the_same_key_is_an_error(client, hosted):
    session = client.v1.checkout.sessions.create(hosted(), KEY)

    with pytest.raises(stripe.IdempotencyError):
        client.v1.checkout.sessions.expire(session.id, {}, KEY)


def test_a_key_belongs_to_its_api_key(client, other_client, hosted):
    first = client.v1.checkout.sessions.create(hosted(), KEY)
    second = other_client.v1.checkout.sessions.create(hosted(), KEY)

    assert first.id != second.id


def test_a_refused_request_leaves_its_key_free(client, hosted):
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.create(hosted(client_reference_id="x" * 201), KEY)

    session = client.v1.checkout.sessions.create(hosted(), KEY)

    assert session.status == "open"


def test_a_stored_500_is_replayed(attempt, control, client):
    control("POST", "faults", {"status": 500, "when": "during"})

    first, second = attempt(), attempt()

    assert first.status_code == second.status_code == 500
    assert first.content == second.content
    assert second.headers["Idempotent-Replayed"] == "true"
    assert client.v1.checkout.sessions.list().data == []


def test_a_500_after_the_work_is_stored_although_the_session_exists(
    attempt, control, client
):
    control("POST", "faults", {"status": 500, "when": "after"})

    statuses = [attempt().status_code, attempt().status_code]

    assert statuses == [500, 500]
    assert len(client.v1.checkout.sessions.list().data) == 1


def test_a_request_that_did_not_execute_leaves_its_key_free(attempt, control):
    control("POST", "faults", {"status": 429, "when": "before"})

    assert [attempt().status_code, attempt().status_code] == [429, 200]


def test_a_key_in_use_is_a_conflict(attempt, control, sandbox, eventually):
    control("POST", "faults", {"hang_seconds": 30, "when": "during"})

    with ThreadPoolExecutor() as pool:
        hung = pool.submit(attempt)
        eventually(lambda: sandbox.faults.hanging)
        conflict = attempt()
        sandbox.faults.stop()
        first = hung.result()

    assert conflict.status_code == 409
    assert conflict.json()["error"]["code"] == "idempotency_key_in_use"
    assert first.status_code == 200
    assert attempt().content == first.content


def test_many_calls_with_one_key_make_one_session(attempt, client):
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: attempt(), range(8)))

    assert {r.status_code for r in responses} <= {200, 409}
    assert len({r.json()["id"] for r in responses if r.status_code == 200}) == 1
    assert len(client.v1.checkout.sessions.list().data) == 1


def test_a_decline_is_replayed_too(create, raw, event_types):
    session = create()

    def confirm():
        return raw(
            "POST",
            f"/v1/payment_pages/{session.id}/confirm",
            data={"payment_method": "pm_card_chargeDeclined"},
            Idempotency_Key="pay_1",
        )

    first, second = confirm(), confirm()

    assert first.status_code == second.status_code == 402
    assert first.content == second.content
    assert event_types().count("payment_intent.payment_failed") == 1


def test_a_key_is_kept_for_a_day(attempt, control):
    first = attempt().json()
    control("POST", "clock", {"advance_seconds": 24 * 60 * 60})
    second = attempt().json()

    assert second["id"] != first["id"]


def test_a_key_has_at_most_255_characters(attempt):
    assert attempt("k" * 255).status_code == 200
    assert attempt("k" * 256).status_code == 400


def test_a_get_ignores_keys(raw):
    first = raw("GET", "/v1/checkout/sessions", Idempotency_Key="order_1")
    second = raw("GET", "/v1/events", Idempotency_Key="order_1")

    assert first.status_code == second.status_code == 200
    assert "Idempotent-Replayed" not in second.headers
