"""What the functions print: their metrics, and every line of their log."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager

from checkout.telemetry import logger


def metrics_in(printed: str) -> dict[str, int]:
    """Sum up the metrics that CloudWatch would read from standard output."""
    totals: dict[str, int] = {}
    for line in printed.splitlines():
        written = json.loads(line) if line.startswith("{") else {}
        for directive in written.get("_aws", {}).get("CloudWatchMetrics", []):
            for name in (metric["Name"] for metric in directive["Metrics"]):
                totals[name] = totals.get(name, 0) + int(sum(written[name]))
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
