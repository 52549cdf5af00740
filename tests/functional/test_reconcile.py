"""Reconcile: what Stripe knows, we know within two runs; each session has an end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import Traveller

from mocktill.faults import Fault
from tests.aws import on_moto_too
from tests.aws_calls import AwsCall, intercepted, observed
from tests.crashes import CrashPoint, crash_when_prepared
from tests.lambda_events import Context
from tests.output import metrics_in
from tests.shop import PUBLISHED, Shop

MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)
DAYS = timedelta(days=1)
START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
pytestmark = pytest.mark.frozen_at(START)


class Hurried(Context):
    """An invocation with no time left."""

    def get_remaining_time_in_millis(self) -> int:
        return 1_000


def run(shop: Shop, context: Context | None = None) -> dict[str, Any]:
    """Run reconcile as its schedule does."""
    return shop.invoke("ReconcileFunction", {}, context)


def reconcile(shop: Shop) -> dict[str, Any]:
    """Run reconcile, then the worker."""
    result = run(shop)
    assert not shop.work()
    return result


def only_session(shop: Shop) -> dict[str, Any]:
    [session] = shop.sessions()
    return session


def stripe_id(shop: Shop) -> str:
    return str(only_session(shop)["stripe_session_id"])


def buy(shop: Shop, buyer: str = "user_1") -> dict[str, Any]:
    """Let *buyer* buy the content, with a perfect webhook; return the purchase."""
    assert shop.create("content", buyer).status == 200
    [session] = [s for s in shop.sessions() if s["buyer_id"] == buyer]
    shop.stripe.pay(session["stripe_session_id"])
    shop.deliver()
    [purchase] = [p for p in shop.purchases() if p["buyer_id"] == buyer]
    return purchase


def refund_in_dashboard(shop: Shop, purchase: dict[str, Any], **form: Any) -> None:
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent, **form)


def asked(shop: Shop, path: str) -> int:
    return sum(r["path"] == path for r in shop.stripe.sandbox.requests)


# ------------------------------------------------------------ sessions


def test_an_event_of_the_last_minute_is_left_to_the_webhook(
    shop: Shop, clock: Traveller
) -> None:
    """Stripe's list may lack what is so young."""
    clock.shift(10 * MINUTES)
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    clock.shift(timedelta(seconds=50))

    assert reconcile(shop)["queued"] == 0


@on_moto_too
@pytest.mark.parametrize(
    "kind", ["bid", "auction", "order", "content", "product", "quote"]
)
def test_a_payment_without_a_webhook_is_recorded_by_the_next_run(
    shop: Shop, clock: Traveller, kind: str
) -> None:
    """Invariants 1 and 12: the webhook was lost, and the buyer never came back."""
    shop.create(kind)
    shop.stripe.pay(stripe_id(shop))
    clock.shift(2 * MINUTES)

    reconcile(shop)

    [purchase] = shop.purchases()
    assert purchase["status"] == "completed"
    assert only_session(shop)["status"] == "complete"


@pytest.mark.parametrize(
    "break_endpoint",
    [
        pytest.param(lambda _shop, _id: None, id="no endpoint was ever made"),
        pytest.param(
            lambda shop, made: shop.stripe.post(
                f"/v1/webhook_endpoints/{made}", disabled="true"
            ),
            id="disabled",
        ),
        pytest.param(
            lambda shop, made: shop.stripe.delete(f"/v1/webhook_endpoints/{made}"),
            id="deleted",
        ),
        pytest.param(
            lambda shop, made: shop.stripe.post(
                f"/v1/webhook_endpoints/{made}", **{"enabled_events[]": "review.opened"}
            ),
            id="not subscribed",
        ),
    ],
)
def test_what_no_endpoint_was_to_receive_is_recorded(
    shop: Shop, clock: Traveller, break_endpoint: Any
) -> None:
    """Invariant 12: Stripe's list of undelivered events has none of these."""
    made = shop.stripe.post(
        "/v1/webhook_endpoints",
        url="http://127.0.0.1:9/",
        **{"enabled_events[]": "*"},
    )
    break_endpoint(shop, made["id"])
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    clock.shift(2 * MINUTES)
    reconcile(shop)
    [purchase] = shop.purchases()
    refund_in_dashboard(shop, purchase)
    shop.stripe.control(
        "charges", purchase["stripe_payment_intent_id"], "early_fraud_warning"
    )
    clock.shift(5 * MINUTES)

    reconcile(shop)

    [purchase] = shop.purchases()
    assert purchase["status"] == "refunded"
    assert purchase["fraud_warnings"]
    access = {"kind": "content", "id": PUBLISHED}
    answer = shop.call("GET /api/access/{kind}/{id}", buyer="user_1", path=access)
    assert answer.body == {"hasAccess": False}


