"""The log level works, and no line is lost that somebody counts on."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.output import metrics_in
from tests.template_file import ROOT, resources, template

LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"]

FUNCTION = """
from checkout.telemetry import count, logger, metrics

@metrics.log_metrics
def lambda_handler(event, context):
    for level in ("debug", "info", "warning", "error"):
        getattr(logger, level)("said")
    count("payments.test")

lambda_handler({}, None)
"""


def log_format() -> str:
    everywhere = template()["Globals"]["Function"]["LoggingConfig"]
    return str(everywhere["LogFormat"])


def variables_of_lambda(log_format: str) -> dict[str, str]:
    """
    Return the variables by which Lambda tells a runtime about the log.

    Only with the format JSON it filters by level, INFO by default, and says so.
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    """
    level = {"AWS_LAMBDA_LOG_LEVEL": "INFO"} if log_format == "JSON" else {}
    return {"AWS_LAMBDA_LOG_FORMAT": log_format} | level


def printed(level: str, log_format: str) -> str:
    """Return what the layer's logger and metrics print, as Lambda starts them."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FUNCTION],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ
        | variables_of_lambda(log_format)
        | {
            "METRICS_FORMAT": "cloudwatch",
            "POWERTOOLS_LOG_LEVEL": level,
            "POWERTOOLS_METRICS_NAMESPACE": "Checkout/shop",
            "PYTHONPATH": str(ROOT / "layers/common"),
        },
    ).stdout


def levels_of(text: str) -> list[str]:
    lines = [json.loads(line) for line in text.splitlines()]
    return [line["level"] for line in lines if "level" in line]


@pytest.mark.parametrize("level", LEVELS)
def test_the_parameter_decides_what_is_logged(level: str) -> None:
    assert levels_of(printed(level, log_format())) == LEVELS[LEVELS.index(level) :]


@pytest.mark.parametrize("level", LEVELS)
def test_metrics_are_written_at_every_level(level: str) -> None:
    """Lambda would drop them at WARN: a line without a level counts as INFO."""
    assert metrics_in(printed(level, log_format())) == {"payments.test": 1}


def test_with_lambdas_own_format_the_parameter_would_do_nothing() -> None:
    """A test of the tests above: why the format is Text."""
    assert levels_of(printed("DEBUG", "JSON")) == ["INFO", "WARNING", "ERROR"]


def test_the_parameter_has_the_levels_of_the_logger() -> None:
    assert template()["Parameters"]["LogLevel"]["AllowedValues"] == LEVELS


# ---------------------------------------------------------------- the access log

# API Gateway writes "-" for what it does not have, and escapes nothing. These hold what
# AWS makes up itself: numbers, ids, words of a list, one of our route keys, an address.
NEVER_A_QUOTE = {
    "$context.requestId": "JKJaXmPLvHcESHA=",
    "$context.routeKey": "POST /api/checkout/{kind}",
    "$context.status": "200",
    "$context.responseLatency": "12",
    "$context.integrationStatus": "200",
    "$context.integrationLatency": "10",
    "$context.error.responseType": "THROTTLED",
    "$context.identity.sourceIp": "2001:db8::1",
    "$context.requestTimeEpoch": "1790000000000",
}


def access_log() -> str:
    settings = resources("AWS::Serverless::HttpApi")["HttpApi"]["AccessLogSettings"]
    return str(settings["Format"])


@pytest.mark.parametrize("values", [NEVER_A_QUOTE, dict.fromkeys(NEVER_A_QUOTE, "-")])
def test_a_line_of_the_access_log_parses(values: dict[str, str]) -> None:
    line = re.sub(r"\$[\w.]+", lambda found: values[found[0]], access_log())

    assert "\n" not in line
    assert sorted(json.loads(line).values()) == sorted(values.values())


def test_the_access_log_has_an_address_and_nothing_else_of_a_person() -> None:
    """docs/operations.md (Personal data) says why, and for how long."""
    used = set(re.findall(r"\$[\w.]+", access_log()))

    assert used == NEVER_A_QUOTE.keys()


def test_both_logs_are_kept_as_long_as_the_parameter_says() -> None:
    groups = resources("AWS::Logs::LogGroup")

    assert len(groups) == 2
    for name, group in groups.items():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name


def test_the_access_log_is_where_the_policy_for_delivery_stays_small() -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
    name = resources("AWS::Logs::LogGroup")["AccessLogs"]["LogGroupName"]

    assert name == {"Fn::Sub": "/aws/vendedlogs/${AWS::StackName}/access"}
