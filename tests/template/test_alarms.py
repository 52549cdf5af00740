"""A failure that costs money rings an alarm, whichever function meets it first."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from datetime import timedelta
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
from urllib3.exceptions import HTTPError

from checkout import clock
from checkout.clients import credentials, recent_sessions
from checkout.tables import due, transaction
from checkout.telemetry import count
from mocktill.faults import Fault
from tests import template_file
from tests.aws_calls import failing
from tests.counted import functions_that_count
from tests.lambda_events import Context, sqs_event
from tests.output import metrics_in
from tests.shop import PUBLISHED, Answer, Shop
from tests.stripe_side import CARD
from tests.template_file import ROOT, environment_of, functions, module_of, own_alarms

pytestmark = pytest.mark.slow

# Cards whose refunds are on their way for a time, or arrive at once.
PENDING_REFUNDS = "4000000000007726"

FULFILLMENT = "FulfillmentFunction"
RECONCILE = "ReconcileFunction"
REFUND_PURCHASE = "RefundPurchaseFunction"
STRIPE_WEBHOOK = "StripeWebhookFunction"


# ---------------------------------------------------------------- what goes wrong


def bought(shop: Shop, card: str = CARD) -> str:
    """Buy the sample content; return the purchase's id."""
    stripe_session_id = paid(shop, card)["data"]["object"]["id"]
    shop.deliver()
    return shop.purchase_of(stripe_session_id)


def paid(shop: Shop, card: str = CARD) -> dict[str, Any]:
    """Pay for the sample content; return Stripe's event, which is not delivered."""
    assert shop.create("content").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"], card)
    return shop.stripe.events("checkout.session.completed")[-1]


def paid_twice(shop: Shop, card: str = CARD) -> None:
    """Let the sample content be paid through two sessions, and the events arrive."""
    first = paid(shop)
    shop.forget_live_session(f"content#{PUBLISHED}#user_1")
    shop.deliver(first, paid(shop, card))


def quarantined(shop: Shop) -> str:
    """Let Stripe take another amount than was agreed."""
    event = deepcopy(paid(shop))
    event["data"]["object"]["amount_total"] = 500
    shop.deliver(event)
    return shop.purchase_of(event["data"]["object"]["id"])


def asked_for_refund(shop: Shop, purchase_id: str) -> Answer:
    """Let an operator ask for all the money; it is the same request each time."""
    return shop.call(
        "POST /api/purchases/{id}/refund",
        {},
        buyer="operator_1",
        groups="[payments-admin]",
        path={"id": purchase_id},
        headers={"idempotency-key": "a-key-of-the-operator"},
    )


def stripe_answers(shop: Shop, status: int, **facts: Any) -> None:
    """Let Stripe answer the next request for a refund with *status*."""
    shop.stripe.sandbox.faults.add(Fault("POST", "/v1/refunds", status=status, **facts))


def bank_sends_back_the_refund(shop: Shop) -> None:
    [refund] = shop.stripe.get("/v1/refunds")["data"]
    shop.stripe.control("refunds", refund["id"], "fail")


def refund_fails_and_an_event_tells(shop: Shop) -> None:
    asked_for_refund(shop, bought(shop, PENDING_REFUNDS))
    bank_sends_back_the_refund(shop)
    shop.deliver()


def refund_fails_and_no_event_tells(shop: Shop) -> None:
    asked_for_refund(shop, bought(shop, PENDING_REFUNDS))
    shop.stripe.stop_webhook()
    bank_sends_back_the_refund(shop)
    shop.reconcile()


def refund_has_failed_when_the_operator_asks_again(shop: Shop) -> None:
    purchase_id = bought(shop, PENDING_REFUNDS)
    stripe_answers(shop, 500, when="after", times=2)
    assert asked_for_refund(shop, purchase_id).status == 502
    bank_sends_back_the_refund(shop)
    assert asked_for_refund(shop, purchase_id).status == 200


def refund_of_a_second_payment_is_refused(shop: Shop) -> None:
    stripe_answers(shop, 400)
    paid_twice(shop)


def refund_of_a_second_payment_is_refused_later(shop: Shop) -> None:
    stripe_answers(shop, 500, times=2)
    paid_twice(shop)
    stripe_answers(shop, 400)
    shop.reconcile()


