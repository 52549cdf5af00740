"""Query parameters: numbers, and the days of a period."""

import re
from collections.abc import Mapping
from datetime import date

from checkout import clock
from checkout.errors import InvalidRequestError

DEFAULT_DAYS = 30
MOST_DAYS = 366

type Query = Mapping[str, str]


def whole_number(query: Query, name: str, default: int, most: int) -> int:
    """Return the number *name*, from 1 to *most*; raises InvalidRequestError."""
    text = query.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= most:
        problem = f"must be a whole number from 1 to {most}"
        raise InvalidRequestError(f"The {name} is refused.", **{name: problem})
    return int(text)


def period(query: Query) -> tuple[date, date]:
    """
    Return the days `from` and `to`, by default the last thirty days.

    Raises InvalidRequestError unless `to` is at most 365 days after `from`.
    """
    last = _day(query, "to") or clock.now().date()
    # Computed from the ordinal, since no date comes before the year 1.
    default = date.fromordinal(max(1, last.toordinal() - DEFAULT_DAYS + 1))
    first = _day(query, "from") or default
    if not 0 <= (last - first).days < MOST_DAYS:
        problem = f"must be `to` or at most {MOST_DAYS - 1} days before it"
        raise InvalidRequestError("The period is refused.", **{"from": problem})
    return first, last


def _day(query: Query, name: str) -> date | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    # Python also reads other ways to write a date, such as 2026-W01-1.
    if day is None or str(day) != text:
        problem = "must be a date such as 2026-01-31"
        raise InvalidRequestError(f"The {name} is refused.", **{name: problem})
    return day
