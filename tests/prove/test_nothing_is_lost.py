"""However badly a history is told, it ends as it would have ended told well."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.prove.history import History

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics:UserWarning")

HISTORIES = int(os.environ.get("HISTORIES", "50"))


def test_nothing_is_lost() -> None:
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=25,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
