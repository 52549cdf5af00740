"""Reconcile meets what it cannot deal with: all the rest is dealt with all the same."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import count as counting
from typing import Any

import pytest
from time_machine import Traveller

from checkout.clients import stripe_api
from checkout.clients.stripe_connection import ListPage
from mocktill.faults import Fault
from tests.aws_calls import AwsCall, failing, intercepted, observed
from tests.crashes import crash_when_prepared
from tests.functional.test_reconcile import (
    DAYS,
    HOURS,
    MINUTES,
    START,
    asked,
    buy,
    reconcile,
    refund_in_dashboard,
    run,
)
from tests.lambda_events import Context
from tests.nullable import ABSENT
from tests.output import captured_log, metrics_in
from tests.shop import Shop

pytestmark = pytest.mark.frozen_at(START)
BUYERS = [f"user_{number}" for number in range(4)]
STATE = "reconcile#state"


def change(shop: Shop, table: str, item_id: str, **attributes: Any) -> None:
    shop.aws.put(table, shop.aws.item(table, item_id) | attributes)


def left_prepared(shop: Shop, buyers: list[str] = BUYERS) -> dict[str, dict[str, Any]]:
    """Let a crash leave a prepared session of each buyer, due now."""
    for buyer in buyers:
        crash_when_prepared(shop, buyer)
    return {session["buyer_id"]: session for session in shop.sessions()}


def paid_unheard(shop: Shop, buyers: list[str] = BUYERS) -> dict[str, dict[str, Any]]:
    """Let *buyers* pay while the webhook is dead; return the session of each."""
    for buyer in buyers:
        assert shop.create("content", buyer).status == 200
    sessions = {session["buyer_id"]: session for session in shop.sessions()}
    for buyer in buyers:
        shop.stripe.pay(sessions[buyer]["stripe_session_id"])
    return sessions


def refunded_in_another_version(
    shop: Shop, clock: Traveller, event_type: str = ""
) -> None:
    """Refund in the dashboard; its events are listed in a version that is not ours."""
    refund_in_dashboard(shop, buy(shop))
    for event in shop.stripe.sandbox.store.all("event"):
        if event["type"].startswith(event_type):
            event["api_version"] = "2020-08-27"
    clock.shift(2 * MINUTES)


def statuses(shop: Shop) -> dict[str, str]:
    return {p["buyer_id"]: p["status"] for p in shop.purchases()}


# ------------------------------------------------------------ due sessions


def unreadable_status(shop: Shop, session: dict[str, Any]) -> None:
    change(shop, "PaymentSessionsTable", session["id"], status="of 2031")


def unreadable_time(shop: Shop, session: dict[str, Any]) -> None:
    change(shop, "PaymentSessionsTable", session["id"], expires_at="long ago")


def unreadable_type(shop: Shop, session: dict[str, Any]) -> None:
    change(shop, "PaymentSessionsTable", session["id"], title=None)


def unreadable_request(shop: Shop, session: dict[str, Any]) -> None:
    change(shop, "PaymentSessionsTable", session["id"], stripe_request="{")


@pytest.mark.parametrize(
    "spoil", [unreadable_status, unreadable_time, unreadable_type, unreadable_request]
)
def test_a_bad_session_keeps_no_other_waiting(
    shop: Shop,
    clock: Traveller,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Shop, dict[str, Any]], None],
) -> None:
    """Invariant 13: the others are resolved by the first run, wherever it stands."""
    sessions = left_prepared(shop)
    spoil(shop, sessions["user_0"])
    clock.shift(11 * MINUTES)
    capsys.readouterr()

    assert run(shop)["failed"] == 1

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.reconcile.failed"] == 1
    found = {s["buyer_id"]: s["status"] for s in shop.sessions()}
    assert {found[buyer] for buyer in BUYERS[1:]} == {"expired"}
    assert run(shop)["failed"] == 0, "it is postponed"


def test_bad_sessions_do_not_crowd_out_the_good_ones(
    shop: Shop, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of them lead the queue of a partition."""
    monkeypatch.setattr("checkout.flows.check_due.MOST_AT_ONCE", 1)
    monkeypatch.setattr("checkout.tables.due.partition_of", lambda _id, _all: "0")
    sessions = left_prepared(shop)
    for buyer in BUYERS[1:]:
        unreadable_status(shop, sessions[buyer])
    clock.shift(11 * MINUTES)

    for _ in BUYERS:
        run(shop)

    found = {s["buyer_id"]: s["status"] for s in shop.sessions()}
    assert found["user_0"] == "expired"


def processing_without_an_id(shop: Shop, session: dict[str, Any]) -> None:
    without = {"status": "processing", "stripe_session_id": None}
    change(shop, "PaymentSessionsTable", session["id"], **without)


def open_without_an_id(shop: Shop, session: dict[str, Any]) -> None:
    change(shop, "PaymentSessionsTable", session["id"], stripe_session_id=None)


