"""The logger and the metrics; both write to the log that Lambda collects."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger()
metrics = Metrics()


def count(metric: str, times: int = 1) -> None:
    """Count what occurred; the names are in docs/operations.md."""
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=times)