def refund_of_a_second_payment_fails(shop: Shop) -> None:
    paid_twice(shop, PENDING_REFUNDS)
    shop.stripe.stop_webhook()
    bank_sends_back_the_refund(shop)
    shop.reconcile()


def operators_refund_is_refused(shop: Shop) -> None:
    purchase_id = bought(shop)
    stripe_answers(shop, 400)
    assert asked_for_refund(shop, purchase_id).status == 409


def refund_of_a_quarantined_purchase_is_refused(shop: Shop) -> None:
    purchase_id = quarantined(shop)
    stripe_answers(shop, 400)
    assert asked_for_refund(shop, purchase_id).status == 409


def dispute_is_opened(shop: Shop) -> None:
    purchase = shop.aws.item("PurchasesTable", bought(shop))
    shop.stripe.control("charges", purchase["stripe_payment_intent_id"], "dispute")
    shop.deliver()


def inquiry_becomes_a_dispute_and_no_event_tells(shop: Shop) -> None:
    purchase = shop.aws.item("PurchasesTable", bought(shop))
    shop.stripe.control("charges", purchase["stripe_payment_intent_id"], "dispute")
    [dispute] = shop.stripe.sandbox.store.all("dispute")
    dispute["status"] = "warning_needs_response"
    event = shop.stripe.events("charge.dispute.created")[-1]
    event["data"]["object"]["status"] = "warning_needs_response"
    shop.deliver(event)
    dispute["status"] = "needs_response"
    shop.reconcile()


def issuer_warns_of_fraud(shop: Shop) -> None:
    purchase = shop.aws.item("PurchasesTable", bought(shop))
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.control("charges", intent, "early_fraud_warning")
    shop.deliver()


def offer_has_no_title(shop: Shop) -> None:
    shop.change_offer(f"content#{PUBLISHED}", title=None)
    assert shop.create("content").status == 400


def buyer_sees_an_offer_without_title(shop: Shop) -> None:
    """Its page has no button that could be pressed."""
    shop.change_offer(f"content#{PUBLISHED}", title=None)
    path = {"kind": "content", "id": PUBLISHED}
    shop.call("GET /api/me/offers/{kind}/{id}", buyer="user_1", path=path)


def stripe_refuses_the_offer(shop: Shop) -> None:
    """The minimum of the account's own currency is not known here."""
    shop.stripe.sandbox.settled_in_dollars = True
    price = {"amount": 50, "currency": "inr"}
    shop.change_offer(f"content#{PUBLISHED}", price=price)
    assert shop.create("content").status == 400


def key_is_refused(
    method: str, use: Callable[[Shop], object]
) -> Callable[[Shop], None]:
    """Let Stripe refuse the key in each request of *method*."""

    def go_wrong(shop: Shop) -> None:
        shop.stripe.sandbox.faults.add(Fault(method, status=403, times=9))
        use(shop)

    return go_wrong


def status_is_asked_with_a_refused_key(shop: Shop) -> None:
    assert shop.create("order").status == 200
    query = {"session_id": shop.stripe.sessions()[0]["id"]}
    shop.stripe.sandbox.faults.add(Fault("GET", status=403, times=9))
    assert shop.call("GET /api/checkout/session-status", query=query).status == 502


def operator_asks_with_a_refused_key(shop: Shop) -> None:
    purchase_id = bought(shop)
    stripe_answers(shop, 403)
    assert asked_for_refund(shop, purchase_id).status == 502


def queue_is_gone(shop: Shop) -> None:
    event = paid(shop)
    shop.aws.sqs.delete_queue(QueueUrl=shop.aws.queue_url)
    assert shop.webhook(event).status == 500


def event_fails_for_the_third_time(shop: Shop) -> None:
    shop.invoke(FULFILLMENT, sqs_event("not an event", receive_count=3))


def event_is_postponed_for_the_third_time(shop: Shop) -> None:
    event = json.dumps(paid(shop))
    with patch.object(transaction, "ATTEMPTS", 0):
        shop.invoke(FULFILLMENT, sqs_event(event, receive_count=3))


def stripe_fails_reconcile(shop: Shop) -> None:
    shop.stripe.sandbox.faults.add(Fault("GET", "/v1/events", status=500, times=4))
    first_reconcile_run(shop)


