"""What "Follow a payment" reads from the log and the tables, and what is masked."""

import json

import pytest
import requests
from boto3.dynamodb.types import TypeSerializer
from starlette.applications import Starlette

from local import admin
from local.admin import masked
from local.follow import from_item, names_any
from local.function_log import invocations


def line(text, stream="stream-1"):
    return {"message": text, "logStreamName": stream}


def log(message, service="fulfillment", **facts):
    return json.dumps(
        {
            "level": "INFO",
            "message": message,
            "timestamp": "2026-05-17 12:30:00,250+0000",
            "service": service,
            "cold_start": False,
            "function_name": "stack-FulfillmentFunction-1",
            "function_request_id": "r1",
            **facts,
        }
    )


def metrics(**counts):
    told = [{"Metrics": [{"Name": name} for name in counts]}]
    values = {name: [float(count)] for name, count in counts.items()}
    return json.dumps({"_aws": {"CloudWatchMetrics": told}, **values})


def test_an_invocation_is_what_stands_between_its_start_and_its_end():
    [first, second] = invocations(
        [
            line("START RequestId: r1 Version: $LATEST"),
            line("START RequestId: r2 Version: $LATEST", "stream-2"),
            line(log("event_applied", event_id="evt_1")),
            line(log("event_enqueued", "stripe_webhook", event_id="evt_1"), "stream-2"),
            line(metrics(applied=1)),
            line("END RequestId: r1"),
            line("REPORT RequestId: r1\tDuration: 12.5 ms\tBilled Duration: 13 ms"),
        ]
    )

    assert first["function"] == "fulfillment"
    assert first["milliseconds"] == 12.5
    assert first["metrics"] == {"applied": 1}
    assert [line["message"] for line in first["lines"]] == ["event_applied"]
    assert first["lines"][0]["at"] == "2026-05-17T12:30:00.250Z"
    assert second["function"] == "stripe_webhook"


def test_an_invocation_that_said_nothing_is_nobodys():
    lines = [line("START RequestId: r1 Version: $LATEST"), line("END RequestId: r1")]

    assert invocations(lines) == []


def test_what_belongs_to_a_payment_names_it_somewhere():
    event = {"id": "evt_1", "data": {"object": {"metadata": {"session": "ps_1"}}}}

    assert names_any({"ps_1", "cs_9"}, event)
    assert not names_any({"ps_2"}, event)


def test_numbers_of_a_table_stay_whole():
    to_attribute = TypeSerializer().serialize
    item = {"amount": 999, "details": {"fees": [1, 2]}}

    read = from_item({name: to_attribute(value) for name, value in item.items()})

    assert read == item
    assert type(read["amount"]) is int


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("ada+shop@example.co.uk", "…@…"),
        ("cs_test_a1_secret_Mxt9", "cs_test_a1_secret_…"),
        ("sk_test_51Hx", "sk_test_…"),
        ("whsec_0f6b", "whsec_…"),
        ("eyJhbGci.eyJzdWIi.c2ln-bmF0", "eyJ…"),
    ],
)
def test_what_is_secret_is_masked(secret, shown):
    assert masked(json.dumps({"a": secret})) == f'{{"a": "{shown}"}}'


def test_a_page_of_another_origin_cannot_reset_the_shop(serve, tmp_path):
    stack_file = tmp_path / "stack.json"
    stack_file.write_text("{}")
    url = serve(lambda _url: Starlette(routes=admin.routes(stack_file)))

    answer = requests.post(f"{url}/reset", timeout=10)

    assert answer.status_code == 403
    assert "own page" in answer.json()["error"]
