"""The time, and how we write it down."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from checkout import clock

MOMENT = datetime(2026, 11, 21, 9, 5, 7, 45_678, tzinfo=UTC)
moments = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - the time zone is drawn apart
    max_value=datetime(9998, 1, 1),  # noqa: DTZ001
    timezones=st.builds(
        lambda minutes: timezone(timedelta(minutes=minutes)),
        st.integers(-14 * 60, 14 * 60),
    ),
)


def test_a_moment_is_written_in_utc_with_milliseconds_and_z() -> None:
    assert clock.iso(MOMENT) == "2026-11-21T09:05:07.045Z"
    tokyo = timezone(timedelta(hours=9))
    assert clock.iso(MOMENT.astimezone(tokyo)) == "2026-11-21T09:05:07.045Z"


@given(moments)
def test_what_was_written_is_read_to_the_millisecond(moment: datetime) -> None:
    read = clock.from_iso(clock.iso(moment))

    assert timedelta() <= moment - read < timedelta(milliseconds=1)


@given(moments, moments)
def test_texts_sort_as_moments_do(one: datetime, other: datetime) -> None:
    assert (clock.iso(one) <= clock.iso(other)) or one > other


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-21T09:05:17Z", 9),
        ("2026-11-21T09:05:08.045Z", 0),
        ("2026-11-21T09:05:07Z", 0),
        ("1999-01-01T00:00:00Z", 0),
        ("2026-11-22T09:05:08+00:00", 86_400),
    ],
)
def test_the_seconds_until_then_are_whole_and_never_negative(
    text: str, seconds: int
) -> None:
    with time_machine.travel(MOMENT, tick=False):
        assert clock.seconds_until(text) == seconds


def test_now_is_in_utc() -> None:
    with time_machine.travel(MOMENT, tick=False):
        assert clock.now() == MOMENT
        assert clock.now().tzinfo is UTC
