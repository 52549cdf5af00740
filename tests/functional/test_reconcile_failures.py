"""The sweep meets what it cannot deal with: all the rest is dealt with all the same."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from local.stripe_sandbox.faults import Fault
from tests.functional.test_reconcile import HOURS, MINUTES, START, run, stripe_id, sweep
from tests.output import metrics_in
from tests.shop import Shop

BUYERS = [f"user_{number}" for number in range(4)]


@pytest.fixture
def time() -> Iterator[Any]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def shop(time: Any, shop: Shop) -> Shop:  # noqa: ARG001 - first of all, the time
    """Open the shop at a time that only the test moves."""
    shop.load_samples()
    return shop


def paid_unheard(shop: Shop, buyers: list[str] = BUYERS) -> dict[str, dict[str, Any]]:
    """Let *buyers* pay while the webhook is dead; return the session of each."""
    for buyer in buyers:
        assert shop.create("content", buyer).status == 200
    sessions = {session["buyer_id"]: session for session in shop.sessions()}
    for buyer in buyers:
        shop.pay(sessions[buyer]["stripe_session_id"])
    return sessions


def bought(shop: Shop, buyers: list[str] = BUYERS) -> dict[str, dict[str, Any]]:
    """Let *buyers* buy; return the purchase of each, whose receipt is due now."""
    paid_unheard(shop, buyers)
    shop.deliver()
    return {purchase["buyer_id"]: purchase for purchase in shop.purchases()}


def change(shop: Shop, table: str, item_id: str, **attributes: Any) -> None:
    from checkout.tables.item import to_item  # noqa: PLC0415 - frozen time is read late

    item = shop.item(table, item_id) | attributes
    shop.dynamodb.put_item(TableName=shop.tables[table], Item=to_item(item))


def failing(
    monkeypatch: pytest.MonkeyPatch, fails: Callable[[str, dict[str, Any]], bool]
) -> None:
    """Let AWS refuse the calls of which *fails* says so."""
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001

    def checked(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if fails(operation, parameters):
            error = {"Code": "InternalServerError", "Message": "as the test wants it"}
            raise ClientError({"Error": error}, operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", checked)


# ------------------------------------------------------------ sessions and purchases


def unreadable_status(shop: Shop, session: dict[str, Any]) -> None:
    change(shop, "PaymentSessionsTable", session["id"], status="of 2031")


def unreadable_time(shop: Shop, session: dict[str, Any]) -> None:
    change(shop, "PaymentSessionsTable", session["id"], created_at="long ago")


def unreadable_type(shop: Shop, session: dict[str, Any]) -> None:
    change(shop, "PaymentSessionsTable", session["id"], title=None)


def unreadable_at_stripe(shop: Shop, session: dict[str, Any]) -> None:
    del shop.stripe.checkouts[session["stripe_session_id"]].session["payment_intent"]
    del shop.stripe.checkouts[session["stripe_session_id"]].session["status"]


def refused_by_stripe(shop: Shop, session: dict[str, Any]) -> None:
    path = f"/v1/checkout/sessions/{session['stripe_session_id']}"
    shop.stripe.faults.add(Fault("GET", path, status=400, times=99))


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
    time: Any,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Shop, dict[str, Any]], None],
) -> None:
    """Invariant 13: the others are recorded by the first run, wherever it stands."""
    sessions = paid_unheard(shop)
    spoil(shop, sessions["user_0"])
    time.shift(11 * MINUTES)
    capsys.readouterr()

    answer = run(shop)

    assert answer == {"looked_at": 4, "failed": 1}
    assert metrics_in(capsys.readouterr().out)["payments.sweep.failed"] == 1
    shop.work()
    assert {p["buyer_id"] for p in shop.purchases()} == {*BUYERS[1:]}


def test_a_bad_session_is_postponed(shop: Shop, time: Any) -> None:
    """It must not be the first of its partition again, before those that are good."""
    session = paid_unheard(shop, ["user_0"])["user_0"]
    unreadable_status(shop, session)
    time.shift(11 * MINUTES)
    assert run(shop) == {"looked_at": 1, "failed": 1}

    assert run(shop) == {"looked_at": 0, "failed": 0}

    change(shop, "PaymentSessionsTable", session["id"], status="open")
    time.shift(61 * MINUTES)
    sweep(shop)
    assert [p["buyer_id"] for p in shop.purchases()] == ["user_0"]


def test_bad_sessions_do_not_crowd_out_the_good_ones(
    shop: Shop, time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of them lead the queue of a partition."""
    monkeypatch.setattr("checkout.reconcile.MOST_AT_ONCE", 1)
    monkeypatch.setattr("checkout.tables.due.partition_of", lambda _id: "0")
    sessions = paid_unheard(shop)
    for buyer in BUYERS[1:]:
        unreadable_status(shop, sessions[buyer])
    time.shift(11 * MINUTES)

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
    shop.stripe.faults.add(Fault("GET", path, status=404, times=99))


