"""The webhook: what is genuine and ours is on the queue before Stripe gets its 200."""

import base64
import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import stripe
from botocore.exceptions import EndpointConnectionError

from checkout.clients import credentials
from tests import template_file
from tests.aws_calls import failing
from tests.lambda_events import http_event
from tests.output import captured_log, metrics_in
from tests.shop import Answer, Shop
from tests.stripe_side import WEBHOOK_SECRET, sign

API_PATHS = [
    "/api/webhooks/stripe",
    "/payments/webhooks/stripe",
    "/webhooks/stripe",
    "/webhook",
]
TYPES = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.payment_failed",
]
RECEIVED = (200, {"received": True})

NO_EVENTS = [
    b"",
    b"not json",
    b"\xff\xfe{}",
    b"[]",
    b"[1]",
    b"17",
    b"null",
    b'"text"',
    b"{}",
    b'{"id": "evt_1", "type": "checkout.session.completed"}',
    b'{"id": "evt_1", "livemode": false}',
    *(
        b'{"id": "evt_1", "type": "refund.created", "livemode": ' + value + b"}"
        for value in (b"null", b"0", b"1", b'"false"', b"[]", b"{}")
    ),
    b'{"type": "checkout.session.completed", "livemode": false}',
    b'{"id": "evt_1", "livemode": false, "type": ["checkout.session.completed"]}',
    b'{"id": "evt_1", "livemode": false, "type": {}}',
    b"[" * 200_000,
    b'{"a":' * 200_000,
    b'{"id": ' + b"9" * 5000 + b"}",
    b"\xef\xbb\xbf{}",
    b'{"id": "evt_1", "livemode": false, "type": "\xed\xa0\x80"}',
]


def stripe_event(**changes: Any) -> dict[str, Any]:
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "checkout.session.completed",
        "livemode": False,
        "data": {"object": {"id": "cs_test_1", "object": "checkout.session"}},
    }
    return event | changes


def payload_of(event: object) -> bytes:
    return json.dumps(event).encode()


def queued(shop: Shop) -> list[dict[str, Any]]:
    return [json.loads(message["Body"]) for message in shop.aws.messages()]


def is_refused(answer: Answer, code: str) -> bool:
    assert answer.status == 400, answer
    assert answer.body.keys() == {"error", "code", "request_id"}
    assert answer.headers["content-type"] == "application/json"
    return bool(answer.body["code"] == code)


@pytest.mark.parametrize("event_type", TYPES)
def test_an_event_that_we_act_on_is_queued(shop: Shop, event_type: str) -> None:
    answer = shop.webhook(stripe_event(type=event_type))

    assert (answer.status, answer.body) == RECEIVED
    assert queued(shop) == [stripe_event(type=event_type)]


@pytest.mark.parametrize("path", API_PATHS)
@pytest.mark.parametrize("binary", [True, False])
def test_each_path_of_the_api_takes_events(
    shop: Shop, path: str, *, binary: bool
) -> None:
    payload = payload_of(stripe_event(name="Zoë"))
    body = payload if binary else payload.decode()

    answer = shop.call(
        f"POST {path}", body, headers={"stripe-signature": sign(payload)}
    )

    assert (answer.status, answer.body) == RECEIVED
    assert len(queued(shop)) == 1


@pytest.mark.parametrize("path", API_PATHS)
def test_each_path_of_the_api_asks_for_the_signature_and_not_for_a_token(
    shop: Shop, path: str
) -> None:
    assert not template_file.needs_token(f"POST {path}")
    assert is_refused(shop.call(f"POST {path}", {}), "invalid_signature")


@pytest.mark.parametrize("path", ["/", "/webhook", "/anything/at/all"])
def test_any_path_of_the_lambda_url_takes_events(shop: Shop, path: str) -> None:
    payload = payload_of(stripe_event())
    event = http_event(
        f"POST {path}",
        payload.decode(),
        headers={"stripe-signature": sign(payload)},
        url=True,
    )

    answer = shop.webhook_event(event)

    assert (answer.status, answer.body) == RECEIVED