def session_cannot_be_read(shop: Shop) -> None:
    assert shop.create("content").status == 200
    [session] = shop.sessions()
    shop.aws.dynamodb.update_item(
        TableName=shop.aws.tables["PaymentSessionsTable"],
        Key={"id": {"S": session["id"]}},
        UpdateExpression="SET due_at = created_at, created_at = :odd, #status = :odd",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":odd": {"S": "one day"}},
    )
    shop.invoke(RECONCILE, {})


def a_signature_is_wrong(shop: Shop) -> None:
    assert shop.webhook(b"{}", signature="t=1,v1=00").status == 400


def thin_event_arrives(shop: Shop) -> None:
    thin = {"object": "v2.core.event", "type": "v1.checkout.session.completed"}
    assert shop.webhook(thin).status == 400


def time_is_over(shop: Shop) -> None:
    class Hurried(Context):
        def get_remaining_time_in_millis(self) -> int:
            return 1_000

    shop.invoke(RECONCILE, {}, Hurried())


def stripe_lists_nothing(shop: Shop) -> None:
    """The cursors stay where they are, three days back."""
    shop.forget_reconcile_runs()
    for path in ("/v1/events", "/v1/balance_transactions"):
        shop.stripe.sandbox.faults.add(Fault("GET", path, status=429, times=2))
    shop.invoke(RECONCILE, {})


def item_has_been_due_for_years(shop: Shop) -> None:
    assert shop.create("content").status == 200
    shop.reconcile()


def there_is_no_endpoint(shop: Shop) -> None:
    first_reconcile_run(shop)


def status_is_asked(shop: Shop) -> None:
    assert shop.create("order").status == 200
    query = {"session_id": shop.stripe.sessions()[0]["id"]}
    shop.call("GET /api/checkout/session-status", query=query)


def refund_of_somebody_elses_is_told(shop: Shop) -> None:
    """Whose payment it was, only Stripe knows."""
    refund = {"id": "re_1", "payment_intent": "pi_1", "amount": 1, "created": 1}
    event = {"id": "evt_1", "type": "refund.created", "data": {"object": refund}}
    shop.work(json.dumps(event))


def segment_is_told(shop: Shop) -> None:
    shop.aws.set_secret("segment/write-key", "key")
    sample = next((ROOT / "tests/events/SegmentFunction").glob("*.json"))
    with suppress(HTTPError):  # nobody listens where the shop's Segment is
        shop.invoke("SegmentFunction", json.loads(sample.read_text()))


def entry_is_unreadable(shop: Shop) -> None:
    record = {"SequenceNumber": "1", "NewImage": {}}
    shop.invoke("PublishEventsFunction", {"Records": [{"dynamodb": record}]})


def first_reconcile_run(shop: Shop) -> None:
    shop.forget_reconcile_runs()
    shop.invoke(RECONCILE, {})


def an_offer_is_withdrawn(shop: Shop) -> None:
    """So that its session is expired at Stripe."""
    shop.change_offer(f"content#{PUBLISHED}", status="published")
    assert shop.create("content").status == 200
    withdraw_content(shop)


def withdraw_content(shop: Shop) -> None:
    shop.call(
        "POST /api/offers/{kind}/{id}/withdraw",
        buyer="seller_1",
        groups="offers-admin",
        path={"kind": "content", "id": PUBLISHED},
    )


def offer_is_withdrawn_with_a_refused_key(shop: Shop) -> None:
    assert shop.create("content").status == 200
    shop.stripe.sandbox.faults.add(Fault("POST", status=403, times=9))
    withdraw_content(shop)


USES_OF_SECRETS: dict[str, Callable[[Shop], object]] = {
    "CreateSessionFunction": lambda shop: shop.create("product"),
    "SessionStatusFunction": status_is_asked,
    STRIPE_WEBHOOK: lambda shop: shop.webhook({"id": "evt_1"}),
    FULFILLMENT: refund_of_somebody_elses_is_told,
    RECONCILE: first_reconcile_run,
    REFUND_PURCHASE: lambda shop: asked_for_refund(shop, bought(shop)),
    "SegmentFunction": segment_is_told,
    "WriteOffersFunction": an_offer_is_withdrawn,
}


