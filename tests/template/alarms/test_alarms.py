"""A failure that costs money rings an alarm, whichever function meets it first."""

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

import pytest

from checkout.telemetry import count
from monitoring.alarms import Alarm
from tests import template_file
from tests.aws_calls import failing
from tests.counted import functions_that_count
from tests.lambda_events import Context
from tests.output import metric_lines_in, metrics_in
from tests.shop import Shop
from tests.template.alarms.cloudwatch import MINUTE, Datapoint, breaches, rings_after
from tests.template.alarms.failures import CASES, USES_OF_TABLES, is_of_dynamodb
from tests.template.alarms.of_aws import (
    FAILURES,
    HOUR,
    UNTIL,
    Failure,
    counted,
    is_behind_api,
    watched_by,
)
from tests.template_file import (
    ROOT,
    environment_of,
    functions,
    module_of,
    own_alarms,
    resources,
)

pytestmark = pytest.mark.slow

type Values = dict[tuple[str, str], list[float]]

ALARMS = {
    name: Alarm.from_template(name, properties)
    for name, properties in resources("AWS::CloudWatch::Alarm").items()
}

# What is over by itself when it happens once: these alarms wait for more of it.
ONLY_IF_IT_GOES_ON = {
    "payments.reconcile.failed",
    "payments.reconcile.unfinished",
    "payments.reconcile.sessions_lag",
    "payments.reconcile.money_lag",
    "payments.reconcile.balance_lag",
}

# A small shop has an event every ten minutes, a large one ten a second.
SMALL_SHOP = 10 * MINUTE
LARGE_SHOP = 0.1
RUN_OF_RECONCILE = 5 * MINUTE
PAUSE_AFTER_FAILURE = 30 * MINUTE


# ---------------------------------------------------------------- our own metrics


