"""A Checkout Session is retrieved once in two seconds, and few are kept."""

from collections.abc import Iterator
from typing import Any

import pytest
from time_machine import Traveller, travel

from checkout.clients.recent_sessions import MOST_KEPT, RecentSessions
from checkout.stripe_errors import StripeError


@pytest.fixture(autouse=True)
def clock() -> Iterator[Traveller]:
    with travel("2026-11-28T12:00:00Z", tick=False) as clock:
        yield clock


class Stripe:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails = False

    def session(self, stripe_session_id: str) -> dict[str, Any]:
        self.asked.append(stripe_session_id)
        if self.fails:
            raise StripeError
        return {"id": stripe_session_id, "answer": len(self.asked)}


@pytest.mark.parametrize(("seconds", "asked"), [(0, 1), (1.99, 1), (2, 2), (60, 2)])
def test_stripe_is_asked_again_after_two_seconds(
    clock: Traveller, seconds: float, asked: int
) -> None:
    stripe = Stripe()
    recent = RecentSessions(stripe.session)
    assert recent.session("cs_1")["answer"] == 1

    clock.shift(seconds)

    assert recent.session("cs_1") == {"id": "cs_1", "answer": asked}


def test_a_clock_that_is_set_back_does_not_keep_an_answer(clock: Traveller) -> None:
    stripe = Stripe()
    recent = RecentSessions(stripe.session)
    recent.session("cs_1")

    clock.shift(-3600)

    assert recent.session("cs_1")["answer"] == 2


def test_each_session_has_its_own_answer() -> None:
    recent = RecentSessions(Stripe().session)

    assert recent.session("cs_1")["id"] == "cs_1"
    assert recent.session("cs_2")["id"] == "cs_2"
    assert recent.session("cs_1")["answer"] == 1


def test_a_failure_is_kept_as_well(clock: Traveller) -> None:
    stripe = Stripe()
    stripe.fails = True
    recent = RecentSessions(stripe.session)
    for _ in range(3):
        with pytest.raises(StripeError):
            recent.session("cs_1")
    assert len(stripe.asked) == 1

    stripe.fails = False
    clock.shift(2)
    assert recent.session("cs_1")["id"] == "cs_1"


def test_few_sessions_are_kept_the_newest(clock: Traveller) -> None:
    stripe = Stripe()
    recent = RecentSessions(stripe.session)
    for number in range(10 * MOST_KEPT):
        recent.session(f"cs_{number}")
    assert len(vars(recent)["_kept"]) == MOST_KEPT

    stripe.asked.clear()
    recent.session(f"cs_{10 * MOST_KEPT - 1}")
    recent.session("cs_0")
    assert stripe.asked == ["cs_0"]

    clock.shift(2)
    recent.session("cs_1")
    assert len(vars(recent)["_kept"]) == 1