def secrets_cannot_be_read_anew(function: str) -> Callable[[Shop], None]:
    """Let what *function* has in memory be all that there is."""

    def go_wrong(shop: Shop) -> None:
        use = USES_OF_SECRETS[function]
        with (
            patch.object(recent_sessions, "KEPT_FOR", timedelta(0)),
            patch.object(credentials, "SECONDS_TO_KEEP", 0),
            patch.object(credentials, "SECONDS_BETWEEN_TRIES", 0),
        ):
            use(shop)
            with failing("GetSecretValue"):
                use(shop)

    return go_wrong


def order_of_a_bad_purchase(shop: Shop) -> None:
    assert shop.create("order").status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    break_purchase(shop)
    shop.call("GET /orders/{orderId}", buyer="user_1", path={"orderId": "order_1"})


def break_purchase(shop: Shop) -> None:
    [purchase] = shop.purchases()
    shop.aws.put("PurchasesTable", purchase | {"refunds": 7})


def bad_purchase_is(use: Callable[[Shop], object]) -> Callable[[Shop], None]:
    """Let *use* meet a purchase that cannot be read."""

    def go_wrong(shop: Shop) -> None:
        bought(shop)
        break_purchase(shop)
        use(shop)

    return go_wrong


def listed_to_its_creator(shop: Shop) -> None:
    path = {"creatorId": "creator_1"}
    route = "GET /api/creators/{creatorId}/purchases"
    assert shop.call(route, buyer="creator_1", path=path).status == 200


def refunded_in_the_dashboard(shop: Shop) -> None:
    [purchase] = shop.purchases()
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent)
    for event in shop.stripe.events("refund.created"):
        shop.webhook(event)
    assert len(shop.work()) == 1


def due_for_reconcile(shop: Shop) -> None:
    [purchase] = shop.purchases()
    shop.aws.put("PurchasesTable", purchase | due.index(purchase["id"], clock.now()))
    shop.invoke(RECONCILE, {})


def bad_session_is(use: Callable[[Shop], object]) -> Callable[[Shop], None]:
    """Let *use* meet a payment session that cannot be read."""

    def go_wrong(shop: Shop) -> None:
        assert shop.create("content").status == 200
        [session] = shop.sessions()
        shop.aws.put("PaymentSessionsTable", session | {"status": "odd"})
        use(shop)

    return go_wrong


UNREADABLE: dict[str, Callable[[Shop], object]] = {
    "PurchasesFunction": bad_purchase_is(
        lambda shop: shop.call("GET /api/purchases", buyer="user_1")
    ),
    "CreatorsFunction": bad_purchase_is(listed_to_its_creator),
    "OffersFunction": order_of_a_bad_purchase,
    FULFILLMENT: bad_purchase_is(refunded_in_the_dashboard),
    RECONCILE: bad_purchase_is(due_for_reconcile),
    REFUND_PURCHASE: bad_purchase_is(
        lambda shop: asked_for_refund(shop, shop.purchases()[0]["id"])
    ),
    "CreateSessionFunction": bad_session_is(lambda shop: shop.create("content")),
    "WriteOffersFunction": bad_session_is(withdraw_content),
    "SessionStatusFunction": bad_session_is(
        lambda shop: shop.call(
            "GET /api/checkout/session-status",
            query={"session_id": shop.stripe.sessions()[0]["id"]},
        )
    ),
}