def test_the_exact_bytes_are_what_is_signed(shop: Shop) -> None:
    """A body that means the same after parsing has another signature."""
    payload = b'{ "livemode":false,\n"id":"evt_1", "type":"invoice.paid"}\n'

    assert shop.webhook(payload).status == 200
    altered = json.dumps(json.loads(payload)).encode()
    assert is_refused(shop.webhook(altered, sign(payload)), "invalid_signature")


def test_an_unsigned_event_is_refused(shop: Shop) -> None:
    for headers in ({}, {"stripe-signature": ""}, {"stripe-signature": "t=1"}):
        event = http_event("POST /", stripe_event(), headers=headers, url=True)
        assert is_refused(shop.webhook_event(event), "invalid_signature")
    assert queued(shop) == []


def test_a_request_without_any_headers_or_body_is_refused(shop: Shop) -> None:
    event = http_event("POST /", url=True)
    del event["headers"], event["body"]

    assert is_refused(shop.webhook_event(event), "invalid_signature")


def test_an_event_signed_with_another_secret_is_refused(shop: Shop) -> None:
    payload = payload_of(stripe_event())

    answer = shop.webhook(payload, sign(payload, "whsec_other"))

    assert is_refused(answer, "invalid_signature")
    assert queued(shop) == []


def test_an_altered_body_is_refused(shop: Shop) -> None:
    signature = sign(payload_of(stripe_event()))

    answer = shop.webhook(stripe_event(id="evt_2"), signature)

    assert is_refused(answer, "invalid_signature")


@pytest.mark.parametrize("age", [-303, 302, 86_400])
def test_a_signature_of_another_time_is_refused(shop: Shop, age: int) -> None:
    """Stale is a replay; from the future is a replay that waits."""
    payload = payload_of(stripe_event())

    answer = shop.webhook(payload, sign(payload, timestamp=int(time.time()) - age))

    assert is_refused(answer, "invalid_signature")


@pytest.mark.parametrize("age", [-295, 295])
def test_a_clock_may_be_five_minutes_off(shop: Shop, age: int) -> None:
    payload = payload_of(stripe_event())

    answer = shop.webhook(payload, sign(payload, timestamp=int(time.time()) - age))

    assert (answer.status, answer.body) == RECEIVED


@pytest.mark.parametrize("separator", [",", " ", "\n", ", ", "\r\n"])
def test_any_of_several_secrets_may_have_signed(shop: Shop, separator: str) -> None:
    secrets = ["whsec_new", WEBHOOK_SECRET, "whsec_old"]
    shop.aws.set_secret("stripe/webhook-secret", separator.join(secrets))
    payload = payload_of(stripe_event())

    for secret in secrets:
        assert shop.webhook(payload, sign(payload, secret)).status == 200
    joined = sign(payload, separator.join(secrets))
    assert is_refused(shop.webhook(payload, joined), "invalid_signature")


def test_any_of_several_signatures_may_be_ours(shop: Shop) -> None:
    payload = payload_of(stripe_event())
    ours = sign(payload)
    others = sign(payload, "whsec_other").partition(",")[2]

    assert shop.webhook(payload, f"{ours},{others},v0=00").status == 200


@pytest.mark.parametrize(
    ("secret", "status"),
    [("\t", 500), (" ", 500), ("\n", 500), (",", 400), (" , ", 400)],
)
def test_an_empty_secret_lets_nothing_in(shop: Shop, secret: str, status: int) -> None:
    """Without any secret the failure is ours, and Stripe comes again."""
    shop.aws.set_secret("stripe/webhook-secret", secret)
    payload = payload_of(stripe_event())

    assert shop.webhook(payload, sign(payload, "")).status == status
    assert queued(shop) == []


def test_a_signed_body_that_is_no_event_is_refused(shop: Shop) -> None:
    for payload in NO_EVENTS:
        assert is_refused(shop.webhook(payload), "unreadable_event"), payload[:80]
    assert queued(shop) == []


