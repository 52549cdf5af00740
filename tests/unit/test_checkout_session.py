"""The facts we read from Stripe's session."""

from typing import Any

import pytest

from checkout.domain.checkout_session import CheckoutSession
from checkout.domain.stripe_object import id_of

OBJECT: dict[str, Any] = {
    "id": "cs_test_1",
    "object": "checkout.session",
    "status": "complete",
    "payment_status": "paid",
    "amount_total": 999,
    "currency": "usd",
    "livemode": False,
    "expires_at": 1_790_000_000,
    "payment_intent": "pi_1",
    "metadata": {"payment_session_id": "ps_1"},
    "url": None,
    "client_secret": "cs_test_1_secret_x",
}


def test_a_session_is_read_as_stripe_gives_it() -> None:
    found = CheckoutSession.from_stripe(OBJECT)

    assert found == CheckoutSession(
        id="cs_test_1",
        status="complete",
        payment_status="paid",
        amount_total=999,
        currency="usd",
        livemode=False,
        expires_at=1_790_000_000,
        payment_intent="pi_1",
        payment_session_id="ps_1",
        url=None,
        client_secret="cs_test_1_secret_x",
    )


@pytest.mark.parametrize("metadata", [None, {}, {"other": "1"}])
def test_a_session_of_somebody_else_has_no_id_of_ours(metadata: Any) -> None:
    found = CheckoutSession.from_stripe(OBJECT | {"metadata": metadata})

    assert found.payment_session_id is None


@pytest.mark.parametrize(
    "fact", ["id", "status", "payment_status", "livemode", "expires_at"]
)
def test_what_lacks_a_fact_is_no_session(fact: str) -> None:
    with pytest.raises(KeyError):
        CheckoutSession.from_stripe({k: v for k, v in OBJECT.items() if k != fact})


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("pi_1", "pi_1"),
        (None, None),
        ({"id": "pi_1", "amount": 1}, "pi_1"),
    ],
)
def test_a_reference_is_an_id_or_the_whole_object(
    reference: Any, expected: str | None
) -> None:
    assert id_of(reference) == expected


def test_what_lets_somebody_pay_is_not_shown() -> None:
    """Invariant 8: a session may come into a log line or a traceback."""
    shown = repr(CheckoutSession.from_stripe(OBJECT | {"url": "https://pay.test/c"}))

    assert "secret" not in shown
    assert "pay.test" not in shown
