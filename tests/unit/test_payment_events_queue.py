"""How events get on the queue: alone, and in batches."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from checkout.clients import payment_events_queue
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.domain.stripe_events import Event
from tests.aws_calls import AwsCall, failing, intercepted, observed

type Json = dict[str, Any]

pytestmark = pytest.mark.usefixtures("fake_aws")


@pytest.fixture
def url() -> str:
    found: str = boto3.client("sqs").create_queue(QueueName="events")["QueueUrl"]
    return found


def bodies(url: str) -> list[Json]:
    sqs = boto3.client("sqs")
    found: list[Json] = []
    while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
        "Messages"
    ):
        found += [json.loads(message["Body"]) for message in got]
    return found


def event(number: int, **facts: Any) -> Json:
    about = {"id": f"re_{number}"} | facts
    return {"id": f"evt_{number}", "type": "refund.created", "data": {"object": about}}


def test_a_session_that_was_observed_is_read_like_an_event(url: str) -> None:
    session = {"id": "cs_1", "status": "complete", "client_secret": "cs_1_secret_x"}
    PaymentEventsQueue(url).send_observed(session)

    [message] = bodies(url)
    assert payment_events_queue.read_event(json.dumps(message)) == Event(
        "observed:cs_1",
        "checkout.session.observed",
        {"id": "cs_1", "status": "complete"},
    )


def test_an_event_of_a_megabyte_goes_on_the_queue(url: str) -> None:
    """Invariant 13: SQS refuses what is larger than a megabyte."""
    large = event(
        1, description="\N{ADMISSION TICKETS}" * 400_000, status="x" * 2_000_000
    )
    queue = PaymentEventsQueue(url)

    queue.send(large)
    assert queue.send_all([large, large]) == ([], [])

    assert [found["id"] for found in bodies(url)] == ["evt_1"] * 3


def test_many_events_are_sent_ten_at_a_time(url: str) -> None:
    with observed() as calls:
        assert PaymentEventsQueue(url).send_all(event(n) for n in range(25)) == ([], [])

    assert [call.operation for call in calls] == ["SendMessageBatch"] * 3
    assert {found["id"] for found in bodies(url)} == {f"evt_{n}" for n in range(25)}


def test_nothing_to_send_asks_nothing(url: str) -> None:
    with observed() as calls:
        assert PaymentEventsQueue(url).send_all([]) == ([], [])

    assert calls == []


def test_a_batch_is_no_larger_than_sqs_accepts(url: str) -> None:
    wide = "\N{ADMISSION TICKETS}" * 1000
    entry = dict.fromkeys(["id", "created", "currency", "fee", "net"], wide)
    dispute = {"id": wide, "reason": wide, "balance_transactions": [entry] * 10}
    large = [
        {"id": f"evt_{n}", "type": "charge.dispute.closed", "data": {"object": dispute}}
        for n in range(10)
    ]
    with observed() as calls:
        assert PaymentEventsQueue(url).send_all(large) == ([], [])

    sizes = [
        sum(len(entry["MessageBody"]) for entry in call.parameters["Entries"])
        for call in calls
    ]
    assert len(sizes) > 1
    assert max(sizes) <= 1024 * 1024
    assert len(bodies(url)) == 10


def refusing(
    number: int, *, sender_fault: bool, times: int
) -> tuple[Callable[[AwsCall], Any], list[int]]:
    """Let SQS refuse one message the first *times*; count the messages of each call."""
    left = times
    sizes: list[int] = []

    def answer(call: AwsCall) -> Any:
        nonlocal left
        entries = call.parameters["Entries"]
        sizes.append(len(entries))
        bad = [e for e in entries if f'"evt_{number}"' in e["MessageBody"]]
        if not bad or not left:
            return call.answer()
        left -= 1
        rest = [e for e in entries if e not in bad]
        sent = call.answer(Entries=rest) if rest else {"Successful": []}
        failed = {"Id": bad[0]["Id"], "Code": "X", "SenderFault": sender_fault}
        return sent | {"Failed": [failed]}

    return answer, sizes


def test_a_message_that_sqs_refuses_does_not_stop_the_others(url: str) -> None:
    """Invariant 13: what is wrong with the message is not sent again."""
    answer, sizes = refusing(3, sender_fault=True, times=9)
    with intercepted(answer):
        lost = PaymentEventsQueue(url).send_all(event(n) for n in range(12))

    assert lost == ([], ["evt_3"])
    assert sizes == [10, 2]
    assert len(bodies(url)) == 11


@pytest.mark.parametrize(("times", "lost"), [(1, []), (2, ["evt_3"])])
def test_what_sqs_could_not_do_is_tried_once_again(
    url: str, times: int, lost: list[str]
) -> None:
    answer, sizes = refusing(3, sender_fault=False, times=times)
    with intercepted(answer):
        assert PaymentEventsQueue(url).send_all(event(n) for n in range(12)) == (
            lost,
            [],
        )

    assert sizes == [10, 1, 2]
    assert len(bodies(url)) == 12 - len(lost)


@pytest.mark.parametrize(
    "error", ["AccessDenied", EndpointConnectionError(endpoint_url="https://sqs.test")]
)
def test_a_batch_that_fails_as_a_whole_does_not_stop_the_next(
    url: str, error: str | Exception
) -> None:
    def has_the_first(call: AwsCall) -> bool:
        return '"evt_0"' in call.parameters["Entries"][0]["MessageBody"]

    with failing("SendMessageBatch", where=has_the_first, error=error):
        lost = PaymentEventsQueue(url).send_all(event(n) for n in range(12))

    assert lost == ([f"evt_{n}" for n in range(10)], [])
    assert len(bodies(url)) == 2
