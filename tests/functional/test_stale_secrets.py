"""Secrets Manager fails: what has a good secret in memory goes on, and counts it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from checkout.clients import credentials
from tests.aws_calls import failing
from tests.output import metrics_in
from tests.shop import Shop


@pytest.fixture
def fail(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Fetch every secret at its first use and again at the next, and let that fail."""
    monkeypatch.setattr(credentials, "SECONDS_TO_KEEP", 0)
    assert shop.create("order").status == 200
    with ExitStack() as until_the_end:
        refused = failing("GetSecretValue", error="InternalServiceError")
        yield lambda: until_the_end.enter_context(refused)


def stale(capsys: pytest.CaptureFixture[str]) -> int:
    return metrics_in(capsys.readouterr().out).get("payments.secrets.stale", 0)


def test_a_whole_payment_goes_on(
    shop: Shop, fail: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    shop.deliver({"id": "evt_1", "type": "other", "livemode": False})
    fail()
    capsys.readouterr()

    assert shop.create("content").status == 200
    assert stale(capsys) == 1
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    assert stale(capsys) == 1, "the webhook's own secret"

    [purchase] = shop.purchases()
    assert purchase["status"] == "completed"


def test_the_status_of_a_session_is_answered(
    shop: Shop, fail: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    fail()
    capsys.readouterr()

    answer = shop.call(
        "GET /api/checkout/session-status",
        query={"session_id": shop.stripe.sessions()[0]["id"]},
    )

    assert (answer.status, answer.body) == (200, {"status": "open"})
    assert stale(capsys) == 1


def test_a_key_is_used_for_as_long_as_it_works(
    shop: Shop, fail: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is asked for: there is no age at which it is thrown away."""
    fail()
    monkeypatch.setattr(credentials, "SECONDS_BETWEEN_TRIES", 0)

    for buyer in ("user_1", "user_2", "user_3"):
        assert shop.create("content", buyer).status == 200


def test_without_any_secret_the_event_is_left_to_stripe(
    shop: Shop, fail: Callable[[], None]
) -> None:
    """A cold start has nothing to go on with: Stripe is told to come again."""
    fail()

    answer = shop.webhook({"id": "evt_1", "type": "charge.refunded", "livemode": False})

    assert answer.status == 500
