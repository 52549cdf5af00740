"""
Datadog's monitors: one for each alarm on a metric that the functions count.

https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor
"""

from typing import Any

from monitoring.alarms import Alarm, alarms

# The forwarder sends metrics a minute or two late.
SHORTEST_WINDOW = 300
HOUR, MINUTE = 3600, 60


def monitors() -> list[dict[str, Any]]:
    return [monitor(alarm) for alarm in alarms() if alarm.is_ours]


def monitor(alarm: Alarm) -> dict[str, Any]:
    """Return the monitor that alerts, for each stack, when the alarm would ring."""
    limit = _limit(alarm)
    counts = alarm.statistic == "Sum"
    return {
        "name": f"{alarm.name} of {{{{stack.name}}}}",
        "type": "query alert",
        "query": f"{_value(alarm)} > {limit}",
        "message": f"{alarm.text}\n\ndocs/operations.md has a section on {alarm.name}.",
        "tags": ["project:paidonce", f"alarm:{alarm.name.lower()}"],
        "options": {
            "thresholds": {"critical": limit},
            # No data is no failure: then a count is 0, and a duration is over.
            "on_missing_data": "default" if counts else "resolve",
            "require_full_window": False,
            # The first dispute of a stack is the first that Datadog hears of it.
            "new_group_delay": 0,
            "include_tags": True,
            "notify_audit": False,
        },
    }


def _value(alarm: Alarm) -> str:
    window = _window(max(alarm.period * alarm.periods, SHORTEST_WINDOW))
    if alarm.statistic == "Sum":
        return f"sum({window}):sum:{alarm.metric}{{*}} by {{stack}}.as_count()"
    # Each of several periods must breach: then the least of them does.
    over_time = "max" if alarm.periods == 1 else "min"
    return f"{over_time}({window}):max:{alarm.metric}{{*}} by {{stack}}"


def _limit(alarm: Alarm) -> int:
    """
    Return what the value must exceed.

    Datadog has no "3 of 36 periods". Three failures within the same time are near
    enough: a run of reconcile counts each of its failures.
    """
    if alarm.statistic == "Sum":
        return alarm.threshold + alarm.datapoints - 1
    return alarm.threshold


def _window(seconds: int) -> str:
    if seconds % HOUR == 0:
        return f"last_{seconds // HOUR}h"
    return f"last_{seconds // MINUTE}m"
