"""
The table of failures in docs/operations.md, made from the alarms.

The page has it between these two comments; what fails is the heading of the alarm's
section on the same page:

    <!-- alarms -->
    <!-- end -->
"""

import re

from monitoring.alarms import TOLERATED, Alarm, alarms

MARKED = re.compile(r"<!-- alarms -->\n.*?<!-- end -->", re.DOTALL)
HEADING = re.compile(r"^\*\*`(\w+Alarm)`: (.*?)\.?\*\*$", re.MULTILINE)
MINUTE, HOUR = 60, 3600


def with_table(page: str) -> str:
    """Return the text of the page with its table as the template is now."""
    return MARKED.sub(
        lambda _: f"<!-- alarms -->\n\n{table(page)}\n\n<!-- end -->", page
    )


def table(page: str) -> str:
    failures = dict(HEADING.findall(page))
    rows = [
        f"| {_sentence(failures.get(alarm.name, ''))} | {_metric(alarm)} "
        f"| `{alarm.name}` | {when(alarm)} |"
        for alarm in alarms()
    ]
    return "\n".join(
        ["| What fails | Metric | Alarm | Rings when |", "|---|---|---|---|", *rows]
    )


def _metric(alarm: Alarm) -> str:
    return f"`{alarm.metric}`" + ("" if alarm.is_ours else f" ({alarm.namespace})")


def _sentence(failure: str) -> str:
    return failure[:1].upper() + failure[1:]


def when(alarm: Alarm) -> str:
    """Say when the alarm rings."""
    limit = f"`{TOLERATED}`" if alarm.is_tolerant else f"{alarm.threshold:,}"
    sign = "below" if alarm.comparison == "LessThanThreshold" else "above"
    what = {"Sum": "a sum", "Maximum": "a maximum"}[alarm.statistic]
    missing = ", or without data" if alarm.rings_without_data else ""
    return f"{_periods(alarm)} with {what} {sign} {limit}{missing}"


def _periods(alarm: Alarm) -> str:
    one, several = _unit(alarm.period)
    if alarm.periods == 1:
        return f"1 {one}"
    if alarm.datapoints == alarm.periods:
        return f"{alarm.periods} {several} in a row"
    return f"{alarm.datapoints} of {alarm.periods} {several}"


def _unit(seconds: int) -> tuple[str, str]:
    if seconds == MINUTE:
        return "minute", "minutes"
    if seconds == HOUR:
        return "hour", "hours"
    length = f"of {seconds // MINUTE} minutes"
    return f"period {length}", f"periods {length}"
