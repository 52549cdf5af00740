"""What the functions print: their metrics, and every line of their log."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from checkout.telemetry import logger


def metric_lines_in(printed: str) -> list[dict[str, Any]]:
    """Return the lines from which CloudWatch would read metrics."""
    lines = (json.loads(line) for line in printed.splitlines() if line.startswith("{"))
    return [line for line in lines if "_aws" in line]


def metrics_in(printed: str) -> dict[str, int]:
    """Sum up the metrics that CloudWatch would read from standard output."""
    totals: dict[str, int] = {}
    for line in metric_lines_in(printed):
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for name in (metric["Name"] for metric in directive["Metrics"]):
                totals[name] = totals.get(name, 0) + int(sum(line[name]))
    return totals


@contextmanager
def captured_log() -> Iterator[io.StringIO]:
    """Collect the log as Lambda would: the logger keeps the stream it began with."""
    collected = io.StringIO()
    streams = [(handler, handler.setStream(collected)) for handler in logger.handlers]
    try:
        yield collected
    finally:
        for handler, stream in streams:
            handler.setStream(stream)
