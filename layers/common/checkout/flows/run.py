"""One run of reconcile: how much time is left, and what has failed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from checkout.errors import CheckoutError
from checkout.metric import Metric
from checkout.telemetry import count, logger


@dataclass(slots=True)
class Run:
    """
    The clock and the counters of one run.

    A failure does not end the run; *failed* counts what must be repeated. A stage
    leaves the *reserved* seconds to the stages after it.
    """

    seconds_left: Callable[[], float]
    reserved: float = 0
    checked: int = 0
    failed: int = 0

    def has_time(self) -> bool:
        return self.seconds_left() > self.reserved

    @contextmanager
    def guard(self, **keys: str) -> Iterator[None]:
        """
        Count and log any exception inside, and continue after it.

        One bad item, or a fault of AWS or of ours, must not stop the work on others.
        """
        try:
            yield
        except CheckoutError as error:
            self.failed += 1
            count(Metric.RECONCILE_FAILED)
            logger.warning("reconcile_item_failed", code=error.code, extra=keys)
        except Exception:  # noqa: BLE001 - see above
            self.failed += 1
            count(Metric.RECONCILE_FAILED)
            count(Metric.RECONCILE_UNEXPECTED)
            logger.exception("reconcile_item_failed", extra=keys)
