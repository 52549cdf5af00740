"""The dead-letter queue: seen without its payloads, tried again, or dealt with."""

import json
from typing import Any

import pytest

from tests.cli.conftest import Operator
from tests.shop import Shop
from tests.stripe_side import DECLINED_CARD

EMAIL = "ada@example.test"


@pytest.fixture
def buried(shop: Shop, operator: Operator) -> list[dict[str, Any]]:
    """Bury the events of a payment that nobody applied."""
    shop.create("content", email=EMAIL)
    stripe_session_id = shop.sessions()[0]["stripe_session_id"]
    shop.stripe.pay(stripe_session_id, DECLINED_CARD)
    shop.stripe.pay(stripe_session_id)
    events = shop.stripe.events(
        "payment_intent.payment_failed", "checkout.session.completed"
    )
    for event in events:
        operator.bury(json.dumps(event))
    return events


def ids_of(events: list[dict[str, Any]]) -> set[str]:
    return {event["id"] for event in events}


def listed(operator: Operator) -> set[str]:
    rows = operator.json("dlq", "list")["dead_letters"]
    return {row["event_id"] for row in rows}


def test_an_empty_queue_says_so(operator: Operator) -> None:
    assert operator("dlq", "list").stdout == "There are no dead letters.\n"
    assert operator.json("dlq", "list") == {"dead_letters": []}


def test_a_dead_letter_is_listed_with_what_it_is_about(
    shop: Shop, operator: Operator, buried: list[dict[str, Any]]
) -> None:
    rows = operator.json("dlq", "list")["dead_letters"]

    found = {(row["event_id"], row["type"], row["payment_session_id"]) for row in rows}
    session_id = shop.sessions()[0]["id"]
    assert found == {(event["id"], event["type"], session_id) for event in buried}
    for row in rows:
        assert row["receive_count"] == 1
        assert row["sent_at"] <= row["first_received_at"]


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.usefixtures("buried")
def test_no_payload_is_listed(
    shop: Shop, operator: Operator, options: tuple[str, ...]
) -> None:
    [completed] = shop.stripe.events("checkout.session.completed")
    assert EMAIL in json.dumps(completed)

    assert EMAIL not in operator("dlq", "list", *options).output


def test_listing_puts_everything_back_into_sight(
    operator: Operator, buried: list[dict[str, Any]]
) -> None:
    assert listed(operator) == listed(operator) == ids_of(buried)


def test_more_than_one_answer_holds_is_listed_once_each(operator: Operator) -> None:
    ids = {f"evt_{number}" for number in range(25)}
    for event_id in ids:
        event = {"id": event_id, "type": "t", "data": {"object": {}}}
        operator.bury(json.dumps(event))

    rows = operator.json("dlq", "list")["dead_letters"]

    assert len(rows) == 25
    assert {row["event_id"] for row in rows} == ids
    assert {row["event_id"] for row in rows} == listed(operator)


@pytest.mark.parametrize("body", ["junk", "null", "[" * 100_000, '{"id": 1}'])
def test_what_is_no_event_is_listed_by_its_message(
    operator: Operator, body: str
) -> None:
    operator.bury(body)

    [row] = operator.json("dlq", "list")["dead_letters"]

    assert row["type"] is None
    assert len(row["event_id"]) == 36


def test_redriving_asks_first(
    shop: Shop, operator: Operator, buried: list[dict[str, Any]]
) -> None:
    result = operator("dlq", "redrive", answer="n\n")

    assert result.exit_code == 1
    assert "Put 2 of 2 dead letters back on the queue?" in result.stderr
    assert not shop.aws.messages()
    assert listed(operator) == ids_of(buried)


@pytest.mark.parametrize(("options", "answer"), [(("--yes",), ""), ((), "y\n")])
@pytest.mark.usefixtures("buried")
def test_what_is_redriven_is_applied(
    shop: Shop, operator: Operator, options: tuple[str, ...], answer: str
) -> None:
    result = operator("dlq", "redrive", *options, answer=answer)

    assert result.exit_code == 0
    assert result.stdout.endswith("2 dead letters redriven.\n")
    assert not shop.work()
    assert [purchase["status"] for purchase in shop.purchases()] == ["completed"]
    assert listed(operator) == set()


@pytest.mark.usefixtures("buried")
def test_what_is_redriven_has_all_its_attempts_again(
    shop: Shop, operator: Operator
) -> None:
    operator("dlq", "redrive", "--yes")

    received = shop.aws.sqs.receive_message(
        QueueUrl=shop.aws.queue_url,
        MaxNumberOfMessages=10,
        MessageSystemAttributeNames=["ApproximateReceiveCount"],
    )["Messages"]
    counts = [m["Attributes"]["ApproximateReceiveCount"] for m in received]
    assert counts == ["1", "1"]


def test_only_the_named_are_redriven(
    shop: Shop, operator: Operator, buried: list[dict[str, Any]]
) -> None:
    first, second = (event["id"] for event in buried)

    assert operator.json("dlq", "redrive", first, "--yes") == {"redriven": [first]}

    assert [json.loads(message["Body"])["id"] for message in shop.aws.messages()] == [
        first
    ]
    assert listed(operator) == {second}


def test_a_name_that_is_not_there_changes_nothing(
    shop: Shop, operator: Operator, buried: list[dict[str, Any]]
) -> None:
    result = operator("dlq", "redrive", buried[0]["id"], "evt_nobody", "--yes")

    assert result.exit_code == 1
    assert result.stderr == (
        "Not among the dead letters: evt_nobody. Nothing was changed.\n"
    )
    assert not shop.aws.messages()
    assert listed(operator) == ids_of(buried)


def test_redriving_nothing_is_fine(operator: Operator) -> None:
    result = operator("dlq", "redrive")

    assert (result.exit_code, result.stdout) == (0, "0 dead letters redriven.\n")


def test_what_was_dealt_with_by_hand_is_deleted(
    shop: Shop, operator: Operator, buried: list[dict[str, Any]]
) -> None:
    first, second = (event["id"] for event in buried)

    assert operator("dlq", "delete", first, answer="n\n").exit_code == 1
    assert listed(operator) == {first, second}
    assert (
        operator("dlq", "delete", first, "--yes").stdout == "1 dead letter deleted.\n"
    )

    assert listed(operator) == {second}
    assert not shop.aws.messages()


def test_deleting_everything_at_once_is_no_command(operator: Operator) -> None:
    assert operator("dlq", "delete", "--yes").exit_code == 2
