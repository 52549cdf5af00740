"""Time that passes only where somebody waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from checkout import clock, telemetry
from checkout.clients import stripe_connection

START = int(datetime(2031, 5, 6, 7, tzinfo=UTC).timestamp())


@dataclass
class VirtualTime:
    """Seconds since the start of the simulation; it has the functions of `time`."""

    seconds: float = 0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(START + self.seconds, UTC)


@dataclass
class Gauges:
    """The largest of what the flows report, in place of CloudWatch."""

    latest: dict[str, float] = field(default_factory=dict)

    def add_metric(self, name: str, unit: str, value: float) -> None:
        if unit == "Seconds":
            self.latest[name] = max(value, self.latest.get(name, 0))


@contextmanager
def simulated(time: VirtualTime, gauges: Gauges) -> Iterator[None]:
    """Let the flows inside live in *time*, and say nothing but to *gauges*."""
    silent: Any = telemetry.logger
    level = silent.log_level
    silent.setLevel("CRITICAL")
    try:
        with (
            patch.object(clock, "now", time.now),
            patch.object(stripe_connection, "time", time),
            patch.object(telemetry, "metrics", gauges),
        ):
            yield
    finally:
        silent.setLevel(level)
