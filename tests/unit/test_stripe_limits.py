"""Stripe's limits: the product's table, and mocktill's own, which must not differ."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout.domain import stripe_limits
from checkout.domain.money import InvalidMoneyError, Money
from checkout.domain.payment_session import new_id
from mocktill import create_rules, parameters
from mocktill import money as sandbox

CURRENCIES = sorted(stripe_limits.CURRENCIES)
PRODUCT = "line_items[price_data][product_data]"


def test_the_sandbox_knows_the_same_currencies_and_minimums() -> None:
    assert sandbox.CURRENCIES == stripe_limits.CURRENCIES
    assert sandbox.MINIMUMS == stripe_limits.MINIMUMS


@pytest.mark.parametrize("currency", CURRENCIES)
def test_a_currency_has_the_same_rules_in_the_sandbox(currency: str) -> None:
    assert sandbox.decimals(currency) == stripe_limits.decimals(currency)
    assert sandbox.maximum(currency) == stripe_limits.largest(currency)
    # Where Stripe lists no minimum, the sandbox guesses one.
    if currency not in stripe_limits.MINIMUMS:
        assert stripe_limits.minimum(currency) == stripe_limits.step(currency)
        assert sandbox.minimum(currency) == sandbox.DEFAULT_MINIMUM


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CURRENCIES), st.integers(-1, 10**12))
def test_an_amount_is_taken_by_both_or_by_none(currency: str, amount: int) -> None:
    try:
        Money(amount, currency)
    except InvalidMoneyError:
        with pytest.raises(Exception, match=r"[Aa]mount|integer"):
            sandbox.check_amount(amount, currency, "amount")
    else:
        sandbox.check_amount(amount, currency, "amount")


def test_the_sandbox_has_the_same_lengths_and_numbers() -> None:
    limits = parameters.MAX_STRINGS
    assert limits[f"{PRODUCT}[name]"] == stripe_limits.LONGEST_NAME
    assert limits[f"{PRODUCT}[description]"] == stripe_limits.LONGEST_DESCRIPTION
    assert create_rules.MAX_LINE_ITEMS == stripe_limits.MOST_LINES
    assert create_rules.MAX_QUANTITY == stripe_limits.LARGEST_QUANTITY
    assert create_rules.MAX_IMAGE_URL == stripe_limits.LONGEST_IMAGE_URL
    assert create_rules.MAX_URL == stripe_limits.LONGEST_URL
    assert create_rules.MAX_EMAIL == stripe_limits.LONGEST_EMAIL
    assert create_rules.MAX_REFERENCE == stripe_limits.LONGEST_REFERENCE
    assert parameters.MAX_METADATA_KEYS == stripe_limits.MOST_METADATA
    assert parameters.MAX_METADATA_KEY == stripe_limits.LONGEST_METADATA_KEY
    assert parameters.MAX_METADATA_VALUE == stripe_limits.LONGEST_METADATA_VALUE


@pytest.mark.parametrize(
    ("currency", "step", "decimals", "minimum", "largest"),
    [
        ("usd", 1, 2, 50, 99_999_999),
        ("gbp", 1, 2, 30, 99_999_999),
        ("jpy", 1, 0, 50, 99_999_999),
        ("huf", 1, 2, 17_500, 99_999_999),
        ("mxn", 1, 2, 1_000, 99_999_999),
        ("idr", 1, 2, 50, 999_999_999_999),
        ("isk", 100, 2, 100, 99_999_999),
        ("ugx", 100, 2, 100, 99_999_999),
        ("kwd", 10, 3, 10, 99_999_999),
        ("vnd", 1, 0, 1, 99_999_999),
    ],
)
def test_the_special_cases_of_stripes_currencies(
    currency: str, step: int, decimals: int, minimum: int, largest: int
) -> None:
    assert stripe_limits.step(currency) == step
    assert stripe_limits.decimals(currency) == decimals
    assert stripe_limits.minimum(currency) == minimum
    assert stripe_limits.largest(currency) == largest
    assert currency in stripe_limits.CURRENCIES


def test_our_reference_fits() -> None:
    assert len(new_id()) <= stripe_limits.LONGEST_REFERENCE


def test_every_minimum_can_be_charged() -> None:
    for currency, minimum in stripe_limits.MINIMUMS.items():
        assert Money(minimum, currency).amount == minimum


@pytest.mark.parametrize(
    ("text", "short"),
    [("", ""), ("abc", "abc"), ("abcd", "abcd"), ("abcde", "abc…"), ("a    b", "a…")],
)
def test_a_shortened_text_says_so(text: str, short: str) -> None:
    assert stripe_limits.shortened(text, 4) == short


@pytest.mark.parametrize(
    "url",
    [
        "https://images.example.com/hush-300.jpg",
        "https://images.example.com:8443/a?b=c#d",
        "https://b\u00fccher.example/\u00e4.jpg",
        "https://a.example/".ljust(2048, "x"),
    ],
)
def test_an_image_that_stripe_can_show(url: str) -> None:
    assert stripe_limits.is_image_url(url)


@pytest.mark.parametrize(
    "url",
    [
        *("", "/a.jpg", "a.jpg", "//a.example/1.jpg", "http://a.example/1.jpg"),
        *("ftp://a.example/1.jpg", "data:image/png;base64,AA", "javascript:alert(1)"),
        *("https://", "https:///1.jpg", "https://a b/1.jpg", "https://a.example/\n1"),
        *("https://[1", "https://a.example:0/1.jpg", "https://a.example:x/1.jpg"),
        *("https://a.example:99999/", "https://a.example/".ljust(2049, "x")),
    ],
)
def test_an_image_that_stripe_cannot_show(url: str) -> None:
    assert not stripe_limits.is_image_url(url)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_asked_about(text: str) -> None:
    for each in (text, f"https://{text}", f"{text}@a.example", f"a@{text}"):
        stripe_limits.is_image_url(each)
        if stripe_limits.can_be_email(each):
            assert len(each) <= 254
            assert each.count("@") == 1


@settings(max_examples=300, deadline=None)
@given(st.emails())
def test_what_mocktill_takes_as_an_address_is_sent(email: str) -> None:
    """Ours is the laxer of the two: Stripe itself decides."""
    if create_rules.is_email(email):
        assert stripe_limits.can_be_email(email)
