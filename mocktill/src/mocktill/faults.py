"""Faults: the next matching API calls fail or hang."""

import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, get_args

from .errors import ApiError

# before: the call does not begin to execute, so its idempotency key saves no answer.
# during: the call holds its idempotency key, and fails before it changes anything.
# after: the call has changed its objects. If the fault only hangs, the key saves the
# usual answer. If the fault has a status, the key saves the failure.
When = Literal["before", "during", "after"]
WHENS: tuple[When, ...] = get_args(When)
# https://docs.stripe.com/rate-limits
Reason = Literal[
    "global-rate",
    "global-concurrency",
    "endpoint-rate",
    "endpoint-concurrency",
    "resource-specific",
]
REASONS: tuple[Reason, ...] = get_args(Reason)
RATE_LIMITED = "Stripe-Rate-Limited-Reason"


@dataclass
class Fault:
    method: str = "*"
    path_prefix: str = "/v1/"
    status: int | None = None
    hang_seconds: float = 0
    when: When = "before"
    times: int = 1
    # Why a call gets 429, as Stripe's header names it.
    reason: Reason = "global-rate"

    def matches(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and path.startswith(self.path_prefix)


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._pending: list[Fault] = []
        self.hanging = 0

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._pending.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._pending.clear()

    def pending(self) -> list[Fault]:
        with self._lock:
            return list(self._pending)

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self._pending:
                if fault.matches(method, path):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._pending.remove(fault)
                    return fault
        return None

    def hang(self, fault: Fault) -> None:
        with self._lock:
            self.hanging += 1
        self._stopped.wait(fault.hang_seconds)
        with self._lock:
            self.hanging -= 1

    def stop(self) -> None:
        self._stopped.set()


def failure(status: int, reason: Reason = "global-rate") -> ApiError:
    if status != HTTPStatus.TOO_MANY_REQUESTS:
        message = "An unknown error occurred."
        return ApiError(HTTPStatus(status), message, type="api_error")
    if reason == "resource-specific":
        code = "lock_timeout"
        message = (
            "This object cannot be accessed right now because another API request or "
            "Stripe process is currently accessing it. If you see this error "
            "intermittently, retry the request."
        )
    else:
        code = "rate_limit"
        message = (
            "Request rate limit exceeded. You can learn more about rate limits here "
            "https://stripe.com/docs/rate-limits."
        )
    error = ApiError(HTTPStatus.TOO_MANY_REQUESTS, message, code=code)
    error.headers[RATE_LIMITED] = reason
    return error
