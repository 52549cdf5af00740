"""The HTTP API of a deployed stack, called as a frontend calls it."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import urllib3

from cli.console import CommandError

# Longer than API Gateway waits for a function.
TIMEOUT = urllib3.Timeout(connect=10, read=35)
# A request that did not arrive may be sent again; none is repeated otherwise.
RETRIES = urllib3.Retry(connect=2, read=0, redirect=0, status=0, other=0)
THROTTLED_TRIES = 10


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def is_of_no_route(self) -> bool:
        """Whether API Gateway knows no such route; our own 404 has an `error`."""
        return self.status == HTTPStatus.NOT_FOUND and self.body == {
            "message": "Not Found"
        }


class Api:
    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = urllib3.PoolManager(timeout=TIMEOUT, retries=RETRIES)

    def call(
        self,
        method: str,
        path: str,
        token: str | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call a route; a text is sent as it is. Wait while the API is throttled."""
        sent = dict(headers or {})
        if token:
            sent["authorization"] = f"Bearer {token}"
        if body is not None:
            sent["content-type"] = "application/json"
        data = body if isinstance(body, str) or body is None else json.dumps(body)
        for _ in range(THROTTLED_TRIES):
            answer = self._request(method, f"{self.url}{path}", data, sent)
            if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                break
            time.sleep(1)
        return answer

    def expect(
        self,
        statuses: set[int],
        method: str,
        path: str,
        token: str | None = None,
        body: object = None,
    ) -> Any:  # noqa: ANN401 - JSON
        """Return the body of the answer; raise CommandError for another status."""
        answer = self.call(method, path, token, body)
        if answer.status not in statuses:
            raise CommandError(f"{method} {path} answered {said(answer)}")
        return answer.body

    def _request(
        self, method: str, url: str, data: str | None, headers: dict[str, str]
    ) -> Answer:
        response = self._http.request(method, url, body=data, headers=headers)
        try:
            body = json.loads(response.data)
        except ValueError:
            body = None
        return Answer(response.status, response.headers, body)


def said(answer: Answer) -> str:
    """Return the status and the sentence of an answer, without its other fields."""
    body = answer.body if isinstance(answer.body, dict) else {}
    sentence = body.get("error") or body.get("message") or ""
    return f"{answer.status} {sentence}".strip()
