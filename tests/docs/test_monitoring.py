"""What is made of the template's alarms is current, and as Datadog documents it."""

import json
import re
from pathlib import Path

import pytest

from monitoring.alarms import alarms
from monitoring.files import DASHBOARD, MONITORS, OPERATIONS, files
from monitoring.table import HEADING
from tests.counted import functions_that_count
from tests.template_file import own_alarms

WRITTEN = json.loads(MONITORS.read_text())
# https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor
QUERY = re.compile(
    r"(?:sum\(last_(\d+[mh])\):sum:([\w.]+)\{\*\} by \{stack\}\.as_count\(\)"
    r"|(?:max|min)\(last_(\d+[mh])\):max:([\w.]+)\{\*\} by \{stack\}) > (\d+)"
)
SHORTEST, LONGEST = 5, 24 * 60


def minutes(window: str) -> int:
    return int(window[:-1]) * (60 if window.endswith("h") else 1)


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_what_is_made_of_the_template_is_current(path: Path) -> None:
    """`make monitoring` writes it."""
    assert path.read_text() == files()[path]


def test_the_table_has_each_alarm_with_what_fails() -> None:
    table = OPERATIONS.read_text().split("<!-- alarms -->")[1].split("<!-- end -->")[0]
    rows = re.findall(r"^\| (.*?) \| `([\w.]+)`.*? \| `(\w+)` \| ", table, re.MULTILINE)
    assert [(metric, name) for _, metric, name in rows] == [
        (alarm.metric, alarm.name) for alarm in alarms()
    ]
    headings = dict(HEADING.findall(OPERATIONS.read_text()))
    assert {name: failure.lower() for failure, _, name in rows} == {
        name: what.lower() for name, what in headings.items()
    }


def test_what_the_alarms_cost_is_told_of_as_many_as_there_are() -> None:
    [(dollars, number, more)] = re.findall(
        r"an alarm is 0\.10 USD a month: ([\d.]+) for the (\d+) of a stack, "
        r"([\d.]+) more with Segment",
        OPERATIONS.read_text(),
    )
    with_segment = [a for a in alarms() if a.name.startswith("Segment")]
    assert int(number) == len(alarms()) - len(with_segment)
    assert float(dollars) == pytest.approx(0.1 * int(number))
    assert float(more) == pytest.approx(0.1 * len(with_segment))


def test_each_alarm_on_a_metric_of_ours_has_a_monitor() -> None:
    assert [monitor["name"] for monitor in WRITTEN] == [
        f"{name} of {{{{stack.name}}}}" for name in own_alarms()
    ]


@pytest.mark.parametrize("monitor", WRITTEN, ids=lambda monitor: monitor["name"])
def test_a_monitor_is_as_datadog_documents_it(monitor: dict[str, object]) -> None:
    assert monitor.keys() == {"name", "type", "query", "message", "tags", "options"}
    assert monitor["type"] == "query alert"
    match = QUERY.fullmatch(str(monitor["query"]))
    assert match
    window, metric, longer, gauge, limit = match.groups()
    assert SHORTEST <= minutes(window or longer) <= LONGEST
    assert functions_that_count()[metric or gauge]
    options = monitor["options"]
    assert isinstance(options, dict)
    # Datadog refuses a monitor whose threshold is not that of its query.
    assert options["thresholds"] == {"critical": int(limit)}
    assert options["on_missing_data"] in {"default", "resolve"}


@pytest.mark.parametrize(
    ("alarm", "query"),
    [
        (
            "QuarantineAlarm",
            (
                "sum(last_5m):sum:payments.checkout.quarantined{*} by {stack}"
                ".as_count() > 0"
            ),
        ),
        (
            "ReconcileAlarm",
            "sum(last_3h):sum:payments.reconcile.failed{*} by {stack}.as_count() > 2",
        ),
        (
            "ReconcileMoneyLagAlarm",
            "min(last_10m):max:payments.reconcile.money_lag{*} by {stack} > 900",
        ),
        (
            "UndeliveredEventsAlarm",
            "max(last_5m):max:payments.events.undelivered{*} by {stack} > 2",
        ),
    ],
)
def test_a_monitor_alerts_when_its_alarm_would_ring(alarm: str, query: str) -> None:
    [monitor] = [m for m in WRITTEN if m["name"].startswith(f"{alarm} ")]
    assert monitor["query"] == query


def test_a_widget_of_datadogs_dashboard_asks_for_what_it_shows() -> None:
    """The formulas name the queries beside them, and each query is shown."""
    made = json.loads(DASHBOARD.read_text())
    widgets = [
        widget["definition"]
        for group in made["widgets"]
        for widget in group["definition"]["widgets"]
    ]
    assert len(widgets) > len(made["widgets"])
    for widget in widgets:
        assert widget["type"] in {"timeseries", "query_value"}
        [request] = widget["requests"]
        named = {query["name"] for query in request["queries"]}
        formulas = " ".join(each["formula"] for each in request["formulas"])
        used = set(re.findall(r"\b[a-z_]+\b(?!\()", formulas))
        assert used == named, widget["title"]
        assert all("$stack" in query["query"] for query in request["queries"])


def test_amounts_are_grouped_by_currency() -> None:
    queries = re.findall(
        r'"query": "([^"]*payments\.money[^"]*)"', DASHBOARD.read_text()
    )
    assert len(queries) == 2
    assert all("by {currency}" in query for query in queries)
