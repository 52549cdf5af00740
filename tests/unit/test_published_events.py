"""What the audit log tells others, and what it keeps to itself."""

from decimal import Decimal
from typing import Any

import pytest

from checkout.domain.published_events import NAMES, published_event

ENTRY = {
    "payment_session_id": "ps_1",
    "entry_id": "2031-05-06T07:08:09.123Z#0a1b",
    "at": "2031-05-06T07:08:09.123Z",
    "action": "checkout_completed",
    "kind": "auction",
    "offer_id": "auction_1",
    "buyer_id": "user_1",
    "amount": 12999,
    "currency": "usd",
}


def detail_of(**changes: Any) -> dict[str, Any]:
    event = published_event(ENTRY | changes)
    assert event
    return event.detail


def test_an_event_says_what_happened_to_which_payment() -> None:
    event = published_event(ENTRY | {"purchase_id": "pur_1"})

    assert event
    assert event.name == "payments.checkout.completed"
    assert event.occurred_at == ENTRY["at"]
    assert event.detail == {
        "id": "ps_1/2031-05-06T07:08:09.123Z#0a1b",
        "occurred_at": "2031-05-06T07:08:09.123Z",
        "payment_session_id": "ps_1",
        "purchase_id": "pur_1",
        "kind": "auction",
        "offer_id": "auction_1",
        "auction_id": "auction_1",
        "buyer_id": "user_1",
        "amount": 12999,
        "currency": "usd",
        "amount_usd": 129.99,
    }


@pytest.mark.parametrize("kind", ["auction", "bid", "order", "content", "product"])
def test_the_offer_stands_under_its_kinds_own_key_too(kind: str) -> None:
    assert detail_of(kind=kind, offer_id="x1")[f"{kind}_id"] == "x1"


def test_a_refund_says_how_much_and_why() -> None:
    refund = {"refund_id": "re_1", "refund_amount": 500, "reason": "requested"}

    detail = detail_of(action="purchase_refunded", **refund)

    assert refund.items() <= detail.items()


def test_a_dispute_says_which_and_how_much() -> None:
    dispute = {"dispute_id": "dp_1", "dispute_amount": 12999}

    assert dispute.items() <= detail_of(action="dispute_opened", **dispute).items()


@pytest.mark.parametrize("currency", ["eur", "jpy", "unknown"])
def test_an_amount_without_a_rate_is_said_to_have_none_in_dollars(
    currency: str,
) -> None:
    detail = detail_of(currency=currency)

    assert "amount_usd" not in detail
    assert detail["amount_usd_missing"] is True


RATES = {
    "eur": Decimal("1.08"),
    "jpy": Decimal("0.0067"),
    "kwd": Decimal("3.26"),
    "isk": Decimal("0.0072"),
    "usd": Decimal(2),
}


@pytest.mark.parametrize(
    ("amount", "currency", "dollars"),
    [
        (12999, "eur", 140.39),  # 140.3892
        (500, "jpy", 3.35),  # no decimals
        (5120, "kwd", 16.69),  # three decimals: 5.12 dinars, 16.6912
        (50000, "isk", 3.6),  # two decimals, both zero: 500 kronas
        (1, "jpy", 0.01),  # 0.0067
        (250, "eur", 2.7),
        (12999, "usd", 129.99),  # never by a rate
        (99_999_999, "eur", 1_079_999.99),
    ],
)
def test_another_currency_is_given_in_dollars_by_its_rate(
    amount: int, currency: str, dollars: float
) -> None:
    event = published_event(ENTRY | {"amount": amount, "currency": currency}, RATES)

    assert event
    assert event.detail["amount_usd"] == dollars
    assert "amount_usd_missing" not in event.detail


def test_half_a_cent_is_rounded_up() -> None:
    event = published_event(
        ENTRY | {"amount": 1, "currency": "jpy"}, {"jpy": Decimal("0.005")}
    )

    assert event
    assert event.detail["amount_usd"] == 0.01


def test_the_dollars_of_a_refund_are_what_was_refunded() -> None:
    refund = {"refund_amount": 500, "refund_currency": "usd"}

    detail = detail_of(action="purchase_refunded", **refund)

    assert (detail["amount"], detail["amount_usd"]) == (12999, 5)


def test_the_dollars_of_a_dispute_are_what_is_disputed() -> None:
    """Rarely it is in another currency than the payment."""
    dispute = {"dispute_amount": 1000, "dispute_currency": "eur"}
    event = published_event(ENTRY | {"action": "dispute_lost", **dispute}, RATES)

    assert event
    assert event.detail["amount_usd"] == 10.8


def test_a_refund_of_an_earlier_version_has_its_payments_currency() -> None:
    detail = detail_of(action="purchase_refunded", refund_amount=500)

    assert detail["amount_usd"] == 5


@pytest.mark.parametrize(
    ("amount", "dollars"), [(0, 0), (1, 0.01), (200, 2), (99_999_999, 999_999.99)]
)
def test_dollars_are_exact(amount: int, dollars: float) -> None:
    assert detail_of(amount=amount)["amount_usd"] == dollars


def test_what_an_entry_does_not_say_is_left_out() -> None:
    said = ("payment_session_id", "entry_id", "at", "action")

    event = published_event({name: ENTRY[name] for name in said})

    assert event
    assert set(event.detail) == {"id", "occurred_at", "payment_session_id"}


def test_a_fact_that_nobody_thought_of_stays_with_us() -> None:
    """Invariant 8 for the bus: facts are let out by name."""
    assert "email" not in detail_of(email="buyer@example.test")


@pytest.mark.parametrize("action", ["event_had_no_effect", "made_up_later"])
def test_not_every_entry_is_anybody_elses_business(action: str) -> None:
    assert published_event(ENTRY | {"action": action}) is None


def test_no_two_actions_go_by_one_name() -> None:
    assert len(set(NAMES.values())) == len(NAMES)
