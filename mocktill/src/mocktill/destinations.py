"""The endpoints that receive webhooks."""

from dataclasses import dataclass, field
from typing import Literal, get_args
from urllib.parse import urlsplit

from . import thin_events
from .store import new_id

Payload = Literal["snapshot", "thin"]
PAYLOADS: tuple[Payload, ...] = get_args(Payload)


def check_url(url: object) -> str:
    """Return the URL, or raise a ValueError if mocktill cannot post to it."""
    if not isinstance(url, str):
        raise ValueError("url must be a string")  # noqa: TRY004 - one error for all
    parts = urlsplit(url)
    # Reading `port` validates it.
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("url must be an http or https URL")
    return url


@dataclass
class Destination:
    """An endpoint and its events."""

    url: str
    secret: str
    enabled_events: list[str] = field(default_factory=lambda: ["*"])
    # The version of its events, if it is not the account's.
    api_version: str | None = None
    enabled: bool = True
    # Old secrets that still sign, each with its time of expiry.
    rolled: list[tuple[str, int]] = field(default_factory=list)
    # The events that the endpoint has answered with 2xx.
    delivered: set[str] = field(default_factory=set)
    id: str = field(default_factory=lambda: new_id("we_1"))
    # An event destination of Stripe's v2 API may ask for thin events.
    payload: Payload = "snapshot"

    def roll(self, secret: str, until: int) -> None:
        self.rolled.append((self.secret, until))
        self.secret = secret

    def secrets(self, now: int) -> list[str]:
        """Return the secrets that sign: the current one, then the valid old ones."""
        rolled = [old for old, until in self.rolled[::-1] if now < until]
        return [self.secret, *rolled]

    def wants(self, kind: str) -> bool:
        """Return whether an event of the type *kind* is for this endpoint."""
        if self.payload == "thin":
            if not thin_events.exists(kind):
                return False
            kind = thin_events.thin_type(kind)
        return self.enabled and not {"*", kind}.isdisjoint(self.enabled_events)
