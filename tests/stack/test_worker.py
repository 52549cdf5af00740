"""The worker and its queue: what fails is hidden, what was not tried is sent again."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.stack.functions import Functions
from tests.stack.http_shop import HttpShop, eventually

WORKER = "FulfillmentFunction"
TOO_SHORT = 20  # seconds: less than the worker wants to have left for a message


@pytest.fixture
def functions(stack: Any) -> Functions:
    return Functions(stack)


def send(shop: HttpShop, text: str) -> str:
    """Put a message on the queue of Stripe's events; return its id."""
    queue = shop.stack.outputs["PaymentEventsQueueUrl"]
    sent = shop.aws.sqs.send_message(QueueUrl=queue, MessageBody=text)
    return str(sent["MessageId"])


def test_a_message_that_fails_is_hidden_by_the_worker(
    shop: HttpShop, functions: Functions
) -> None:
    """Otherwise it comes again after the queue's own time, however often it failed."""
    message = send(shop, f"not an event {uuid4()}")

    [failed] = eventually(lambda: functions.logged("event_failed", message_id=message))
    request = failed["function_request_id"]
    assert eventually(lambda: functions.has_ended(request))

    assert not functions.logged("messages_not_hidden", function_request_id=request)
    shop.aws.sqs.purge_queue(QueueUrl=shop.stack.outputs["PaymentEventsQueueUrl"])


def test_a_message_for_which_there_is_no_time_is_sent_again(
    shop: HttpShop, functions: Functions
) -> None:
    """It keeps its attempts, and is applied once there is time."""
    event = {
        "id": f"evt_{uuid4().hex}",
        "type": "price.created",
        "data": {"object": {}},
    }
    with functions.with_timeout(WORKER, TOO_SHORT):
        message = send(shop, json.dumps(event))
        assert eventually(
            lambda: functions.logged("event_handed_back", message_id=message)
        )

    assert eventually(lambda: functions.logged("event_applied", event_id=event["id"]))
