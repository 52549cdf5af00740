"""The outbox: what the audit log gained is put on the bus, at least once."""

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from checkout.tables.item import to_item
from tests.aws import aws_client
from tests.aws_calls import AwsCall, failing, intercepted
from tests.crashes import CrashPoint
from tests.output import captured_log, metrics_in
from tests.shop import PUBLISHED, Shop
from tests.stripe_side import DECLINED_CARD
from tests.template_file import ROOT


class Listener:
    """A service that hears everything on the bus: a rule, and a queue."""

    def __init__(self, bus: str) -> None:
        self._sqs, events = aws_client("sqs"), aws_client("events")
        self._queue = self._sqs.create_queue(QueueName="listener")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(
            QueueUrl=self._queue, AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]
        events.create_event_bus(Name=bus)
        pattern = json.dumps({"source": ["payments"]})
        events.put_rule(Name="all", EventBusName=bus, EventPattern=pattern)
        events.put_targets(
            Rule="all", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}]
        )

    def heard(self) -> list[dict[str, Any]]:
        """Take what was heard since the last time, oldest first."""
        found: list[dict[str, Any]] = []
        while batch := self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10
        ).get("Messages"):
            for message in batch:
                found.append(json.loads(message["Body"]))
                self._sqs.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )
        return found

    def heard_ids(self) -> list[str]:
        return [event["detail"]["id"] for event in self.heard()]


@pytest.fixture
def listener(shop: Shop) -> Listener:
    return Listener(shop.values["EventBus"])


def entry(number: int, action: str = "checkout_created") -> dict[str, Any]:
    at = "2031-05-06T07:08:09.123Z"
    return {
        "payment_session_id": "ps_1",
        "entry_id": f"{at}#{number}",
        "action": action,
        "at": at,
    }


def id_of(number: int) -> str:
    return f"ps_1/2031-05-06T07:08:09.123Z#{number}"


def audit_entries(shop: Shop) -> list[dict[str, Any]]:
    return shop.audit.entries


def publish(shop: Shop, *entries: dict[str, Any]) -> list[str]:
    """Give *entries* to the publisher as the stream does; return what it reports."""
    records = [
        {
            "eventName": "INSERT",
            "dynamodb": {"SequenceNumber": str(number), "NewImage": to_item(each)},
        }
        for number, each in enumerate(entries, start=100)
    ]
    answer = shop.invoke("PublishEventsFunction", {"Records": records})
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@contextmanager
def bus_refusing(*ids: str, code: str = "ThrottlingException") -> Iterator[None]:
    """Let the bus take every entry but these, as it does when it is overloaded."""

    def overloaded(call: AwsCall) -> Any:
        if call.operation != "PutEvents":
            return call.answer()
        entries = call.parameters["Entries"]
        refused = [json.loads(e["Detail"])["id"] in ids for e in entries]
        taken = [e for e, no in zip(entries, refused, strict=True) if not no]
        if taken:
            call.answer(Entries=taken)
        answers = [
            {"ErrorCode": code, "ErrorMessage": "no"} if no else {"EventId": "1"}
            for no in refused
        ]
        return {"FailedEntryCount": sum(refused), "Entries": answers}

    with intercepted(overloaded):
        yield


def bus_down() -> AbstractContextManager[None]:
    return failing("PutEvents", error="InternalFailure")


def test_others_hear_that_a_payment_started_and_was_completed(
    shop: Shop, listener: Listener
) -> None:
    shop.create("content")
    shop.stripe.pay(shop.sessions()[0]["stripe_session_id"])
    shop.deliver()

    assert not publish(shop, *audit_entries(shop))

    started, completed = listener.heard()
    assert {event["source"] for event in (started, completed)} == {"payments"}
    assert started["detail-type"] == "payments.checkout.started"
    assert completed["detail-type"] == "payments.checkout.completed"
    [purchase] = shop.purchases()
    last = audit_entries(shop)[-1]
    facts = {
        "id": f"{last['payment_session_id']}/{last['entry_id']}",
        "occurred_at": last["at"],
        "payment_session_id": purchase["payment_session_id"],
        "purchase_id": purchase["id"],
        "amount": 999,
        "currency": "usd",
        "amount_usd": 9.99,
    }
    assert facts.items() <= completed["detail"].items()


