"""
Idempotency keys: a repeated POST gets the answer of the first.

A key belongs to one API key, and expires after a day. It saves every answer that the
first call gave after it began to execute, also a 500.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from .errors import ApiError, invalid

KEPT_SECONDS = 24 * 60 * 60
MAX_KEY = 255


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    request_id: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Entry:
    fingerprint: str
    created: int
    answer: Answer | None = None


class IdempotencyKeys:
    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._entries: dict[tuple[str, str], Entry] = {}

    def begin(self, api_key: str, key: str, fingerprint: str) -> Answer | None:
        """Return the saved answer, or None and reserve the key for this call."""
        if len(key) > MAX_KEY:
            raise invalid(
                None, f"Idempotency keys can have at most {MAX_KEY} characters."
            )
        with self._lock:
            entry = self._entries.get((api_key, key))
            if entry is None or entry.created <= self._now() - KEPT_SECONDS:
                self._entries[api_key, key] = Entry(fingerprint, self._now())
                return None
            if entry.fingerprint != fingerprint:
                raise ApiError(
                    HTTPStatus.BAD_REQUEST,
                    "Keys for idempotent requests can only be used with the same "
                    "parameters they were first used with. Try using a key other than "
                    f"'{key}' if you meant to execute a different request.",
                    type="idempotency_error",
                    saved=False,
                )
            if entry.answer is None:
                raise ApiError(
                    HTTPStatus.CONFLICT,
                    "There is currently another in-progress request using this "
                    f"Idempotent Key: {key}.",
                    type="idempotency_error",
                    code="idempotency_key_in_use",
                    saved=False,
                )
            return entry.answer

    def finish(self, api_key: str, key: str, answer: Answer | None) -> None:
        """Save the answer, or free the key if there is none."""
        with self._lock:
            if answer is None:
                del self._entries[api_key, key]
            else:
                self._entries[api_key, key].answer = answer
