"""The logger and the metrics; both write to the function's log."""

import warnings
from typing import Any, Literal

from aws_lambda_powertools import Logger, Metrics

from checkout.config import TelemetryConfig
from checkout.metric import Metric

# Some functions count nothing in most invocations.
warnings.filterwarnings("ignore", "No application metrics to publish")

# The dimension `service` has one value in all functions: an alarm watches one value,
# and several functions count the same metric. Log lines name the function.
SERVICE = "checkout"

logger = Logger()


def _datadog_metrics() -> Any:  # noqa: ANN401 - its methods are those of Metrics
    from aws_lambda_powertools.metrics.provider.datadog import (  # noqa: PLC0415 - few need it
        DatadogMetrics,
    )

    # Datadog's forwarder reads the metrics from the log: the layer has no agent.
    datadog = DatadogMetrics(flush_to_log=True)
    # Metrics have the same name in all stacks; the stack and the function are tags.
    # A monitor that does not filter by a tag sums over its values.
    datadog.namespace, _, stack = datadog.namespace.partition("/")
    datadog.set_default_tags(service=logger.service, stack=stack)
    return datadog


metrics: Metrics = (
    _datadog_metrics()
    if TelemetryConfig().metrics_format == "datadog"
    else Metrics(service=SERVICE)
)


def count(metric: Metric, times: int = 1) -> None:
    # Datadog has no units: there the unit becomes a tag.
    metrics.add_metric(name=metric, unit="Count", value=times)


def gauge_seconds(metric: Metric, seconds: int) -> None:
    """Report how long something has lasted; an alarm takes the maximum."""
    metrics.add_metric(name=metric, unit="Seconds", value=max(0, seconds))


def report(
    event: str,
    metric: Metric,
    *,
    level: "Literal['info', 'warning', 'error']" = "info",
    **keys: object,
) -> None:
    """Log *event* with its *keys*, and count it."""
    count(metric)
    # The line that calls this function is logged, not this line.
    getattr(logger, level)(event, stacklevel=3, **keys)