def test_others_hear_of_a_declined_card_and_of_a_session_that_expired(
    shop: Shop, listener: Listener
) -> None:
    shop.create("content")
    shop.stripe.pay(shop.sessions()[0]["stripe_session_id"], DECLINED_CARD)
    shop.deliver()
    shop.change_offer(f"content#{PUBLISHED}", price={"amount": 500, "currency": "usd"})
    shop.create("content")

    publish(shop, *audit_entries(shop))

    heard = listener.heard()
    assert sorted(event["detail-type"] for event in heard) == [
        "payments.checkout.expired",
        "payments.checkout.failed",
        "payments.checkout.started",
        "payments.checkout.started",
    ]
    [failed] = [e["detail"] for e in heard if "failed" in e["detail-type"]]
    assert failed["reason"] == "card_declined"
    assert failed["decline_code"] == "generic_decline"


def test_no_e_mail_address_is_on_the_bus(shop: Shop, listener: Listener) -> None:
    """Invariant 8, for whoever listens."""
    shop.create("product", customer_email="ada@example.test")
    shop.create("content", email="grace@example.test")
    for session in shop.sessions():
        shop.stripe.pay(session["stripe_session_id"])
    shop.deliver()

    publish(shop, *audit_entries(shop))

    heard = json.dumps(listener.heard())
    assert heard.count("payments.checkout.completed") == 2
    assert "example.test" not in heard


def test_the_sample_has_an_event_of_a_sale_of_a_reminder_and_of_a_window(
    shop: Shop, listener: Listener
) -> None:
    [file] = (ROOT / "tests/events/PublishEventsFunction").glob("*.json")

    shop.invoke("PublishEventsFunction", json.loads(file.read_text()))

    sale, abandoned, window = listener.heard()
    assert sale["detail-type"] == "payments.checkout.completed"
    assert abandoned["detail-type"] == "payments.checkout.abandoned"
    assert abandoned["detail"]["metadata"] == {"device_id": "d-5"}
    assert abandoned["detail"]["recovery_url"].startswith("https://buy.stripe.com/")
    assert window["detail-type"] == "payments.window.closing"
    assert window["detail"]["closes_at"] == "2026-11-22T12:00:00.000Z"


def test_what_concerns_nobody_else_is_passed_over(
    shop: Shop, listener: Listener
) -> None:
    assert not publish(shop, entry(1, "event_had_no_effect"), entry(2))

    assert listener.heard_ids() == [id_of(2)]


def test_a_batch_that_concerns_nobody_else_is_done_without_the_bus(shop: Shop) -> None:
    with bus_down():
        assert not publish(shop, entry(1, "event_had_no_effect"))


@pytest.mark.filterwarnings("ignore:No application metrics:UserWarning")
def test_a_crash_before_the_response_repeats_the_events_under_their_ids(
    shop: Shop, listener: Listener
) -> None:
    """At least once: what the bus took and nobody noted is sent again."""
    with CrashPoint(1) as crash:
        publish(shop, entry(1), entry(2))
    assert crash.happened

    publish(shop, entry(1), entry(2))

    assert sorted(listener.heard_ids()) == sorted([id_of(1), id_of(2)] * 2)


def test_the_events_of_a_session_can_be_published_again_by_hand(
    shop: Shop, listener: Listener
) -> None:
    """By the commands of docs/operations.md, and with the same ids."""
    shop.create("content")
    publish(shop, *audit_entries(shop))
    [before] = listener.heard_ids()
    operations = (ROOT / "docs/operations.md").read_text()
    [query] = re.findall(r"--query '(\{Records: Items.*)' >again\.json", operations)
    [session] = shop.sessions()

    found = shop.aws.dynamodb.get_paginator("query").paginate(
        TableName=shop.aws.tables["AuditLogTable"],
        KeyConditionExpression="payment_session_id = :id",
        ExpressionAttributeValues={":id": {"S": session["id"]}},
    )
    [again] = found.search(f"[{query}]")
    shop.invoke("PublishEventsFunction", again)

    assert listener.heard_ids() == [before]


def test_lambda_goes_on_from_the_first_entry_that_the_bus_refused(
    shop: Shop, listener: Listener
) -> None:
    with bus_refusing(id_of(2), id_of(4)):
        failed = publish(shop, *map(entry, range(1, 6)))

    assert failed == ["101"], "the second record, whose number it is"
    assert set(listener.heard_ids()) == {id_of(1), id_of(3), id_of(5)}