def test_a_body_that_is_not_base64_is_refused(shop: Shop) -> None:
    for body in ("a", "ééé"):
        event = http_event("POST /", body, url=True) | {"isBase64Encoded": True}
        assert is_refused(shop.webhook_event(event), "unreadable_event")


@pytest.mark.parametrize(
    ("payload", "signature", "leaks"),
    [
        (b"\xff", "t=1,v1=00", UnicodeDecodeError),
        (b"{}", "t=1,v1=\u00e9", TypeError),
        (b"not json", None, json.JSONDecodeError),
        (b"[]", None, AttributeError),
    ],
)
def test_what_makes_the_sdk_fail_is_refused(
    shop: Shop, payload: bytes, signature: str | None, leaks: type[Exception]
) -> None:
    given = signature or sign(payload)
    with pytest.raises(leaks):
        stripe.Webhook.construct_event(payload, given, WEBHOOK_SECRET)

    answer = shop.webhook(payload, given)

    assert answer.status == 400
    assert queued(shop) == []


def test_an_event_of_the_other_mode_is_received_counted_and_dropped(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = shop.webhook(stripe_event(livemode=True))

    assert (answer.status, answer.body) == RECEIVED
    assert queued(shop) == []
    assert metrics_in(capsys.readouterr().out) == {"payments.events.other_mode": 1}


def test_a_live_stage_takes_live_events_only(shop: Shop) -> None:
    shop.values["StripeMode"] = "live"

    assert shop.webhook(stripe_event(livemode=True, id="evt_live")).status == 200
    assert shop.webhook(stripe_event(livemode=False, id="evt_test")).status == 200

    assert [event["id"] for event in queued(shop)] == ["evt_live"]


@pytest.mark.parametrize(
    "event_type", ["invoice.paid", "payment_intent.succeeded", "", "checkout.session"]
)
def test_a_type_that_we_do_not_act_on_is_received_counted_and_dropped(
    shop: Shop, capsys: pytest.CaptureFixture[str], event_type: str
) -> None:
    answer = shop.webhook(stripe_event(type=event_type))

    assert (answer.status, answer.body) == RECEIVED
    assert queued(shop) == []
    assert metrics_in(capsys.readouterr().out) == {"payments.events.ignored": 1}


def test_our_own_type_of_message_cannot_come_from_outside(shop: Shop) -> None:
    assert shop.webhook(stripe_event(type="checkout.session.observed")).status == 200
    assert queued(shop) == []


def test_a_session_that_is_not_ours_is_received_and_ignored_by_the_worker(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invariant 4: another application of the account is counted, not failed."""
    for metadata in (None, {}, {"payment_session_id": "ps_unknown"}, {"other": "1"}):
        session = {"id": "cs_test_1", "metadata": metadata}
        assert shop.webhook(stripe_event(data={"object": session})).status == 200
    written = {
        name: shop.aws.items(name)
        for name in template_file.resources("AWS::DynamoDB::Table")
    }
    capsys.readouterr()

    assert shop.work() == []

    assert metrics_in(capsys.readouterr().out)["payments.events.foreign"] == 4
    assert written == {name: shop.aws.items(name) for name in written}


@pytest.mark.parametrize("text", ["Zoë 🎟", "\ufffe\uffff", "\x00\x1f", "\ud800"])
def test_any_text_in_an_event_reaches_the_worker(shop: Shop, text: str) -> None:
    """SQS refuses some characters that JSON allows; Stripe may send them raw."""
    event = stripe_event(data={"object": {"id": "cs_test_1", "status": text}})
    try:
        payload = json.dumps(event, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        payload = payload_of(event)

    assert shop.webhook(payload).status == 200
    [message] = shop.aws.messages()
    assert json.loads(message["Body"]) == event
    allowed_by_sqs = re.compile("[\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
    assert allowed_by_sqs.fullmatch(message["Body"])


@pytest.fixture
def unreachable() -> Iterator[set[str]]:
    """Operations of AWS that fail as long as their name is in here."""
    names: set[str] = set()
    nobody_there = EndpointConnectionError(endpoint_url="https://aws.test")
    with failing(where=lambda call: call.operation in names, error=nobody_there):
        yield names


@pytest.mark.parametrize("operation", ["SendMessage", "GetSecretValue"])
def test_an_event_that_cannot_be_queued_is_for_stripe_to_send_again(
    shop: Shop,
    unreachable: set[str],
    capsys: pytest.CaptureFixture[str],
    operation: str,
) -> None:
    """Invariant 4: an event is ours only once it is on the queue."""
    unreachable.add(operation)
    answer = shop.webhook(stripe_event())
    assert answer.status == 500
    assert answer.body["code"] == "internal_error"
    assert answer.body.keys() == {"error", "code", "request_id"}
    assert operation not in json.dumps(answer.body)
    assert metrics_in(capsys.readouterr().out) == {"payments.events.not_enqueued": 1}

    unreachable.clear()
    assert shop.webhook(stripe_event()).status == 200

    assert queued(shop) == [stripe_event()]


def test_a_lost_secret_is_a_failure_of_ours(shop: Shop) -> None:
    """A 400 would tell Stripe that its signature is wrong."""
    shop.aws.secrets.delete_secret(
        SecretId="stripe/webhook-secret", ForceDeleteWithoutRecovery=True
    )

    assert shop.webhook(stripe_event()).status == 500


def test_a_rotated_secret_is_in_use_once_the_old_one_is_too_old(shop: Shop) -> None:
    payload = payload_of(stripe_event())
    assert shop.webhook(payload).status == 200
    shop.aws.set_secret("stripe/webhook-secret", "whsec_rotated")
    rotated = sign(payload, "whsec_rotated")
    assert is_refused(shop.webhook(payload, rotated), "invalid_signature")

    def later() -> float:
        return time.monotonic() + credentials.SECONDS_TO_KEEP

    credentials.secret("stripe/webhook-secret", later)

    assert shop.webhook(payload, rotated).status == 200
    assert is_refused(shop.webhook(payload), "invalid_signature")


def test_a_repeated_event_is_queued_again(shop: Shop) -> None:
    """A mark set here would lose the event if the worker never got it."""
    for _ in range(2):
        assert shop.webhook(stripe_event()).status == 200

    assert queued(shop) == [stripe_event(), stripe_event()]


def test_no_payload_and_no_secret_is_logged(
    shop: Shop, unreachable: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Invariant 8: whether an event is queued, refused or failed."""
    email = "buyer@example.test"
    event = stripe_event(customer={"email": email})
    payload = payload_of(event)
    with captured_log() as log:
        shop.webhook(event)
        shop.webhook(payload, sign(payload, "whsec_other"))
        shop.webhook(payload[:-1])
        unreachable.add("SendMessage")
        shop.webhook(event)

    logged = log.getvalue() + "".join(capsys.readouterr())
    assert logged.count("event_") >= 4
    for text in (payload.decode(), base64.b64encode(payload).decode(), quote(email)):
        assert text not in logged
    assert email not in logged
    assert WEBHOOK_SECRET not in logged


THIN = {
    "id": "evt_test_1",
    "object": "v2.core.event",
    "type": "v1.checkout.session.completed",
    "created": "2031-05-06T07:08:09.000Z",
    "livemode": False,
    "related_object": {"id": "cs_test_1", "type": "checkout.session", "url": "/v1/x"},
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"livemode": True},
        {"livemode": None},
        {"type": "refund.created"},
        {"id": None},
        {"object": "v2.core.event_notification", "type": "refund.created"},
        {"object": "event"},
        {"object": None},
        {"object": "event", "type": "v2.core.account.updated"},
    ],
)
def test_a_thin_event_is_refused_and_never_acknowledged(
    shop: Shop, capsys: pytest.CaptureFixture[str], changes: dict[str, Any]
) -> None:
    """It has no object: acknowledged, it would be lost without a sound."""
    answer = shop.webhook(THIN | changes)

    assert answer.status == 400
    assert answer.body["code"] == "unreadable_event"
    assert "thin" in answer.body["error"]
    assert shop.aws.messages() == []
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.events.thin"] == 1
    assert counted["payments.events.refused"] == 1
