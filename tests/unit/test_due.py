"""Partitions of what is due: every id is in one that reconcile reads."""

import string
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from checkout.tables.due import PARTITIONS, partition_of
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases


@given(st.text(min_size=1))
def test_every_id_is_in_a_partition_that_is_read(item_id: str) -> None:
    partition = partition_of(item_id)

    assert partition in Purchases.partitions
    assert partition in PaymentSessions.partitions


def test_the_partitions_are_about_equally_full() -> None:
    sizes = Counter(partition_of(f"pur_{number:032x}") for number in range(16_000))

    assert sizes.keys() == set(PARTITIONS)
    assert min(sizes.values()) > 800


def test_what_was_indexed_by_its_last_character_is_in_one_too() -> None:
    """Purchases had ids of ours, or of Stripe's, that end in any letter or digit."""
    assert {*string.ascii_letters, *string.digits} <= {*Purchases.partitions}
    assert {*string.hexdigits.lower()} <= {*PaymentSessions.partitions}
    assert len(Purchases.partitions) == len({*Purchases.partitions})
