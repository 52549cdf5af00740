"""The figures that the dashboards show: each purchase and each amount counts once."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import Traveller

from checkout.tables import transaction
from mocktill.faults import Fault
from tests.aws_calls import AwsCall, failing, intercepted
from tests.output import metric_lines_in, metrics_in
from tests.shop import PUBLISHED, Shop
from tests.stripe_side import CARD

PENDING_REFUNDS = "4000000000007726"
MINUTES = timedelta(minutes=1)
SOLD, RETURNED = "payments.money.sold", "payments.money.returned"
UNDELIVERED = "payments.events.undelivered"

type Printed = pytest.CaptureFixture[str]


def pay(shop: Shop, card: str = CARD) -> dict[str, Any]:
    """Pay for the sample content; return Stripe's event, which is not delivered."""
    assert shop.create("content").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"], card)
    return shop.stripe.events("checkout.session.completed")[-1]


def buy(shop: Shop, card: str = CARD) -> dict[str, Any]:
    shop.deliver(pay(shop, card))
    return shop.purchases()[-1]


def money_in(printed: str, metric: str) -> dict[str, int]:
    """Return what was counted in each currency."""
    found: dict[str, int] = {}
    for line in metric_lines_in(printed):
        if metric in line:
            currency = line["currency"]
            found[currency] = found.get(currency, 0) + int(sum(line[metric]))
    return found


# ------------------------------------------------------------ money


def test_a_sale_is_money_in_its_currency_once(shop: Shop, capsys: Printed) -> None:
    shop.change_offer(f"content#{PUBLISHED}", price={"amount": 500, "currency": "jpy"})
    event = json.dumps(pay(shop))
    capsys.readouterr()

    shop.work(event, event)
    shop.work(event)

    assert money_in(capsys.readouterr().out, SOLD) == {"jpy": 500}


def test_sales_in_two_currencies_are_never_added_up(
    shop: Shop, capsys: Printed
) -> None:
    pay(shop)
    shop.change_offer(f"content#{PUBLISHED}", price={"amount": 500, "currency": "jpy"})
    assert shop.create("content", "user_2").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    events = shop.stripe.events("checkout.session.completed")
    capsys.readouterr()

    shop.work(*map(json.dumps, events))

    printed = capsys.readouterr().out
    paid = {e["data"]["object"]["currency"]: e for e in events}
    assert money_in(printed, SOLD) == {
        currency: event["data"]["object"]["amount_total"]
        for currency, event in paid.items()
    }
    assert len(paid) == 2
    [namespace] = {
        directive["Namespace"]
        for line in metric_lines_in(printed)
        for directive in line["_aws"]["CloudWatchMetrics"]
    }
    assert namespace
    for line in metric_lines_in(printed):
        dimensions = line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
        wanted = {"service", "currency"} if SOLD in line else {"service"}
        assert [{*each} for each in dimensions] == [wanted]


def test_a_payment_that_nobody_gets_anything_for_is_not_sold(
    shop: Shop, capsys: Printed
) -> None:
    event = pay(shop)
    event["data"]["object"]["amount_total"] += 1
    capsys.readouterr()

    shop.work(json.dumps(event))

    assert money_in(capsys.readouterr().out, SOLD) == {}


def test_a_refund_returns_money_once(shop: Shop, capsys: Printed) -> None:
    purchase = buy(shop)
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent, amount=100)
    events = [json.dumps(event) for event in shop.stripe.events("refund.created")]
    capsys.readouterr()

    shop.work(*events, *events)
    shop.reconcile()

    printed = capsys.readouterr().out
    assert money_in(printed, RETURNED) == {purchase["currency"]: 100}


def test_a_refund_that_the_bank_sends_back_takes_its_money_back(
    shop: Shop, capsys: Printed
) -> None:
    purchase = buy(shop)
    intent = purchase["stripe_payment_intent_id"]
    refund = shop.stripe.post("/v1/refunds", payment_intent=intent)
    shop.deliver()
    capsys.readouterr()

    shop.stripe.control("refunds", refund["id"], "fail")
    shop.deliver()

    printed = capsys.readouterr().out
    assert money_in(printed, RETURNED) == {purchase["currency"]: -purchase["amount"]}


def test_a_lost_dispute_returns_money_and_a_won_one_none(
    shop: Shop, capsys: Printed
) -> None:
    purchase = buy(shop)
    intent = purchase["stripe_payment_intent_id"]
    dispute = shop.stripe.control("charges", intent, "dispute")
    shop.deliver()
    assert money_in(capsys.readouterr().out, RETURNED) == {}

    shop.stripe.control("disputes", dispute["id"], "close", status="lost")
    shop.deliver()

    printed = capsys.readouterr().out
    assert money_in(printed, RETURNED) == {purchase["currency"]: purchase["amount"]}


# ------------------------------------------------------------ conversion


def test_a_checkout_is_started_once_however_often_it_is_asked_for(
    shop: Shop, capsys: Printed
) -> None:
    for _ in range(3):
        assert shop.create("content").status == 200

    assert metrics_in(capsys.readouterr().out)["payments.checkout.started"] == 1


@pytest.mark.parametrize("status", [500, 403, 429])
def test_a_buyer_who_is_answered_5xx_is_counted(
    shop: Shop, capsys: Printed, status: int
) -> None:
    shop.stripe.sandbox.faults.add(Fault("POST", status=status, times=9))

    assert shop.create("content").status >= 500

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.checkout.create_failed"] == 1
    assert "payments.checkout.started" not in counted


