"""The facts we read from Stripe's session."""

from typing import Any

import pytest

from checkout.domain.checkout_session import (
    CheckoutSession,
    is_ahead,
    payment_session_id_of,
    status_after,
)
from checkout.domain.mismatch import mismatch
from checkout.domain.payment_session import PaymentSession, Status
from checkout.domain.stripe_object import id_of

ABSENT = object()
OBJECT: dict[str, Any] = {
    "id": "cs_test_1",
    "object": "checkout.session",
    "status": "complete",
    "payment_status": "paid",
    "amount_subtotal": 999,
    "amount_total": 999,
    "currency": "usd",
    "livemode": False,
    "expires_at": 1_790_000_000,
    "payment_intent": "pi_1",
    "metadata": {"payment_session_id": "ps_1"},
    "url": None,
    "client_secret": "cs_test_1_secret_x",
}


@pytest.fixture
def session() -> PaymentSession:
    """Our record of the Checkout Session, still open."""
    return PaymentSession(
        id="ps_1",
        kind="content",
        offer_id="content_1",
        buyer_id="user_1",
        sale_key="content:content_1:user_1",
        attempt=1,
        status=Status.OPEN,
        payment_status="unpaid",
        amount=999,
        currency="usd",
        title="Calm mornings",
        terms_digest="digest",
        idempotency_key="key",
        stripe_request="{}",
        livemode=False,
        created_at="2026-01-01T00:00:00.000Z",
        expires_at="2026-01-01T23:00:00.000Z",
        stripe_session_id="cs_test_1",
    )


def test_a_session_is_read_as_stripe_gives_it() -> None:
    found = CheckoutSession.from_stripe(OBJECT)

    assert found == CheckoutSession(
        id="cs_test_1",
        status="complete",
        payment_status="paid",
        amount_subtotal=999,
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
    ("fact", "value"),
    [
        *(("id", value) for value in (ABSENT, None, "", 1)),
        *(("payment_status", value) for value in (ABSENT, None, "", 1)),
        *(("livemode", value) for value in (ABSENT, None, "false", 0)),
    ],
)
def test_what_lacks_a_fact_is_no_session(fact: str, value: object) -> None:
    changed = {**OBJECT, fact: value}
    with pytest.raises(ValueError, match=fact):
        CheckoutSession.from_stripe(
            {name: found for name, found in changed.items() if found is not ABSENT}
        )


@pytest.mark.parametrize("status", [None, ABSENT, 1])
@pytest.mark.parametrize(
    ("event_type", "payment_status", "becomes"),
    [
        ("checkout.session.completed", "paid", Status.COMPLETE),
        ("checkout.session.completed", "unpaid", Status.PROCESSING),
        ("checkout.session.async_payment_succeeded", "paid", Status.COMPLETE),
        ("checkout.session.async_payment_failed", "unpaid", Status.FAILED),
        ("checkout.session.expired", "unpaid", Status.EXPIRED),
        ("checkout.session.observed", "unpaid", None),
    ],
)
def test_an_event_says_what_a_null_status_does_not(
    status: object, event_type: str, payment_status: str, becomes: Status | None
) -> None:
    changed = OBJECT | {"status": status, "payment_status": payment_status}
    told = {name: found for name, found in changed.items() if found is not ABSENT}

    assert (
        status_after(event_type, CheckoutSession.from_stripe(told, event_type))
        is becomes
    )


@pytest.mark.parametrize("status", ["complete", "a_word_of_the_future"])
@pytest.mark.parametrize("payment_status", ["paid", "partially_paid"])
def test_a_word_that_nobody_knows_fulfills_nothing_and_is_not_lost(
    session: PaymentSession, status: str, payment_status: str
) -> None:
    """Invariants 3 and 4: it is quarantined."""
    changed = OBJECT | {"status": status, "payment_status": payment_status}
    found = CheckoutSession.from_stripe(changed)
    known = (status, payment_status) == ("complete", "paid")

    becomes = status_after("checkout.session.completed", found)

    assert becomes is Status.COMPLETE
    assert mismatch(found, session) == (None if known else "unknown_status")


@pytest.mark.parametrize("status", [None, "a_word_of_the_future", "open"])
def test_of_a_status_that_nobody_knows_the_payment_status_decides(
    session: PaymentSession, status: str | None
) -> None:
    unpaid = OBJECT | {"status": status, "payment_status": "unpaid"}
    paid = OBJECT | {"status": status, "payment_status": "paid"}

    assert not is_ahead(unpaid, session)
    assert not is_ahead(unpaid | {"payment_status": None}, session)
    assert is_ahead(paid, session) == (status != "open")
    assert is_ahead(OBJECT | {"status": "complete"}, session)


@pytest.mark.parametrize("metadata", [None, ABSENT, {}])
def test_our_session_is_known_by_its_reference_too(metadata: object) -> None:
    changed = OBJECT | {"metadata": metadata, "client_reference_id": "ps_1"}
    told = {name: found for name, found in changed.items() if found is not ABSENT}

    assert payment_session_id_of(told) == "ps_1"
    assert payment_session_id_of(told | {"client_reference_id": "order_1"}) is None


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
