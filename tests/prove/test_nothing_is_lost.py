"""However badly a history is told, it ends as it would have ended told well."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import get_state_machine_test

from checkout.domain.purchase import Purchase
from checkout.domain.refund import Refund
from checkout.tables import transaction
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.transaction import Failures, Write
from tests.prove.history import History

# A process that is killed has nothing to flush.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:No application metrics:UserWarning"),
]

# `make prove` says how many, and where to begin; `make test` tells the same few.
HISTORIES = int(os.environ.get("HISTORIES", "50"))
SEED = int(os.environ.get("SEED", "0"))
# A failure is shown by the shortest history that fails, which takes minutes to find.
SHRINK = [Phase.shrink] if os.environ.get("SHRINK", "1") == "1" else []
# So many in one test, so that they can be told at the same time.
SHARE = 25


def tell(histories: int, seed_of_these: int, *phases: Phase) -> int:
    """Tell histories until one ends wrong; return how many it were."""
    told = History.told
    test = get_state_machine_test(
        History,
        settings=settings(
            max_examples=histories,
            stateful_step_count=25,
            deadline=None,
            database=None,
            phases=[Phase.generate, *phases],
            suppress_health_check=list(HealthCheck),
        ),
    )
    seed(seed_of_these)(test)()
    return History.told - told


@pytest.mark.parametrize("share", range(HISTORIES // SHARE))
def test_nothing_is_lost(
    share: int, record_property: Callable[[str, object], None]
) -> None:
    """All invariants of money at once; a failure shows the history that led to it."""
    told = tell(SHARE, SEED + share, *SHRINK)
    assert told >= SHARE
    record_property("histories", told)


# ------------------------------------------------------------ the test of the test

# More than any of the mistakes below has ever survived.
ENOUGH = 500
ANYTHING_GOES = "attribute_exists(id) OR attribute_not_exists(id)"


def any_rank_goes() -> AbstractContextManager[Any]:
    """Let a late "expired" undo "complete"."""
    moved = PaymentSessions.moved

    def without_condition(*args: Any, **attributes: Any) -> Write:
        write = moved(*args, **attributes)
        update = write.request["Update"]
        condition = f"{ANYTHING_GOES} OR {update['ConditionExpression']}"
        return write._replace(
            request={"Update": update | {"ConditionExpression": condition}}
        )

    return patch.object(PaymentSessions, "moved", without_condition)


def one_write_after_the_other() -> AbstractContextManager[Any]:
    """Let a crash come between the writes of what was one transaction."""
    together = transaction.execute

    def one_by_one(writes: Mapping[str, Write]) -> Failures:
        failures: Failures = {}
        for name, write in writes.items():
            failures |= together({name: write})
        return failures

    return patch.object(transaction, "execute", one_by_one)


def the_latest_word_counts() -> AbstractContextManager[Any]:
    """Let what we heard last of a refund replace what we knew, whatever its rank."""
    by_rank = Purchase.with_refund

    def by_arrival(purchase: Purchase, found: Refund) -> Purchase:
        changed = by_rank(purchase, found)
        return replace(changed, refunds={**changed.refunds, found.id: found})

    return patch.object(Purchase, "with_refund", by_arrival)


@pytest.mark.parametrize(
    "mistake",
    [
        any_rank_goes,
        one_write_after_the_other,
        the_latest_word_counts,
    ],
)
def test_a_mistake_is_found(mistake: Callable[[], AbstractContextManager[Any]]) -> None:
    """A test of the test: none of these conditions is there for nothing."""
    with mistake(), pytest.raises(AssertionError):
        tell(ENOUGH, 0)
