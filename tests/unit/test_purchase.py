"""A purchase: its id, how it is split, and what is kept of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkout.money import LARGEST_AMOUNT
from checkout.payment_session import PaymentSession, Status
from checkout.purchase import Purchase, PurchaseStatus, id_for, split
from checkout.stripe_session import StripeSession
from checkout.tables.item import from_item, to_item

amounts = st.integers(0, LARGEST_AMOUNT)
fees = st.integers(0, 10_000).flatmap(
    lambda platform: st.tuples(st.just(platform), st.integers(0, 10_000 - platform))
)


@given(amounts, fees)
def test_the_three_shares_are_the_amount(amount: int, bps: tuple[int, int]) -> None:
    """Invariant 5: amount = platform fee + organization fee + creator payout."""
    shares = split(amount, *bps)

    assert sum(shares) == amount
    assert min(shares) >= 0


@given(amounts, fees)
def test_a_fee_is_rounded_down_to_the_creators_favour(
    amount: int, bps: tuple[int, int]
) -> None:
    platform, organization, _ = split(amount, *bps)

    assert 0 <= amount * bps[0] - platform * 10_000 < 10_000
    assert 0 <= amount * bps[1] - organization * 10_000 < 10_000


@pytest.mark.parametrize(
    ("bps", "shares"),
    [
        ((0, 0), (0, 0, 999)),
        ((1000, 500), (99, 49, 851)),
        ((10_000, 0), (999, 0, 0)),
        ((5000, 5000), (499, 499, 1)),
    ],
)
def test_999_cents_are_split(bps: tuple[int, int], shares: tuple[int, ...]) -> None:
    assert split(999, *bps) == shares


@pytest.mark.parametrize("bps", [(-1, 0), (0, -1), (10_001, 0), (9_000, 1_001)])
def test_fees_that_take_more_than_there_is_are_an_error(bps: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="more than there is"):
        split(999, *bps)


def test_the_id_of_a_purchase_is_that_of_its_session() -> None:
    assert id_for("ps_00ps_") == "pur_00ps_"


def session(**changes: Any) -> PaymentSession:
    facts: dict[str, Any] = {
        "id": "ps_1",
        "kind": "content",
        "offer_id": "c_1",
        "buyer_id": "user_1",
        "claim": "content#c_1#user_1",
        "attempt": 1,
        "status": Status.OPEN,
        "payment_status": "unpaid",
        "amount": 999,
        "currency": "usd",
        "title": "A course",
        "terms": "digest",
        "idempotency_key": "content:c_1:user_1",
        "stripe_request": "{}",
        "livemode": False,
        "created_at": "2026-01-01T00:00:00.000Z",
        "expires_at": "2026-01-01T23:00:00.000Z",
        "creator_id": "creator_1",
        "platform_fee_bps": 1000,
        "details": {"slug": "a-course"},
    }
    return PaymentSession(**facts | changes)


def found(**changes: Any) -> StripeSession:
    facts: dict[str, Any] = {
        "id": "cs_test_1",
        "status": "complete",
        "payment_status": "paid",
        "amount_total": 999,
        "currency": "usd",
        "livemode": False,
        "expires_at": 1,
        "payment_intent": "pi_1",
        "payment_session_id": "ps_1",
    }
    return StripeSession(**facts | changes)


def purchase(reason: str | None = None, **changes: Any) -> Purchase:
    return Purchase.of(session(), found(**changes), "2026-01-01T01:00:00.000Z", reason)


def test_a_purchase_records_what_stripe_found_and_not_what_we_asked_for() -> None:
    recorded = purchase("another_amount", amount_total=500, currency="eur")

    assert (recorded.amount, recorded.currency) == (500, "eur")
    assert recorded.shares == (50, 0, 450)


def test_a_purchase_falls_back_on_the_intent_where_stripe_says_nothing() -> None:
    recorded = purchase(amount_total=None, currency=None)

    assert (recorded.amount, recorded.currency) == (999, "usd")


def test_a_reason_quarantines() -> None:
    assert purchase().status is PurchaseStatus.COMPLETED
    assert purchase("another_mode").status is PurchaseStatus.QUARANTINED


@pytest.mark.parametrize(
    "recorded", [purchase(), purchase("reason", payment_intent=None)]
)
def test_a_purchase_is_the_same_after_it_was_stored(recorded: Purchase) -> None:
    assert Purchase.from_dict(from_item(to_item(recorded.to_dict()))) == recorded


def test_the_reason_for_a_quarantine_is_not_for_the_buyer() -> None:
    assert "another_mode" not in str(purchase("another_mode").to_json())