def test_fifty_payments_without_a_webhook_are_fifty_purchases(
    shop: Shop, clock: Traveller
) -> None:
    """Invariant 1: one run finds them all, and the late events change nothing."""
    buyers = [f"buyer_{number}" for number in range(50)]
    for buyer in buyers:
        shop.create("content", buyer)
    for session in shop.sessions():
        shop.stripe.pay(session["stripe_session_id"])

    clock.shift(2 * MINUTES)
    assert reconcile(shop)["queued"] == 50
    for event in shop.stripe.events("checkout.session.completed"):
        shop.deliver(event)

    assert sorted(p["buyer_id"] for p in shop.purchases()) == sorted(buyers)
    assert len(shop.ownerships()) == 50


def test_what_is_known_costs_one_call_of_each_list_and_no_write_but_the_cursors(
    shop: Shop, clock: Traveller
) -> None:
    for number in range(5):
        buy(shop, f"user_{number}")
    clock.shift(2 * MINUTES)
    reconcile(shop)
    before = shop.purchases(), shop.sessions()
    shop.stripe.sandbox.requests.clear()
    clock.shift(MINUTES)

    with observed() as calls:
        assert run(shop)["queued"] == 0

    assert (shop.purchases(), shop.sessions()) == before
    assert asked(shop, "/v1/events") == 2
    written = [
        call.parameters["Key"]["id"]["S"]
        for call in calls
        if call.operation == "UpdateItem"
    ]
    assert {*written} == {"reconcile#state"}
    reads = {"Query", "GetItem", "BatchGetItem", "UpdateItem", "GetSecretValue"}
    assert {call.operation for call in calls} <= reads


@on_moto_too
@pytest.mark.parametrize("kind", ["bid", "order", "content", "product", "quote"])
def test_a_session_that_nobody_paid_expires(
    shop: Shop, clock: Traveller, kind: str
) -> None:
    """Invariant 10, with a webhook that is lost."""
    shop.create(kind)
    clock.shift(23 * HOURS + timedelta(seconds=1))
    shop.stripe.expire_due()
    clock.shift(2 * MINUTES)

    reconcile(shop)

    session = only_session(shop)
    assert session["status"] == "expired"
    assert "unresolved" not in session
    assert shop.audit.has_exactly("checkout_created", "checkout_abandoned")


def test_a_session_whose_expiry_has_no_event_is_expired_at_its_deadline(
    shop: Shop, clock: Traveller
) -> None:
    """Invariant 10: very rarely, Stripe makes no event at all."""
    shop.create("content")
    shop.stripe.forget_events()
    clock.shift(23 * HOURS + 9 * MINUTES)
    shop.note_a_reconcile_run()
    assert reconcile(shop)["checked"] == 0

    clock.shift(2 * MINUTES)
    shop.note_a_reconcile_run()
    assert reconcile(shop)["checked"] == 1

    assert only_session(shop)["status"] == "expired"


def test_an_open_session_is_not_asked_about_before_its_deadline(
    shop: Shop, clock: Traveller
) -> None:
    """However many wait: the cost of a run grows with events, not with waiting."""
    shop.create("content")
    session = stripe_id(shop)
    shop.stripe.sandbox.requests.clear()
    for _ in range(20):
        clock.shift(HOURS)
        reconcile(shop)

    assert asked(shop, f"/v1/checkout/sessions/{session}") == 0
    assert only_session(shop)["status"] == "open"


