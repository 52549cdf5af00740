"""The logger and the metrics; both write to the log that Lambda collects."""

import warnings
from typing import Any

from aws_lambda_powertools import Logger, Metrics

from checkout.config import TelemetryConfig

# Most invocations of some functions have nothing to count.
warnings.filterwarnings("ignore", "No application metrics to publish")

logger = Logger()


def _datadog_metrics() -> Any:  # noqa: ANN401 - what we use of it is as in Metrics
    from aws_lambda_powertools.metrics.provider.datadog import (  # noqa: PLC0415 - few need it
        DatadogMetrics,
    )

    # To the log, from where Datadog's forwarder takes them: the layer has no agent.
    datadog = DatadogMetrics(flush_to_log=True)
    # A dashboard in Datadog names its metrics, and every stack has the same: there the
    # stack is a tag, and not a part of the name.
    datadog.namespace, _, stack = datadog.namespace.partition("/")
    datadog.set_default_tags(service=logger.service, stack=stack)
    return datadog


metrics: Metrics = (
    _datadog_metrics() if TelemetryConfig().metrics_format == "datadog" else Metrics()
)


def count(metric: str, times: int = 1) -> None:
    """Count what occurred; the names are in docs/operations.md."""
    # Datadog knows no units: there it becomes a tag.
    metrics.add_metric(name=metric, unit="Count", value=times)
