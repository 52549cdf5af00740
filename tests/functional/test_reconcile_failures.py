"""Reconcile meets what it cannot deal with: all the rest is dealt with all the same."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from time_machine import Traveller

from checkout.clients import stripe_api, stripe_sdk
from mocktill.faults import Fault
from tests.aws_calls import failing
from tests.functional.test_reconcile import (
    HOURS,
    MINUTES,
    START,
    reconcile,
    run,
    stripe_id,
)
from tests.lambda_events import Context
from tests.output import captured_log, metrics_in
from tests.shop import Shop

pytestmark = pytest.mark.frozen_at(START)
BUYERS = [f"user_{number}" for number in range(4)]


def paid_unheard(shop: Shop, buyers: list[str] = BUYERS) -> dict[str, dict[str, Any]]:
    """Let *buyers* pay while the webhook is dead; return the session of each."""
    for buyer in buyers:
        assert shop.create("content", buyer).status == 200
    sessions = {session["buyer_id"]: session for session in shop.sessions()}
    for buyer in buyers:
        shop.stripe.pay(sessions[buyer]["stripe_session_id"])
    return sessions


def bought(shop: Shop, buyers: list[str] = BUYERS) -> dict[str, dict[str, Any]]:
    """Let *buyers* buy; return the purchase of each, whose receipt is due now."""
    paid_unheard(shop, buyers)
    shop.deliver()
    return {purchase["buyer_id"]: purchase for purchase in shop.purchases()}


def change(shop: Shop, table: str, item_id: str, **attributes: Any) -> None:
    from checkout.tables.item import to_item  # noqa: PLC0415 - as in the shop

    item = shop.aws.item(table, item_id) | attributes
    shop.aws.dynamodb.put_item(TableName=shop.aws.tables[table], Item=to_item(item))


# ------------------------------------------------------------ sessions and purchases


def unreadable_status(shop: Shop, session: dict[str, Any]) -> None:
    change(shop, "PaymentSessionsTable", session["id"], status="of 2031")


def unreadable_time(shop: Shop, session: dict[str, Any]) -> None:
    change(shop, "PaymentSessionsTable", session["id"], created_at="long ago")


def unreadable_type(shop: Shop, session: dict[str, Any]) -> None:
    change(shop, "PaymentSessionsTable", session["id"], title=None)


def unreadable_at_stripe(shop: Shop, session: dict[str, Any]) -> None:
    del shop.stripe.sandbox.checkouts[session["stripe_session_id"]].session[
        "payment_intent"
    ]
    del shop.stripe.sandbox.checkouts[session["stripe_session_id"]].session["status"]


def refused_by_stripe(shop: Shop, session: dict[str, Any]) -> None:
    path = f"/v1/checkout/sessions/{session['stripe_session_id']}"
    shop.stripe.sandbox.faults.add(Fault("GET", path, status=400, times=99))


@pytest.mark.parametrize(
    "spoil",
    [
        unreadable_status,
        unreadable_time,
        unreadable_type,
        unreadable_at_stripe,
        refused_by_stripe,
    ],
)
def test_a_bad_session_keeps_no_other_waiting(
    shop: Shop,
    clock: Traveller,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Shop, dict[str, Any]], None],
) -> None:
    """Invariant 13: the others are recorded by the first run, wherever it stands."""
    sessions = paid_unheard(shop)
    spoil(shop, sessions["user_0"])
    clock.shift(11 * MINUTES)
    capsys.readouterr()

    answer = run(shop)

    assert answer == {"checked": 4, "failed": 1}
    assert metrics_in(capsys.readouterr().out)["payments.reconcile.failed"] == 1
    shop.work()
    assert {p["buyer_id"] for p in shop.purchases()} == {*BUYERS[1:]}


def processing_without_an_id(shop: Shop, session: dict[str, Any]) -> None:
    change(
        shop,
        "PaymentSessionsTable",
        session["id"],
        status="processing",
        stripe_session_id=None,
    )


def open_without_an_id_and_over(shop: Shop, session: dict[str, Any]) -> None:
    change(
        shop,
        "PaymentSessionsTable",
        session["id"],
        stripe_session_id=None,
        expires_at=session["created_at"],
    )


@pytest.mark.parametrize(
    "spoil", [processing_without_an_id, open_without_an_id_and_over]
)
def test_a_session_without_the_id_that_it_must_have_is_alarmed(
    shop: Shop,
    clock: Traveller,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Shop, dict[str, Any]], None],
) -> None:
    """Invariant 11: it may be open at Stripe, so it does not count as expired."""
    session = paid_unheard(shop, ["user_0"])["user_0"]
    spoil(shop, session)
    clock.shift(11 * MINUTES)
    capsys.readouterr()

    assert run(shop) == {"checked": 1, "failed": 1}

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.reconcile.unexpected"] == 1


def test_a_purchase_without_the_payment_intent_of_its_refund_is_alarmed(
    shop: Shop, clock: Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invariant 10: a request that cannot be sent is not passed over."""
    purchase = bought(shop, ["user_0"])["user_0"]
    request = {
        "id": "rr_1",
        "amount": 1,
        "requested_by": "operator_1",
        "requested_at": purchase["purchased_at"],
    }
    change(
        shop,
        "PurchasesTable",
        purchase["id"],
        stripe_payment_intent_id=None,
        refund_requests={"rr_1": request},
    )
    clock.shift(11 * MINUTES)
    capsys.readouterr()

    assert run(shop)["failed"] == 1

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.reconcile.unexpected"] == 1


