"""
Reconcile as it was before it read Stripe's event log, for comparison.

A model of commit ecf905b: its `flows/reconcile.py` and `flows/fetch_events.py`.
It checked each checkout until that was paid or over: after ten minutes, then each time
after as long again, from an hour on each hour. Each check was a read, a write and a
request to Stripe, one after the other. Then it read the list of undelivered events, for
at most half of the time that was left. Purchases came last, for their receipts.

In the model everything else is perfect: the webhook delivers all, nothing fails, and no
payment is refunded or disputed. So it had less to do than it would have had.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from checkout.clients.stripe_connection import Pace
from checkout.tables.due import partition_of
from tests.simulation.assumptions import (
    CALLS_PER_SECOND,
    EVERY_SECONDS,
    HOUR,
    RUN_SECONDS,
    USUAL,
    Latencies,
    Load,
)
from tests.simulation.virtual_time import Gauges, VirtualTime, simulated

# Sixteen partitions, and those of earlier items, which it queried as well.
PARTITIONS = "0123456789abcdef"
EARLIER_PARTITIONS = 48
MOST_AT_ONCE = 100
FIRST_CHECK = 600
LONGEST_PAUSE = HOUR
OPEN_FOR = 23 * HOUR

type DueHeaps = dict[str, list[tuple[float, float, int]]]


@dataclass(frozen=True)
class EarlierRun:
    """One run: how long the oldest item had been due when it ended, in seconds."""

    at: float
    is_cut_short: bool
    checked: int
    session_due_age: float
    purchase_due_age: float
    events_lag: float


@dataclass
class EarlierReconcile:
    load: Load
    latencies: Latencies = USUAL
    time: VirtualTime = field(default_factory=VirtualTime)
    sessions: DueHeaps = field(default_factory=lambda: defaultdict(list))
    purchases: DueHeaps = field(default_factory=lambda: defaultdict(list))
    events_read_until: float = 0
    checked: int = 0
    _begun: int = 0
    _paid: int = 0
    _end: float = 0

    def simulate(self, hours: float) -> Iterator[EarlierRun]:
        """Let it run every five minutes in a shop that has just opened."""
        with simulated(self.time, Gauges()):
            self._pace = Pace(CALLS_PER_SECOND)
            begun = float(EVERY_SECONDS)
            while begun < hours * HOUR:
                self.time.seconds = begun
                yield self._run()
                begun += EVERY_SECONDS

    # ------------------------------------------------------------ the shop

    def _go_on(self) -> None:
        while (at := self._begun * HOUR / self.load.abandoned) <= self.time.seconds:
            self._add(self.sessions, at + FIRST_CHECK, at, self._begun)
            self._begun += 1
        # Whoever pays does so before the first check of the session.
        while (at := self._paid * HOUR / self.load.paid) <= self.time.seconds:
            self._add(self.purchases, at + FIRST_CHECK, at, self._paid)
            self._paid += 1

    def _add(self, due: DueHeaps, due_at: float, begun: float, number: int) -> None:
        heappush(due[partition_of(f"{number}")], (due_at, begun, number))

    # ------------------------------------------------------------ one run

    def _run(self) -> EarlierRun:
        self._go_on()
        begun, self.checked = self.time.seconds, 0
        self._end = begun + RUN_SECONDS
        cut_short = not self._check_due(self.sessions, self._check_session)
        reserved = self._seconds_left() / 2
        if self._seconds_left() > reserved:
            self._ask(self.latencies.page)  # nothing: the webhook has delivered all
            self._wait(self.latencies.write)
            self.events_read_until = begun
        cut_short |= not self._check_due(self.purchases, self._check_purchase)
        return EarlierRun(
            at=begun,
            is_cut_short=cut_short,
            checked=self.checked,
            session_due_age=self._age(self.sessions),
            purchase_due_age=self._age(self.purchases),
            events_lag=self.time.seconds - self.events_read_until,
        )

    def _check_due(
        self, due: DueHeaps, check: Callable[[float, float], float | None]
    ) -> bool:
        """Check what is due while there is time; return whether there was enough."""
        self._wait(EARLIER_PARTITIONS * self.latencies.query)
        for partition in random.sample(PARTITIONS, len(PARTITIONS)):
            if self._seconds_left() <= 0:
                return False
            self._wait(self.latencies.query)
            items = due[partition]
            found = []
            while (
                items and items[0][0] <= self.time.seconds and len(found) < MOST_AT_ONCE
            ):
                found.append(heappop(items))
            for place, (due_at, begun, number) in enumerate(found):
                if self._seconds_left() <= 0:
                    items.extend(found[place:])
                    heapify(items)
                    return False
                if (again := check(due_at, begun)) is not None:
                    heappush(items, (again, begun, number))
                self.checked += 1
        return True

    def _check_session(self, _due_at: float, begun: float) -> float | None:
        """Read, postpone, ask Stripe; return when to check again, None at its end."""
        self._wait(self.latencies.get + self.latencies.write)
        now, end = self.time.seconds, begun + OPEN_FOR
        if now >= end:
            return None  # its event has come meanwhile
        self._ask(self.latencies.retrieve)
        later = now + min(max(now - begun, FIRST_CHECK), LONGEST_PAUSE)
        return end if now < end < later else later

    def _check_purchase(self, _due_at: float, _begun: float) -> None:
        self._wait(self.latencies.get + self.latencies.write)
        self._ask(self.latencies.retrieve)
        self._wait(self.latencies.transaction)

    def _ask(self, seconds: float) -> None:
        self._pace.wait()
        self._wait(seconds)

    def _wait(self, seconds: float) -> None:
        self.time.sleep(seconds)

    def _seconds_left(self) -> float:
        return self._end - self.time.seconds

    def _age(self, due: DueHeaps) -> float:
        """Return for how long the oldest item has been due; 0 if nothing is."""
        first = min((items[0][0] for items in due.values() if items), default=0)
        return max(0, self.time.seconds - first) if first else 0
