"""Failures that the functions count: each is brought about as it happens."""

import json
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from time_machine import travel
from urllib3.exceptions import HTTPError

from checkout import clock
from checkout.clients import credentials, recent_sessions
from checkout.errors import TryAgainError
from checkout.tables import due, item, transaction
from mocktill.faults import Fault
from tests.aws_calls import AwsCall, failing
from tests.lambda_events import Context, sqs_event
from tests.shop import PUBLISHED, Answer, Shop
from tests.stripe_side import CARD
from tests.template_file import ROOT

# Cards whose refunds are on their way for a time, or arrive at once.
PENDING_REFUNDS = "4000000000007726"

FULFILLMENT = "FulfillmentFunction"
RECONCILE = "ReconcileFunction"
REFUND_PURCHASE = "RefundPurchaseFunction"
STRIPE_WEBHOOK = "StripeWebhookFunction"


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


def no_webhook_arrives(shop: Shop) -> None:
    """Reconcile finds three payments in a row, each in a run of its own."""
    shop.stripe.stop_webhook()
    began = datetime.now(UTC)
    for number in (1, 2, 3):
        now = began + number * timedelta(minutes=5)
        with travel(now):
            assert shop.create("content", f"user_{number}").status == 200
            shop.stripe.pay(shop.stripe.sessions()[0]["id"])
        with travel(now + timedelta(minutes=2)):
            shop.invoke(RECONCILE, {})
            assert not shop.work()


def stripe_fails_a_create(shop: Shop) -> None:
    shop.stripe.sandbox.faults.add(Fault("POST", status=500, times=9))
    assert shop.create("content").status == 502


def create_fails_by_itself(shop: Shop) -> None:
    with failing("GetItem", error="AccessDeniedException"):
        assert shop.create("content").status == 500


def throttled(use: Callable[[Shop], object]) -> Callable[[Shop], None]:
    """Let DynamoDB throttle each request of *use*."""

    def go_wrong(shop: Shop) -> None:
        with (
            patch.object(item, "FIRST_PAUSE_SECONDS", 0),
            failing(where=is_of_dynamodb, error="ThrottlingException"),
            suppress(TryAgainError),
        ):
            use(shop)

    return go_wrong


def is_of_dynamodb(call: AwsCall) -> bool:
    return call.service == "dynamodb"


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


REFUND = {"id": "re_1", "payment_intent": "pi_1", "amount": 1, "created": 1}
RETOLD = {"id": "evt_1", "type": "refund.created", "data": {"object": REFUND}}


def refund_of_somebody_elses_is_told(shop: Shop) -> None:
    """Whose payment it was, only Stripe knows."""
    shop.work(json.dumps(RETOLD))


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

USES_OF_TABLES: dict[str, Callable[[Shop], object]] = {
    "CreateSessionFunction": lambda shop: shop.create("content"),
    "SessionStatusFunction": lambda shop: shop.call(
        "GET /api/checkout/session-status", query={"session_id": "cs_test_1"}
    ),
    "PurchasesFunction": lambda shop: shop.call("GET /api/purchases", buyer="user_1"),
    "CreatorsFunction": lambda shop: shop.call(
        "GET /api/creators/{creatorId}/purchases",
        buyer="creator_1",
        path={"creatorId": "creator_1"},
    ),
    "OffersFunction": lambda shop: shop.call(
        "GET /api/offers/{kind}/{id}", path={"kind": "content", "id": PUBLISHED}
    ),
    "WriteOffersFunction": withdraw_content,
    FULFILLMENT: lambda shop: shop.work(json.dumps(RETOLD)),
    RECONCILE: lambda shop: shop.invoke(RECONCILE, {}),
    REFUND_PURCHASE: lambda shop: asked_for_refund(shop, "pur_1"),
}

