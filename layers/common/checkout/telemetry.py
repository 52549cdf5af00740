"""The logger and the metrics; both write to the function's log."""

import warnings
from typing import Any, Literal

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

from checkout.config import TelemetryConfig
from checkout.metric import Metric

# Some functions count nothing in most invocations.
warnings.filterwarnings("ignore", "No application metrics to publish")

# The dimension `service` has one value in all functions: an alarm watches one value,
# and several functions count the same metric. Log lines name the function.
SERVICE = "checkout"

logger = Logger()

# All metrics of a line have its dimensions, so each currency has a line of its own.
_lines_of_money: dict[str, AmazonCloudWatchEMFProvider] = {}


class _CloudWatchMetrics(AmazonCloudWatchEMFProvider):
    """Powertools' metrics, and what was counted in money."""

    def flush_metrics(self, raise_on_empty_metrics: bool = False) -> None:
        while _lines_of_money:
            _lines_of_money.popitem()[1].flush_metrics()
        super().flush_metrics(raise_on_empty_metrics)

    def clear_metrics(self) -> None:
        _lines_of_money.clear()
        super().clear_metrics()


def _datadog_metrics() -> Any:  # noqa: ANN401 - its methods are those of Metrics
    from aws_lambda_powertools.metrics.provider.datadog import (  # noqa: PLC0415 - few need it
        DatadogMetrics,
    )
    from aws_lambda_powertools.metrics.provider.datadog.datadog import (  # noqa: PLC0415
        DEFAULT_NAMESPACE,
    )

    # Datadog's forwarder reads the metrics from the log: the layer has no agent.
    datadog = DatadogMetrics(flush_to_log=True)
    # Metrics have the same name in all stacks, and it is ours alone: only the default
    # namespace is no prefix of it. The stack and the function are tags. A monitor that
    # does not filter by a tag sums over its values.
    stack = datadog.namespace.partition("/")[2]
    datadog.namespace = DEFAULT_NAMESPACE
    datadog.set_default_tags(service=logger.service, stack=stack)
    return datadog


TO_DATADOG = TelemetryConfig().metrics_format == "datadog"

metrics: Metrics = (
    _datadog_metrics()
    if TO_DATADOG
    else Metrics(provider=_CloudWatchMetrics(service=SERVICE))
)


def count(metric: Metric, times: int = 1) -> None:
    # Datadog has no units: there the unit becomes a tag.
    metrics.add_metric(name=metric, unit="Count", value=times)


def gauge_seconds(metric: Metric, seconds: int) -> None:
    """Report how long something has lasted; an alarm takes the maximum."""
    metrics.add_metric(name=metric, unit="Seconds", value=max(0, seconds))


def gauge(metric: Metric, value: int) -> None:
    """Report a number as it is now; an alarm takes the maximum."""
    count(metric, value)


def count_money(metric: Metric, amount: int, currency: str) -> None:
    """
    Add *amount*, in the minor unit, to what is counted in *currency*.

    The currency is a dimension, or Datadog's tag: amounts of two are never added up. A
    negative amount takes back what was counted before.
    """
    if TO_DATADOG:
        tags: dict[str, Any] = {"currency": currency}
        metrics.add_metric(name=metric, unit="Count", value=amount, **tags)
        return
    line = _lines_of_money.get(currency)
    if line is None:
        line = AmazonCloudWatchEMFProvider(namespace=metrics.namespace, service=SERVICE)
        line.add_dimension("currency", currency)
        _lines_of_money[currency] = line
    line.add_metric(name=metric, unit="Count", value=amount)


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
