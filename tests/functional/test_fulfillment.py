"""The worker: every queued event is applied once, whatever else is in its batch."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from checkout.clients.payment_events_queue import read_event
from checkout.clients.stripe_api import StripeApi
from checkout.domain.outcome import Outcome
from checkout.domain.retries import MOST_RECEIVES, pause_after
from checkout.stripe_errors import StripeError
from checkout.tables import transaction
from checkout.telemetry import metrics
from tests import flows
from tests.aws_calls import (
    AwsCall,
    failing,
    intercepted,
    observed,
    one_at_a_time,
    unseen,
)
from tests.lambda_events import Context, sqs_event
from tests.output import captured_log, metrics_in
from tests.shop import PUBLISHED, Shop
from tests.stripe_side import WEBHOOK_SECRET

POISON = [
    "",
    "not json",
    "17",
    "null",
    "[]",
    "{}",
    '"text"',
    '{"id": "evt_1", "type": "checkout.session.completed"}',
    '{"id": "evt_1", "type": "checkout.session.completed", "data": []}',
    '{"id": "evt_1", "type": "checkout.session.completed", "data": {"object": "x"}}',
    '{"id": "evt_1", "data": {"object": {}}}',
    "[" * 100_000,
]


def paid(shop: Shop, kind: str = "bid") -> dict[str, Any]:
    """Buy something and return Stripe's event, which nobody has seen yet."""
    created = shop.create(kind)
    assert created.status == 200, created.body
    newest = shop.stripe.sessions()[0]
    shop.stripe.pay(newest["id"])
    [event] = shop.stripe.events_of(newest["id"], "checkout.session.completed")
    return event


@pytest.mark.parametrize("poison", POISON)
def test_a_poison_message_fails_alone(shop: Shop, poison: str) -> None:
    """Invariant 4: it comes back until it is in the dead-letter queue."""
    before, after = json.dumps(paid(shop, "bid")), json.dumps(paid(shop, "content"))

    failed = shop.work(before, poison, after)

    assert failed == [poison]
    assert {p["kind"] for p in shop.purchases()} == {"bid", "content"}


