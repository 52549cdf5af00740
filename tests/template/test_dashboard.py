"""The dashboards show what is counted, and all that an operator looks for first."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from checkout.metric import Metric
from monitoring.datadog_dashboard import OF_AWS
from monitoring.files import DASHBOARD
from tests.counted import functions_that_count
from tests.template_file import functions, resources, template

BODY, INSERTED = resources("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"][
    "Fn::Sub"
]
# What a part of the body refers to; a resource is its logical id.
PSEUDO_PARAMETERS = {"AWS::Region": "us-east-1", "AWS::StackName": "shop"}
NAMESPACE = "Checkout/shop"
SEARCH = re.compile(r"SEARCH\('\{(.*?)\} (.*)', '(\w+)', (\d+)\)")
FIGURES = {
    "payments.checkout.started",
    "payments.checkout.session_completed",
    "payments.checkout.orphaned_age",
    "payments.events.enqueued",
    "payments.events.refused",
    "payments.events.not_enqueued",
    "payments.money.sold",
    "payments.money.returned",
    "payments.reconcile.sessions_lag",
    "payments.reconcile.money_lag",
    "payments.reconcile.balance_lag",
}

type Json = Any


def substituted(text: str, inserted: dict[str, str]) -> str:
    def value(reference: re.Match[str]) -> str:
        name = reference[1]
        if name in inserted:
            return inserted[name]
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        resource, _, attribute = name.partition(".")
        assert resource in template()["Resources"], name
        assert attribute in {"", "QueueName"}
        return resource

    return re.sub(r"\$\{(.+?)\}", value, text)


def body(*conditions: str) -> Json:
    """Return the dashboard as CloudWatch gets it, under these *conditions*."""
    inserted = {}
    for name, value in INSERTED.items():
        condition, there, otherwise = value["Fn::If"]
        chosen = there if condition in conditions else otherwise
        inserted[name] = substituted(chosen["Fn::Sub"], {}) if chosen else ""
    return json.loads(substituted(BODY, inserted))


ALL = body("SendToSegment", "MetricsOfEachRoute")


def metrics_of(dashboard: Json) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield each metric's namespace, name and dimensions."""
    for widget in dashboard["widgets"]:
        for metric in widget["properties"]["metrics"]:
            if isinstance(metric[0], dict):
                continue
            namespace, name, *dimensions = (m for m in metric if isinstance(m, str))
            pairs = zip(dimensions[::2], dimensions[1::2], strict=True)
            yield namespace, name, dict(pairs)


def expressions_of(dashboard: Json) -> Iterator[tuple[str, Json]]:
    """Yield each expression, and the metrics beside it."""
    for widget in dashboard["widgets"]:
        metrics = widget["properties"]["metrics"]
        for metric in metrics:
            if isinstance(metric[0], dict):
                yield metric[0]["expression"], metrics


@pytest.mark.parametrize(
    "conditions", [(), ("SendToSegment",), ("MetricsOfEachRoute",)], ids=str
)
def test_the_dashboard_is_json_whatever_is_deployed(
    conditions: tuple[str, ...],
) -> None:
    made = body(*conditions)
    assert made["start"] == "-P7D"
    text = json.dumps(made)
    assert ("SegmentFunction" in text) == ("SendToSegment" in conditions)
    assert ("Resource" in text) == ("MetricsOfEachRoute" in conditions)


def test_two_stacks_have_two_dashboards() -> None:
    name = resources("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardName"]
    assert "${AWS::StackName}" in name["Fn::Sub"]


def test_it_is_made_only_where_cloudwatch_has_the_metrics() -> None:
    assert template()["Resources"]["Dashboard"]["Condition"] == "CloudWatchMetrics"


def test_each_metric_of_ours_is_one_that_a_function_counts() -> None:
    [from_log] = resources("AWS::Logs::MetricFilter").values()
    [filtered] = from_log["MetricTransformations"]
    for namespace, name, dimensions in metrics_of(ALL):
        if name == filtered["MetricName"]:
            given = filtered["MetricNamespace"]["Fn::Sub"]
            assert namespace == given.replace("${AWS::StackName}", "shop")
            assert not dimensions
        elif not namespace.startswith("AWS/"):
            assert namespace == NAMESPACE
            assert functions_that_count()[name]
            assert dimensions == {"service": "checkout"}


