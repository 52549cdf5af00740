"""What the simulation assumes: a busy shop, and how long each answer takes."""

from dataclasses import dataclass

HOUR = 3600
DAY = 24 * HOUR

# The function's timeout without its margin, and its schedule: see the template.
RUN_SECONDS = 180
EVERY_SECONDS = 300
CALLS_PER_SECOND = 10


@dataclass(frozen=True)
class Latencies:
    """
    Seconds from a request to its answer, read.

    They are guesses on the slow side of what these services usually need from a Lambda
    in the same region, and for a page of Stripe's also the time to read its megabyte.
    """

    page: float = 0.4
    retrieve: float = 0.25
    post: float = 0.5
    get: float = 0.005
    batch_get: float = 0.02
    write: float = 0.006
    transaction: float = 0.01
    query: float = 0.008
    send: float = 0.01
    send_batch: float = 0.015


@dataclass(frozen=True)
class Load:
    """
    What happens in an hour, evenly.

    One in thirty purchases is refunded in the dashboard (two events), and one in five
    hundred is disputed (two events, ten days apart). An open dispute is followed daily.
    One in a hundred purchases is refunded by a request that reconcile has to send. For
    one in a thousand abandoned checkouts Stripe makes no event at all.
    """

    abandoned: int = 100_000
    paid: int = 20_000
    refunded_one_in: int = 30
    disputed_one_in: int = 500
    requested_one_in: int = 100
    unheard_one_in: int = 1_000
    dispute_days: int = 10
    webhook_seconds: float = 3
    worker_per_second: float = 100

    @property
    def open_disputes_checked_an_hour(self) -> int:
        return self.paid * self.dispute_days // self.disputed_one_in


@dataclass(frozen=True)
class Outage:
    """When the webhook is down, in seconds from the start; maybe reconcile is, too."""

    first: float = 0
    last: float = 0
    also_reconcile: bool = False

    def has(self, moment: float) -> bool:
        return self.first <= moment < self.last


NO_OUTAGE = Outage()
USUAL = Latencies()
BUSY = Load()
