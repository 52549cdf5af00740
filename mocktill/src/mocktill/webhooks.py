"""Sign webhooks, send them in threads, and repeat them until they are answered."""

import contextlib
import hashlib
import hmac
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Literal, get_args
from urllib.parse import urlsplit

from . import thin_events, versions
from .destinations import Destination
from .shapes import Json
from .shown_fields import ShownFields

Mode = Literal["deliver", "drop", "hold"]
MODES: tuple[Mode, ...] = get_args(Mode)

PARALLEL_DELIVERIES = 16
ANSWER_WITHIN_SECONDS = 20
# Deliveries run in parallel, so released events need a pause to keep their order.
RELEASE_GAP_SECONDS = 0.05


def sign(body: bytes, secrets: Sequence[str], timestamp: int) -> str:
    """
    Return the `Stripe-Signature` header, with a signature by each of *secrets*.

    The key of a signature is the whole secret, with its prefix.
    """
    signed = f"{timestamp}.".encode() + body
    signatures = [
        hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        for secret in secrets
    ]
    # In test mode, Stripe adds a signature of another scheme, which nobody can check.
    other = hashlib.sha256(signed).hexdigest()
    parts = [f"t={timestamp}", *(f"v1={each}" for each in signatures), f"v0={other}"]
    return ",".join(parts)


@dataclass(eq=False)
class Delivery:
    """One attempt to deliver an event to an endpoint."""

    event: Json
    destination: Destination
    body: bytes
    attempt: int = 1


