"""A payment session's record: stored and read whole, and shown without its secrets."""

from dataclasses import replace

from checkout.domain.payment_session import (
    RANK,
    UNRESOLVED,
    PaymentSession,
    Status,
    new_id,
)

SESSION = PaymentSession(
    id="ps_1",
    kind="order",
    offer_id="1",
    buyer_id="user_1",
    sale_key="order#1",
    attempt=1,
    status=Status.OPEN,
    payment_status="unpaid",
    amount=500,
    currency="usd",
    title="Order 1",
    terms_digest="digest",
    idempotency_key="order:1:user_1",
    stripe_request='{"customer_email": "a@b.example"}',
    livemode=False,
    created_at="2031-05-06T07:08:09.000Z",
    expires_at="2031-05-07T06:08:09.000Z",
    url="https://checkout.stripe.com/c/pay/secret",
)


def test_what_is_stored_comes_back() -> None:
    assert PaymentSession.from_dict(SESSION.to_dict()) == SESSION


def test_an_attribute_that_was_left_out_is_none() -> None:
    anonymous = replace(SESSION, buyer_id=None, sale_key=None, url=None)
    stored = {k: v for k, v in anonymous.to_dict().items() if v is not None}

    assert PaymentSession.from_dict(stored) == anonymous


def test_what_only_the_table_needs_is_not_read() -> None:
    stored = SESSION.to_dict() | {"rank": 1, "unresolved": "1", "due_at": "later"}

    assert PaymentSession.from_dict(stored) == SESSION


def test_neither_the_page_nor_the_buyers_address_is_shown() -> None:
    """Invariant 8: whoever has the URL can see what is bought, and for whom."""
    assert "checkout.stripe.com" not in repr(SESSION)
    assert "a@b.example" not in repr(SESSION)


def test_every_status_has_a_rank_and_money_outranks_all_else() -> None:
    assert RANK.keys() == set(Status)
    with_money = {Status.COMPLETE, Status.QUARANTINED}
    assert {s for s in Status if RANK[s] == max(RANK.values())} == with_money
    assert not with_money & UNRESOLVED


def test_no_two_sessions_have_one_id() -> None:
    assert len({new_id() for _ in range(100)}) == 100
