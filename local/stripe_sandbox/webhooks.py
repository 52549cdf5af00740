"""Signed webhooks: delivered off the request's path, and again until answered."""

import contextlib
import hashlib
import hmac
import http.client
import json
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

type Json = dict[str, Any]
Mode = Literal["deliver", "drop", "hold"]
MODES: tuple[Mode, ...] = get_args(Mode)

PARALLEL_DELIVERIES = 16
ANSWER_WITHIN_SECONDS = 20


def sign(body: bytes, secret: str, timestamp: int) -> str:
    """The `Stripe-Signature` header; the whole secret is the key, prefix and all."""
    signed = f"{timestamp}.".encode() + body
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={signature}"


def check_url(url: object) -> str:
    """The URL, if something could be posted there; a ValueError otherwise."""
    if not isinstance(url, str):
        raise ValueError("url must be a string")  # noqa: TRY004 - one error for all
    parts = urlsplit(url)
    # Reading the port checks it.
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("url must be an http or https URL")
    return url


@dataclass
class Destination:
    """Where events go, and which."""

    url: str
    secret: str
    enabled_events: list[str] = field(default_factory=lambda: ["*"])
    # The version that its events are said to be in, if not the account's.
    api_version: str | None = None
    enabled: bool = True

    def wants(self, kind: str) -> bool:
        return self.enabled and not {"*", kind}.isdisjoint(self.enabled_events)


class Webhooks:
    def __init__(
        self,
        secret: str,
        urls: Sequence[str],
        *,
        retry_base_seconds: float,
        attempts: int,
    ) -> None:
        self.configured = [Destination(url, secret) for url in urls]
        # Those that the API made, by the id of their webhook endpoint.
        self.registered: dict[str, Destination] = {}
        self.mode: Mode = "deliver"
        self.attempts: list[Json] = []
        self._retry_base_seconds = retry_base_seconds
        self._max_attempts = attempts
        self._held: list[Json] = []
        self._timers: set[threading.Timer] = set()
        self._connections: set[http.client.HTTPConnection] = set()
        self._answered = threading.Condition()
        self._stopped = False
        self._pool = ThreadPoolExecutor(PARALLEL_DELIVERIES, "webhook")

    def subscribers(self, kind: str) -> list[Destination]:
        every = [*self.configured, *self.registered.values()]
        return [destination for destination in every if destination.wants(kind)]

    def send(self, event: Json) -> None:
        """Deliver, drop or hold, as the mode says. Dropped events stay pending."""
        if not self.subscribers(event["type"]) or self.mode == "drop":
            return
        with self._answered:
            if self.mode == "hold":
                self._held.append(event)
            else:
                self.deliver(event)

    def deliver(self, event: Json) -> None:
        """Deliver now, whatever the mode: also how an event is sent again by hand."""
        # The payload is fixed here: the stored event's `pending_webhooks` will change.
        for destination in self.subscribers(event["type"]):
            version = destination.api_version or event["api_version"]
            shown = {**event, "api_version": version}
            body = json.dumps(shown, indent=2).encode()
            self._submit(event, destination, body, 1)

    def release(self) -> int:
        """Return to delivering, what was held first."""
        with self._answered:
            held, self._held = self._held, []
            self.mode = "deliver"
            for event in held:
                self.deliver(event)
        return len(held)

    def wait_until_answered(self, event: Json, seconds: float) -> bool:
        """Wait for a 2xx from every endpoint, but no longer than *seconds*."""
        with self._answered:
            return self._answered.wait_for(
                lambda: self._stopped or event["pending_webhooks"] == 0, seconds
            )

    def stop(self) -> None:
        with self._answered:
            self._stopped = True
            self._answered.notify_all()
            for timer in self._timers:
                timer.cancel()
            # An endpoint that hangs must not keep us from stopping.
            for connection in list(self._connections):
                if connection.sock:
                    with contextlib.suppress(OSError):
                        connection.sock.shutdown(socket.SHUT_RDWR)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _submit(
        self, event: Json, destination: Destination, body: bytes, attempt: int
    ) -> None:
        with self._answered:
            # One that was disabled or deleted since is not tried again.
            if not self._stopped and destination.enabled:
                self._pool.submit(self._attempt, event, destination, body, attempt)

    def _attempt(
        self, event: Json, destination: Destination, body: bytes, attempt: int
    ) -> None:
        url = destination.url
        status = self._post(url, body, destination.secret)
        record = {"event": event["id"], "type": event["type"], "url": url}
        with self._answered:
            self.attempts.append({**record, "attempt": attempt, "status": status})
            if status is not None and HTTPStatus(status).is_success:
                event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
                self._answered.notify_all()
            elif attempt < self._max_attempts and not self._stopped:
                delay = self._retry_base_seconds * 2 ** (attempt - 1)
                again = (event, destination, body, attempt + 1)
                timer = threading.Timer(delay, self._submit, again)
                timer.daemon = True
                self._timers = {t for t in self._timers if t.is_alive()} | {timer}
                timer.start()

    def _post(self, url: str, body: bytes, secret: str) -> int | None:
        """One attempt's status, or None when nobody answered."""
        # Every attempt is signed anew, so that a late one is not refused as a replay.
        # The real clock signs, also when the sandbox's has been moved.
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": sign(body, secret, int(time.time())),
        }
        parts = urlsplit(url)
        https = parts.scheme == "https"
        connect = http.client.HTTPSConnection if https else http.client.HTTPConnection
        connection = connect(parts.netloc, timeout=ANSWER_WITHIN_SECONDS)
        self._connections.add(connection)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", path or "/", body, headers)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            self._connections.discard(connection)
            connection.close()
        return response.status
