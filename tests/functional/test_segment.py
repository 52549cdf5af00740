"""Segment hears what is on the bus, and counts it once."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from urllib3.exceptions import HTTPError

from checkout.clients.segment import SegmentError
from checkout.domain.published_events import published_event
from tests.output import captured_log, metrics_in
from tests.shop import Shop

WRITE_KEY = "write_key_for_tests"


@dataclass
class SegmentStandIn:
    """Answers as Segment's HTTP API does, and keeps what it was sent."""

    url: str = ""
    status: int = 200
    requests: list[dict[str, Any]] = field(default_factory=list)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                stand_in.requests.append(
                    {
                        "path": self.path,
                        "authorization": self.headers["authorization"],
                        "content-type": self.headers["content-type"],
                        "body": json.loads(body),
                    }
                )
                self.send_response(stand_in.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def segment(shop: Shop) -> Iterator[SegmentStandIn]:
    stand_in = SegmentStandIn()
    with ThreadingHTTPServer(("127.0.0.1", 0), stand_in.handler()) as server:
        stand_in.url = f"http://127.0.0.1:{server.server_port}"
        shop.values["SegmentApiBase"] = stand_in.url
        shop.aws.set_secret(shop.values["SegmentWriteKeyName"], WRITE_KEY)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield stand_in
        server.shutdown()


def completed(**changes: Any) -> dict[str, Any]:
    """Make the event that the rule hands over."""
    detail = {
        "id": "ps_1/2031-05-06T07:08:09.123Z#0a1b",
        "occurred_at": "2031-05-06T07:08:09.123Z",
        "payment_session_id": "ps_1",
        "auction_id": "auction_1",
        "buyer_id": "user_1",
        "amount_usd": 129.99,
    }
    return {
        "source": "payments",
        "detail-type": "payments.checkout.completed",
        "detail": detail | changes,
    }


def tell(shop: Shop, event: dict[str, Any]) -> None:
    shop.invoke("SegmentFunction", event)


def test_an_event_is_tracked_for_its_buyer(shop: Shop, segment: SegmentStandIn) -> None:
    event = completed()

    tell(shop, event)

    [request] = segment.requests
    assert request["path"] == "/v1/track"
    assert request["content-type"] == "application/json"
    key = b64encode(f"{WRITE_KEY}:".encode()).decode()
    assert request["authorization"] == f"Basic {key}"
    assert request["body"] == {
        "event": "payments.checkout.completed",
        "userId": "user_1",
        "messageId": "ps_1/2031-05-06T07:08:09.123Z#0a1b",
        "timestamp": "2031-05-06T07:08:09.123Z",
        "properties": event["detail"],
    }


def test_a_buyer_who_did_not_log_in_stays_anonymous(
    shop: Shop, segment: SegmentStandIn
) -> None:
    event = completed()
    del event["detail"]["buyer_id"]

    tell(shop, event)

    body = segment.requests[0]["body"]
    assert body["anonymousId"] == "ps_1"
    assert "userId" not in body


def test_an_event_without_buyer_and_payment_session_stands_for_itself(
    shop: Shop, segment: SegmentStandIn
) -> None:
    """The window closes of an offer that anybody may pay, and nobody has begun to."""
    event = completed(id="window_1")
    del event["detail"]["buyer_id"], event["detail"]["payment_session_id"]

    tell(shop, event)

    assert segment.requests[0]["body"]["anonymousId"] == "window_1"


def test_an_event_that_comes_twice_is_the_same_message(
    shop: Shop, segment: SegmentStandIn
) -> None:
    """Segment counts a message once: its id must not change."""
    tell(shop, completed())
    tell(shop, completed())

    first, second = segment.requests
    assert first == second


def test_a_message_id_is_as_short_as_segment_wants_it(shop: Shop) -> None:
    shop.create("content")
    [written] = shop.aws.items("AuditLogTable")

    event = published_event(written)

    assert event
    assert len(event.detail["id"]) < 100


@pytest.mark.parametrize("status", [301, 400, 429, 500])
def test_an_event_that_segment_did_not_take_is_left_to_lambda(
    shop: Shop,
    segment: SegmentStandIn,
    status: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It tries twice more, then keeps the event."""
    segment.status = status

    with captured_log() as log, pytest.raises(SegmentError, match=str(status)):
        tell(shop, completed())

    assert metrics_in(capsys.readouterr().out) == {"payments.segment.failed": 1}
    assert "segment_failed" in log.getvalue()
    assert WRITE_KEY not in log.getvalue()


def test_a_segment_that_is_away_is_left_to_lambda(
    shop: Shop, segment: SegmentStandIn
) -> None:
    shop.values["SegmentApiBase"] = "http://127.0.0.1:1"

    with pytest.raises(HTTPError):
        tell(shop, completed())

    assert segment.requests == []