# The metric, the function that meets it first, and how that comes about.
CASES: list[tuple[str, str, Callable[[Shop], object]]] = [
    ("payments.checkout.quarantined", FULFILLMENT, quarantined),
    (
        "payments.checkout.quarantined",
        FULFILLMENT,
        refund_of_a_second_payment_is_refused,
    ),
    (
        "payments.checkout.quarantined",
        RECONCILE,
        refund_of_a_second_payment_is_refused_later,
    ),
    ("payments.checkout.quarantined", RECONCILE, refund_of_a_second_payment_fails),
    (
        "payments.checkout.quarantined",
        REFUND_PURCHASE,
        refund_of_a_quarantined_purchase_is_refused,
    ),
    ("payments.refunds.failed", FULFILLMENT, refund_fails_and_an_event_tells),
    ("payments.refunds.failed", RECONCILE, refund_fails_and_no_event_tells),
    ("payments.refunds.failed", RECONCILE, refund_of_a_second_payment_fails),
    (
        "payments.refunds.failed",
        REFUND_PURCHASE,
        refund_has_failed_when_the_operator_asks_again,
    ),
    ("payments.refunds.refused", FULFILLMENT, refund_of_a_second_payment_is_refused),
    (
        "payments.refunds.refused",
        RECONCILE,
        refund_of_a_second_payment_is_refused_later,
    ),
    ("payments.refunds.refused", REFUND_PURCHASE, operators_refund_is_refused),
    ("payments.disputes.opened", FULFILLMENT, dispute_is_opened),
    (
        "payments.disputes.opened",
        RECONCILE,
        inquiry_becomes_a_dispute_and_no_event_tells,
    ),
    ("payments.fraud_warnings", FULFILLMENT, issuer_warns_of_fraud),
    ("payments.events.not_enqueued", STRIPE_WEBHOOK, queue_is_gone),
    ("payments.events.unreadable", "PublishEventsFunction", entry_is_unreadable),
    ("payments.events.stuck", FULFILLMENT, event_fails_for_the_third_time),
    ("payments.events.stuck", FULFILLMENT, event_is_postponed_for_the_third_time),
    ("payments.checkout.refused", "CreateSessionFunction", offer_has_no_title),
    ("payments.checkout.refused", "CreateSessionFunction", stripe_refuses_the_offer),
    ("payments.checkout.refused", "OffersFunction", buyer_sees_an_offer_without_title),
    (
        "payments.stripe.denied",
        "CreateSessionFunction",
        key_is_refused("POST", lambda shop: shop.create("content")),
    ),
    (
        "payments.stripe.denied",
        "SessionStatusFunction",
        status_is_asked_with_a_refused_key,
    ),
    (
        "payments.stripe.denied",
        FULFILLMENT,
        key_is_refused("GET", refund_of_somebody_elses_is_told),
    ),
    ("payments.stripe.denied", RECONCILE, key_is_refused("GET", first_reconcile_run)),
    ("payments.stripe.denied", REFUND_PURCHASE, operator_asks_with_a_refused_key),
    (
        "payments.stripe.denied",
        "WriteOffersFunction",
        offer_is_withdrawn_with_a_refused_key,
    ),
    ("payments.reconcile.failed", RECONCILE, stripe_fails_reconcile),
    ("payments.reconcile.unexpected", RECONCILE, session_cannot_be_read),
    ("payments.reconcile.unfinished", RECONCILE, time_is_over),
    ("payments.reconcile.sessions_lag", RECONCILE, stripe_lists_nothing),
    ("payments.reconcile.money_lag", RECONCILE, stripe_lists_nothing),
    ("payments.reconcile.balance_lag", RECONCILE, stripe_lists_nothing),
    ("payments.reconcile.due_age", RECONCILE, item_has_been_due_for_years),
    ("payments.webhook_endpoint.wrong", RECONCILE, there_is_no_endpoint),
    ("payments.events.thin", STRIPE_WEBHOOK, thin_event_arrives),
    ("payments.events.refused", STRIPE_WEBHOOK, a_signature_is_wrong),
    *(
        ("payments.secrets.stale", function, secrets_cannot_be_read_anew(function))
        for function in USES_OF_SECRETS
    ),
    *(
        ("payments.items.unreadable", function, go_wrong)
        for function, go_wrong in UNREADABLE.items()
    ),
]

# What is over by itself when it happens once: these alarms wait for more of it.
ONLY_IF_IT_GOES_ON = {
    "payments.events.not_enqueued",
    "payments.events.refused",
    "payments.reconcile.failed",
    "payments.reconcile.unfinished",
    "payments.reconcile.sessions_lag",
    "payments.reconcile.money_lag",
    "payments.reconcile.balance_lag",
}


# ---------------------------------------------------------------- what CloudWatch sees


