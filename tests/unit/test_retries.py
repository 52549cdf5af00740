"""When a message that fails is received again, in simulated time."""

import pytest

from checkout.domain.retries import PAUSES, STUCK_AFTER, pause_after

MINUTE, HOUR = 60, 60 * 60
# maxReceiveCount of the queue; the template's test compares it.
RECEIVES = len(PAUSES) + 1


def received_at() -> list[int]:
    """Return when a message that always fails is received, in seconds."""
    moments = [0]
    while len(moments) < RECEIVES:
        moments.append(moments[-1] + pause_after(len(moments)))
    return moments


def test_there_are_eight_receives() -> None:
    assert RECEIVES == 8


def test_the_first_two_retries_come_within_five_minutes() -> None:
    _, first, second, *_ = received_at()

    assert 0 < first < second <= 5 * MINUTE


def test_the_third_receive_is_the_one_that_rings() -> None:
    assert STUCK_AFTER == 3
    assert received_at()[STUCK_AFTER - 1] < 5 * MINUTE


def test_eight_receives_last_a_day() -> None:
    """An outage of a day moves nothing to the dead-letter queue."""
    assert 24 * HOUR <= received_at()[-1] <= 26 * HOUR


def test_each_pause_is_longer_than_the_one_before() -> None:
    assert sorted(set(PAUSES)) == list(PAUSES)


def test_no_pause_is_longer_than_sqs_can_hide_a_message() -> None:
    """Twelve hours, counted from the receive: the function has taken some time."""
    assert max(PAUSES) < 12 * HOUR - 15 * MINUTE


@pytest.mark.parametrize("receive_count", [8, 9, 100])
def test_after_the_last_receive_the_dead_letter_queue_has_it_soon(
    receive_count: int,
) -> None:
    assert pause_after(receive_count) <= MINUTE
