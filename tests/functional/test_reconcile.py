"""Reconcile: whatever was lost on the way, each session comes to its end."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import Traveller

from mocktill.faults import Fault
from tests.aws import on_moto_too
from tests.aws_calls import AwsCall, intercepted, observed
from tests.crashes import CrashPoint
from tests.lambda_events import Context
from tests.shop import PUBLISHED, Shop

MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)
START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
pytestmark = pytest.mark.frozen_at(START)


class Hurried(Context):
    """An invocation with no time left."""

    def get_remaining_time_in_millis(self) -> int:
        return 1_000


def reconcile(shop: Shop) -> int:
    """Run reconcile as its schedule does, then the worker; say what was looked at."""
    checked: int = run(shop)["checked"]
    assert not shop.work()
    return checked


def run(shop: Shop) -> dict[str, int]:
    return shop.invoke("ReconcileFunction", {})


def only_session(shop: Shop) -> dict[str, Any]:
    [session] = shop.sessions()
    return session


def stripe_id(shop: Shop) -> str:
    return str(only_session(shop)["stripe_session_id"])


def test_nothing_is_looked_at_before_it_is_due(shop: Shop, clock: Traveller) -> None:
    shop.create("content")
    clock.shift(9 * MINUTES)
    assert reconcile(shop) == 0


@on_moto_too
def test_a_payment_without_an_event_is_recorded(shop: Shop, clock: Traveller) -> None:
    """Invariant 1: the webhook was lost, and the shopper never came back."""
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))

    clock.shift(11 * MINUTES)
    reconcile(shop)

    [purchase] = shop.purchases()
    assert purchase["status"] == "completed"
    assert only_session(shop)["status"] == "complete"


def test_fifty_payments_while_the_webhook_is_dead_are_fifty_purchases(
    shop: Shop, clock: Traveller
) -> None:
    """Invariant 1: one reconcile finds them all, and the late events change nothing."""
    buyers = [f"buyer_{number}" for number in range(50)]
    for buyer in buyers:
        shop.create("content", buyer)
    for session in shop.sessions():
        shop.stripe.pay(session["stripe_session_id"])

    clock.shift(11 * MINUTES)
    assert reconcile(shop) == 50
    for event in shop.stripe.events("checkout.session.completed"):
        shop.deliver(event)

    assert sorted(p["buyer_id"] for p in shop.purchases()) == sorted(buyers)
    assert len(shop.ownerships()) == 50


def test_an_open_session_is_left_open_and_looked_at_less_and_less(
    shop: Shop, clock: Traveller
) -> None:
    shop.create("content")
    looks = 0
    for _ in range(24):
        clock.shift(5 * MINUTES)
        looks += reconcile(shop)

    assert only_session(shop)["status"] == "open"
    assert 2 <= looks <= 6, "two hours: after ten minutes, twenty, forty, and so on"


@on_moto_too
@pytest.mark.parametrize("kind", ["bid", "order", "content", "product"])
def test_a_session_that_nobody_paid_expires(
    shop: Shop, clock: Traveller, kind: str
) -> None:
    """Invariant 10, with the expiry's own event lost."""
    shop.create(kind)

    clock.shift(23 * HOURS + MINUTES)
    reconcile(shop)

    session = only_session(shop)
    assert session["status"] == "expired"
    assert "unresolved" not in session
    assert shop.audit.has_exactly("checkout_created", "checkout_expired")
    clock.shift(24 * HOURS)
    assert reconcile(shop) == 0


def test_a_session_that_is_resolved_while_reconcile_looks_is_not_due_again(
    shop: Shop, clock: Traveller
) -> None:
    """Its event comes just after the index has told that it is due."""
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    clock.shift(11 * MINUTES)
    session_id = only_session(shop)["id"]
    resolved = False

    def resolve_once_listed(call: AwsCall) -> Any:
        nonlocal resolved
        answer = call.answer()
        if call.operation == "Query" and session_id in str(answer) and not resolved:
            resolved = True
            shop.deliver()
        return answer

    with intercepted(resolve_once_listed):
        run(shop)

    assert resolved
    session = only_session(shop)
    assert session["status"] == "complete"
    assert "unresolved" not in session


def test_the_end_of_a_session_is_not_slept_through(
    shop: Shop, clock: Traveller
) -> None:
    """Looks come an hour apart by then; the end comes in between."""
    shop.create("content")
    clock.shift(22 * HOURS + 30 * MINUTES)
    assert reconcile(shop) == 1

    clock.shift(31 * MINUTES)
    reconcile(shop)

    assert only_session(shop)["status"] == "expired"


