"""Reconcile keeps up with a busy shop; `make simulate` shows it hour by hour."""

import pytest

from tests.simulation.assumptions import HOUR, NO_OUTAGE, Load, Outage
from tests.simulation.earlier import EarlierReconcile
from tests.simulation.today import simulate
from tests.simulation.world import World

pytestmark = pytest.mark.slow

MINUTE = 60
# Of the hundred and eighty that a run has.
WITH_ROOM = {"works": 140, "is down": 160}


@pytest.mark.parametrize(
    ("webhook", "outage"),
    [
        ("works", NO_OUTAGE),
        ("is down", Outage(first=15 * MINUTE, last=2 * HOUR)),
    ],
)
def test_it_never_falls_behind(webhook: str, outage: Outage) -> None:
    """100,000 abandoned and 20,000 paid checkouts an hour, at ten calls a second."""
    world = World(outage=outage)
    runs = list(simulate(world, 45 / 60))

    assert len(runs) == 8
    assert not any(run.unfinished or run.failed or run.is_behind for run in runs)
    assert max(run.seconds for run in runs) < WITH_ROOM[webhook]
    queued = sum(run.queued for run in runs)
    assert queued == 0 if webhook == "works" else queued > 40_000
    # All but the payments of the last minutes have their receipts.
    assert len(world.receipts) > 0.75 * len(world.charges)


def test_the_earlier_algorithm_fell_behind_at_once() -> None:
    """The simulation tells the one from the other."""
    runs = list(EarlierReconcile(Load()).simulate(1))

    assert all(run.is_cut_short for run in runs[1:])
    assert runs[-1].purchase_due_age > 30 * MINUTE


def test_the_earlier_algorithm_kept_up_with_few_checkouts() -> None:
    """So its model is not slower than it was."""
    runs = list(EarlierReconcile(Load(abandoned=100, paid=20)).simulate(24))

    assert not any(run.is_cut_short for run in runs)
    # Its partitions have no order, so a purchase may wait for a moment.
    assert max(run.purchase_due_age for run in runs) < MINUTE