UNREADABLE: list[dict[str, Any]] = [
    {"action": None},
    {"at": None},
    {"at": "yesterday"},
    {"entry_id": None},
    {"kind": "content"},
    {"amount": [1], "currency": "usd"},
]


@pytest.mark.parametrize("odd", UNREADABLE, ids=str)
def test_an_entry_that_cannot_be_read_holds_up_no_other(
    shop: Shop, listener: Listener, capsys: pytest.CaptureFixture[str], odd: Any
) -> None:
    """Invariant 13: written by hand, or by another version; an alarm rings."""
    with captured_log() as log:
        assert publish(shop, entry(1), entry(2) | odd, entry(3)) == []

    assert set(listener.heard_ids()) == {id_of(1), id_of(3)}
    assert metrics_in(capsys.readouterr().out) == {
        "payments.events.published": 2,
        "payments.events.unreadable": 1,
    }
    [line] = map(json.loads, log.getvalue().splitlines())
    assert (line["message"], line["sequence_number"]) == ("entry_unreadable", "101")


@pytest.mark.parametrize("code", ["MalformedDetail", "InvalidArgument"])
def test_an_entry_that_the_bus_never_accepts_holds_up_no_other(
    shop: Shop, listener: Listener, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    with captured_log() as log, bus_refusing(id_of(2), code=code):
        assert publish(shop, entry(1), entry(2), entry(3)) == []

    assert set(listener.heard_ids()) == {id_of(1), id_of(3)}
    assert metrics_in(capsys.readouterr().out) == {
        "payments.events.published": 2,
        "payments.events.unreadable": 1,
    }
    [line] = map(json.loads, log.getvalue().splitlines())
    assert (line["message"], line["error"]) == ("entry_unreadable", code)
    assert line["sequence_number"] == "101"


def test_an_entry_that_a_permission_would_let_through_is_tried_again(
    shop: Shop, listener: Listener
) -> None:
    """EventBridge calls this error final too, but the operator can end it."""
    with bus_refusing(id_of(2), code="AccessDeniedException"):
        assert publish(shop, entry(1), entry(2)) == ["101"]

    assert listener.heard_ids() == [id_of(1)]


def test_an_entry_that_is_larger_than_a_request_holds_up_no_other(
    shop: Shop, listener: Listener, capsys: pytest.CaptureFixture[str]
) -> None:
    large = entry(2) | {"title": "x" * 300_000}

    assert publish(shop, entry(1), large, entry(3)) == []

    assert set(listener.heard_ids()) == {id_of(1), id_of(3)}
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.events.unreadable"] == 1


def test_an_amount_that_is_no_integer_is_unreadable(
    shop: Shop, listener: Listener
) -> None:
    """Such as only a hand writes; JSON has no Decimal."""
    image = to_item(entry(1)) | {"amount": {"N": "1.5"}}
    record = {"SequenceNumber": "100", "NewImage": image}
    answer = shop.invoke("PublishEventsFunction", {"Records": [{"dynamodb": record}]})

    assert answer == {"batchItemFailures": []}
    assert listener.heard() == []


def test_numbers_are_right_where_some_entries_concern_nobody_else(shop: Shop) -> None:
    Listener(shop.values["EventBus"])
    with bus_refusing(id_of(3)):
        failed = publish(
            shop, entry(1, "event_had_no_effect"), entry(2), entry(3), entry(4)
        )

    assert failed == ["102"]


def test_a_bus_that_is_down_fails_the_batch_and_is_counted(
    shop: Shop, listener: Listener, capsys: pytest.CaptureFixture[str]
) -> None:
    with captured_log() as log, bus_down(), pytest.raises(ClientError):
        publish(shop, entry(1), entry(2))

    assert metrics_in(capsys.readouterr().out) == {"payments.events.not_published": 2}
    assert "events_not_published" in log.getvalue()
    assert listener.heard() == []


def test_it_is_counted_what_was_published_and_what_was_not(
    shop: Shop, listener: Listener, capsys: pytest.CaptureFixture[str]
) -> None:
    with captured_log() as log, bus_refusing(id_of(3)):
        publish(shop, entry(1), entry(2), entry(3))

    assert metrics_in(capsys.readouterr().out) == {
        "payments.events.published": 2,
        "payments.events.not_published": 1,
    }
    [line] = map(json.loads, log.getvalue().splitlines())
    assert (line["message"], line["errors"]) == (
        "events_not_published",
        ["ThrottlingException"],
    )
    assert len(listener.heard()) == 2
