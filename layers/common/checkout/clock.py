"""The time, always in UTC, and how we write it down."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """Write *moment* as ISO 8601 with milliseconds and Z; such texts sort by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def from_iso(text: str) -> datetime:
    return datetime.fromisoformat(text)


def seconds_until(text: str) -> int:
    """Return the whole seconds from now to an ISO 8601 *text*, zero once it is past."""
    return max(0, int((from_iso(text) - now()).total_seconds()))
