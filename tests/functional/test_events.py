"""The sample events of `tests/events`: each is one that its function takes."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from checkout.clients import credentials
from local.sam_local.api_gateway import as_from_api_gateway
from local.sam_local.events import SAMPLES, filled, sample_events, signed
from tests import template_file
from tests.aws import aws_client
from tests.shop import Shop
from tests.stripe_side import WEBHOOK_SECRET

EVENTS = sorted(sample_events())
HTTP = [file for file in EVENTS if "routeKey" in file.read_text()]
# What a function that nobody calls over HTTP answers.
OTHERS = {
    "FulfillmentFunction": {"batchItemFailures": []},
    "PublishEventsFunction": {"batchItemFailures": []},
    "ReconcileFunction": {
        "checked": 0,
        "queued": 0,
        "failed": 0,
        "unfinished": False,
        "is_second": False,
    },
    "SegmentFunction": None,
}


def named(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


@pytest.fixture
def names(shop: Shop) -> dict[str, str]:
    """Sell the sample content, and say what everything of the sale is called."""
    shop.create("content", buyer="buyer_7")
    [session] = shop.sessions()
    shop.stripe.pay(session["stripe_session_id"])
    shop.deliver()
    [purchase] = shop.purchases()
    return {
        "buyer_id": "buyer_7",
        "payment_session_id": session["id"],
        "stripe_session_id": session["stripe_session_id"],
        "payment_intent_id": purchase["stripe_payment_intent_id"],
        "purchase_id": purchase["id"],
        "storefront_url": "http://localhost:3000",
    }


@pytest.fixture
def listeners(shop: Shop) -> Iterator[None]:
    """Give what happens a bus, and a Segment that takes everything."""

    class Segment(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Keep the tests' output clean."""

    aws_client("events").create_event_bus(Name=shop.values["EventBus"])
    shop.aws.set_secret("segment/write-key", "key")
    with ThreadingHTTPServer(("127.0.0.1", 0), Segment) as server:
        Thread(target=server.serve_forever).start()
        shop.values["SegmentApiBase"] = f"http://127.0.0.1:{server.server_port}"
        yield
        server.shutdown()


def invoke(shop: Shop, file: Path, names: dict[str, str]) -> Any:
    event = signed(filled(file.read_text(), names), WEBHOOK_SECRET)
    return shop.invoke(file.parent.name, event)


@pytest.mark.parametrize("file", HTTP, ids=named)
def test_a_sample_request_is_answered(
    shop: Shop, names: dict[str, str], file: Path
) -> None:
    if file.stem == "cancel":
        shop.create("bid", buyer="user_1")
        names |= {"buyer_id": "user_1", "payment_session_id": shop.sessions()[-1]["id"]}

    answer = invoke(shop, file, names)

    assert answer["statusCode"] == 200, answer["body"]


@pytest.mark.parametrize("function", OTHERS)
@pytest.mark.usefixtures("listeners")
def test_a_sample_of_another_event_is_taken(
    shop: Shop, names: dict[str, str], function: str
) -> None:
    [file] = [file for file in EVENTS if file.parent.name == function]

    assert invoke(shop, file, names) == OTHERS[function]


def test_every_function_has_a_sample() -> None:
    assert {file.parent.name for file in EVENTS} == set(template_file.functions())


def test_every_route_has_a_sample() -> None:
    """Of the webhook's routes, which are one, there is one."""
    sampled = {json.loads(file.read_text())["routeKey"] for file in HTTP}
    routes = {
        route
        for route, function in template_file.routes().items()
        if function != "StripeWebhookFunction"
    }
    assert sampled >= routes
    assert sampled - routes == {"$default", "POST /webhooks/stripe"}


@pytest.mark.parametrize("file", HTTP, ids=named)
def test_a_sample_carries_claims_where_its_route_needs_a_token(file: Path) -> None:
    event = json.loads(file.read_text())
    route = event["routeKey"]
    closed = route != "$default" and template_file.needs_token(route)

    assert ("authorizer" in event["requestContext"]) == closed


@pytest.mark.parametrize("file", HTTP, ids=named)
def test_a_sample_request_is_as_api_gateway_writes_it(file: Path) -> None:
    event = json.loads(file.read_text())
    method, _, path = event["routeKey"].partition(" ")

    assert as_from_api_gateway(event) == event
    assert event["requestContext"]["routeKey"] == event["routeKey"]
    assert event["requestContext"]["http"]["path"] == event["rawPath"]
    if path:
        assert event["requestContext"]["http"]["method"] == method
        assert path.format(**event.get("pathParameters", {})) == event["rawPath"]


def test_the_samples_say_every_name_that_is_replaced() -> None:
    texts = "".join(file.read_text() for file in EVENTS)

    assert {sample for sample in SAMPLES.values() if sample not in texts} == set()


def test_an_unsigned_sample_is_refused(shop: Shop) -> None:
    """It is signed when it is needed: a signature is good for five minutes."""
    credentials.forget()
    for file in EVENTS:
        if file.parent.name == "StripeWebhookFunction":
            answer = shop.invoke(file.parent.name, json.loads(file.read_text()))
            assert answer["statusCode"] == 400