# For each metric: the functions that meet first what it counts, and how that happens.
WAYS: dict[str, list[tuple[str, Callable[[Shop], object]]]] = {
    "payments.checkout.quarantined": [
        (FULFILLMENT, quarantined),
        (FULFILLMENT, refund_of_a_second_payment_is_refused),
        (RECONCILE, refund_of_a_second_payment_is_refused_later),
        (RECONCILE, refund_of_a_second_payment_fails),
        (REFUND_PURCHASE, refund_of_a_quarantined_purchase_is_refused),
    ],
    "payments.refunds.failed": [
        (FULFILLMENT, refund_fails_and_an_event_tells),
        (RECONCILE, refund_fails_and_no_event_tells),
        (RECONCILE, refund_of_a_second_payment_fails),
        (REFUND_PURCHASE, refund_has_failed_when_the_operator_asks_again),
    ],
    "payments.refunds.refused": [
        (FULFILLMENT, refund_of_a_second_payment_is_refused),
        (RECONCILE, refund_of_a_second_payment_is_refused_later),
        (REFUND_PURCHASE, operators_refund_is_refused),
    ],
    "payments.disputes.opened": [
        (FULFILLMENT, dispute_is_opened),
        (RECONCILE, inquiry_becomes_a_dispute_and_no_event_tells),
    ],
    "payments.fraud_warnings": [(FULFILLMENT, issuer_warns_of_fraud)],
    "payments.events.not_enqueued": [(STRIPE_WEBHOOK, queue_is_gone)],
    "payments.events.unreadable": [("PublishEventsFunction", entry_is_unreadable)],
    "payments.events.stuck": [
        (FULFILLMENT, event_fails_for_the_third_time),
        (FULFILLMENT, event_is_postponed_for_the_third_time),
    ],
    "payments.checkout.refused": [
        ("CreateSessionFunction", offer_has_no_title),
        ("CreateSessionFunction", stripe_refuses_the_offer),
        ("OffersFunction", buyer_sees_an_offer_without_title),
    ],
    "payments.stripe.denied": [
        (
            "CreateSessionFunction",
            key_is_refused("POST", lambda shop: shop.create("content")),
        ),
        ("SessionStatusFunction", status_is_asked_with_a_refused_key),
        (FULFILLMENT, key_is_refused("GET", refund_of_somebody_elses_is_told)),
        (RECONCILE, key_is_refused("GET", first_reconcile_run)),
        (REFUND_PURCHASE, operator_asks_with_a_refused_key),
        ("WriteOffersFunction", offer_is_withdrawn_with_a_refused_key),
    ],
    "payments.reconcile.failed": [(RECONCILE, stripe_fails_reconcile)],
    "payments.reconcile.unexpected": [(RECONCILE, session_cannot_be_read)],
    "payments.reconcile.unfinished": [(RECONCILE, time_is_over)],
    "payments.reconcile.sessions_lag": [(RECONCILE, stripe_lists_nothing)],
    "payments.reconcile.money_lag": [(RECONCILE, stripe_lists_nothing)],
    "payments.reconcile.balance_lag": [(RECONCILE, stripe_lists_nothing)],
    "payments.reconcile.due_age": [(RECONCILE, item_has_been_due_for_years)],
    "payments.webhook_endpoint.wrong": [(RECONCILE, there_is_no_endpoint)],
    "payments.events.thin": [(STRIPE_WEBHOOK, thin_event_arrives)],
    "payments.events.undelivered": [(RECONCILE, no_webhook_arrives)],
    "payments.checkout.create_failed": [
        ("CreateSessionFunction", stripe_fails_a_create),
        ("CreateSessionFunction", create_fails_by_itself),
    ],
    "payments.dynamodb.throttled": [
        (function, throttled(use)) for function, use in USES_OF_TABLES.items()
    ],
    "payments.secrets.stale": [
        (function, secrets_cannot_be_read_anew(function))
        for function in USES_OF_SECRETS
    ],
    "payments.items.unreadable": [*UNREADABLE.items()],
}
CASES: list[tuple[str, str, Callable[[Shop], object]]] = [
    (metric, function, go_wrong)
    for metric, ways in WAYS.items()
    for function, go_wrong in ways
]