def test_so_is_one_who_meets_a_fault_of_ours(shop: Shop, capsys: Printed) -> None:
    with failing("GetItem", error="AccessDeniedException"):
        assert shop.create("content").status == 500

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.checkout.create_failed"] == 1


def test_a_refused_request_is_no_failure(shop: Shop, capsys: Printed) -> None:
    assert shop.create("content", contentId="nothing").status == 400

    counted = metrics_in(capsys.readouterr().out)
    assert "payments.checkout.create_failed" not in counted


def test_a_cancellation_that_fails_is_no_failed_create(
    shop: Shop, capsys: Printed
) -> None:
    session_id = shop.create("content").body["payment_session_id"]
    shop.stripe.sandbox.faults.add(Fault("POST", status=500, times=9))
    capsys.readouterr()

    answer = shop.call(
        "POST /payments/sessions/{paymentSessionId}/cancel",
        buyer="user_1",
        path={"paymentSessionId": session_id},
    )

    assert answer.status == 502
    counted = metrics_in(capsys.readouterr().out)
    assert "payments.checkout.create_failed" not in counted


# ------------------------------------------------------------ what reconcile reports


def test_only_a_session_whose_time_is_over_is_orphaned(
    shop: Shop, capsys: Printed
) -> None:
    """A purchase whose refund is on its way is due as well, and no orphan."""
    purchase = buy(shop, PENDING_REFUNDS)
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent)
    shop.deliver()
    capsys.readouterr()

    shop.reconcile()

    [ages] = [
        line
        for line in metric_lines_in(capsys.readouterr().out)
        if "payments.checkout.orphaned_age" in line
    ]
    assert ages["payments.checkout.orphaned_age"] == [0]
    assert ages["payments.reconcile.due_age"][0] > 0


def undelivered(shop: Shop, capsys: Printed) -> int:
    """Run reconcile and the worker; return how many events in a row were missed."""
    capsys.readouterr()
    shop.invoke("ReconcileFunction", {})
    counted = metrics_in(capsys.readouterr().out)
    assert not shop.work()
    return counted[UNDELIVERED]


def pay_for(shop: Shop, buyer: str) -> dict[str, Any]:
    assert shop.create("content", buyer).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    return shop.stripe.events("checkout.session.completed")[-1]


@pytest.mark.frozen_at(datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC))
def test_events_that_no_webhook_delivers_add_up_until_one_does(
    shop: Shop, capsys: Printed, clock: Traveller
) -> None:
    shop.stripe.stop_webhook()
    for number in (1, 2, 3):
        pay_for(shop, f"user_{number}")
        clock.shift(5 * MINUTES)
        assert undelivered(shop, capsys) == number
        clock.shift(5 * MINUTES)
        # A run without news changes nothing: the shop may sell once a day.
        assert undelivered(shop, capsys) == number

    event = pay_for(shop, "user_4")
    shop.deliver(event)
    shop.stripe.sandbox.store.get("event", event["id"])["pending_webhooks"] = 0
    clock.shift(5 * MINUTES)

    assert undelivered(shop, capsys) == 0


@pytest.mark.frozen_at(datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC))
def test_a_payment_that_the_returning_buyer_reported_says_nothing_of_the_webhook(
    shop: Shop, capsys: Printed, clock: Traveller
) -> None:
    """Otherwise a dead webhook would look alive while buyers come back."""
    shop.stripe.stop_webhook()
    pay_for(shop, "user_1")
    clock.shift(5 * MINUTES)
    assert undelivered(shop, capsys) == 1

    pay_for(shop, "user_2")
    query = {"session_id": shop.stripe.sessions()[0]["id"]}
    shop.call("GET /api/checkout/session-status", query=query)
    assert not shop.work()
    assert len(shop.purchases()) == 2
    clock.shift(5 * MINUTES)

    assert undelivered(shop, capsys) == 1


# ------------------------------------------------------------ throttles


def test_a_throttled_request_is_counted(shop: Shop, capsys: Printed) -> None:
    with failing("GetItem", error="ThrottlingException"):
        assert shop.create("content").status == 503

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.dynamodb.throttled"] > 0


@pytest.mark.parametrize(
    ("reason", "counted"), [("ThrottlingError", 1), ("TransactionConflict", None)]
)
def test_a_throttled_transaction_is_counted_and_one_that_met_another_is_not(
    shop: Shop,
    capsys: Printed,
    monkeypatch: pytest.MonkeyPatch,
    reason: str,
    counted: int | None,
) -> None:
    monkeypatch.setattr(transaction, "FIRST_PAUSE_SECONDS", 0)
    event = json.dumps(pay(shop))
    capsys.readouterr()

    def cancel(call: AwsCall) -> Any:
        if call.operation != "TransactWriteItems":
            return call.answer()
        error = call.error("TransactionCanceledException")
        others = [{"Code": "None"} for _ in call.parameters["TransactItems"][1:]]
        error.response["CancellationReasons"] = [{"Code": reason}, *others]  # type: ignore[typeddict-unknown-key]
        raise error

    with intercepted(cancel):
        assert shop.work(event) == [event]

    found = metrics_in(capsys.readouterr().out)
    assert found.get("payments.dynamodb.throttled") == counted
