"""The logger and the metrics; both write to the log that Lambda collects."""

import warnings
from typing import Any, Literal

from aws_lambda_powertools import Logger, Metrics

from checkout.config import TelemetryConfig
from checkout.metric import Metric

# Most invocations of some functions have nothing to count.
warnings.filterwarnings("ignore", "No application metrics to publish")

# An alarm watches one value of each dimension, and several functions count the same
# metric: a refund may fail before the worker, reconcile or a request. So metrics do not
# say which function counted; log lines do.
SERVICE = "checkout"

logger = Logger()


def _datadog_metrics() -> Any:  # noqa: ANN401 - what we use of it is as in Metrics
    from aws_lambda_powertools.metrics.provider.datadog import (  # noqa: PLC0415 - few need it
        DatadogMetrics,
    )

    # To the log, from where Datadog's forwarder takes them: the layer has no agent.
    datadog = DatadogMetrics(flush_to_log=True)
    # A name is the same for all stacks in Datadog, and the stack is a tag. So is the
    # function: a monitor that does not name a tag adds up all of its values.
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


def report(
    event: str,
    metric: Metric,
    *,
    level: Literal["info", "warning", "error"] = "info",
    **keys: object,
) -> None:
    """Log *event* with its *keys*, and count it."""
    count(metric)
    # The line that calls this function is logged, not this line.
    getattr(logger, level)(event, stacklevel=3, **keys)
