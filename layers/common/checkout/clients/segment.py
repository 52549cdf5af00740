"""The client of Segment, which collects events for analytics."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import urllib3

# Lambda retries the function, so there is no reason to wait longer.
TIMEOUT = urllib3.Timeout(connect=2, read=5)

# Addresses of buyers, and of pages that are theirs alone, are nothing to count.
LEFT_OUT = frozenset(["entered", "recovery_url"])


class SegmentError(Exception):
    """Segment did not accept the event; it may be sent again."""


class Segment:
    def __init__(self, write_key: Callable[[], str], api_base: str) -> None:
        self._write_key = write_key
        self._url = f"{api_base}/v1/track"
        self._pool = urllib3.PoolManager(timeout=TIMEOUT, retries=False)

    def track(self, name: str, detail: Mapping[str, Any]) -> None:
        """
        Send one event; Segment discards a repetition of it.

        Segment identifies an event by its `messageId`, which has at most 99
        characters. Raises SegmentError if Segment answers with an error, and urllib3's
        HTTPError if it does not answer.
        https://www.twilio.com/docs/segment/connections/sources/catalog/libraries/server/http-api
        """
        answer = self._pool.request(
            "POST",
            self._url,
            # Escaped, a text in another script would have three times its size.
            body=json.dumps(_tracked(name, detail), ensure_ascii=False).encode(),
            headers={
                **urllib3.make_headers(basic_auth=f"{self._write_key()}:"),
                "content-type": "application/json",
            },
            redirect=False,
        )
        if answer.status != HTTPStatus.OK:
            raise SegmentError(f"Segment answered {answer.status}")


def _tracked(name: str, detail: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a track call."""
    who = (
        {"userId": detail["buyer_id"]}
        if "buyer_id" in detail
        # Without a login, nothing connects the sessions of one person.
        else {"anonymousId": detail.get("payment_session_id", detail["id"])}
    )
    return {
        "event": name,
        "messageId": detail["id"],
        "timestamp": detail["occurred_at"],
        "properties": {n: v for n, v in detail.items() if n not in LEFT_OUT},
        **who,
    }
