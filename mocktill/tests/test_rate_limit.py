"""The limit that makes the sandbox refuse calls."""

import pytest
import stripe

from mocktill.rate_limit import RateLimit


@pytest.fixture
def time():
    return [100.0]


@pytest.fixture
def limit(time):
    return RateLimit(clock=lambda: time[0])


def test_without_a_limit_everything_is_admitted(limit):
    assert all(limit.admits() for _ in range(1000))


def test_a_second_admits_so_many_calls(limit, time):
    limit.allow(2)

    first = [limit.admits() for _ in range(3)]
    time[0] += 0.9
    within = limit.admits()
    time[0] += 0.1
    after = [limit.admits() for _ in range(3)]

    assert first == [True, True, False]
    assert within is False
    assert after == [True, True, False]


def test_any_second_counts_not_only_the_clocks(limit, time):
    limit.allow(1)

    assert limit.admits()
    time[0] += 0.6
    assert not limit.admits()
    time[0] += 0.6
    assert limit.admits()


def test_a_new_limit_starts_over(limit):
    limit.allow(1)
    limit.admits()

    limit.allow(1)

    assert limit.admits()


def test_a_call_above_the_limit_is_told_the_reason(raw, control):
    control("PUT", "rate_limit", {"per_second": 0})

    refused = raw("GET", "/v1/events")
    control("DELETE", "rate_limit")

    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "rate_limit"
    assert refused.headers["Stripe-Rate-Limited-Reason"] == "global-rate"
    assert raw("GET", "/v1/events").status_code == 200


def test_a_refused_call_leaves_its_idempotency_key_free(client, hosted, control):
    once = {"idempotency_key": "create_1", "max_network_retries": 0}
    control("PUT", "rate_limit", {"per_second": 0})

    with pytest.raises(stripe.RateLimitError):
        client.v1.checkout.sessions.create(hosted(), once)
    control("DELETE", "rate_limit")

    assert client.v1.checkout.sessions.create(hosted(), once).status == "open"


@pytest.mark.parametrize("bad", [{}, {"per_second": -1}, {"per_second": "many"}])
def test_a_limit_is_a_number(ask, bad):
    assert ask("PUT", "rate_limit", bad) == 400
