"""
When CloudWatch lets an alarm ring: a small evaluator of its rules.

An alarm compares the statistic of each period with its threshold, and rings when enough
of the last periods breach it. CloudWatch does not promise where a period begins, so an
alarm counts as ringing only if it rings wherever that is.

Two rules of CloudWatch are left out. It evaluates each minute, so an alarm may ring
earlier; and it looks at older data where recent data is missing, so an alarm on missing
data may ring some minutes later.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from monitoring.alarms import Alarm

MINUTE = 60


class Datapoint(NamedTuple):
    """A value of a metric, *at* so many seconds."""

    at: int
    value: float


def rings_after(alarm: Alarm, data: Sequence[Datapoint], until: int) -> int | None:
    """
    Return the second in which *alarm* rings, None if it does not until *until*.

    It is the latest of all ways to divide the time into periods. Before second 0 there
    was what the alarm expects.
    """
    seconds = [
        _rings_after(alarm, data, until, begin)
        for begin in range(0, alarm.period, MINUTE)
    ]
    return None if None in seconds else max(s for s in seconds if s is not None)


def _rings_after(
    alarm: Alarm, data: Sequence[Datapoint], until: int, begin: int
) -> int | None:
    periods: dict[int, list[float]] = defaultdict(list)
    for point in data:
        periods[(point.at - begin) // alarm.period].append(point.value)
    breached: list[bool] = []
    # Of data before *begin*, the last part of a period is the first one.
    first = -1 if begin else 0
    for number in range(first, (until - begin) // alarm.period):
        breached.append(breaches(alarm, periods[number]))
        if sum(breached[-alarm.periods :]) >= alarm.datapoints:
            return begin + (number + 1) * alarm.period
    return None


def breaches(alarm: Alarm, values: Sequence[float], tolerated: int = 0) -> bool:
    """Return whether a period with *values* breaches the threshold."""
    if not values:
        return alarm.rings_without_data
    threshold = tolerated if alarm.is_tolerant else alarm.threshold
    value = {"Sum": sum, "Maximum": max}[alarm.statistic](values)
    if alarm.comparison == "LessThanThreshold":
        return value < threshold
    assert alarm.comparison == "GreaterThanThreshold"
    return value > threshold