def odd_at_stripe(shop: Shop, purchase: dict[str, Any]) -> None:
    intent = purchase["stripe_payment_intent_id"]
    [charge] = [
        c for c in shop.stripe.store.all("charge") if c["payment_intent"] == intent
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

    assert answer == {"looked_at": 4, "failed": 1}
    assert metrics_in(capsys.readouterr().out)["payments.sweep.failed"] == 1
    without = [p["buyer_id"] for p in shop.purchases() if "receipt" not in p]
    assert without == ["user_0"]
    assert run(shop) == {"looked_at": 0, "failed": 0}, "it is postponed"


# ------------------------------------------------------------ AWS itself


def test_a_partition_that_cannot_be_read_is_left_out(
    shop: Shop, time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought(shop, ["user_0"])
    paid_unheard(shop, ["user_1"])
    time.shift(11 * MINUTES)
    sessions = shop.tables["PaymentSessionsTable"]
    failing(
        monkeypatch,
        lambda operation, parameters: (
            operation == "Query" and parameters["TableName"] == sessions
        ),
    )

    answer = run(shop)

    assert answer == {"looked_at": 1, "failed": 16}
    [purchase] = shop.purchases()
    assert "receipt" in purchase


def test_a_session_that_cannot_be_postponed_keeps_no_other_waiting(
    shop: Shop, time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = paid_unheard(shop)
    bad = {"id": {"S": sessions["user_0"]["id"]}}
    time.shift(11 * MINUTES)
    failing(
        monkeypatch,
        lambda operation, parameters: (
            operation == "UpdateItem" and parameters["Key"] == bad
        ),
    )

    answer = run(shop)

    assert answer == {"looked_at": 4, "failed": 1}
    shop.work()
    assert {p["buyer_id"] for p in shop.purchases()} == {*BUYERS[1:]}


@pytest.mark.parametrize("operation", ["GetItem", "PutItem"])
def test_a_bookmark_that_cannot_be_kept_stops_neither_sessions_nor_purchases(
    shop: Shop, time: Any, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    bought(shop, ["user_0"])
    paid_unheard(shop, ["user_1"])
    time.shift(11 * MINUTES)
    failing(
        monkeypatch,
        lambda called, parameters: (
            called == operation and "sweep#undelivered" in str(parameters)
        ),
    )

    answer = run(shop)

    assert answer == {"looked_at": 2, "failed": 1}
    shop.work()
    assert {p["buyer_id"] for p in shop.purchases()} == {"user_0", "user_1"}
    [purchase] = [p for p in shop.purchases() if p["buyer_id"] == "user_0"]
    assert "receipt" in purchase


# ------------------------------------------------------------ events and their windows


def refunded_unheard(shop: Shop, purchase: dict[str, Any]) -> None:
    """Give a purchase back in Stripe's dashboard, while the webhook is dead."""
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe_post("/v1/refunds", payment_intent=intent)


def refuse(monkeypatch: pytest.MonkeyPatch, purchase: dict[str, Any]) -> None:
    """Let SQS refuse what tells of one payment, as it does above a mebibyte."""
    intent = purchase["stripe_payment_intent_id"]
    failing(
        monkeypatch,
        lambda operation, parameters: (
            operation == "SendMessage" and intent in parameters["MessageBody"]
        ),
    )


def test_an_event_that_the_queue_refuses_keeps_no_other_waiting(
    shop: Shop,
    time: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither the events before it and after it, nor the windows, nor the purchases."""
    purchases = bought(shop, BUYERS[:3])
    sweep(shop)
    shop.stop_webhook()
    refunded_unheard(shop, purchases["user_0"])
    time.shift(MINUTES)
    refunded_unheard(shop, purchases["user_1"])
    time.shift(3 * HOURS)
    refunded_unheard(shop, purchases["user_2"])
    time.shift(11 * MINUTES)
    capsys.readouterr()
    refuse(monkeypatch, purchases["user_1"])

    failed = run(shop)["failed"]

    assert failed > 0
    assert metrics_in(capsys.readouterr().out)["payments.sweep.failed"] == failed
    shop.work()
    statuses = {p["buyer_id"]: p["status"] for p in shop.purchases()}
    assert statuses == {
        "user_0": "refunded",
        "user_1": "completed",
        "user_2": "refunded",
    }


def test_an_event_that_failed_is_fetched_again(
    shop: Shop, time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 4: it is not forgotten when the windows after it are done."""
    [purchase] = bought(shop, ["user_0"]).values()
    sweep(shop)
    shop.stop_webhook()
    refunded_unheard(shop, purchase)
    time.shift(11 * MINUTES)
    with monkeypatch.context() as patch:
        refuse(patch, purchase)
        for _ in range(3):
            assert run(shop)["failed"] > 0
            time.shift(2 * HOURS)

    assert run(shop)["failed"] == 0
    shop.work()
    assert [p["status"] for p in shop.purchases()] == ["refunded"]
    assert run(shop)["failed"] == 0
    assert shop.messages() == [], "fetched once, and not again and again"


def test_a_window_that_fails_is_fetched_again_and_the_next_ones_now(
    shop: Shop, time: Any
) -> None:
    purchases = bought(shop, BUYERS[:2])
    sweep(shop)
    shop.stop_webhook()
    refunded_unheard(shop, purchases["user_0"])
    time.shift(2 * HOURS)
    refunded_unheard(shop, purchases["user_1"])
    time.shift(11 * MINUTES)
    # The SDK asks once more, so twice is once.
    shop.stripe.faults.add(Fault("GET", "/v1/events", status=500, times=2))

    assert run(shop)["failed"] == 1
    shop.work()
    statuses = {p["buyer_id"]: p["status"] for p in shop.purchases()}
    assert statuses == {"user_0": "completed", "user_1": "refunded"}

    assert run(shop)["failed"] == 0
    shop.work()
    assert {p["status"] for p in shop.purchases()} == {"refunded"}


def test_stripe_is_not_asked_for_every_window_while_it_fails(
    shop: Shop, time: Any
) -> None:
    """Its time-outs would take the time that the purchases need."""
    [purchase] = bought(shop, ["user_0"]).values()
    sweep(shop)
    shop.stop_webhook()
    refunded_unheard(shop, purchase)
    shop.stripe.faults.add(Fault("GET", "/v1/events", status=500, times=99))
    for _ in range(2):
        time.shift(5 * HOURS)
        assert run(shop)["failed"] == 3
    shop.stripe.faults.clear()

    assert run(shop)["failed"] == 0
    shop.work()

    assert [p["status"] for p in shop.purchases()] == ["refunded"]


def test_the_queue_that_takes_nothing_loses_nothing(
    shop: Shop, time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    purchases = bought(shop)
    sweep(shop)
    shop.stop_webhook()
    for purchase in purchases.values():
        refunded_unheard(shop, purchase)
        time.shift(MINUTES)
    time.shift(11 * MINUTES)
    with monkeypatch.context() as patch:
        failing(patch, lambda operation, _: operation == "SendMessage")
        assert run(shop)["failed"] > 0

    assert run(shop)["failed"] == 0
    shop.work()

    assert {p["status"] for p in shop.purchases()} == {"refunded"}


# ------------------------------------------------------------ every id is found


@pytest.mark.parametrize("last", ["f", "Z", "g", "7"])
def test_a_purchase_of_any_id_is_swept(shop: Shop, time: Any, last: str) -> None:
    """Money that came through another Stripe session is known by that session's id."""
    shop.create("content")
    shop.pay(stripe_id(shop))
    [event] = shop.events("checkout.session.completed")
    other = deepcopy(event)
    other["data"]["object"]["id"] = f"cs_test_other{last}"
    shop.deliver(other)
    [purchase] = shop.purchases()
    assert purchase["id"].endswith(last)

    time.shift(MINUTES)
    sweep(shop)

    [purchase] = shop.purchases()
    assert "receipt" in purchase
    assert "unresolved" not in purchase


@pytest.mark.parametrize("last", ["0", "Z", "g", "_"])
def test_a_purchase_that_was_indexed_by_its_last_character_is_swept(
    shop: Shop, time: Any, last: str
) -> None:
    [purchase] = bought(shop, ["user_0"]).values()
    change(shop, "PurchasesTable", purchase["id"], unresolved=last)

    time.shift(MINUTES)
    assert sweep(shop) == 1

    assert "unresolved" not in shop.item("PurchasesTable", purchase["id"])


def test_a_session_that_was_indexed_by_its_last_digit_is_swept(
    shop: Shop, time: Any
) -> None:
    session = paid_unheard(shop, ["user_0"])["user_0"]
    change(shop, "PaymentSessionsTable", session["id"], unresolved=session["id"][-1])

    time.shift(11 * MINUTES)
    assert sweep(shop) == 1

    assert [p["buyer_id"] for p in shop.purchases()] == ["user_0"]


def test_what_is_postponed_moves_to_the_partition_of_its_hash(
    shop: Shop, time: Any
) -> None:
    from checkout.tables.due import partition_of  # noqa: PLC0415

    [purchase] = bought(shop, ["user_0"]).values()
    missing_at_stripe(shop, purchase)
    change(shop, "PurchasesTable", purchase["id"], unresolved="Z")

    time.shift(MINUTES)
    run(shop)

    kept = shop.item("PurchasesTable", purchase["id"])
    assert kept["unresolved"] == partition_of(purchase["id"])
    assert datetime.fromisoformat(kept["due_at"]) > datetime.now(UTC) + timedelta(
        minutes=5
    )
