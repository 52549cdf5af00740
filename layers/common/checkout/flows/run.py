"""One run of reconcile: its shares of time, and what has failed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from checkout.errors import CheckoutError
from checkout.metric import Metric
from checkout.stripe_errors import StripeRateLimitedError
from checkout.telemetry import count, logger


class LeaseLostError(Exception):
    """Another run has taken over: this one must not write any cursor."""


@dataclass(slots=True)
class Run:
    """
    The clock and the counters of one run; *owner* names it in the lease.

    A failure does not end the run; *failed* counts what must be repeated. *unfinished*
    says that a stage had work left when its time was over. *read_until* is up to when
    each stream has been read, unless it failed, and *oldest_payment* is of when the
    oldest payment is that this run has queued; both in Unix seconds. *undelivered*
    events were queued, and whether one of the others was *delivered* by the webhook.
    """

    seconds_left: Callable[[], float]
    owner: str = field(default_factory=lambda: uuid4().hex)
    checked: int = 0
    queued: int = 0
    failed: int = 0
    unfinished: bool = False
    read_until: dict[str, int] = field(default_factory=dict)
    oldest_payment: int | None = None
    undelivered: int = 0
    delivered: bool = False
    is_second: bool = False
    is_rate_limited: bool = False
    _total: float = field(init=False)
    _reserved: float = field(init=False)

    def __post_init__(self) -> None:
        self._total = self._reserved = max(0, self.seconds_left())

    def begin_stage(self, share: float) -> None:
        """
        Begin a stage that has *share* of the run's time.

        It also has what the stages before it have left: the rest is reserved for those
        after it.
        """
        self._reserved = max(0, self._reserved - share * self._total)
        self.is_rate_limited = False

    def has_time(self) -> bool:
        """Return whether the stage has time left; if not, the run is unfinished."""
        if self.seconds_left() > self._reserved:
            return True
        self.unfinished = True
        return False

    @contextmanager
    def guard(
        self, passing: tuple[type[Exception], ...] = (), **keys: str
    ) -> Iterator[None]:
        """
        Count and log any exception inside, and continue after it.

        One bad item, or a fault of AWS or of ours, must not stop the work on others.
        Only LeaseLostError and what is in *passing* pass.
        """
        try:
            yield
        except LeaseLostError:
            raise
        except passing:
            raise
        except StripeRateLimitedError as error:
            self._count_failure()
            self.is_rate_limited = self.unfinished = True
            logger.warning("reconcile_item_failed", code=error.code, extra=keys)
        except CheckoutError as error:
            self._count_failure()
            logger.warning("reconcile_item_failed", code=error.code, extra=keys)
        except Exception:  # noqa: BLE001 - see above
            self._count_failure(Metric.RECONCILE_UNEXPECTED)
            logger.exception("reconcile_item_failed", extra=keys)

    def _count_failure(self, *metrics: Metric) -> None:
        self.failed += 1
        for metric in (Metric.RECONCILE_FAILED, *metrics):
            count(metric)