@pytest.mark.parametrize("spoil", [processing_without_an_id, open_without_an_id])
def test_a_session_without_the_id_that_it_must_have_is_alarmed(
    shop: Shop,
    clock: Traveller,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Shop, dict[str, Any]], None],
) -> None:
    """Invariant 11: it may be open at Stripe, so it does not count as expired."""
    shop.create("content")
    [session] = shop.sessions()
    spoil(shop, session)
    clock.shift(23 * HOURS + 11 * MINUTES)
    capsys.readouterr()

    assert run(shop)["failed"] == 1

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.reconcile.unexpected"] == 1


def test_a_session_that_cannot_be_postponed_keeps_no_other_waiting(
    shop: Shop, clock: Traveller
) -> None:
    sessions = left_prepared(shop)
    bad = {"id": {"S": sessions["user_0"]["id"]}}
    clock.shift(11 * MINUTES)

    with failing("UpdateItem", where=lambda call: call.parameters["Key"] == bad):
        assert run(shop)["failed"] == 1

    found = {s["buyer_id"]: s["status"] for s in shop.sessions()}
    assert {found[buyer] for buyer in BUYERS[1:]} == {"expired"}


def test_a_partition_that_cannot_be_read_is_left_out(
    shop: Shop, clock: Traveller
) -> None:
    purchase = buy(shop, "user_0")
    paid_unheard(shop, ["user_1"])
    refund_in_dashboard(shop, purchase)
    clock.shift(11 * MINUTES)

    with failing("Query"):
        assert run(shop)["failed"] > 16
    shop.work()

    assert statuses(shop) == {"user_0": "refunded", "user_1": "completed"}


# ------------------------------------------------------------ due purchases


def requested(shop: Shop, purchase: dict[str, Any]) -> None:
    """Let Stripe fail on a refund that an operator requests; it is due soon."""
    shop.stripe.sandbox.faults.add(Fault("POST", "/v1/refunds", status=500, times=2))
    answer = shop.call(
        "POST /api/purchases/{id}/refund",
        {},
        buyer="operator_1",
        groups="payments-admin",
        path={"id": purchase["id"]},
        headers={"idempotency-key": f"of {purchase['id']}, the first one"},
    )
    assert answer.status == 502


def unreadable_purchase(shop: Shop, purchase: dict[str, Any]) -> None:
    change(shop, "PurchasesTable", purchase["id"], purchased_at="long ago")


def unreadable_refunds(shop: Shop, purchase: dict[str, Any]) -> None:
    change(shop, "PurchasesTable", purchase["id"], refunds={"re_x": {"note": "ours"}})


def without_its_intent(shop: Shop, purchase: dict[str, Any]) -> None:
    change(shop, "PurchasesTable", purchase["id"], stripe_payment_intent_id=None)


def failing_at_stripe(shop: Shop, _purchase: dict[str, Any]) -> None:
    shop.stripe.sandbox.faults.add(Fault("GET", "/v1/refunds", status=500, times=2))


@pytest.mark.parametrize(
    "spoil",
    [unreadable_purchase, unreadable_refunds, without_its_intent, failing_at_stripe],
)
def test_a_bad_purchase_keeps_no_other_waiting(
    shop: Shop, clock: Traveller, spoil: Callable[[Shop, dict[str, Any]], None]
) -> None:
    """Invariant 10: what cannot be sent is neither passed over nor in the way."""
    purchases = {buyer: buy(shop, buyer) for buyer in BUYERS}
    for purchase in purchases.values():
        requested(shop, purchase)
    spoil(shop, shop.aws.item("PurchasesTable", purchases["user_0"]["id"]))
    clock.shift(3 * MINUTES)

    failed = run(shop)["failed"]

    assert failed >= 1
    refunded = [
        buyer for buyer, status in statuses(shop).items() if status == "refunded"
    ]
    assert len(refunded) == 3
    clock.shift(31 * MINUTES)
    assert run(shop)["checked"] >= 1, "it is tried again after half an hour"


def test_one_refund_that_stripe_fails_keeps_no_other_waiting(
    shop: Shop, clock: Traveller
) -> None:
    purchase = buy(shop)
    route = "POST /api/purchases/{id}/refund"
    shop.stripe.sandbox.faults.add(Fault("POST", "/v1/refunds", status=500, times=4))
    for key in ("the first of two refunds", "the second of two refunds"):
        answer = shop.call(
            route,
            {"amountCents": 100},
            buyer="operator_1",
            groups="payments-admin",
            path={"id": purchase["id"]},
            headers={"idempotency-key": key},
        )
        assert answer.status == 502
    # Of the two that reconcile asks for, the first fails once more.
    shop.stripe.sandbox.faults.add(Fault("POST", "/v1/refunds", status=500, times=2))
    clock.shift(3 * MINUTES)

    assert run(shop)["failed"] == 1

    found = shop.aws.item("PurchasesTable", purchase["id"])
    assert len(found["refunds"]) == 1
    assert "receipt" in found


