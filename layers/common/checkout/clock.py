"""The current time, in UTC, and its text form."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """Return *moment* in ISO 8601, UTC, with milliseconds; such texts sort by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def from_iso(text: str) -> datetime:
    return datetime.fromisoformat(text)


def seconds_until(text: str) -> int:
    """Return the whole seconds until the ISO 8601 *text*, or 0 after it."""
    return max(0, int((from_iso(text) - now()).total_seconds()))
