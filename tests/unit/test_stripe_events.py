"""What is on the queue."""

import json

import boto3
import pytest

from checkout.clients import payment_events_queue
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.domain import stripe_events
from checkout.domain.stripe_events import Event


def test_a_message_is_read_as_an_event() -> None:
    message = {"id": "evt_1", "type": "t", "data": {"object": {"id": "cs_1"}}}

    assert payment_events_queue.read_event(json.dumps(message)) == Event(
        "evt_1", "t", {"id": "cs_1"}
    )


@pytest.mark.parametrize(
    "message", ["", "x", "[]", "1", "null", "{}", '{"id": "e", "type": "t"}']
)
def test_what_is_no_event_is_an_error_that_is_expected(message: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        payment_events_queue.read_event(message)


@pytest.mark.usefixtures("fake_aws")
def test_a_session_that_was_observed_is_read_like_an_event() -> None:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]

    PaymentEventsQueue(url).send_observed({"id": "cs_1", "status": "complete"})

    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert payment_events_queue.read_event(message["Body"]) == Event(
        "observed:cs_1",
        "checkout.session.observed",
        {"id": "cs_1", "status": "complete"},
    )


def test_our_own_type_is_none_of_stripes() -> None:
    assert stripe_events.SESSION_OBSERVED not in stripe_events.FROM_STRIPE