def test_an_auction_can_not_be_paid_after_its_window(
    shop: Shop, clock: Traveller
) -> None:
    """Stripe's session must last half an hour; the window may close before that."""
    clock.shift(24 * HOURS - 10 * MINUTES)
    assert shop.create("auction").status == 200
    session = stripe_id(shop)

    clock.shift(11 * MINUTES)
    reconcile(shop)

    assert shop.stripe.get(f"/v1/checkout/sessions/{session}")["status"] == "expired"
    assert only_session(shop)["status"] == "expired"


def test_a_prepared_session_that_a_crash_left_behind_is_resolved(
    shop: Shop, clock: Traveller
) -> None:
    """Invariant 10: whether or not Stripe had heard of it."""
    with CrashPoint(5) as crash:
        shop.create("content")
    assert crash.happened
    assert only_session(shop)["status"] == "prepared"

    clock.shift(11 * MINUTES)
    reconcile(shop)

    assert only_session(shop)["status"] == "expired"
    assert {s["status"] for s in shop.stripe.sessions()} == {"expired"}
    assert shop.create("content").status == 200


@pytest.mark.parametrize(("pays", "status"), [(True, "complete"), (False, "failed")])
def test_a_bank_decision_without_an_event_is_found(
    shop: Shop, clock: Traveller, *, pays: bool, status: str
) -> None:
    """Invariant 3: no purchase before the money is there, one as soon as it is."""
    shop.change_offer(f"content#{PUBLISHED}", price={"amount": 999, "currency": "eur"})
    shop.create("content")
    shop.stripe.pay_by_bank(stripe_id(shop))
    shop.deliver()
    assert only_session(shop)["status"] == "processing"
    clock.shift(11 * MINUTES)
    reconcile(shop)
    assert only_session(shop)["status"] == "processing"

    intent = shop.stripe.get(f"/v1/checkout/sessions/{stripe_id(shop)}")
    shop.stripe.bank_decides(intent["payment_intent"], pays=pays)
    clock.shift(2 * HOURS)
    reconcile(shop)

    assert only_session(shop)["status"] == status
    [purchase] = shop.purchases()
    assert purchase["status"] == ("completed" if pays else "failed")


def test_a_session_paid_at_the_last_moment_is_not_expired(
    shop: Shop, clock: Traveller
) -> None:
    """Invariant 4: closing it finds that it has been paid, and fulfills it."""
    shop.create("content")
    clock.shift(22 * HOURS + 59 * MINUTES)
    shop.stripe.pay(stripe_id(shop))

    clock.shift(2 * MINUTES)
    reconcile(shop)

    assert only_session(shop)["status"] == "complete"


def test_one_session_that_stripe_fails_on_does_not_stop_the_rest(
    shop: Shop, clock: Traveller
) -> None:
    for buyer in ("user_1", "user_2", "user_3"):
        shop.create("content", buyer)
    for session in shop.sessions():
        shop.stripe.pay(session["stripe_session_id"])
    failing = shop.sessions()[0]["stripe_session_id"]
    path = f"/v1/checkout/sessions/{failing}"
    shop.stripe.sandbox.faults.add(Fault("GET", path, status=500, times=2))

    clock.shift(11 * MINUTES)
    assert reconcile(shop) == 3
    assert len(shop.purchases()) == 2

    clock.shift(15 * MINUTES)
    reconcile(shop)
    assert len(shop.purchases()) == 3


def test_a_run_that_is_out_of_time_leaves_the_rest_to_the_next(
    shop: Shop, clock: Traveller
) -> None:
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    clock.shift(11 * MINUTES)

    with observed() as calls:
        hurried = shop.invoke("ReconcileFunction", {}, Hurried())

    assert hurried == {"checked": 0, "failed": 0}
    assert not [call for call in calls if call.operation == "Query"]
    assert reconcile(shop) == 1
    assert len(shop.purchases()) == 1


