"""Counts of create requests in the PaymentSessions table, one for each minute."""

import hashlib
import ipaddress
from datetime import datetime

from checkout import clock
from checkout.errors import TooManyRequestsError
from checkout.tables.transaction import Condition, execute_alone, item_update

SECONDS_TO_KEEP = 3600


class RateLimit:
    def __init__(self, table: str, limit: int) -> None:
        self._table = table
        self._limit = limit

    def check(self, client: str) -> None:
        """Count a request of *client*; raises TooManyRequestsError."""
        now = clock.now()
        if not self._count_request(client, now):
            raise TooManyRequestsError(
                "Too many checkouts; please wait.", 60 - now.second
            )

    def _count_request(self, client: str, at: datetime) -> bool:
        """Count a request in this minute; return whether it is within the limit."""
        below_limit = Condition(
            "below_limit",
            "attribute_not_exists(#requests) OR #requests < :limit",
            "the client has used up its requests of this minute",
            values={"limit": self._limit},
        )
        return execute_alone(
            item_update(
                self._table,
                f"rate#{client}#{at:%Y-%m-%dT%H:%M}",
                below_limit,
                set_={"ttl": int(at.timestamp()) + SECONDS_TO_KEEP},
                add={"requests": 1},
            )
        )


def client_at(address: str) -> str:
    """Return the address; of IPv6 the /64 network, all of which one customer has."""
    if isinstance(ipaddress.ip_address(address), ipaddress.IPv4Address):
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False))


def client_logged_in(buyer_id: str) -> str:
    """Return a digest, so that the count does not say whose it is."""
    return f"buyer#{hashlib.sha256(buyer_id.encode()).hexdigest()[:32]}"