@pytest.fixture
def written(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Values:
    """What each function has written into its log for CloudWatch to count."""
    values: Values = defaultdict(list)
    invoke = shop.invoke

    def recorded(
        function: str, event: dict[str, Any], context: Context | None = None
    ) -> dict[str, Any]:
        capsys.readouterr()
        try:
            return invoke(function, event, context)
        finally:
            for line in metric_lines_in(capsys.readouterr().out):
                [directive] = line["_aws"]["CloudWatchMetrics"]
                for metric in directive["Metrics"]:
                    values[metric["Name"], function] += line[metric["Name"]]

    monkeypatch.setattr(shop, "invoke", recorded)
    return values


@cache
def as_deployed(function: str) -> tuple[str, list[dict[str, str]]]:
    """
    Return the namespace and the sets of dimensions that a function's metrics have.

    They come from the environment in which the process starts, so this starts one.
    """
    properties = functions()[function]
    values = dict.fromkeys(template_file.references(), "x") | {
        "AWS::StackId": "x",
        "AWS::StackName": "shop",
        "LogLevel": "INFO",
        "MetricsFormat": "cloudwatch",
    }
    script = (
        f"import {module_of(properties)}\n"
        "from checkout.telemetry import count, metrics\n"
        "count('payments.test')\n"
        "metrics.flush_metrics()"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ
        | environment_of(properties, values)
        | {"PYTHONPATH": f"{ROOT}:{ROOT / 'layers/common'}"},
    ).stdout
    line = json.loads(printed)
    [directive] = line["_aws"]["CloudWatchMetrics"]
    sets = [{name: line[name] for name in names} for names in directive["Dimensions"]]
    return directive["Namespace"], sets


def watches(alarm: dict[str, Any], metric: str, function: str) -> bool:
    """Whether the alarm is on the metric that the function's count becomes."""
    namespace, dimensions = as_deployed(function)
    return (
        template_file.resolved(alarm["Namespace"], {"AWS::StackName": "shop"}),
        alarm["MetricName"],
    ) == (namespace, metric) and {
        each["Name"]: each["Value"] for each in alarm["Dimensions"]
    } in dimensions


def every(metric: str) -> int:
    """Return after how many seconds a failure comes again in a small shop."""
    if metric == "payments.reconcile.failed":
        return PAUSE_AFTER_FAILURE
    ours = metric.startswith(("payments.reconcile", "payments.events.undelivered"))
    return RUN_OF_RECONCILE if ours else SMALL_SHOP


@pytest.mark.parametrize(
    ("metric", "function", "go_wrong"),
    CASES,
    ids=[f"{metric}-{who}-{go_wrong.__name__}" for metric, who, go_wrong in CASES],
)
def test_it_rings_whichever_function_meets_it_first(
    shop: Shop,
    written: Values,
    metric: str,
    function: str,
    go_wrong: Callable[[Shop], object],
) -> None:
    """Invariant 14, in a shop that sells six things an hour, or one a day."""
    go_wrong(shop)

    values = written[metric, function]
    assert any(values)
    [name] = [
        name for name, alarm in own_alarms().items() if watches(alarm, metric, function)
    ]
    alarm = ALARMS[name]
    once = [Datapoint(0, value) for value in values]
    again = [
        Datapoint(number * every(metric), value)
        for number in range(5)
        for value in values
    ]
    rings = rings_after(alarm, again, UNTIL)
    assert rings is not None
    assert rings <= 70 * MINUTE
    needs_more = rings_after(alarm, once, UNTIL) is None
    assert needs_more == (metric in ONLY_IF_IT_GOES_ON)


def test_every_function_that_may_meet_it_first_has_a_case() -> None:
    for name, alarm in own_alarms().items():
        metric = alarm["MetricName"]
        tried = {function for what, function, _ in CASES if what == metric}
        assert tried == functions_that_count()[metric], name


def test_no_alarm_watches_what_nobody_counts() -> None:
    for name, alarm in own_alarms().items():
        metric = alarm["MetricName"]
        for function in functions_that_count()[metric]:
            assert watches(alarm, metric, function), name


@pytest.mark.parametrize(
    "function", sorted(set().union(*functions_that_count().values()))
)
def test_a_function_that_can_count_writes_it_down_also_when_it_fails(
    shop: Shop, capsys: pytest.CaptureFixture[str], function: str
) -> None:
    """What is never flushed is lost, or counted in a later invocation."""
    count("payments.test")

    with suppress(Exception):  # no function but reconcile takes an empty event
        shop.invoke(function, {})

    assert metrics_in(capsys.readouterr().out)["payments.test"] == 1


# ---------------------------------------------------------------- AWS's metrics


def ringing(failure: Failure, every: int, times: int) -> dict[str, int]:
    """Return after how many seconds each alarm on a metric of AWS's rings."""
    data = counted(failure, every, times)
    found = {}
    for name, properties in resources("AWS::CloudWatch::Alarm").items():
        if name not in own_alarms():
            points = data.get(watched_by(properties), [])
            if seconds := rings_after(ALARMS[name], points, UNTIL):
                found[name] = seconds
    return found


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.what)
@pytest.mark.parametrize(
    ("every", "times"), [(SMALL_SHOP, 12), (1, 1800)], ids=["small", "large"]
)
def test_what_only_aws_counts_rings_its_alarms_and_no_other(
    failure: Failure, every: int, times: int
) -> None:
    """In a shop with an event every ten minutes, and in one with an event a second."""
    assert failure.alarms
    assert ringing(failure, every, times).keys() == failure.alarms


@pytest.mark.parametrize(
    "failure", [f for f in FAILURES if f.shows], ids=lambda failure: failure.what
)
def test_the_function_itself_fails_like_that(shop: Shop, failure: Failure) -> None:
    assert failure.shows
    failure.shows(shop)