# ------------------------------------------------------------ the cursors


@pytest.mark.parametrize(
    "broken",
    [
        {"until": "long ago"},
        {"untill": 1},
        {"until": 1, "first": 1, "last": "now"},
        {"until": 99_999_999_999},
        {"until": True},
        {"until": None},
        "1970",
    ],
)
def test_a_cursor_that_cannot_be_read_is_begun_anew(
    shop: Shop, clock: Traveller, broken: Any
) -> None:
    paid_unheard(shop, ["user_0"])
    change(shop, "PaymentSessionsTable", STATE, sessions=broken)
    clock.shift(2 * DAYS)

    reconcile(shop)

    assert statuses(shop) == {"user_0": "completed"}


def test_a_cursor_that_cannot_be_kept_is_kept_by_the_next_run(
    shop: Shop, clock: Traveller
) -> None:
    """Its events are queued once more, which changes nothing."""
    buy(shop, "user_0")
    paid_unheard(shop, ["user_1"])
    clock.shift(2 * MINUTES)

    def is_sessions_cursor(call: AwsCall) -> bool:
        return "#sessions" in str(call.parameters.get("UpdateExpression"))

    with failing("UpdateItem", where=is_sessions_cursor):
        assert run(shop)["failed"] == 1
    assert run(shop)["queued"] == 1
    shop.work()

    assert statuses(shop) == {"user_0": "completed", "user_1": "completed"}


def test_the_first_run_reads_three_days(shop: Shop, clock: Traveller) -> None:
    """As far back as Stripe itself repeats a delivery, an hour at a time."""
    paid_unheard(shop, ["user_0"])
    clock.shift(3 * DAYS - 5 * MINUTES)
    shop.forget_reconcile_runs()
    shop.stripe.sandbox.requests.clear()

    reconcile(shop)

    assert asked(shop, "/v1/events") == 2 * 72
    assert statuses(shop) == {"user_0": "completed"}
    clock.shift(5 * MINUTES)
    reconcile(shop)
    assert asked(shop, "/v1/events") == 2 * 73


