"""Where webhooks go."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit


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
    # Secrets that were rolled, and until when they sign beside the new one.
    rolled: list[tuple[str, int]] = field(default_factory=list)
    # The events that it has answered with 2xx.
    delivered: set[str] = field(default_factory=set)

    def roll(self, secret: str, until: int) -> None:
        self.rolled.append((self.secret, until))
        self.secret = secret

    def secrets(self, now: int) -> list[str]:
        """What it signs with: the secret, then those that have not expired yet."""
        rolled = [old for old, until in self.rolled[::-1] if now < until]
        return [self.secret, *rolled]

    def wants(self, kind: str) -> bool:
        return self.enabled and not {"*", kind}.isdisjoint(self.enabled_events)