@pytest.fixture
def counted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Counter[tuple[str, str]]:
    """What each function has written into its log for CloudWatch to count."""
    written: Counter[tuple[str, str]] = Counter()
    invoke = shop.invoke

    def recorded(
        function: str, event: dict[str, Any], context: Context | None = None
    ) -> dict[str, Any]:
        capsys.readouterr()
        try:
            return invoke(function, event, context)
        finally:
            for metric, times in metrics_in(capsys.readouterr().out).items():
                written[metric, function] += times

    monkeypatch.setattr(shop, "invoke", recorded)
    return written


@cache
def as_deployed(function: str) -> tuple[str, list[dict[str, str]]]:
    """
    Return the namespace and the sets of dimensions that a function's metrics have.

    They come from the environment in which the process starts, so this starts one.
    """
    properties = functions()[function]
    values = dict.fromkeys(template_file.references(), "x") | {
        "AWS::StackId": "x",
        "AWS::StackName": "shop",
        "LogLevel": "INFO",
        "MetricsFormat": "cloudwatch",
    }
    script = (
        f"import {module_of(properties)}\n"
        "from checkout.telemetry import count, metrics\n"
        "count('payments.test')\n"
        "metrics.flush_metrics()"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ
        | environment_of(properties, values)
        | {"PYTHONPATH": f"{ROOT}:{ROOT / 'layers/common'}"},
    ).stdout
    line = json.loads(printed)
    [directive] = line["_aws"]["CloudWatchMetrics"]
    sets = [{name: line[name] for name in names} for names in directive["Dimensions"]]
    return directive["Namespace"], sets


def watches(alarm: dict[str, Any], metric: str, function: str) -> bool:
    """Whether the alarm is on the metric that the function's count becomes."""
    namespace, dimensions = as_deployed(function)
    return (
        template_file.resolved(alarm["Namespace"], {"AWS::StackName": "shop"}),
        alarm["MetricName"],
    ) == (namespace, metric) and {
        each["Name"]: each["Value"] for each in alarm["Dimensions"]
    } in dimensions


def breaches(alarm: dict[str, Any], times: int) -> bool:
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    # A duration is counted once in a run: its maximum is its sum.
    assert alarm["Statistic"] in {"Sum", "Maximum"}
    return bool(times > alarm["Threshold"])


# ---------------------------------------------------------------- the tests


@pytest.mark.parametrize(
    ("metric", "function", "go_wrong"),
    CASES,
    ids=[f"{metric}-{who}-{go_wrong.__name__}" for metric, who, go_wrong in CASES],
)
def test_it_rings_whichever_function_meets_it_first(
    shop: Shop,
    counted: Counter[tuple[str, str]],
    metric: str,
    function: str,
    go_wrong: Callable[[Shop], object],
) -> None:
    """Invariant 14."""
    go_wrong(shop)

    assert counted[metric, function]
    ringing = [
        name
        for name, alarm in own_alarms().items()
        if watches(alarm, metric, function)
        and breaches(alarm, counted[metric, function])
    ]
    assert len(ringing) == 1
    alarm = own_alarms()[ringing[0]]
    needed = alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])
    assert (needed == 1) == (metric not in ONLY_IF_IT_GOES_ON)


def test_every_function_that_may_meet_it_first_has_a_case() -> None:
    for name, alarm in own_alarms().items():
        metric = alarm["MetricName"]
        tried = {function for what, function, _ in CASES if what == metric}
        assert tried == functions_that_count()[metric], name


def test_no_alarm_watches_what_nobody_counts() -> None:
    for name, alarm in own_alarms().items():
        metric = alarm["MetricName"]
        for function in functions_that_count()[metric]:
            assert watches(alarm, metric, function), name


def test_an_alarm_on_a_metric_of_ours_is_made_only_where_cloudwatch_has_it() -> None:
    for name, resource in template_file.template()["Resources"].items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            ours = name in own_alarms()
            assert (resource.get("Condition") == "CloudWatchMetrics") == ours, name


@pytest.mark.parametrize(
    "function", sorted(set().union(*functions_that_count().values()))
)
def test_a_function_that_can_count_writes_it_down_also_when_it_fails(
    shop: Shop, capsys: pytest.CaptureFixture[str], function: str
) -> None:
    """What is never flushed is lost, or counted in a later invocation."""
    count("payments.test")

    with suppress(Exception):  # no function but reconcile takes an empty event
        shop.invoke(function, {})

    assert metrics_in(capsys.readouterr().out)["payments.test"] == 1