@pytest.mark.parametrize("function", sorted(filter(is_behind_api, USES_OF_TABLES)))
def test_a_fault_of_aws_is_answered_5xx_by_each_function_behind_the_api(
    shop: Shop, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the API counts it: to Lambda these invocations are good ones."""
    answers = []
    invoke = shop.invoke
    monkeypatch.setattr(
        shop, "invoke", lambda *given: answers.append(invoke(*given)) or answers[-1]
    )

    with failing(where=is_of_dynamodb, error="AccessDeniedException"):
        USES_OF_TABLES[function](shop)

    assert [answer["statusCode"] for answer in answers] == [500]


def test_buyers_wait_no_quarter_of_an_hour_for_an_alarm() -> None:
    for failure in FAILURES:
        if "ApiErrorAlarm" in failure.alarms:
            assert ringing(failure, SMALL_SHOP, 12)["ApiErrorAlarm"] <= 15 * MINUTE
            assert ringing(failure, 1, 300)["ApiErrorAlarm"] <= 3 * MINUTE


def test_one_5xx_is_no_alarm_but_one_failed_checkout_is() -> None:
    [failure] = [f for f in FAILURES if f.what == "a route answers 5xx"]
    assert ringing(failure, SMALL_SHOP, 1) == {}
    once = [Datapoint(0, 1)]
    assert rings_after(ALARMS["CreateFailedAlarm"], once, HOUR)


@pytest.mark.parametrize("name", ["ApiErrorAlarm", "CreateFailedAlarm"])
def test_a_large_shop_tolerates_as_many_failures_a_minute_as_it_wants(
    name: str,
) -> None:
    assert not breaches(ALARMS[name], [1] * 5, tolerated=5)
    assert breaches(ALARMS[name], [1] * 6, tolerated=5)


# ---------------------------------------------------------------- all of them


def test_every_alarm_has_a_failure_that_rings_it() -> None:
    of_aws = set().union(*(failure.alarms for failure in FAILURES))
    assert of_aws | own_alarms().keys() == ALARMS.keys()
    assert not of_aws & own_alarms().keys()


def test_every_function_has_an_alarm_for_its_crash_and_for_its_throttle() -> None:
    told = {failure.what for failure in FAILURES if failure.alarms}
    for function in functions():
        assert f"{function} crashes" in told
        assert f"{function} is throttled" in told


def test_an_alarm_on_a_metric_of_ours_is_made_only_where_cloudwatch_has_it() -> None:
    for name, resource in template_file.template()["Resources"].items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            ours = name in own_alarms()
            assert (resource.get("Condition") == "CloudWatchMetrics") == ours, name


def test_an_alarm_notifies_and_tells_when_something_that_lasted_is_over() -> None:
    """What has happened, a dispute for example, is over when a person says so."""
    notify = {"Fn::If": ["Notify", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    for name, properties in resources("AWS::CloudWatch::Alarm").items():
        alarm = ALARMS[name]
        lasts = alarm.statistic == "Maximum" or alarm.rings_without_data
        assert properties["AlarmActions"] == notify, name
        assert properties.get("OKActions") == (notify if lasts else None), name


# With one of these a sentence begins that says what to do.
REMEDIES = (
    *("Answer", "Check", "Compare", "Create", "Do not", "Find", "Have", "Mend"),
    *("Read", "Remove", "Run"),
)


def test_an_alarm_says_what_to_do() -> None:
    begins = re.compile(rf"(?:^|[.;:] )(?:{'|'.join(REMEDIES)})\b", re.IGNORECASE)
    for alarm in ALARMS.values():
        assert begins.search(alarm.text), alarm.name


def test_an_alarm_looks_back_no_further_than_cloudwatch_allows() -> None:
    for alarm in ALARMS.values():
        longest = 24 * HOUR if alarm.period < HOUR else 7 * 24 * HOUR
        assert alarm.period * alarm.periods <= longest, alarm.name
        assert 1 <= alarm.datapoints <= alarm.periods, alarm.name
        assert alarm.period % MINUTE == 0, alarm.name