class Webhooks:
    def __init__(  # noqa: PLR0913 - the settings of all deliveries
        self,
        secret: str,
        urls: Sequence[str],
        *,
        now: Callable[[], int],
        fields: ShownFields,
        retry_base_seconds: float,
        attempts: int,
    ) -> None:
        self.configured = [Destination(url, secret) for url in urls]
        # The endpoints that the API made, by their id.
        self.registered: dict[str, Destination] = {}
        self.mode: Mode = "deliver"
        # The copies and the delay of each event, and a version that replaces its own.
        self.copies = 1
        self.delay_seconds = 0.0
        self.api_version: str | None = None
        self.attempts: list[Json] = []
        self._retry_base_seconds = retry_base_seconds
        self._max_attempts = attempts
        self._now = now
        self._fields = fields
        self._held: list[Json] = []
        # The endpoints that were to get each event when it happened, by its id.
        self._addressees: dict[str, list[Destination]] = {}
        # What an endpoint has not answered yet, the oldest first.
        self._undelivered: dict[Delivery, None] = {}
        self._timers: set[threading.Timer] = set()
        self._connections: set[http.client.HTTPConnection] = set()
        self._answered = threading.Condition()
        self._stopped = False
        self._pool = ThreadPoolExecutor(PARALLEL_DELIVERIES, "webhook")

    def every(self) -> list[Destination]:
        return [*self.configured, *self.registered.values()]

    def subscribers(self, kind: str) -> list[Destination]:
        return [destination for destination in self.every() if destination.wants(kind)]

    def addressees(self, event: Json) -> list[Destination]:
        """Return the endpoints that were subscribed and enabled at the event."""
        return self._addressees.get(event["id"], [])

    def send(self, event: Json) -> None:
        """Deliver, drop or hold the event. A dropped event stays pending."""
        addressees = self.subscribers(event["type"])
        self._addressees[event["id"]] = addressees
        if not addressees or self.mode == "drop":
            return
        with self._answered:
            if self.mode == "hold":
                self._held.append(event)
            else:
                self._deliver(event, addressees)

    def deliver(self, event: Json) -> None:
        """Deliver the event in any mode to all that are subscribed now."""
        with self._answered:
            self._deliver(event, self.subscribers(event["type"]))

    def resend(self, event: Json, endpoint_id: str | None = None) -> None:
        """Deliver the event in any mode to one or all that were to get it."""
        with self._answered:
            addressees = self.addressees(event)
            self._deliver(event, [d for d in addressees if endpoint_id in (None, d.id)])

    def release(self, *, reverse: bool = False) -> int:
        """Send the held events, in *reverse* if asked, and deliver new events."""
        with self._answered:
            held, self._held = self._held, []
            self.mode = "deliver"
            for place, event in enumerate(held[::-1] if reverse else held):
                addressees = self.addressees(event)
                self._deliver(event, addressees, place * RELEASE_GAP_SECONDS)
        return len(held)

    @property
    def held(self) -> int:
        return len(self._held)

    def _deliver(
        self, event: Json, destinations: list[Destination], after: float = 0
    ) -> None:
        # Make the body now, because the stored event's `pending_webhooks` will change.
        for destination in destinations:
            body = self._payload(event, destination)
            for _ in range(self.copies):
                self._submit_in(
                    after + self.delay_seconds, Delivery(event, destination, body)
                )

    def _payload(self, event: Json, destination: Destination) -> bytes:
        if destination.payload == "thin":
            return json.dumps(thin_events.thin(event), indent=2).encode()
        named = self.api_version or destination.api_version
        version: str = named or event["api_version"]
        shown = versions.shown(event["data"]["object"], version)
        data = event["data"] | {"object": shown}
        in_version = event | {"api_version": version, "data": data}
        self._fields.apply(in_version)
        return json.dumps(in_version, indent=2).encode()

    def wait_until_answered(self, event: Json, seconds: float) -> bool:
        """Wait until every endpoint has answered 2xx, at most for *seconds*."""
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
            # An endpoint that hangs must not delay the stop.
            for connection in list(self._connections):
                if connection.sock:
                    with contextlib.suppress(OSError):
                        connection.sock.shutdown(socket.SHUT_RDWR)
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def lock(self) -> threading.Condition:
        """Return the lock that holds off all deliveries."""
        return self._answered

    def resume(self) -> None:
        """Try at once what an earlier start has left undelivered."""
        with self._answered:
            for delivery in list(self._undelivered):
                self._submit(delivery)

    def _submit_in(self, seconds: float, delivery: Delivery) -> None:
        self._undelivered[delivery] = None
        if not seconds:
            self._submit(delivery)
            return
        timer = threading.Timer(seconds, self._submit, [delivery])
        timer.daemon = True
        self._timers = {t for t in self._timers if t.is_alive()} | {timer}
        timer.start()

    def _submit(self, delivery: Delivery) -> None:
        with self._answered:
            if self._stopped:
                return
            if delivery.destination.enabled:
                self._pool.submit(self._attempt, delivery)
            else:  # a disabled or deleted endpoint gets no more attempts
                self._undelivered.pop(delivery, None)

    def _attempt(self, delivery: Delivery) -> None:
        event, destination = delivery.event, delivery.destination
        attempt, url = delivery.attempt, destination.url
        status = self._post(url, delivery.body, destination.secrets(self._now()))
        record = {"event": event["id"], "type": event["type"], "url": url}
        with self._answered:
            self.attempts.append({**record, "attempt": attempt, "status": status})
            if status is None and self._stopped:
                return  # the stop has cut it off: it stays undelivered
            self._undelivered.pop(delivery, None)
            if status is not None and HTTPStatus(status).is_success:
                self._count(event, destination)
            elif attempt < self._max_attempts:
                delay = self._retry_base_seconds * 2 ** (attempt - 1)
                self._submit_in(delay, replace(delivery, attempt=attempt + 1))

    def _count(self, event: Json, destination: Destination) -> None:
        """Count an endpoint's first successful delivery of the event."""
        if event["id"] in destination.delivered:
            return
        destination.delivered.add(event["id"])
        event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
        self._answered.notify_all()

    def _post(self, url: str, body: bytes, secrets: list[str]) -> int | None:
        """Post once, and return the status, or None without an answer."""
        # Each attempt has a new signature, so that no endpoint refuses it as too old.
        # The signature uses the real clock, also if the sandbox's clock was moved.
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "Stripe-Signature": sign(body, secrets, int(time.time())),
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