def test_a_session_that_is_resolved_while_reconcile_checks_it_is_not_due_again(
    shop: Shop, clock: Traveller
) -> None:
    """Its event comes just after the index has told that it is due."""
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    clock.shift(23 * HOURS + 11 * MINUTES)
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


def test_an_auction_can_not_be_paid_after_its_window(
    shop: Shop, clock: Traveller
) -> None:
    """Stripe's session must last half an hour; the window may close before that."""
    clock.shift(24 * HOURS - 10 * MINUTES)
    assert shop.create("auction").status == 200
    session = stripe_id(shop)

    clock.shift(21 * MINUTES)
    reconcile(shop)

    assert shop.stripe.get(f"/v1/checkout/sessions/{session}")["status"] == "expired"
    assert only_session(shop)["status"] == "expired"


def test_a_prepared_session_that_a_crash_left_behind_is_resolved(
    shop: Shop, clock: Traveller
) -> None:
    """Invariant 10: whether or not Stripe had heard of it."""
    crash_when_prepared(shop)
    assert only_session(shop)["status"] == "prepared"

    clock.shift(11 * MINUTES)
    reconcile(shop)

    assert only_session(shop)["status"] == "expired"
    assert {s["status"] for s in shop.stripe.sessions()} == {"expired"}
    assert shop.create("content").status == 200


def pay_by_bank(shop: Shop) -> str:
    """Let the buyer debit a bank account, and be told so; return the intent."""
    shop.change_offer(f"content#{PUBLISHED}", price={"amount": 999, "currency": "eur"})
    shop.create("content")
    shop.stripe.pay_by_bank(stripe_id(shop))
    shop.deliver()
    assert only_session(shop)["status"] == "processing"
    session = shop.stripe.get(f"/v1/checkout/sessions/{stripe_id(shop)}")
    return str(session["payment_intent"])


@pytest.mark.parametrize(("pays", "status"), [(True, "complete"), (False, "failed")])
def test_a_bank_decision_without_a_webhook_is_found(
    shop: Shop, clock: Traveller, *, pays: bool, status: str
) -> None:
    """Invariant 3: no access before the money is there."""
    intent = pay_by_bank(shop)
    clock.shift(2 * MINUTES)
    reconcile(shop)
    assert only_session(shop)["status"] == "processing"
    assert shop.ownerships() == []

    shop.stripe.bank_decides(intent, pays=pays)
    clock.shift(2 * MINUTES)
    reconcile(shop)

    assert only_session(shop)["status"] == status
    assert len(shop.ownerships()) == pays


@pytest.mark.parametrize(("pays", "status"), [(True, "complete"), (False, "failed")])
def test_a_bank_decision_without_an_event_is_found_after_fifteen_days(
    shop: Shop, clock: Traveller, *, pays: bool, status: str
) -> None:
    intent = pay_by_bank(shop)
    shop.stripe.bank_decides(intent, pays=pays)
    shop.stripe.forget_events()
    clock.shift(14 * DAYS)
    shop.note_a_reconcile_run()
    reconcile(shop)
    assert only_session(shop)["status"] == "processing"

    clock.shift(DAYS + MINUTES)
    shop.note_a_reconcile_run()
    reconcile(shop)

    assert only_session(shop)["status"] == status


def test_a_bank_that_has_not_decided_is_asked_again_as_late(
    shop: Shop, clock: Traveller
) -> None:
    pay_by_bank(shop)
    session = stripe_id(shop)
    shop.stripe.sandbox.requests.clear()
    for _ in range(29):
        clock.shift(DAYS)
        shop.note_a_reconcile_run()
        reconcile(shop)

    assert asked(shop, f"/v1/checkout/sessions/{session}") == 1


