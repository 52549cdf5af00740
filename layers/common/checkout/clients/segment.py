"""The client of Segment, which takes events for analytics."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import urllib3

# A function that waits longer for Segment is better called again later.
TIMEOUT = urllib3.Timeout(connect=2, read=5)


class SegmentError(Exception):
    """Segment did not take the event; the same event may be sent again."""


class Segment:
    def __init__(self, write_key: Callable[[], str], api_base: str) -> None:
        self._write_key = write_key
        self._url = f"{api_base}/v1/track"
        self._pool = urllib3.PoolManager(timeout=TIMEOUT, retries=False)

    def track(self, name: str, detail: Mapping[str, Any]) -> None:
        """
        Send one event; Segment counts it once, however often it is sent.

        It identifies events by `messageId`, which has fewer than 100 characters:
        https://www.twilio.com/docs/segment/connections/sources/catalog/libraries/server/http-api
        """
        answer = self._pool.request(
            "POST",
            self._url,
            body=json.dumps(_tracked(name, detail)),
            headers={
                **urllib3.make_headers(basic_auth=f"{self._write_key()}:"),
                "content-type": "application/json",
            },
            redirect=False,
        )
        if answer.status != HTTPStatus.OK:
            raise SegmentError(f"Segment answered {answer.status}")


def _tracked(name: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    """Say it in the words of Segment's track call."""
    who = (
        {"userId": detail["buyer_id"]}
        if "buyer_id" in detail
        # Somebody who did not log in is a stranger again in each session.
        else {"anonymousId": detail["payment_session_id"]}
    )
    return {
        "event": name,
        "messageId": detail["id"],
        "timestamp": detail["occurred_at"],
        "properties": dict(detail),
        **who,
    }
