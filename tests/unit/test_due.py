"""Partitions of what is due: every id is in one that reconcile reads."""

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from checkout.domain.next_check import RECORDED_LATE
from checkout.flows.record_receipts import BalanceStream
from checkout.tables.due import PARTITIONS, REFUND_PARTITIONS, partition_of


@given(st.text(min_size=1))
def test_every_id_is_in_a_partition_that_is_read(item_id: str) -> None:
    assert partition_of(item_id) in PARTITIONS
    assert partition_of(item_id, REFUND_PARTITIONS) in REFUND_PARTITIONS


def test_the_partitions_are_about_equally_full() -> None:
    sizes = Counter(partition_of(f"pur_{number:032x}") for number in range(16_000))

    assert sizes.keys() == set(PARTITIONS)
    assert min(sizes.values()) > 800


def test_a_receipt_that_the_balance_may_have_passed_is_asked_for() -> None:
    """Two runs, five minutes apart, at least, read a payment after it is recorded."""
    assert BalanceStream.overlap >= RECORDED_LATE + timedelta(minutes=10)