def test_a_message_about_our_session_that_lacks_its_facts_fails_alone(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    event = paid(shop)
    broken = []
    for fact in ("id", "payment_status", "livemode"):
        session = {k: v for k, v in event["data"]["object"].items() if k != fact}
        broken.append(json.dumps(event | {"data": {"object": session}}))
    capsys.readouterr()

    failed = shop.work(*broken, json.dumps(event))

    assert failed == broken
    assert len(shop.purchases()) == 1
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.events.failed"] == 3
    assert counted["payments.events.applied"] == 1


def test_a_batch_of_poison_alone_is_reported_and_does_not_raise(shop: Shop) -> None:
    event = sqs_event(*POISON[:3])

    answer = shop.invoke("FulfillmentFunction", event)

    assert answer["batchItemFailures"] == [
        {"itemIdentifier": record["messageId"]} for record in event["Records"]
    ]


def test_a_table_that_cannot_be_reached_sends_the_message_back(shop: Shop) -> None:
    """Invariant 1: what failed for a while is applied when it comes again."""
    event = json.dumps(paid(shop))
    nobody_there = EndpointConnectionError(endpoint_url="https://dynamodb.test")
    with failing(error=nobody_there):
        assert shop.work(event) == [event]

    assert shop.work(event) == []
    assert len(shop.purchases()) == 1


def test_a_transaction_that_is_still_in_progress_is_tried_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DynamoDB says so of a request that its client has sent twice."""
    monkeypatch.setattr(transaction, "FIRST_PAUSE_SECONDS", 0)
    event = json.dumps(paid(shop))
    in_progress = ["TransactionInProgressException"] * 2

    def refuse(call: AwsCall) -> Any:
        if call.operation == "TransactWriteItems" and in_progress:
            raise call.error(in_progress.pop())
        return call.answer()

    with intercepted(refuse):
        assert shop.work(event) == []

    assert not in_progress
    assert shop.audit.has_exactly("checkout_completed")


class Hurried(Context):
    """An invocation whose time Stripe has used up."""

    def get_remaining_time_in_millis(self) -> int:
        return 20_000


@contextmanager
def hidden() -> Iterator[list[int]]:
    """Collect for how long messages are hidden; SQS itself does not know them."""
    seconds: list[int] = []

    def note(call: AwsCall) -> Any:
        if call.operation != "ChangeMessageVisibilityBatch":
            return call.answer()
        seconds.extend(e["VisibilityTimeout"] for e in call.parameters["Entries"])
        return {"Successful": []}

    with intercepted(note):
        yield seconds


def resent(calls: list[AwsCall]) -> list[tuple[str, int]]:
    """Return each message that was sent again, and how often it was tried before."""
    return [
        (
            call.parameters["MessageBody"],
            int(call.parameters["MessageAttributes"]["tried"]["StringValue"]),
        )
        for call in calls
        if call.operation == "SendMessage"
    ]


@pytest.mark.parametrize("receive_count", [1, 3, 8])
def test_a_message_that_might_not_be_done_in_time_is_sent_again(
    shop: Shop, capsys: pytest.CaptureFixture[str], receive_count: int
) -> None:
    """
    A batch that runs out of time would lose what it has done so far.

    Nothing is wrong with the message, however often it happens: it is no failure, rings
    no alarm, and comes again at once, with its attempts.
    """
    body = json.dumps(paid(shop))
    event = sqs_event(body, receive_count=receive_count)
    capsys.readouterr()

    with hidden() as seconds, captured_log() as logged, observed() as calls:
        answer = shop.invoke("FulfillmentFunction", event, Hurried())

    assert answer["batchItemFailures"] == []
    assert resent(calls) == [(body, receive_count - 1)]
    assert shop.purchases() == []
    assert seconds == []
    assert metrics_in(capsys.readouterr().out) == {}
    assert "event_handed_back" in logged.getvalue()
    assert "Traceback" not in logged.getvalue()
    assert '"level":"ERROR"' not in logged.getvalue()


def test_a_message_that_had_all_its_attempts_is_not_sent_again(shop: Shop) -> None:
    event = sqs_event(json.dumps(paid(shop)), receive_count=1, tried=8)

    with hidden() as seconds, observed() as calls:
        answer = shop.invoke("FulfillmentFunction", event, Hurried())

    assert len(answer["batchItemFailures"]) == 1
    assert seconds == [30]
    assert resent(calls) == []


def test_if_sqs_does_not_take_an_untried_message_the_original_comes_again(
    shop: Shop,
) -> None:
    event = sqs_event(json.dumps(paid(shop)), receive_count=2)

    with failing("SendMessage"), hidden() as seconds:
        answer = shop.invoke("FulfillmentFunction", event, Hurried())

    assert len(answer["batchItemFailures"]) == 1
    assert seconds == [pause_after(2)]


def test_while_stripe_is_slow_each_message_has_its_eight_attempts_in_a_day(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each attempt takes 18 seconds, so a batch of ten gets through two messages."""
    left = 0.0
    attempts: dict[str, int] = {}

    class Minute(Context):
        def get_remaining_time_in_millis(self) -> int:
            return int(left * 1000)

    def slow(_stripe: StripeApi, payment_intent: str) -> None:
        nonlocal left
        left -= 18
        attempts[payment_intent] = attempts.get(payment_intent, 0) + 1
        raise StripeError

    monkeypatch.setattr(StripeApi, "session_paid_by", slow)
    # As SQS does: when it is visible, how often received, tried before, and its body.
    queue = [(0.0, 0, 0, refund_of_unknown(number)) for number in range(20)]
    now, moved = 0.0, []
    while queue:
        now = max(now, min(queue)[0])
        batch = sorted(queue)[:10]
        batch = [message for message in batch if message[0] <= now]
        queue = [message for message in queue if message not in batch]
        moved += [now for message in batch if message[1] == MOST_RECEIVES]
        batch = [message for message in batch if message[1] < MOST_RECEIVES]
        records = []
        for number, (_, received, tried, body) in enumerate(batch):
            event = sqs_event(body, receive_count=received + 1, tried=tried)
            records.append(event["Records"][0] | {"receiptHandle": str(number)})
        if not records:
            continue
        left = 60.0
        with observed() as calls:
            shop.invoke("FulfillmentFunction", {"Records": records}, Minute())
        now += 60 - left
        queue += [(now, 0, tried, body) for body, tried in resent(calls)]
        for call in calls:
            if call.operation == "ChangeMessageVisibilityBatch":
                for entry in call.parameters["Entries"]:
                    _, received, tried, body = batch[int(entry["ReceiptHandle"])]
                    visible = now + entry["VisibilityTimeout"]
                    queue.append((visible, received + 1, tried, body))

    assert len(moved) == len(attempts) == 20
    assert min(attempts.values()) >= MOST_RECEIVES
    assert min(moved) > 24 * 60 * 60
    assert max(moved) < 3 * 24 * 60 * 60


def refund_of_unknown(number: int) -> str:
    refund = {"id": f"re_{number}", "payment_intent": f"pi_{number}"}
    event = {"id": f"evt_{number}", "type": "refund.created", "livemode": False}
    return json.dumps(event | {"data": {"object": refund}})


@pytest.mark.parametrize("receive_count", range(1, 9))
def test_a_message_that_fails_comes_again_the_later_the_more_often_it_has(
    shop: Shop, capsys: pytest.CaptureFixture[str], receive_count: int
) -> None:
    """Invariant 14: and from the third receive on an alarm rings."""
    event = sqs_event("not an event", receive_count=receive_count)

    with hidden() as seconds:
        answer = shop.invoke("FulfillmentFunction", event)

    assert len(answer["batchItemFailures"]) == 1
    assert seconds == [pause_after(receive_count)]
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.events.failed"] == 1
    assert ("payments.events.stuck" in counted) == (receive_count >= 3)


def test_a_message_that_is_applied_at_last_is_not_hidden(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    event = sqs_event(json.dumps(paid(shop)), receive_count=5)
    capsys.readouterr()

    with hidden() as seconds:
        answer = shop.invoke("FulfillmentFunction", event)

    assert answer["batchItemFailures"] == []
    assert seconds == []
    assert "payments.events.stuck" not in metrics_in(capsys.readouterr().out)


@pytest.mark.parametrize(
    "error", ["AccessDenied", EndpointConnectionError(endpoint_url="https://sqs.test")]
)
def test_if_messages_cannot_be_hidden_the_results_of_the_batch_are_kept(
    shop: Shop, error: str | Exception
) -> None:
    """They are received again when the queue's own visibility timeout is over."""
    good = json.dumps(paid(shop))
    with failing("ChangeMessageVisibilityBatch", error=error):
        assert shop.work("not an event", good) == ["not an event"]

    assert len(shop.purchases()) == 1


def test_a_failed_message_is_hidden_at_sqs_for_its_pause(shop: Shop) -> None:
    shop.aws.sqs.send_message(QueueUrl=shop.aws.queue_url, MessageBody="not an event")
    [message] = shop.aws.sqs.receive_message(QueueUrl=shop.aws.queue_url)["Messages"]
    event = sqs_event(message["Body"])
    event["Records"][0]["receiptHandle"] = message["ReceiptHandle"]
    event["Records"][0]["messageId"] = message["MessageId"]

    with observed() as calls:
        shop.invoke("FulfillmentFunction", event)

    [call] = [c for c in calls if c.operation == "ChangeMessageVisibilityBatch"]
    [entry] = call.parameters["Entries"]
    assert entry["ReceiptHandle"] == message["ReceiptHandle"]
    assert entry["VisibilityTimeout"] == 30


def test_a_payment_that_must_wait_is_a_warning_and_no_failure(
    shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another transaction was faster in each attempt: no person needs to look."""
    event = json.dumps(paid(shop))
    monkeypatch.setattr(transaction, "FIRST_PAUSE_SECONDS", 0)
    capsys.readouterr()

    with (
        failing("TransactWriteItems", error="TransactionInProgressException"),
        captured_log() as logged,
    ):
        assert shop.work(event) == [event]

    counted = metrics_in(capsys.readouterr().out)
    assert counted == {"payments.events.postponed": 1}
    assert "event_postponed" in logged.getvalue()
    assert "try_again" in logged.getvalue()
    assert "Traceback" not in logged.getvalue()


def test_a_purchase_that_was_written_unseen_is_recorded_and_counted(
    shop: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is lost, and the next attempt does not meet its own purchase."""
    monkeypatch.setattr(transaction, "FIRST_PAUSE_SECONDS", 0)
    event = json.dumps(paid(shop))
    capsys.readouterr()

    with unseen("TransactWriteItems"):
        assert shop.work(event) == []

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.checkout.session_completed"] == 1
    assert shop.audit.has_exactly("checkout_created", "checkout_completed")


def test_one_event_twice_in_a_batch_is_one_purchase(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    event = json.dumps(paid(shop))
    capsys.readouterr()

    assert shop.work(event, event, event) == []

    assert len(shop.purchases()) == 1
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.checkout.session_completed"] == 1
    assert counted["payments.events.applied"] == 3


@pytest.fixture
def atomic_calls() -> Iterator[None]:
    """Make each call to AWS atomic, as AWS does and moto does not."""
    with one_at_a_time():
        yield
    metrics.clear_metrics()


def in_parallel(shop: Shop, bodies: list[str]) -> list[Outcome]:
    """Apply all messages at the same moment, each in a thread of its own."""
    together = threading.Barrier(len(bodies))
    session_events = flows.session_events(shop)

    def wait_and_apply(body: str) -> Outcome:
        together.wait()
        return session_events.apply_session_event(read_event(body))

    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(threads.map(wait_and_apply, bodies))


@pytest.mark.usefixtures("atomic_calls")
@pytest.mark.parametrize("kind", ["bid", "content", "product"])
def test_twenty_deliveries_at_once_are_one_purchase(shop: Shop, kind: str) -> None:
    """Invariant 1: exactly one purchase, whatever is repeated."""
    event = json.dumps(paid(shop, kind))

    outcomes = in_parallel(shop, [event] * 20)

    assert sorted(outcomes) == [Outcome.FULFILLED] + [Outcome.NO_EFFECT] * 19
    [purchase] = shop.purchases()
    assert shop.audit.has_exactly("checkout_created", "checkout_completed")
    assert shop.audit.has_none_of("purchase_quarantined", "unfulfillable_payment")
    if kind != "product":
        assert len(shop.ownerships()) == 1
        counts = shop.aws.item("PurchasesTable", "buyer#user_1")
        assert (counts["total"], counts["completed"]) == (1, 1)
    [pointer] = [
        i for i in shop.aws.items("PurchasesTable") if i["id"].startswith("pi_")
    ]
    assert pointer["purchase_id"] == purchase["id"]


@pytest.mark.usefixtures("atomic_calls")
def test_a_mismatch_is_quarantined_once_however_often_its_event_comes(
    shop: Shop,
) -> None:
    """Invariant 4."""
    event = paid(shop, "content")
    event["data"]["object"]["amount_total"] = 1

    outcomes = in_parallel(shop, [json.dumps(event)] * 10)

    assert sorted(outcomes) == [Outcome.NO_EFFECT] * 9 + [Outcome.QUARANTINED]
    assert shop.aws.item("PurchasesTable", "buyer#user_1")["quarantined"] == 1
    assert shop.audit.has_exactly("checkout_created", "purchase_quarantined")
    assert shop.audit.has_none_of("checkout_completed")


@pytest.mark.usefixtures("atomic_calls")
def test_two_payments_for_one_sale_key_at_once_are_one_ownership(shop: Shop) -> None:
    """Invariant 2: the other payment is given back."""
    events = [json.dumps(paid(shop, "content"))]
    shop.forget_live_session(f"content#{PUBLISHED}#user_1")
    events.append(json.dumps(paid(shop, "content")))

    outcomes = in_parallel(shop, events * 5)

    assert outcomes.count(Outcome.FULFILLED) == 1
    assert outcomes.count(Outcome.UNFULFILLABLE) == 1
    assert sorted(p["status"] for p in shop.purchases()) == ["completed", "refunded"]
    [ownership] = shop.ownerships()
    [completed] = [p for p in shop.purchases() if p["status"] == "completed"]
    assert ownership["purchase_id"] == completed["id"]
    counts = shop.aws.item("PurchasesTable", "buyer#user_1")
    assert (counts["total"], counts["completed"], counts["refunded"]) == (2, 1, 1)
    assert counts["refunding"] == 0


def test_nothing_that_is_private_is_logged_over_a_whole_purchase(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invariant 8: no secret, e-mail address, payload or client secret."""
    email = "buyer@example.test"
    with captured_log() as logged:
        for kind in ("bid", "auction", "order", "product", "content"):
            extra = {"customer_email": email} if kind == "product" else {"email": email}
            created = shop.create(kind, **extra)
            session = shop.stripe.sessions()[0]
            shop.stripe.get(f"/v1/checkout/sessions/{session['id']}")
            query = {"session_id": session["id"]}
            shop.call("GET /api/checkout/session-status", query=query)
            shop.stripe.pay(session["id"])
            shop.call("GET /api/checkout/session-status", query=query)
            shop.deliver()
            shop.work(json.dumps({"customer_details": {"email": email}}))
            shop.call("GET /api/checkout/session-status", query=query)
            shop.call("GET /api/purchases", buyer="user_1", email=email)
            if kind == "product":
                client_secret = created.body["client_secret"]
    printed = logged.getvalue() + "".join(capsys.readouterr())

    assert printed.count("purchase_recorded") == 5
    assert printed.count("event_failed") == 5
    for private in (
        email,
        "example.test\\",
        "customer_details",
        client_secret,
        WEBHOOK_SECRET,
        shop.stripe.sandbox.secret_key,
        "stripe-signature",
        shop.stripe.url,
    ):
        assert private not in printed, private