def test_a_bad_session_is_postponed(shop: Shop, clock: Traveller) -> None:
    """It must not be the first of its partition again, before those that are good."""
    session = paid_unheard(shop, ["user_0"])["user_0"]
    unreadable_status(shop, session)
    clock.shift(11 * MINUTES)
    assert run(shop) == {"checked": 1, "failed": 1}

    assert run(shop) == {"checked": 0, "failed": 0}

    change(shop, "PaymentSessionsTable", session["id"], status="open")
    clock.shift(61 * MINUTES)
    reconcile(shop)
    assert [p["buyer_id"] for p in shop.purchases()] == ["user_0"]


def test_bad_sessions_do_not_crowd_out_the_good_ones(
    shop: Shop, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of them lead the queue of a partition."""
    monkeypatch.setattr("checkout.flows.reconcile.MOST_AT_ONCE", 1)
    monkeypatch.setattr("checkout.tables.due.partition_of", lambda _id: "0")
    sessions = paid_unheard(shop)
    for buyer in BUYERS[1:]:
        unreadable_status(shop, sessions[buyer])
    clock.shift(11 * MINUTES)

    for _ in BUYERS:
        run(shop)
    shop.work()

    assert [p["buyer_id"] for p in shop.purchases()] == ["user_0"]


def unreadable_purchase(shop: Shop, purchase: dict[str, Any]) -> None:
    change(shop, "PurchasesTable", purchase["id"], purchased_at="long ago")


def unreadable_refunds(shop: Shop, purchase: dict[str, Any]) -> None:
    change(shop, "PurchasesTable", purchase["id"], refunds={"re_x": {"note": "ours"}})


def missing_at_stripe(shop: Shop, purchase: dict[str, Any]) -> None:
    path = f"/v1/payment_intents/{purchase['stripe_payment_intent_id']}"
    shop.stripe.sandbox.faults.add(Fault("GET", path, status=404, times=99))


def odd_at_stripe(shop: Shop, purchase: dict[str, Any]) -> None:
    intent = purchase["stripe_payment_intent_id"]
    [charge] = [
        c
        for c in shop.stripe.sandbox.store.all("charge")
        if c["payment_intent"] == intent
    ]
    charge["receipt_url"] = 0.5  # DynamoDB is given no such thing


@pytest.mark.parametrize(
    "spoil", [unreadable_purchase, unreadable_refunds, missing_at_stripe, odd_at_stripe]
)
def test_a_bad_purchase_keeps_no_other_waiting(
    shop: Shop,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Shop, dict[str, Any]], None],
) -> None:
    purchases = bought(shop)
    spoil(shop, purchases["user_0"])
    capsys.readouterr()

    answer = run(shop)

    assert answer == {"checked": 4, "failed": 1}
    assert metrics_in(capsys.readouterr().out)["payments.reconcile.failed"] == 1
    without = [p["buyer_id"] for p in shop.purchases() if "receipt" not in p]
    assert without == ["user_0"]
    assert run(shop) == {"checked": 0, "failed": 0}, "it is postponed"


# ------------------------------------------------------------ AWS itself


def test_a_partition_that_cannot_be_read_is_left_out(
    shop: Shop, clock: Traveller
) -> None:
    bought(shop, ["user_0"])
    paid_unheard(shop, ["user_1"])
    clock.shift(11 * MINUTES)
    sessions = shop.aws.tables["PaymentSessionsTable"]

    with failing("Query", where=lambda call: call.parameters["TableName"] == sessions):
        answer = run(shop)

    assert answer == {"checked": 1, "failed": 16}
    [purchase] = shop.purchases()
    assert "receipt" in purchase


def test_a_session_that_cannot_be_postponed_keeps_no_other_waiting(
    shop: Shop, clock: Traveller
) -> None:
    sessions = paid_unheard(shop)
    bad = {"id": {"S": sessions["user_0"]["id"]}}
    clock.shift(11 * MINUTES)

    with failing("UpdateItem", where=lambda call: call.parameters["Key"] == bad):
        answer = run(shop)

    assert answer == {"checked": 4, "failed": 1}
    shop.work()
    assert {p["buyer_id"] for p in shop.purchases()} == {*BUYERS[1:]}


@pytest.mark.parametrize("operation", ["GetItem", "PutItem"])
def test_a_bookmark_that_cannot_be_kept_stops_neither_sessions_nor_purchases(
    shop: Shop, clock: Traveller, operation: str
) -> None:
    bought(shop, ["user_0"])
    paid_unheard(shop, ["user_1"])
    clock.shift(11 * MINUTES)
    bookmark = "reconcile#undelivered_events"

    with failing(operation, where=lambda call: bookmark in str(call.parameters)):
        answer = run(shop)

    assert answer == {"checked": 2, "failed": 1}
    shop.work()
    assert {p["buyer_id"] for p in shop.purchases()} == {"user_0", "user_1"}
    [purchase] = [p for p in shop.purchases() if p["buyer_id"] == "user_0"]
    assert "receipt" in purchase


# ------------------------------------------------------------ events and their windows


def refunded_unheard(shop: Shop, purchase: dict[str, Any]) -> None:
    """Give a purchase back in Stripe's dashboard, while the webhook is dead."""
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent)


