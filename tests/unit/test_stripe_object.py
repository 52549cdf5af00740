"""What Stripe's objects must have is read, and everything else refused."""

from typing import Any

import pytest

from checkout.domain.stripe_object import amount_of, text_of


@pytest.mark.parametrize("amount", [0, 1, 99_999_999])
def test_an_amount_is_a_number_of_the_smallest_unit(amount: int) -> None:
    assert amount_of({"amount": amount}, "amount") == amount


@pytest.mark.parametrize("amount", [True, False, -1, 1.0, "1", None, [], {}])
def test_what_is_no_amount_is_refused(amount: Any) -> None:
    """A boolean is an int to Python, and no amount of money."""
    with pytest.raises(ValueError, match="no amount"):
        amount_of({"amount": amount}, "amount")


@pytest.mark.parametrize("text", ["", None, 1, True, ["x"]])
def test_what_is_no_text_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="no id"):
        text_of({"id": text}, "id")


def test_what_is_missing_is_refused() -> None:
    with pytest.raises(ValueError, match="no amount"):
        amount_of({}, "amount")
    with pytest.raises(ValueError, match="no id"):
        text_of({}, "id")