def test_a_session_paid_at_the_last_moment_is_not_expired(
    shop: Shop, clock: Traveller
) -> None:
    """Invariant 4: expiring it finds that it has been paid, and fulfills it."""
    shop.create("content")
    clock.shift(22 * HOURS + 59 * MINUTES)
    shop.stripe.pay(stripe_id(shop))
    shop.stripe.forget_events()
    clock.shift(12 * MINUTES)
    shop.note_a_reconcile_run()

    reconcile(shop)

    assert only_session(shop)["status"] == "complete"


# ------------------------------------------------------------ refunds and disputes


def test_a_pending_refund_is_followed_after_an_hour_then_ever_later(
    shop: Shop, clock: Traveller
) -> None:
    purchase = buy(shop)
    intent = purchase["stripe_payment_intent_id"]
    refund_in_dashboard(shop, purchase)
    [refund] = shop.stripe.sandbox.store.all("refund")
    refund["status"] = "pending"
    for event in shop.stripe.events("refund.created"):
        event["data"]["object"]["status"] = "pending"
        shop.deliver(event)
    shop.stripe.forget_events()
    shop.stripe.sandbox.requests.clear()
    for _ in range(8 * 12):
        clock.shift(5 * MINUTES)
        shop.note_a_reconcile_run()
        reconcile(shop)

    looks = asked(shop, "/v1/refunds")
    assert 3 <= looks <= 4, "in eight hours: after one, two, four, eight"
    assert intent
    refund["status"] = "succeeded"
    clock.shift(9 * HOURS)
    reconcile(shop)
    assert shop.purchases()[0]["status"] == "refunded"


def test_an_open_dispute_is_followed_once_a_day(shop: Shop, clock: Traveller) -> None:
    """Invariant 3: a lost dispute takes the access, also without any event."""
    purchase = buy(shop)
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.control("charges", intent, "dispute")
    shop.deliver()
    assert shop.purchases()[0]["status"] == "disputed"
    [dispute] = shop.stripe.sandbox.store.all("dispute")
    shop.stripe.control("disputes", dispute["id"], "close", status="lost")
    shop.stripe.forget_events()
    clock.shift(23 * HOURS)
    shop.note_a_reconcile_run()
    reconcile(shop)
    assert shop.ownerships()

    clock.shift(2 * HOURS)
    shop.note_a_reconcile_run()
    reconcile(shop)

    assert shop.ownerships() == []


# ------------------------------------------------------------ receipts and fees


def test_a_purchase_learns_its_fee_and_its_receipt(
    shop: Shop, clock: Traveller
) -> None:
    purchase = buy(shop)
    assert "receipt" not in purchase, "fulfillment does not wait for it"
    clock.shift(2 * MINUTES)

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


def test_receipts_cost_a_call_for_a_hundred_of_them(
    shop: Shop, clock: Traveller
) -> None:
    for number in range(5):
        buy(shop, f"user_{number}")
    shop.stripe.sandbox.requests.clear()
    clock.shift(2 * MINUTES)

    reconcile(shop)

    assert all("receipt" in purchase for purchase in shop.purchases())
    assert asked(shop, "/v1/balance_transactions") == 2, "cards, and other methods"
    assert {r["path"] for r in shop.stripe.sandbox.requests} == {
        "/v1/events",
        "/v1/balance_transactions",
    }


def test_a_payment_of_another_method_has_a_receipt(
    shop: Shop, clock: Traveller
) -> None:
    intent = pay_by_bank(shop)
    shop.stripe.bank_decides(intent, pays=True)
    shop.deliver()
    clock.shift(2 * MINUTES)

    reconcile(shop)

    assert "receipt" in shop.purchases()[0]


def test_a_payment_that_is_recorded_late_gets_its_receipt_all_the_same(
    shop: Shop, clock: Traveller
) -> None:
    """The stream of its balance transaction has passed by then."""
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    clock.shift(3 * HOURS)
    shop.note_a_reconcile_run()
    shop.deliver()
    assert "receipt" not in shop.purchases()[0]

    for _ in range(2):
        clock.shift(3 * HOURS)
        shop.note_a_reconcile_run()
        reconcile(shop)

    [purchase] = shop.purchases()
    assert purchase["receipt"]["fee"] == 59
    assert "unresolved" not in purchase