def test_a_run_whose_time_ends_within_a_partition_leaves_the_rest_of_it(
    shop: Shop, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checkout.tables.due.partition_of", lambda _id: "0")
    for buyer in ("user_1", "user_2", "user_3"):
        shop.create("content", buyer)
        shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    clock.shift(11 * MINUTES)
    shop.stripe.sandbox.requests.clear()

    class UntilStripeIsAsked(Context):
        def get_remaining_time_in_millis(self) -> int:
            return 0 if shop.stripe.sandbox.requests else 240_000

    cut_off = shop.invoke("ReconcileFunction", {}, UntilStripeIsAsked())

    assert cut_off == {"checked": 1, "failed": 0}
    assert reconcile(shop) == 2
    assert len(shop.purchases()) == 3


# ------------------------------------------------------- events that were not delivered


def test_events_that_stripe_could_not_deliver_are_fetched(
    shop: Shop, clock: Traveller
) -> None:
    """Invariant 12: a refund in the dashboard, which only its event tells of."""
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    shop.deliver()
    [purchase] = shop.purchases()
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.stop_webhook()
    shop.stripe.post("/v1/refunds", payment_intent=intent)
    shop.stripe.control("charges", intent, "early_fraud_warning")

    clock.shift(11 * MINUTES)
    reconcile(shop)

    [purchase] = shop.purchases()
    assert purchase["status"] == "refunded"
    assert purchase["fraud_warnings"]


def test_an_event_is_fetched_once(shop: Shop, clock: Traveller) -> None:
    """Each run goes on where the one before stopped, an hour of events at a time."""
    shop.stripe.stop_webhook()
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    fetched = []
    for _ in range(3):
        clock.shift(11 * MINUTES)
        run(shop)
        fetched.append([json.loads(m["Body"])["id"] for m in shop.aws.messages()])

    ids = [event_id for run_ids in fetched for event_id in run_ids]
    [completed] = shop.stripe.events("checkout.session.completed")
    assert ids.count(completed["id"]) == 1


def test_an_event_that_may_still_be_on_its_way_is_left_to_stripe(
    shop: Shop, clock: Traveller
) -> None:
    shop.stripe.stop_webhook()
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    clock.shift(9 * MINUTES)

    run(shop)

    assert shop.aws.messages() == []


def test_stripe_is_asked_for_events_as_far_back_as_it_tries_itself(
    shop: Shop, clock: Traveller
) -> None:
    """On its first run, and after a long silence, in bounded steps."""
    shop.forget_reconcile_runs()
    shop.stripe.sandbox.requests.clear()
    run(shop)
    first = asked_for_events(shop)
    clock.shift(5 * MINUTES)
    run(shop)

    assert first == 72
    assert asked_for_events(shop) - first == 1


def asked_for_events(shop: Shop) -> int:
    return sum(
        request["path"] == "/v1/events" for request in shop.stripe.sandbox.requests
    )


def test_a_stripe_that_lists_no_events_stops_neither_sessions_nor_purchases(
    shop: Shop, clock: Traveller
) -> None:
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    shop.stripe.sandbox.faults.add(Fault("GET", "/v1/events", status=500, times=2))
    clock.shift(11 * MINUTES)

    reconcile(shop)

    assert len(shop.purchases()) == 1


# ----------------------------------------------------------------- receipts and fees


def test_a_purchase_learns_its_fee_and_its_receipt(shop: Shop) -> None:
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    shop.deliver()
    [purchase] = shop.purchases()
    assert "receipt" not in purchase, "settling did not wait for it"

    reconcile(shop)

    [purchase] = shop.purchases()
    receipt = purchase["receipt"]
    assert receipt["payment_intent_status"] == "succeeded"
    assert receipt["fee"] == 59, "2.9 % of 9.99 USD and 30 cents"
    assert receipt["net"] == 999 - 59
    assert receipt["currency"] == "usd"
    assert "unresolved" not in purchase
    shown = shop.call(
        "GET /api/purchases/{id}", buyer="user_1", path={"id": purchase["id"]}
    )
    assert shown.body["receiptUrl"] == receipt["url"]


def test_a_receipt_is_asked_for_once(shop: Shop, clock: Traveller) -> None:
    """The work grows with what is unresolved, and not with what has been."""
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    shop.deliver()
    reconcile(shop)
    clock.shift(24 * HOURS)
    shop.stripe.sandbox.requests.clear()

    assert reconcile(shop) == 0

    assert {r["path"] for r in shop.stripe.sandbox.requests} == {"/v1/events"}


def test_a_receipt_that_stripe_never_books_is_stored_without_a_fee(
    shop: Shop, clock: Traveller
) -> None:
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    shop.deliver()
    [charge] = shop.stripe.sandbox.store.all("charge")
    charge["balance_transaction"] = None

    clock.shift(HOURS)
    reconcile(shop)
    assert "unresolved" in shop.purchases()[0]
    clock.shift(8 * 24 * HOURS)
    reconcile(shop)

    [purchase] = shop.purchases()
    assert "unresolved" not in purchase
    assert "fee" not in purchase["receipt"]


def test_reconcile_keeps_below_the_rate_that_the_stack_allows(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stripe's limits are shared with the buyers, who come first."""
    shop.forget_reconcile_runs()
    shop.values["ReconcileCallsPerSecond"] = "1"
    pauses: list[float] = []
    monkeypatch.setattr("checkout.clients.stripe_api.time.sleep", pauses.append)

    run(shop)

    assert asked_for_events(shop) == 72
    # A second each, less what the work itself takes on a busy machine.
    assert sum(pauses) > 50