def test_what_stripe_has_forgotten_is_given_up_and_reported(
    shop: Shop, clock: Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.shift(31 * DAYS)
    capsys.readouterr()

    with captured_log() as log:
        run(shop, Passing(shop, 3))

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.reconcile.unexpected"] == 4, "one for each list"
    assert "events_given_up" in log.getvalue()
    # It goes on with the oldest events that Stripe still has, an hour at a time.
    cursors = shop.aws.item("PaymentSessionsTable", STATE)
    read_until = datetime.fromtimestamp(cursors["money"]["until"], UTC)
    assert START + DAYS < read_until < START + 3 * DAYS


def test_an_outage_of_reconcile_itself_is_made_up_for(
    shop: Shop, clock: Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hour by hour, the oldest first; the lag says how far it is."""
    first = buy(shop, "user_0")
    refund_in_dashboard(shop, first)
    clock.shift(20 * HOURS)
    paid_unheard(shop, ["user_1"])
    clock.shift(9 * HOURS)
    capsys.readouterr()

    reconcile(shop)

    assert statuses(shop) == {"user_0": "refunded", "user_1": "completed"}
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.reconcile.money_lag"] == 60
    assert counted["payments.reconcile.sessions_lag"] == 60


class UntilStripeWasAsked(Context):
    """An invocation whose time is over once a list has been asked for."""

    def __init__(self, shop: Shop, path: str, times: int) -> None:
        super().__init__()
        self.shop, self.path, self.times = shop, path, times

    def get_remaining_time_in_millis(self) -> int:
        return 60_000 if asked(self.shop, self.path) >= self.times else 240_000


def many_events(shop: Shop, event: dict[str, Any], number: int) -> None:
    """Let Stripe have made *number* more events of the same kind as *event*."""
    for copy in range(number):
        another = deepcopy(event) | {"id": f"evt_copy{copy}"}
        shop.stripe.sandbox.store.add(another)


def test_a_list_that_breaks_off_is_continued_where_it_did(
    shop: Shop, clock: Traveller
) -> None:
    """A mark is left within the window, so that no page is read twice."""
    paid_unheard(shop, ["user_0"])
    [completed] = shop.stripe.events("checkout.session.completed")
    many_events(shop, completed, 250)
    clock.shift(2 * MINUTES)
    shop.stripe.sandbox.requests.clear()

    cut_off = run(shop, UntilStripeWasAsked(shop, "/v1/events", 3))
    assert cut_off["unfinished"]
    assert cut_off["queued"] == 200, "two pages, after the one of the money events"
    rest = run(shop)

    assert rest["queued"] == 51
    assert asked(shop, "/v1/events") == 4


def test_a_mark_that_stripe_has_forgotten_is_given_up(
    shop: Shop, clock: Traveller
) -> None:
    paid_unheard(shop, ["user_0"])
    now = int(START.timestamp())
    mark = {"until": now, "first": now - 60, "last": now + 60, "after": "evt_gone"}
    change(shop, "PaymentSessionsTable", STATE, sessions=mark)
    clock.shift(2 * MINUTES)

    reconcile(shop)

    assert statuses(shop) == {"user_0": "completed"}


# ------------------------------------------------------------ events


def test_an_event_that_cannot_be_compared_is_queued_as_it_is(
    shop: Shop, clock: Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invariants 4 and 13: the worker, its retries and its alarms deal with it."""
    sessions = paid_unheard(shop)
    shop.stripe.events("checkout.session.completed")
    for event in shop.stripe.sandbox.store.all("event"):
        stripe_object = event["data"]["object"]
        if stripe_object["id"] == sessions["user_0"]["stripe_session_id"]:
            stripe_object["payment_status"] = ["odd"]
    clock.shift(2 * MINUTES)
    capsys.readouterr()

    result = run(shop)

    assert result["queued"] == 4
    assert len(shop.work()) <= 1
    assert set(statuses(shop)) >= {*BUYERS[1:]}


ODD_DATA = ({}, None, [], {"object": None}, {"object": "cs_1"}, {"object": {"id": 5}})


def without_ids(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [event | {"id": None}, {n: v for n, v in event.items() if n != "id"}]


def without_object(data: Any) -> Callable[[dict[str, Any]], list[dict[str, Any]]]:
    return lambda event: [event | {"id": f"{event['id']}odd", "data": data}]


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(without_ids, id="without ids"),
        *(pytest.param(without_object(data), id=f"data={data}") for data in ODD_DATA),
    ],
)
def test_an_event_without_its_object_or_its_id_keeps_no_other_waiting(
    shop: Shop,
    clock: Traveller,
    monkeypatch: pytest.MonkeyPatch,
    odd: Callable[[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    purchase = buy(shop, "user_1")
    paid_unheard(shop, ["user_0"])
    refund_in_dashboard(shop, purchase)
    clock.shift(2 * MINUTES)
    whole = stripe_api.StripeApi.events_page

    def page_with_odd_events(*arguments: Any) -> ListPage:
        page = whole(*arguments)
        added = [each for event in page.members for each in odd(event)]
        return page._replace(members=[*added, *page.members])

    monkeypatch.setattr(stripe_api.StripeApi, "events_page", page_with_odd_events)

    run(shop)
    shop.work()

    assert statuses(shop) == {"user_0": "completed", "user_1": "refunded"}


def test_an_event_in_another_version_gets_its_object_in_ours(
    shop: Shop, clock: Traveller
) -> None:
    """Stripe lists an event in the version of its creation."""
    purchase = buy(shop, "user_1")
    paid_unheard(shop, ["user_0"])
    refund_in_dashboard(shop, purchase)
    for event in shop.stripe.sandbox.store.all("event"):
        event["api_version"] = "2020-08-27"
        if event["type"] == "charge.refunded":
            continue  # it says the same in every version
        # As if these fields had another meaning then.
        for name in ("amount", "amount_total"):
            if name in event["data"]["object"]:
                event["data"]["object"][name] = 1
    clock.shift(2 * MINUTES)
    shop.stripe.sandbox.requests.clear()

    reconcile(shop)

    assert statuses(shop) == {"user_0": "completed", "user_1": "refunded"}
    paths = [r["path"] for r in shop.stripe.sandbox.requests]
    assert any(path.startswith("/v1/checkout/sessions/cs_") for path in paths), paths
    assert any(path.startswith("/v1/refunds/re_") for path in paths)


def test_a_list_of_the_other_mode_is_alarmed_and_moves_no_cursor(
    shop: Shop, clock: Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    """The API key is of the other mode; with the right one, nothing is missing."""
    paid_unheard(shop, ["user_0"])
    events = list(shop.stripe.sandbox.store.all("event"))
    for event in events:
        event["livemode"] = True
    capsys.readouterr()
    for _ in range(3):
        clock.shift(5 * MINUTES)
        assert run(shop)["queued"] == 0
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.reconcile.unexpected"] >= 3

    for event in events:
        event["livemode"] = False
    clock.shift(5 * MINUTES)
    reconcile(shop)

    assert statuses(shop) == {"user_0": "completed"}


def test_an_object_that_stripe_has_no_time_to_return_ends_the_stream(
    shop: Shop, clock: Traveller
) -> None:
    """Its event is in another version: as it is, it may say something else."""
    refunded_in_another_version(shop, clock, "refund.")
    fault = Fault("GET", "/v1/refunds/", status=429, times=1)
    shop.stripe.sandbox.faults.add(fault)
    shop.stripe.sandbox.requests.clear()

    first = run(shop)

    assert first["unfinished"]
    assert first["queued"] == 0
    asked_for = [r["path"] for r in shop.stripe.sandbox.requests]
    assert sum(path.startswith("/v1/refunds/") for path in asked_for) == 1
    reconcile(shop)
    assert statuses(shop) == {"user_1": "refunded"}


@pytest.mark.parametrize("status", [404, 500])
def test_an_object_that_stripe_cannot_return_leaves_the_event_as_it_is(
    shop: Shop, clock: Traveller, status: int
) -> None:
    """It must not keep those after it waiting, however long Stripe fails at it."""
    refunded_in_another_version(shop, clock)
    fault = Fault("GET", "/v1/refunds/", status=status, times=9)
    shop.stripe.sandbox.faults.add(fault)

    reconcile(shop)

    assert statuses(shop) == {"user_1": "refunded"}


def test_a_money_event_of_an_unknown_payment_is_queued_once(
    shop: Shop, clock: Traveller
) -> None:
    """The worker asks Stripe whose it is; the overlap of an hour does not repeat it."""
    purchase = buy(shop)
    refund_in_dashboard(shop, purchase)
    for event in shop.stripe.sandbox.store.all("event"):
        if event["type"].startswith(("refund.", "charge.refunded")):
            event["data"]["object"]["payment_intent"] = "pi_of_another_application"
    queued = []
    for _ in range(6):
        clock.shift(5 * MINUTES)
        queued.append(run(shop)["queued"])

    assert queued[0] > 0
    assert queued[1:] == [0] * 5


def test_of_many_unknown_money_events_the_newest_are_remembered(
    shop: Shop, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stay within the overlap for the longest time."""
    monkeypatch.setattr("checkout.flows.compare_money_events.MOST_QUEUED_IDS", 3)
    purchase = buy(shop)
    refund_in_dashboard(shop, purchase)
    [created] = shop.stripe.events("refund.created")
    shop.stripe.forget_events()
    start = int(START.timestamp())
    for number in range(10):
        foreign = deepcopy(created) | {"id": f"evt_{number}", "created": start + number}
        foreign["data"]["object"]["payment_intent"] = "pi_of_another_application"
        shop.stripe.sandbox.store.add(foreign)
    clock.shift(2 * MINUTES)
    assert run(shop)["queued"] == 10

    kept = shop.aws.item("PaymentSessionsTable", "reconcile#queued#money")["ids"]

    assert [name.partition("#")[2] for name in kept] == ["evt_7", "evt_8", "evt_9"]


# ------------------------------------------------------------ the queue


def test_an_event_that_the_queue_does_not_take_is_sent_by_the_next_run(
    shop: Shop, clock: Traveller
) -> None:
    """Invariant 4: the page is read again, and the other streams go on."""
    purchase = buy(shop, "user_0")
    refund_in_dashboard(shop, purchase)
    paid_unheard(shop, ["user_1"])
    clock.shift(2 * MINUTES)

    def is_completed(call: AwsCall) -> bool:
        return "session.completed" in str(call.parameters["Entries"])

    with failing("SendMessageBatch", where=is_completed):
        assert run(shop)["failed"] == 1
    shop.work()
    assert statuses(shop) == {"user_0": "refunded"}

    assert run(shop)["failed"] == 0
    shop.work()
    assert statuses(shop) == {"user_0": "refunded", "user_1": "completed"}


def test_an_event_that_the_queue_will_never_take_stops_nothing(
    shop: Shop, clock: Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    paid_unheard(shop)
    clock.shift(2 * MINUTES)
    capsys.readouterr()

    def refuse_the_first(call: AwsCall) -> Any:
        if call.operation != "SendMessageBatch":
            return call.answer()
        first, *others = call.parameters["Entries"]
        call.parameters["Entries"] = others
        failed = {"Id": first["Id"], "SenderFault": True, "Code": "Invalid"}
        return call.answer() | {"Failed": [failed]}

    with intercepted(refuse_the_first):
        assert run(shop)["failed"] == 0
    shop.work()

    assert len(statuses(shop)) == 3
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.reconcile.unexpected"] == 1
    state = shop.aws.item("PaymentSessionsTable", STATE)
    assert "after" not in state["sessions"]


# ------------------------------------------------------------ Stripe


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_stripe_that_fails_ends_the_stream_and_the_next_run_continues(
    shop: Shop, clock: Traveller, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    purchase = buy(shop, "user_0")
    refund_in_dashboard(shop, purchase)
    paid_unheard(shop, ["user_1"])
    clock.shift(2 * MINUTES)
    fault = Fault("GET", "/v1/events", status=status, times=1 if status == 429 else 2)
    shop.stripe.sandbox.faults.add(fault)
    capsys.readouterr()

    first = run(shop)

    assert first["failed"] == 1
    assert first["unfinished"]
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.reconcile.money_lag"] == 120
    shop.work()
    assert statuses(shop) == {"user_0": "completed", "user_1": "completed"}
    reconcile(shop)
    assert statuses(shop)["user_0"] == "refunded"


@pytest.mark.parametrize("status", [429, 500])
def test_a_stripe_that_fails_at_a_page_mark_loses_no_page_and_reads_none_twice(
    shop: Shop, clock: Traveller, status: int
) -> None:
    paid_unheard(shop, ["user_0"])
    [completed] = shop.stripe.events("checkout.session.completed")
    many_events(shop, completed, 250)
    clock.shift(2 * MINUTES)
    shop.stripe.sandbox.requests.clear()
    run(shop, UntilStripeWasAsked(shop, "/v1/events", 3))
    fault = Fault("GET", "/v1/events", status=status, times=1 if status == 429 else 2)
    mark = shop.aws.item("PaymentSessionsTable", STATE)["sessions"]
    assert "after" in mark
    # The list of money is asked for first.
    change(shop, "PaymentSessionsTable", STATE, money={"until": mark["last"]})
    shop.stripe.sandbox.faults.add(fault)

    failed = run(shop)

    assert failed["failed"] == 1
    assert failed["queued"] == 0
    assert shop.aws.item("PaymentSessionsTable", STATE)["sessions"] == mark
    assert run(shop)["queued"] == 51


def test_a_window_that_was_cut_does_not_spare_the_next_its_overlap(
    shop: Shop, clock: Traveller
) -> None:
    """Invariant 12: an event is listed late, just when a run is cut off."""
    paid_unheard(shop, ["user_0", "user_1"])
    [first, late] = shop.stripe.events("checkout.session.completed")
    start = int(START.timestamp())
    late["created"] = start + 55
    store = shop.stripe.sandbox.store
    store.remove("event", late["id"])
    many_events(shop, first, 110)
    clock.shift(2 * MINUTES)
    shop.stripe.sandbox.requests.clear()
    cut_off = run(shop, UntilStripeWasAsked(shop, "/v1/events", 2))
    assert cut_off["unfinished"]
    store.add(late)

    for _ in range(2):
        clock.shift(5 * MINUTES)
        reconcile(shop)

    assert statuses(shop) == {"user_0": "completed", "user_1": "completed"}


def test_too_many_requests_end_a_stage_at_once(shop: Shop, clock: Traveller) -> None:
    """Each request more would be refused as well, and would delay the buyers' own."""
    left_prepared(shop, [f"user_{number}" for number in range(30)])
    clock.shift(11 * MINUTES)
    path = "/v1/checkout/sessions"
    shop.stripe.sandbox.faults.add(Fault("POST", path, status=429, times=99))
    shop.stripe.sandbox.requests.clear()

    result = run(shop)

    assert result["unfinished"]
    assert asked(shop, path) == 1


def test_a_refund_that_is_requested_while_reconcile_looks_is_not_put_off(
    shop: Shop, clock: Traveller
) -> None:
    """Its change says when the purchase is due, not what reconcile saw before."""
    purchase = buy(shop)
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.control("charges", intent, "dispute")
    [dispute] = shop.stripe.sandbox.store.all("dispute")
    dispute["status"] = "warning_needs_response"
    [event] = shop.stripe.events("charge.dispute.created")
    event["data"]["object"]["status"] = "warning_needs_response"
    shop.deliver(event)
    clock.shift(25 * HOURS)
    shop.note_a_reconcile_run()
    pressed = False

    def press(call: AwsCall) -> Any:
        nonlocal pressed
        answer = call.answer()
        is_read = call.operation == "GetItem" and purchase["id"] in str(call.parameters)
        if is_read and not pressed:
            pressed = True
            requested(shop, purchase)
        return answer

    with intercepted(press):
        run(shop)

    assert pressed
    due_at = shop.aws.item("PurchasesTable", purchase["id"])["due_at"]
    assert datetime.fromisoformat(due_at) <= datetime.now(UTC) + 2 * MINUTES


def test_a_receipt_whose_write_fails_is_written_by_the_next_run(
    shop: Shop, clock: Traveller
) -> None:
    buy(shop)
    clock.shift(5 * HOURS)

    with failing("TransactWriteItems", error="InternalServerError"):
        assert run(shop)["failed"] >= 1
    reconcile(shop)

    assert "receipt" in shop.purchases()[0]


def test_a_key_without_a_permission_is_alarmed_and_the_rest_goes_on(
    shop: Shop, clock: Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    paid_unheard(shop, ["user_0"])
    clock.shift(2 * MINUTES)
    shop.stripe.sandbox.faults.add(
        Fault("GET", "/v1/balance_transactions", status=403, times=2)
    )
    capsys.readouterr()

    run(shop)
    shop.work()

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.stripe.denied"] == 2
    assert statuses(shop) == {"user_0": "completed"}


class Passing(Context):
    """An invocation of four minutes, of which each request to Stripe takes seconds."""

    def __init__(self, shop: Shop, seconds: int) -> None:
        super().__init__()
        self.shop, self.seconds = shop, seconds
        self.before = len(shop.stripe.sandbox.requests)

    def get_remaining_time_in_millis(self) -> int:
        asked_for = len(self.shop.stripe.sandbox.requests) - self.before
        return 240_000 - asked_for * self.seconds * 1000


def test_no_stage_takes_the_time_of_another(shop: Shop, clock: Traveller) -> None:
    """A flood of session events leaves time for money, for due items and receipts."""
    purchase = buy(shop, "user_0")
    refund_in_dashboard(shop, purchase)
    crash_when_prepared(shop)
    [completed] = shop.stripe.events("checkout.session.completed")
    many_events(shop, completed, 3_000)
    clock.shift(11 * MINUTES)

    result = run(shop, Passing(shop, 8))
    shop.work()

    assert result["unfinished"]
    assert statuses(shop) == {"user_0": "refunded"}
    [prepared] = [s for s in shop.sessions() if s["buyer_id"] == "user_1"]
    assert prepared["status"] == "expired"
    assert "receipt" in shop.purchases()[0]


def test_requested_refunds_come_before_all_else(shop: Shop, clock: Traveller) -> None:
    purchase = buy(shop, "user_0")
    requested(shop, purchase)
    crash_when_prepared(shop)
    clock.shift(11 * MINUTES)
    shop.stripe.sandbox.requests.clear()

    run(shop)

    paths = [r["path"] for r in shop.stripe.sandbox.requests]
    assert paths[:2] == ["/v1/refunds", "/v1/refunds"]


# ------------------------------------------------------------ other stacks


def of_another_stack(shop: Shop, stack: str | None) -> dict[str, Any]:
    """Return the event of a payment whose session has no record here."""
    paid_unheard(shop, ["user_0"])
    [session] = shop.sessions()
    table = shop.aws.tables["PaymentSessionsTable"]
    for key in (session["id"], session["stripe_session_id"]):
        shop.aws.dynamodb.delete_item(TableName=table, Key={"id": {"S": key}})
    [event] = [
        e
        for e in shop.stripe.sandbox.store.all("event")
        if e["type"] == "checkout.session.completed"
    ]
    if stack:
        event["data"]["object"]["metadata"]["stack"] = stack
    return event


def test_a_payment_of_another_stack_is_foreign(
    shop: Shop, clock: Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invariant 15: two stacks share a Stripe account."""
    event = of_another_stack(shop, "0123456789ab")
    clock.shift(2 * MINUTES)
    capsys.readouterr()

    assert run(shop)["queued"] == 0
    shop.deliver(event)

    assert shop.purchases() == []
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.events.foreign"] == 2


def test_a_payment_of_ours_without_a_record_is_quarantined_once(
    shop: Shop, clock: Traveller, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invariant 4: the table was restored, say, to a time before the session."""
    event = of_another_stack(shop, None)
    clock.shift(2 * MINUTES)
    capsys.readouterr()

    assert reconcile(shop)["queued"] == 1
    for _ in range(3):
        clock.shift(30 * timedelta(seconds=1))
        assert reconcile(shop)["queued"] == 0
    shop.deliver(event)

    [purchase] = shop.purchases()
    assert purchase["status"] == "quarantined"
    assert purchase["quarantine_reason"] == "session_lost"
    assert purchase["amount"] == 999
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.checkout.quarantined"] == 1


def test_a_payment_of_another_application_is_not_even_looked_up(
    shop: Shop, clock: Traveller
) -> None:
    paid_unheard(shop, ["user_0"])
    for event in shop.stripe.sandbox.store.all("event"):
        event["data"]["object"] |= {"metadata": {"order": "5"}}
        event["data"]["object"] |= {"client_reference_id": "order_5"}
    clock.shift(2 * MINUTES)

    with observed() as calls:
        assert run(shop)["queued"] == 0

    sessions = shop.aws.tables["PaymentSessionsTable"]
    read = [call for call in calls if call.operation == "BatchGetItem"]
    assert not [call for call in read if sessions in call.parameters["RequestItems"]]


# ------------------------------------------------------------ the webhook endpoint


def watched(shop: Shop) -> None:
    """Let the next run check the endpoint."""
    change(shop, "PaymentSessionsTable", STATE, endpoint_checked_at=None)


def make_endpoint(shop: Shop, **changes: Any) -> str:
    from checkout.clients.stripe_connection import api_version  # noqa: PLC0415
    from checkout.domain.stripe_events import FROM_STRIPE  # noqa: PLC0415

    form = {
        "url": shop.values["OtherWebhookUrls"],
        "api_version": api_version(),
        "enabled_events[]": sorted(FROM_STRIPE),
    }
    return str(shop.stripe.post("/v1/webhook_endpoints", **form | changes)["id"])


def wrong(shop: Shop, capsys: pytest.CaptureFixture[str]) -> int:
    watched(shop)
    capsys.readouterr()
    run(shop)
    counted = metrics_in(capsys.readouterr().out)
    return counted.get("payments.webhook_endpoint.wrong", 0)


@pytest.mark.parametrize(
    "url",
    [
        "http://webhook.example.test",
        "https://url.example.test/",
        "https://url.example.test/stripe?from=stripe",
        "https://URL.example.test:443/",
        "https://api.execute-api.eu-west-1.amazonaws.com/webhook",
        "https://api.execute-api.eu-west-1.amazonaws.com/payments/webhooks/stripe",
    ],
)
def test_any_address_of_the_stack_will_do(
    shop: Shop, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    make_endpoint(shop, url=url)

    assert wrong(shop, capsys) == 0


def test_with_a_domain_it_is_the_apis_only_address(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.values["DomainName"] = "pay.example.test"
    old = "https://api.execute-api.eu-west-1.amazonaws.com/webhook"
    make_endpoint(shop, url=old)
    assert wrong(shop, capsys) == 1

    make_endpoint(shop, url="https://pay.example.test/webhooks/stripe")
    assert wrong(shop, capsys) == 0


def test_two_endpoints_of_which_one_is_right_are_right(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    make_endpoint(shop)
    old = make_endpoint(shop)
    shop.stripe.post(f"/v1/webhook_endpoints/{old}", disabled="true")

    assert wrong(shop, capsys) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "https://another.example.test/"},
        {"api_version": "2020-08-27"},
        {"enabled_events[]": ["checkout.session.completed"]},
    ],
)
def test_an_endpoint_that_loses_events_is_alarmed(
    shop: Shop, capsys: pytest.CaptureFixture[str], changes: dict[str, Any]
) -> None:
    make_endpoint(shop, **changes)

    assert wrong(shop, capsys) == 1


def test_an_endpoint_that_is_disabled_or_deleted_is_alarmed(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_endpoint(shop)
    shop.stripe.post(f"/v1/webhook_endpoints/{made}", disabled="true")
    assert wrong(shop, capsys) == 1

    shop.stripe.delete(f"/v1/webhook_endpoints/{made}")
    assert wrong(shop, capsys) == 1


def test_the_endpoint_is_checked_once_an_hour(shop: Shop, clock: Traveller) -> None:
    watched(shop)
    for _ in counting(0):
        run(shop)
        if clock.shift(5 * MINUTES) or datetime.now(UTC) >= START + 3 * HOURS:
            break

    assert asked(shop, "/v1/webhook_endpoints") == 3


def test_an_endpoint_that_may_not_be_listed_is_unknown(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.stripe.sandbox.faults.add(Fault("GET", "/v1/webhook_endpoints", status=403))
    watched(shop)
    capsys.readouterr()

    assert run(shop)["failed"] == 0

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.webhook_endpoint.unknown"] == 1
    assert "payments.webhook_endpoint.wrong" not in counted


def test_the_watch_can_be_turned_off(shop: Shop) -> None:
    shop.values["WebhookEndpointCheck"] = "off"
    watched(shop)

    run(shop)

    assert asked(shop, "/v1/webhook_endpoints") == 0


@pytest.mark.parametrize("stripe_id", [None, 5, [], ABSENT])
def test_an_event_whose_object_has_no_id_keeps_no_other_waiting(
    shop: Shop, clock: Traveller, stripe_id: object
) -> None:
    """Invariant 13: its object would be retrieved, since its version is another."""
    purchase = buy(shop, "user_0")
    shop.stripe.stop_webhook()
    refund_in_dashboard(shop, purchase)
    bad = deepcopy(shop.stripe.events("refund.created")[0])
    bad |= {"id": "evt_bad", "api_version": "2020-08-27"}
    bad["data"]["object"] |= {"payment_intent": "pi_of_another"}
    bad["data"]["object"]["id"] = stripe_id
    if stripe_id is ABSENT:
        del bad["data"]["object"]["id"]
    shop.stripe.sandbox.store.add(bad)
    clock.shift(5 * MINUTES)

    run(shop)
    shop.work()

    assert statuses(shop) == {"user_0": "refunded"}


def test_sessions_that_are_due_leave_time_for_purchases(
    shop: Shop, clock: Traveller
) -> None:
    """A Stripe that was busy has left many sessions prepared; a refund is pending."""
    purchase = buy(shop, "user_0")
    refund_in_dashboard(shop, purchase)
    [refund] = shop.stripe.sandbox.store.all("refund")
    refund["status"] = "pending"
    [event] = shop.stripe.events("refund.created")
    event["data"]["object"]["status"] = "pending"
    shop.deliver(event)
    shop.stripe.forget_events()
    left_prepared(shop, [f"user_{number}" for number in range(10, 70)])
    clock.shift(2 * HOURS)
    shop.stripe.sandbox.requests.clear()

    assert run(shop, Passing(shop, 8))["unfinished"]

    assert asked(shop, "/v1/refunds") == 1