def test_each_metric_of_aws_is_of_a_resource_of_the_template() -> None:
    kinds = {
        ("AWS/Lambda", "FunctionName"): "AWS::Serverless::Function",
        ("AWS/SQS", "QueueName"): "AWS::SQS::Queue",
        ("AWS/ApiGateway", "ApiId"): "AWS::Serverless::HttpApi",
    }
    for namespace, name, dimensions in metrics_of(ALL):
        if namespace.startswith("AWS/"):
            [(dimension, resource)] = dimensions.items()
            assert resource in resources(kinds[namespace, dimension]), name


def test_every_function_has_its_latency_and_its_errors() -> None:
    shown = {(name, d.get("FunctionName")) for _, name, d in metrics_of(ALL)}
    for function in functions():
        assert ("Duration", function) in shown
        assert ("Errors", function) in shown


def test_an_amount_is_searched_by_currency_and_never_added_up() -> None:
    searches = [SEARCH.fullmatch(text) for text, _ in expressions_of(body())]
    found = {
        term.split('"')[1]: schema
        for schema, term, *_ in (match.groups() for match in searches if match)
    }
    assert found == dict.fromkeys(
        (Metric.MONEY_SOLD, Metric.MONEY_RETURNED), f'"{NAMESPACE}",service,currency'
    )
    money = [
        widget["properties"]
        for widget in body()["widgets"]
        if "minor unit" in widget["properties"]["title"]
    ]
    assert len(money) == 2
    assert not any(widget["stacked"] for widget in money)


def test_each_route_is_searched_by_what_detailed_metrics_have() -> None:
    searches = [SEARCH.fullmatch(text) for text, _ in expressions_of(ALL)]
    of_routes = [m for m in searches if m and m[1].startswith("AWS/ApiGateway")]
    assert len(of_routes) == 2
    for match in of_routes:
        assert match[1] == "AWS/ApiGateway,ApiId,Method,Resource,Stage"
        assert 'ApiId="HttpApi"' in match[2]


def test_an_expression_names_only_metrics_beside_it() -> None:
    formulas = [(t, m) for t, m in expressions_of(body()) if "SEARCH" not in t]
    assert len(formulas) == 2
    for formula, metrics in formulas:
        ids = {m[-1].get("id") for m in metrics if isinstance(m[-1], dict)}
        assert set(re.findall(r"\b[a-z]\w*", formula)) <= ids


def test_detailed_metrics_are_off_unless_they_are_asked_for() -> None:
    settings = resources("AWS::Serverless::HttpApi")["HttpApi"]["DefaultRouteSettings"]
    assert settings["DetailedMetricsEnabled"] == {
        "Fn::If": ["MetricsOfEachRoute", True, False]
    }
    assert template()["Parameters"]["DetailedApiMetrics"]["Default"] == "off"


# ---------------------------------------------------------------- both


def names_in_datadog() -> set[str]:
    found = re.findall(r'"query": "\w+:([\w.]+)\{', DASHBOARD.read_text())
    return set(found)


def test_both_dashboards_have_the_figures() -> None:
    ours = {name for namespace, name, _ in metrics_of(ALL) if namespace == NAMESPACE}
    searched = set(re.findall(r"payments\.money\.\w+", json.dumps(ALL)))
    assert ours | searched >= FIGURES
    assert names_in_datadog() >= FIGURES


def test_each_metric_of_datadogs_dashboard_is_counted_by_a_function_or_by_aws() -> None:
    """The names are exact: the first two are those of the sources."""
    assert names_in_datadog() >= {
        "payments.checkout.session_completed",
        "payments.checkout.failed",
    }
    for name in names_in_datadog() - OF_AWS.keys():
        assert functions_that_count()[name]
