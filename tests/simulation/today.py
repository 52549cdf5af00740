"""Reconcile as it is, in virtual time: its own flows, and nothing else of it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from checkout.flows.announce_closing import ClosingWindows
from checkout.flows.check_due import DueItems
from checkout.flows.compare_events import EventComparison
from checkout.flows.compare_money_events import MoneyStream
from checkout.flows.compare_session_events import SessionStream
from checkout.flows.read_stream import StreamReader
from checkout.flows.reconcile import Reconciler
from checkout.flows.record_receipts import balance_streams
from checkout.flows.watch_delivery import DeliveryWatch
from checkout.flows.watch_endpoint import EndpointWatch
from checkout.metric import Metric
from tests.simulation.assumptions import EVERY_SECONDS, HOUR, RUN_SECONDS
from tests.simulation.virtual_time import Gauges, simulated
from tests.simulation.world import (
    STACK_ID,
    SimulatedChanges,
    SimulatedCheckout,
    SimulatedPurchases,
    SimulatedQueue,
    SimulatedRefunds,
    SimulatedSessions,
    SimulatedState,
    SimulatedStripe,
    World,
)

# As counted by tests/functional/test_cost.py.
RECEIPT_UNITS = 6


@dataclass(frozen=True)
class Measured:
    """One run: how far behind it was when it ended, in seconds, and what it did."""

    at: float
    seconds: float
    unfinished: bool
    failed: int
    queued: int
    stripe: int
    money_lag: float
    sessions_lag: float
    balance_lag: float
    due_age: float
    read_units: float
    write_units: float

    @property
    def is_behind(self) -> bool:
        """Whether an alarm would ring: see the template."""
        lags = (self.money_lag, self.sessions_lag, self.balance_lag)
        return max(lags) > 15 * 60 or self.due_age > 30 * 60


def reconciler(world: World) -> Reconciler:
    """Build the flows as functions/reconcile does, on the simulated outside."""
    stripe: Any = SimulatedStripe(world)
    sessions: Any = SimulatedSessions(world)
    purchases: Any = SimulatedPurchases(world)
    changes: Any = SimulatedChanges(world)
    queue: Any = SimulatedQueue(world)
    state: Any = SimulatedState(world)
    deliveries = DeliveryWatch(state=state)
    comparison = EventComparison(queue=queue, livemode=False)
    return Reconciler(
        state=state,
        reader=StreamReader(state=state),
        money=MoneyStream(
            purchases=purchases, stripe=stripe, comparison=comparison, state=state
        ),
        sessions=SessionStream(
            sessions=sessions,
            purchases=purchases,
            stripe=stripe,
            comparison=comparison,
            deliveries=deliveries,
            stack_id=STACK_ID,
        ),
        deliveries=deliveries,
        balance=balance_streams(purchases, changes, stripe),
        due_items=DueItems(
            sessions=sessions,
            purchases=purchases,
            queue=queue,
            stripe=stripe,
            stripe_checkout=cast("Any", SimulatedCheckout(world, stripe)),
            changes=changes,
            refunds=cast("Any", SimulatedRefunds(world, stripe)),
        ),
        closing_windows=ClosingWindows(
            offers=cast("Any", None),
            sessions=sessions,
            audit_log=cast("Any", None),
            ahead=None,
        ),
        endpoint_watch=EndpointWatch(state=state, stripe=stripe, urls=()),
    )


def _read_units(asked: Counter[str]) -> float:
    """Items have less than four kilobytes; only GetItem reads consistently."""
    return asked["GetItem"] + 0.5 * (asked["Query"] + asked["keys"])


def _write_units(asked: Counter[str]) -> float:
    """Most transactions write a receipt and its entry in the audit log."""
    return asked["write"] + RECEIPT_UNITS * asked["transaction"]


def simulate(world: World, hours: float) -> Iterator[Measured]:
    """Let reconcile run every five minutes; yield each run."""
    gauges, time = Gauges(), world.time
    with simulated(time, gauges):
        flows = reconciler(world)
        due = float(EVERY_SECONDS)
        while due < hours * HOUR:
            time.seconds = due
            due += EVERY_SECONDS
            world.go_on()
            if world.outage.also_reconcile and world.outage.has(time.seconds):
                continue
            begun, end = time.seconds, time.seconds + RUN_SECONDS
            gauges.latest.clear()
            before = world.asked.copy()
            run = flows.reconcile(lambda end=end: end - time.seconds)  # type: ignore[misc]
            latest = gauges.latest
            yield Measured(
                at=begun,
                seconds=time.seconds - begun,
                unfinished=run.unfinished,
                failed=run.failed,
                queued=run.queued,
                stripe=world.asked["Stripe"] - before["Stripe"],
                read_units=_read_units(world.asked - before),
                write_units=_write_units(world.asked - before),
                money_lag=latest[Metric.RECONCILE_MONEY_LAG],
                sessions_lag=latest[Metric.RECONCILE_SESSIONS_LAG],
                balance_lag=latest[Metric.RECONCILE_BALANCE_LAG],
                due_age=latest[Metric.RECONCILE_DUE_AGE],
            )