def test_a_receipt_that_stripe_never_books_is_stored_without_a_fee(
    shop: Shop, clock: Traveller
) -> None:
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    [charge] = shop.stripe.sandbox.store.all("charge")
    charge["balance_transaction"] = None
    clock.shift(3 * HOURS)
    shop.note_a_reconcile_run()
    shop.deliver()
    clock.shift(3 * HOURS)
    shop.note_a_reconcile_run()
    reconcile(shop)
    assert "unresolved" in shop.purchases()[0]

    for _ in range(8):
        clock.shift(DAYS)
        shop.note_a_reconcile_run()
        reconcile(shop)

    [purchase] = shop.purchases()
    assert "unresolved" not in purchase
    assert "fee" not in purchase["receipt"]


# ------------------------------------------------------------ the lease and the rate


def test_two_runs_at_once_are_one(shop: Shop, clock: Traveller) -> None:
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    clock.shift(2 * MINUTES)
    second: list[dict[str, Any]] = []

    def begin_another(call: AwsCall) -> Any:
        if call.operation == "BatchGetItem" and not second:
            second.append({})
            second[0] = run(shop)
        return call.answer()

    with intercepted(begin_another):
        first = run(shop)

    assert first["queued"] == 1
    assert second[0]["is_second"]
    assert second[0]["queued"] == 0


def test_a_run_that_was_killed_keeps_the_next_ones_out_for_its_time_only(
    shop: Shop, clock: Traveller
) -> None:
    """Five minutes later, on the schedule, there is no lease any more."""
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    clock.shift(2 * MINUTES)
    with CrashPoint(4) as crash:
        run(shop)
    assert crash.happened
    assert run(shop)["is_second"]

    clock.shift(5 * MINUTES)
    reconcile(shop)

    assert len(shop.purchases()) == 1


def test_a_run_that_lost_its_lease_moves_no_cursor(
    shop: Shop, clock: Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.shift(2 * MINUTES)
    stolen = {"owner": "another", "expires_at": "2099-01-01T00:00:00.000Z"}
    before = shop.aws.item("PaymentSessionsTable", "reconcile#state")
    capsys.readouterr()

    def steal(call: AwsCall) -> Any:
        answer = call.answer()
        if call.operation == "Query":
            state = shop.aws.item("PaymentSessionsTable", "reconcile#state")
            shop.aws.put("PaymentSessionsTable", state | stolen)
        return answer

    with intercepted(steal):
        run(shop)

    state = shop.aws.item("PaymentSessionsTable", "reconcile#state")
    assert state == before | stolen
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.reconcile.unexpected"] == 1


def test_a_run_that_is_out_of_time_leaves_the_rest_to_the_next(
    shop: Shop, clock: Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    clock.shift(2 * MINUTES)
    capsys.readouterr()

    hurried = run(shop, Hurried())

    assert hurried["unfinished"]
    assert hurried["checked"] == 0
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.reconcile.unfinished"] == 1
    assert reconcile(shop)["queued"] == 1
    assert len(shop.purchases()) == 1


def test_reconcile_keeps_below_the_rate_that_the_stack_allows(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stripe's limits are shared with the buyers, who come first."""
    shop.forget_reconcile_runs()
    shop.values["ReconcileCallsPerSecond"] = "1"
    pauses: list[float] = []
    monkeypatch.setattr("checkout.clients.stripe_connection.time.sleep", pauses.append)
    shop.stripe.sandbox.requests.clear()

    run(shop)

    asked_for = len(shop.stripe.sandbox.requests)
    assert asked_for == 4 * 72 + 1
    # A second each, less what the work itself takes on a busy machine.
    assert sum(pauses) > asked_for * 0.7


def test_a_stripe_that_lists_no_events_stops_no_other_stage(
    shop: Shop, clock: Traveller
) -> None:
    crash_when_prepared(shop)
    clock.shift(11 * MINUTES)
    shop.stripe.sandbox.faults.add(Fault("GET", "/v1/events", status=500, times=4))

    assert run(shop)["failed"] == 2

    assert only_session(shop)["status"] == "expired"
