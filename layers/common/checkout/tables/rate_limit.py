"""Counts of anonymous requests in the PaymentSessions table, one for each minute."""

from datetime import datetime

from checkout.tables.transaction import Condition, execute_alone, update

SECONDS_TO_KEEP = 3600


class RateLimit:
    def __init__(self, table: str, limit: int) -> None:
        self._table = table
        self._limit = limit

    def allows(self, client: str, at: datetime) -> bool:
        """Count a request in this minute; return whether it is within the limit."""
        below_limit = Condition(
            "below_limit",
            "attribute_not_exists(#requests) OR #requests < :limit",
            "the client has used up its requests of this minute",
            values={"limit": self._limit},
        )
        return execute_alone(
            update(
                self._table,
                f"rate#{client}#{at:%Y-%m-%dT%H:%M}",
                below_limit,
                set_={"ttl": int(at.timestamp()) + SECONDS_TO_KEEP},
                add={"requests": 1},
            )
        )