def bought_and_refunded_unheard(shop: Shop) -> dict[str, Any]:
    """Let one buyer buy, with all that follows, and then be given the money back."""
    [purchase] = bought(shop, ["user_0"]).values()
    reconcile(shop)
    shop.stripe.stop_webhook()
    refunded_unheard(shop, purchase)
    return purchase


def refused_by_the_queue(purchase: dict[str, Any]) -> AbstractContextManager[None]:
    """Let SQS refuse what tells of one payment, as it does above a mebibyte."""
    intent = purchase["stripe_payment_intent_id"]
    return failing(
        "SendMessage", where=lambda call: intent in call.parameters["MessageBody"]
    )


def test_an_event_that_the_queue_refuses_keeps_no_other_waiting(
    shop: Shop,
    clock: Traveller,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither the events before it and after it, nor the windows, nor the purchases."""
    purchases = bought(shop, BUYERS[:3])
    reconcile(shop)
    shop.stripe.stop_webhook()
    refunded_unheard(shop, purchases["user_0"])
    clock.shift(MINUTES)
    refunded_unheard(shop, purchases["user_1"])
    clock.shift(3 * HOURS)
    refunded_unheard(shop, purchases["user_2"])
    clock.shift(11 * MINUTES)
    capsys.readouterr()

    with refused_by_the_queue(purchases["user_1"]):
        failed = run(shop)["failed"]

    assert failed > 0
    assert metrics_in(capsys.readouterr().out)["payments.reconcile.failed"] == failed
    shop.work()
    statuses = {p["buyer_id"]: p["status"] for p in shop.purchases()}
    assert statuses == {
        "user_0": "refunded",
        "user_1": "completed",
        "user_2": "refunded",
    }


def test_an_event_that_failed_is_fetched_again(shop: Shop, clock: Traveller) -> None:
    """Invariant 4: it is not forgotten when the windows after it are done."""
    purchase = bought_and_refunded_unheard(shop)
    clock.shift(11 * MINUTES)
    with refused_by_the_queue(purchase):
        for _ in range(3):
            assert run(shop)["failed"] > 0
            clock.shift(2 * HOURS)

    assert run(shop)["failed"] == 0
    shop.work()
    assert [p["status"] for p in shop.purchases()] == ["refunded"]
    assert run(shop)["failed"] == 0
    assert shop.aws.messages() == [], "fetched once, and not again and again"


def test_a_window_that_fails_is_fetched_again_and_the_next_ones_now(
    shop: Shop, clock: Traveller
) -> None:
    purchases = bought(shop, BUYERS[:2])
    reconcile(shop)
    shop.stripe.stop_webhook()
    refunded_unheard(shop, purchases["user_0"])
    clock.shift(2 * HOURS)
    refunded_unheard(shop, purchases["user_1"])
    clock.shift(11 * MINUTES)
    # The SDK asks once more, so twice is once.
    shop.stripe.sandbox.faults.add(Fault("GET", "/v1/events", status=500, times=2))

    assert run(shop)["failed"] == 1
    shop.work()
    statuses = {p["buyer_id"]: p["status"] for p in shop.purchases()}
    assert statuses == {"user_0": "completed", "user_1": "refunded"}

    assert run(shop)["failed"] == 0
    shop.work()
    assert {p["status"] for p in shop.purchases()} == {"refunded"}


class Passing(Context):
    """An invocation of four minutes, of which each event takes ten seconds."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self.shop = shop

    def get_remaining_time_in_millis(self) -> int:
        asked = [
            r for r in self.shop.stripe.sandbox.requests if r["path"] == "/v1/events"
        ]
        return 240_000 - 10_000 * len(asked)


def test_purchases_get_their_turn_while_stripe_lists_no_events(
    shop: Shop, clock: Traveller
) -> None:
    """Asking for three days of events takes half of what is left at the most."""
    shop.forget_reconcile_runs()
    bought(shop, ["user_0"])
    clock.shift(MINUTES)
    shop.stripe.sandbox.requests.clear()

    shop.invoke("ReconcileFunction", {}, Passing(shop))

    assert (
        5
        < len([r for r in shop.stripe.sandbox.requests if r["path"] == "/v1/events"])
        < 12
    )
    [purchase] = shop.purchases()
    assert "receipt" in purchase


def test_a_long_outage_leaves_a_window_for_each_hour_and_loses_nothing(
    shop: Shop, clock: Traveller
) -> None:
    bought_and_refunded_unheard(shop)
    with patch.object(stripe_sdk, "RETRIES", 0):
        from functions.reconcile import app  # noqa: PLC0415

        app.reconciler.cache_clear()
        shop.stripe.sandbox.faults.add(
            Fault("GET", "/v1/events", status=500, times=999)
        )
        for _ in range(15):
            clock.shift(10 * MINUTES)
            assert run(shop)["failed"] > 0
    bookmark = shop.aws.item("PaymentSessionsTable", "reconcile#undelivered_events")
    assert len(bookmark["again"]) <= 4
    times = [[datetime.fromisoformat(at) for at in each] for each in bookmark["again"]]
    assert all(until - since <= HOURS for since, until in times)
    shop.stripe.sandbox.faults.clear()

    clock.shift(61 * MINUTES)
    assert run(shop)["failed"] == 0
    shop.work()

    assert [p["status"] for p in shop.purchases()] == ["refunded"]
    bookmark = shop.aws.item("PaymentSessionsTable", "reconcile#undelivered_events")
    assert bookmark["again"] == []


def test_the_queue_that_takes_nothing_loses_nothing(
    shop: Shop, clock: Traveller
) -> None:
    purchases = bought(shop)
    reconcile(shop)
    shop.stripe.stop_webhook()
    for purchase in purchases.values():
        refunded_unheard(shop, purchase)
        clock.shift(MINUTES)
    clock.shift(11 * MINUTES)
    with failing("SendMessage"):
        assert run(shop)["failed"] > 0

    assert run(shop)["failed"] == 0
    shop.work()

    assert {p["status"] for p in shop.purchases()} == {"refunded"}


def bookmark_of(shop: Shop) -> dict[str, Any]:
    return shop.aws.item("PaymentSessionsTable", "reconcile#undelivered_events")


def test_what_fails_again_waits_an_hour_and_never_moves_the_bookmark_back(
    shop: Shop, clock: Traveller
) -> None:
    """Or its alarm would hide every other for as long as Stripe keeps the event."""
    purchase = bought_and_refunded_unheard(shop)
    clock.shift(11 * MINUTES)
    with refused_by_the_queue(purchase):
        assert run(shop)["failed"] > 0, "the first time"
        until = bookmark_of(shop)["until"]
        clock.shift(5 * MINUTES)
        assert run(shop)["failed"] > 0, "the second time, at once"
        assert bookmark_of(shop)["until"] > until

        for _ in range(10):
            clock.shift(5 * MINUTES)
            assert run(shop)["failed"] == 0, "it waits"
        clock.shift(11 * MINUTES)
        assert run(shop)["failed"] > 0, "an hour later"


class CutOff(Passing):
    """An invocation whose time is over once Stripe has listed events twice."""

    def get_remaining_time_in_millis(self) -> int:
        asked = [
            r for r in self.shop.stripe.sandbox.requests if r["path"] == "/v1/events"
        ]
        return 240_000 if len(asked) < 2 else 0


def test_a_window_that_is_only_cut_off_goes_on_in_the_next_run(
    shop: Shop, clock: Traveller
) -> None:
    """What fails again waits an hour; what there was no time for does not."""
    purchase = bought_and_refunded_unheard(shop)
    clock.shift(11 * MINUTES)
    with refused_by_the_queue(purchase):
        assert run(shop)["failed"] > 0
    clock.shift(5 * MINUTES)
    shop.stripe.sandbox.requests.clear()
    shop.invoke("ReconcileFunction", {}, CutOff(shop))
    assert shop.aws.messages() == []

    clock.shift(5 * MINUTES)
    reconcile(shop)

    assert [p["status"] for p in shop.purchases()] == ["refunded"]


def test_what_stripe_has_forgotten_is_given_up_and_reported(
    shop: Shop,
    clock: Traveller,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Invariant 4: a payment does not disappear without an alarm."""
    purchase = bought_and_refunded_unheard(shop)
    clock.shift(11 * MINUTES)
    with refused_by_the_queue(purchase):
        run(shop)
    clock.shift(31 * 24 * HOURS)
    change(
        shop,
        "PaymentSessionsTable",
        "reconcile#undelivered_events",
        until="2031-06-06T00:00:00.000Z",
    )
    capsys.readouterr()
    with refused_by_the_queue(purchase), captured_log() as log:
        run(shop)

    assert "events_given_up" in log.getvalue()
    assert metrics_in(capsys.readouterr().out)["payments.reconcile.unexpected"] > 0
    assert bookmark_of(shop)["again"] == []


@pytest.mark.parametrize(
    "broken", [{"again": [["x", "y"]]}, {"until": "once"}, {"again": 7}]
)
def test_a_bookmark_that_cannot_be_read_is_begun_anew(
    shop: Shop, clock: Traveller, broken: dict[str, Any]
) -> None:
    bought_and_refunded_unheard(shop)
    change(shop, "PaymentSessionsTable", "reconcile#undelivered_events", **broken)
    clock.shift(11 * MINUTES)

    assert run(shop)["failed"] == 0
    shop.work()

    assert [p["status"] for p in shop.purchases()] == ["refunded"]


@pytest.mark.parametrize("without", ["id", "created"])
def test_an_event_without_what_it_must_have_keeps_no_other_waiting(
    shop: Shop, clock: Traveller, monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    purchases = bought(shop, BUYERS[:2])
    reconcile(shop)
    shop.stripe.stop_webhook()
    for purchase in purchases.values():
        refunded_unheard(shop, purchase)
        clock.shift(MINUTES)
    clock.shift(11 * MINUTES)
    bad = purchases["user_1"]["stripe_payment_intent_id"]
    events = stripe_api.StripeApi.events

    def odd(*arguments: Any, **how: Any) -> Iterator[dict[str, Any]]:
        for event in events(*arguments, **how):
            if bad in str(event):
                del event[without]
            yield event

    monkeypatch.setattr(stripe_api.StripeApi, "events", odd)
    run(shop)
    shop.work()

    statuses = {p["buyer_id"]: p["status"] for p in shop.purchases()}
    assert statuses["user_0"] == "refunded"


def test_a_list_that_breaks_off_is_gone_on_with_where_it_did(
    shop: Shop, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was queued before is not queued again and again."""
    purchases = bought(shop, BUYERS[:2])
    reconcile(shop)
    shop.stripe.stop_webhook()
    for buyer in BUYERS[:2]:
        refunded_unheard(shop, purchases[buyer])
        clock.shift(MINUTES)
    clock.shift(11 * MINUTES)
    older = purchases["user_0"]["stripe_payment_intent_id"]
    events = stripe_api.StripeApi.events

    def broken(*arguments: Any, **how: Any) -> Iterator[dict[str, Any]]:
        for event in events(*arguments, **how):
            if older in str(event):
                raise ValueError("this page cannot be read")
            yield event

    with monkeypatch.context() as patch:
        patch.setattr(stripe_api.StripeApi, "events", broken)
        assert run(shop)["failed"] == 1
        assert len(shop.aws.messages()) >= 1
        clock.shift(5 * MINUTES)
        assert run(shop)["failed"] == 1
        again = [json.loads(m["Body"])["created"] for m in shop.aws.messages()]
        assert len(set(again)) <= 1, "no more than the second where it broke off"

    clock.shift(61 * MINUTES)
    assert run(shop)["failed"] == 0
    shop.work()
    [first] = [p for p in shop.purchases() if p["buyer_id"] == "user_0"]
    assert first["status"] == "refunded"


# ------------------------------------------------------------ parts of one purchase


def test_one_bad_refund_keeps_neither_the_others_nor_the_receipt_waiting(
    shop: Shop,
) -> None:
    [purchase] = bought(shop, ["user_0"]).values()
    intent = purchase["stripe_payment_intent_id"]
    for _ in range(3):
        shop.stripe.post("/v1/refunds", payment_intent=intent, amount="1")
    [bad, *good] = shop.stripe.sandbox.store.all("refund")
    pending = {
        refund["id"]: {
            "id": refund["id"],
            "amount": 1,
            "status": "pending",
            "created_at": purchase["purchased_at"],
        }
        for refund in (bad, *good)
    }
    change(shop, "PurchasesTable", purchase["id"], refunds=pending)
    bad["amount"] = "much"

    assert run(shop)["failed"] == 1

    found = shop.aws.item("PurchasesTable", purchase["id"])
    assert {found["refunds"][r["id"]]["status"] for r in good} == {"succeeded"}
    assert "receipt" in found


def test_one_refund_that_stripe_fails_keeps_no_other_waiting(shop: Shop) -> None:
    [purchase] = bought(shop, ["user_0"]).values()
    refunds = "POST /api/purchases/{id}/refund"
    shop.stripe.sandbox.faults.add(Fault("POST", "/v1/refunds", status=500, times=4))
    for key in ("the first of two refunds", "the second of two refunds"):
        answer = shop.call(
            refunds,
            {"amountCents": 100},
            buyer="operator_1",
            groups="payments-admin",
            path={"id": purchase["id"]},
            headers={"idempotency-key": key},
        )
        assert answer.status == 502
    # Of the two that reconcile asks for, the first fails once more.
    shop.stripe.sandbox.faults.add(Fault("POST", "/v1/refunds", status=500, times=2))

    assert run(shop)["failed"] == 1

    found = shop.aws.item("PurchasesTable", purchase["id"])
    assert len(found["refunds"]) == 1
    assert "receipt" in found


# ------------------------------------------------------------ every id is found


@pytest.mark.parametrize("last", ["f", "Z", "g", "7"])
def test_a_purchase_of_any_id_is_swept(shop: Shop, clock: Traveller, last: str) -> None:
    """Money that came through another Stripe session is known by that session's id."""
    shop.create("content")
    shop.stripe.pay(stripe_id(shop))
    [event] = shop.stripe.events("checkout.session.completed")
    other = deepcopy(event)
    other["data"]["object"]["id"] = f"cs_test_other{last}"
    shop.deliver(other)
    [purchase] = shop.purchases()
    assert purchase["id"].endswith(last)

    clock.shift(MINUTES)
    reconcile(shop)

    [purchase] = shop.purchases()
    assert "receipt" in purchase
    assert "unresolved" not in purchase


@pytest.mark.parametrize("last", ["0", "Z", "g", "_"])
def test_a_purchase_that_was_indexed_by_its_last_character_is_swept(
    shop: Shop, clock: Traveller, last: str
) -> None:
    [purchase] = bought(shop, ["user_0"]).values()
    change(shop, "PurchasesTable", purchase["id"], unresolved=last)

    clock.shift(MINUTES)
    assert reconcile(shop) == 1

    assert "unresolved" not in shop.aws.item("PurchasesTable", purchase["id"])


def test_a_session_that_was_indexed_by_its_last_digit_is_swept(
    shop: Shop, clock: Traveller
) -> None:
    session = paid_unheard(shop, ["user_0"])["user_0"]
    change(shop, "PaymentSessionsTable", session["id"], unresolved=session["id"][-1])

    clock.shift(11 * MINUTES)
    assert reconcile(shop) == 1

    assert [p["buyer_id"] for p in shop.purchases()] == ["user_0"]


def test_what_is_postponed_moves_to_the_partition_of_its_hash(
    shop: Shop, clock: Traveller
) -> None:
    from checkout.tables.due import partition_of  # noqa: PLC0415

    [purchase] = bought(shop, ["user_0"]).values()
    missing_at_stripe(shop, purchase)
    change(shop, "PurchasesTable", purchase["id"], unresolved="Z")

    clock.shift(MINUTES)
    run(shop)

    kept = shop.aws.item("PurchasesTable", purchase["id"])
    assert kept["unresolved"] == partition_of(purchase["id"])
    assert datetime.fromisoformat(kept["due_at"]) > datetime.now(UTC) + timedelta(
        minutes=5
    )
