"""Plain values survive a visit to DynamoDB, and a float never gets there."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout.tables.item import from_item, to_item

values = st.recursive(
    st.booleans() | st.integers(-(10**37), 10**37) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=5), values, max_size=4))
def test_what_is_stored_is_what_comes_back(plain: dict[str, Any]) -> None:
    assert from_item(to_item(plain)) == plain


def test_nothing_is_an_absent_attribute() -> None:
    assert to_item({"a": None, "b": {"c": None}}) == {"b": {"M": {}}}
    assert to_item({"a": [None]}) == {"a": {"L": [{"NULL": True}]}}
    assert from_item({"a": {"NULL": True}}) == {"a": None}


@pytest.mark.parametrize("value", [1.0, float("nan"), b"bytes", {1, 2}, Decimal(1)])
def test_a_float_is_never_stored(value: Any) -> None:
    with pytest.raises(TypeError):
        to_item({"amount": value})
    with pytest.raises(TypeError):
        to_item({"a": [{"amount": value}]})


@pytest.mark.parametrize(
    ("stored", "read"),
    [("12", 12), ("12.0", 12), ("1.2E+3", 1200), ("12.5", Decimal("12.5"))],
)
def test_a_number_of_the_host_applications_is_read_exactly(
    stored: str, read: int | Decimal
) -> None:
    found = from_item({"n": {"N": stored}})["n"]

    assert found == read
    assert type(found) is type(read)
