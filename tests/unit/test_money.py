"""Money is an integer in Stripe's unit, and nothing that Stripe would not charge."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout.domain.money import (
    LARGEST_AMOUNT,
    THREE_DECIMAL,
    InvalidMoneyError,
    Money,
)

quick = settings(max_examples=50, deadline=None)
amounts = st.integers(0, LARGEST_AMOUNT)


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(500, "jpy"), "500 JPY"),
        (Money(500, "usd"), "5.00 USD"),
        (Money(5120, "kwd"), "5.120 KWD"),
        (Money(7, "eur"), "0.07 EUR"),
        (Money(500, "ugx"), "5.00 UGX"),
        (Money(0, "usd"), "0.00 USD"),
    ],
)
def test_an_amount_reads_as_people_write_it(money: Money, text: str) -> None:
    assert text == str(money)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        (-1, "usd"),
        (LARGEST_AMOUNT + 1, "usd"),
        (5123, "kwd"),
        (550, "isk"),
        (501, "ugx"),
        (12.0, "usd"),
        ("12", "usd"),
        (True, "usd"),
        (None, "usd"),
        (12, "USD"),
        (12, "us"),
        (12, "usdt"),
        (12, "u5d"),
        (12, "\u00fcsd"),
        (12, ""),
    ],
)
def test_what_stripe_would_not_charge_is_no_money(amount: int, currency: str) -> None:
    with pytest.raises(InvalidMoneyError):
        Money(amount, currency)


@quick
@given(amounts, amounts)
def test_addition_adds_or_refuses_what_is_too_much(a: int, b: int) -> None:
    one, other = Money(a, "usd"), Money(b, "usd")

    if a + b > LARGEST_AMOUNT:
        with pytest.raises(InvalidMoneyError):
            one + other
    else:
        assert one + other == other + one == Money(a + b, "usd")


@quick
@given(st.integers(0, 10_000), st.integers(0, 5_000))
def test_multiplication_is_repeated_addition(amount: int, quantity: int) -> None:
    assert (Money(amount, "usd") * quantity).amount == amount * quantity


@quick
@given(amounts, st.sampled_from(sorted(THREE_DECIMAL)))
def test_thousandths_are_charged_in_tens(amount: int, currency: str) -> None:
    if amount % 10:
        with pytest.raises(InvalidMoneyError):
            Money(amount, currency)
    else:
        assert Money(amount, currency).amount == amount


def test_two_currencies_do_not_add_up() -> None:
    with pytest.raises(InvalidMoneyError):
        Money(1, "usd") + Money(1, "eur")


def test_a_product_that_is_too_large_is_no_money() -> None:
    with pytest.raises(InvalidMoneyError):
        Money(LARGEST_AMOUNT, "usd") * 2
