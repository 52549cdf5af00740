"""The evaluator knows CloudWatch's rules: how many periods, which of them, no data."""

from dataclasses import replace

import pytest

from monitoring.alarms import Alarm
from tests.template.alarms.cloudwatch import MINUTE, Datapoint, rings_after

UNTIL = 3600
ONE = Alarm(
    name="AnyAlarm",
    text="",
    metric="any",
    namespace="AWS/Any",
    statistic="Sum",
    period=MINUTE,
    periods=1,
    datapoints=1,
    threshold=0,
    is_tolerant=False,
    comparison="GreaterThanThreshold",
    rings_without_data=False,
)


def at(*minutes: int, value: float = 1) -> list[Datapoint]:
    return [Datapoint(minute * MINUTE, value) for minute in minutes]


@pytest.mark.parametrize(
    ("changes", "data", "rings"),
    [
        ({}, at(), None),
        ({}, at(3), 4),
        ({}, at(3, value=0), None),
        # Two of three: a failure every ten minutes is never enough.
        ({"periods": 3, "datapoints": 2}, at(0, 10, 20, 30), None),
        ({"periods": 3, "datapoints": 2}, at(0, 2), 3),
        ({"periods": 3, "datapoints": 2}, at(0, 3), None),
        ({"periods": 30, "datapoints": 2}, at(0, 10, 20, 30), 11),
        ({"periods": 3, "datapoints": 3}, at(1, 2, 3), 4),
        ({"periods": 3, "datapoints": 3}, at(1, 2, 4), None),
        # A sum of two minutes may be in one period of five minutes, or in two.
        ({"period": 300, "threshold": 1}, at(0, 1), None),
        ({"period": 300, "threshold": 1}, at(0, 1, 2, 3, 4, 5), 6),
        ({"statistic": "Maximum", "threshold": 5}, at(0, value=6), 1),
        ({"statistic": "Maximum", "threshold": 5}, at(0, 0, value=3), None),
        ({"rings_without_data": True, "threshold": 5}, at(0, 1, 2, 4, 5), 4),
        (
            {"comparison": "LessThanThreshold", "threshold": 1},
            at(0, 1) + at(2, value=0),
            3,
        ),
    ],
)
def test_an_alarm_rings_when_enough_periods_breach(
    changes: dict[str, object], data: list[Datapoint], rings: int | None
) -> None:
    alarm = replace(ONE, **changes)  # type: ignore[arg-type]
    seconds = rings_after(alarm, data, UNTIL)
    assert seconds == (None if rings is None else rings * MINUTE)
