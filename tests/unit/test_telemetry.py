"""What CloudWatch, or Datadog, reads from the log."""

import json
import os
import subprocess
import sys

import pytest

from checkout.telemetry import count, logger, metrics
from tests.output import captured_log, metrics_in
from tests.template_file import ROOT

FUNCTION = """
from checkout.telemetry import count, count_money, metrics

@metrics.log_metrics
def lambda_handler(event, context):
    count("payments.checkout.failed", 2)
    count_money("payments.money.sold", 500, "jpy")

lambda_handler({}, None)
"""


def test_occurrences_add_up_under_the_name_they_were_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in range(2):
        count("payments.checkout.failed")
    count("payments.checkout.session_completed")

    metrics.flush_metrics()

    printed = capsys.readouterr().out
    assert metrics_in(printed) == {
        "payments.checkout.failed": 2,
        "payments.checkout.session_completed": 1,
    }
    line = json.loads(printed)
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["service"]]
    assert line["service"] == "checkout"
    assert {metric["Unit"] for metric in directive["Metrics"]} == {"Count"}


def test_datadog_is_told_in_its_own_format() -> None:
    """The line that Datadog's forwarder looks for; the format is chosen at import."""
    printed = subprocess.run(
        [sys.executable, "-c", FUNCTION],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ
        | {
            "METRICS_FORMAT": "datadog",
            "POWERTOOLS_METRICS_NAMESPACE": "Checkout/checkout-dev",
            "POWERTOOLS_SERVICE_NAME": "fulfillment",
            "PYTHONPATH": str(ROOT / "layers/common"),
        },
    ).stdout

    line, money = map(json.loads, printed.splitlines())
    # The names are those that Datadog's dashboards and monitors have, with no prefix.
    assert (line["m"], line["v"]) == ("payments.checkout.failed", 2)
    assert {"service:fulfillment", "stack:checkout-dev"} <= set(line["t"])
    assert isinstance(line["e"], int)
    assert (money["m"], money["v"]) == ("payments.money.sold", 500)
    assert {"currency:jpy", "stack:checkout-dev"} <= set(money["t"])


def test_a_log_line_is_json_with_its_facts() -> None:
    with captured_log() as log:
        logger.info("purchase_recorded", purchase_id="pur_1")

    line = json.loads(log.getvalue())
    assert (line["message"], line["purchase_id"]) == ("purchase_recorded", "pur_1")
    assert line["level"] == "INFO"
