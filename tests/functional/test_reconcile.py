"""The sweep: whatever was lost on the way, each session comes to its end."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from local.stripe_sandbox.faults import Fault
from tests.crashes import CrashPoint
from tests.shop import PUBLISHED, Context, Shop

MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)
START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.fixture
def time() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def shop(time: Any, shop: Shop) -> Shop:  # noqa: ARG001 - first of all, the time
    """Open the shop at a time that only the test moves."""
    shop.load_samples()
    return shop


class Hurried(Context):
    """An invocation with no time left."""

    def get_remaining_time_in_millis(self) -> int:
        return 1_000


def sweep(shop: Shop) -> int:
    """Run the sweep as its schedule does, then the worker; say what was looked at."""
    looked_at: int = run(shop)["looked_at"]
    assert not shop.work()
    return looked_at


def run(shop: Shop) -> dict[str, int]:
    return shop.invoke("ReconcileFunction", {})


def only_session(shop: Shop) -> dict[str, Any]:
    [session] = shop.sessions()
    return session


def stripe_id(shop: Shop) -> str:
    return str(only_session(shop)["stripe_session_id"])


def test_nothing_is_looked_at_before_it_is_due(shop: Shop, time: Any) -> None:
    shop.create("content")
    time.shift(9 * MINUTES)
    assert sweep(shop) == 0


def test_a_payment_that_nobody_told_us_of_is_recorded(shop: Shop, time: Any) -> None:
    """Invariant 1: the webhook was lost, and the shopper never came back."""
    shop.create("content")
    shop.pay(stripe_id(shop))

    time.shift(11 * MINUTES)
    sweep(shop)

    [purchase] = shop.purchases()
    assert purchase["status"] == "completed"
    assert only_session(shop)["status"] == "complete"


def test_fifty_payments_while_the_webhook_is_dead_are_fifty_purchases(
    shop: Shop, time: Any
) -> None:
    """Invariant 1: one sweep finds them all, and the late events change nothing."""
    buyers = [f"buyer_{number}" for number in range(50)]
    for buyer in buyers:
        shop.create("content", buyer)
    for session in shop.sessions():
        shop.pay(session["stripe_session_id"])

    time.shift(11 * MINUTES)
    assert sweep(shop) == 50
    for event in shop.events("checkout.session.completed"):
        shop.deliver(event)

    assert sorted(p["buyer_id"] for p in shop.purchases()) == sorted(buyers)
    assert len(shop.ownerships()) == 50


def test_an_open_session_is_left_open_and_looked_at_less_and_less(
    shop: Shop, time: Any
) -> None:
    shop.create("content")
    looks = 0
    for _ in range(24):
        time.shift(5 * MINUTES)
        looks += sweep(shop)

    assert only_session(shop)["status"] == "open"
    assert 2 <= looks <= 6, "two hours: after ten minutes, twenty, forty, and so on"


@pytest.mark.parametrize("kind", ["bid", "order", "content", "product"])
def test_a_session_that_nobody_paid_expires(shop: Shop, time: Any, kind: str) -> None:
    """Invariant 10, with the expiry's own event lost."""
    shop.create(kind)

    time.shift(23 * HOURS + MINUTES)
    sweep(shop)

    session = only_session(shop)
    assert session["status"] == "expired"
    assert "unresolved" not in session
    assert shop.audit()[-1] == "checkout_expired"
    time.shift(24 * HOURS)
    assert sweep(shop) == 0


def test_the_end_of_a_session_is_not_slept_through(shop: Shop, time: Any) -> None:
    """Looks come an hour apart by then; the end comes in between."""
    shop.create("content")
    time.shift(22 * HOURS + 30 * MINUTES)
    assert sweep(shop) == 1

    time.shift(31 * MINUTES)
    sweep(shop)

    assert only_session(shop)["status"] == "expired"


def test_an_auction_can_not_be_paid_after_its_window(shop: Shop, time: Any) -> None:
    """Stripe's session must last half an hour; the window may close before that."""
    time.shift(24 * HOURS - 10 * MINUTES)
    assert shop.create("auction").status == 200
    session = stripe_id(shop)

    time.shift(11 * MINUTES)
    sweep(shop)

    assert shop.stripe_get(f"/v1/checkout/sessions/{session}")["status"] == "expired"
    assert only_session(shop)["status"] == "expired"


def test_an_intent_that_a_crash_left_behind_is_given_an_end(
    shop: Shop, time: Any
) -> None:
    """Invariant 10: whether or not Stripe had heard of it."""
    with CrashPoint(5) as crash:
        shop.create("content")
    assert crash.happened
    assert only_session(shop)["status"] == "intent"

    time.shift(11 * MINUTES)
    sweep(shop)

    assert only_session(shop)["status"] == "expired"
    assert {s["status"] for s in shop.stripe_sessions()} == {"expired"}
    assert shop.create("content").status == 200


@pytest.mark.parametrize(("pays", "status"), [(True, "complete"), (False, "failed")])
def test_a_bank_that_decided_unheard_is_heard(
    shop: Shop, time: Any, *, pays: bool, status: str
) -> None:
    """Invariant 3: no purchase before the money is there, one as soon as it is."""
    shop.change_offer(f"content#{PUBLISHED}", price={"amount": 999, "currency": "eur"})
    shop.create("content")
    shop.pay_by_bank(stripe_id(shop))
    shop.deliver()
    assert only_session(shop)["status"] == "processing"
    time.shift(11 * MINUTES)
    sweep(shop)
    assert only_session(shop)["status"] == "processing"

    intent = shop.stripe_get(f"/v1/checkout/sessions/{stripe_id(shop)}")
    shop.bank_decides(intent["payment_intent"], pays=pays)
    time.shift(2 * HOURS)
    sweep(shop)

    assert only_session(shop)["status"] == status
    assert len(shop.purchases()) == pays


def test_a_session_paid_at_the_last_moment_is_not_expired(
    shop: Shop, time: Any
) -> None:
    """Invariant 4: closing it finds that it has been paid, and settles it."""
    shop.create("content")
    time.shift(22 * HOURS + 59 * MINUTES)
    shop.pay(stripe_id(shop))

    time.shift(2 * MINUTES)
    sweep(shop)

    assert only_session(shop)["status"] == "complete"


def test_one_session_that_stripe_fails_on_does_not_stop_the_rest(
    shop: Shop, time: Any
) -> None:
    for buyer in ("user_1", "user_2", "user_3"):
        shop.create("content", buyer)
    for session in shop.sessions():
        shop.pay(session["stripe_session_id"])
    failing = shop.sessions()[0]["stripe_session_id"]
    path = f"/v1/checkout/sessions/{failing}"
    shop.stripe.faults.add(Fault("GET", path, status=500, times=2))

    time.shift(11 * MINUTES)
    assert sweep(shop) == 3
    assert len(shop.purchases()) == 2

    time.shift(15 * MINUTES)
    sweep(shop)
    assert len(shop.purchases()) == 3


def test_a_run_that_is_out_of_time_leaves_the_rest_to_the_next(
    shop: Shop, time: Any
) -> None:
    shop.create("content")
    shop.pay(stripe_id(shop))
    time.shift(11 * MINUTES)

    hurried = shop.invoke("ReconcileFunction", {}, Hurried())

    assert hurried == {"looked_at": 0}
    assert sweep(shop) == 1
    assert len(shop.purchases()) == 1
