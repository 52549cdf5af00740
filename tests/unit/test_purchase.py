"""A purchase: its id, how it is split, and what is kept of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout.domain import dispute as dispute_statuses
from checkout.domain.checkout_payment import new_purchase
from checkout.domain.checkout_session import CheckoutSession
from checkout.domain.dispute import Dispute
from checkout.domain.money import LARGEST_AMOUNT, split, unit_problem
from checkout.domain.payment_session import PaymentSession, Status
from checkout.domain.purchase import Purchase, id_for
from checkout.domain.purchase_status import PurchaseStatus
from checkout.domain.receipt import Receipt
from checkout.domain.refund import Refund, RefundRequest
from checkout.errors import NotRefundableError
from checkout.flows.show_purchase import show_to_buyer
from checkout.tables.item import from_item, to_item
from checkout.tables.purchase_item import item_of, purchase_of

amounts = st.integers(0, LARGEST_AMOUNT)
fees = st.integers(0, 10_000).flatmap(
    lambda platform: st.tuples(st.just(platform), st.integers(0, 10_000 - platform))
)


@settings(deadline=None)
@given(amounts, fees)
def test_the_three_shares_are_the_amount(amount: int, bps: tuple[int, int]) -> None:
    """Invariant 5: amount = platform fee + organization fee + creator payout."""
    shares = split(amount, "usd", *bps)

    assert sum(shares) == amount
    assert min(shares) >= 0


@settings(deadline=None)
@given(amounts, fees)
def test_a_fee_is_rounded_down_to_the_creators_favour(
    amount: int, bps: tuple[int, int]
) -> None:
    platform, organization, _ = split(amount, "usd", *bps)

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
    assert split(999, "usd", *bps) == shares


@pytest.mark.parametrize("bps", [(-1, 0), (0, -1), (10_001, 0), (9_000, 1_001)])
def test_fees_that_take_more_than_there_is_are_an_error(bps: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="more than there is"):
        split(999, "usd", *bps)


def test_the_id_of_a_purchase_is_that_of_its_session() -> None:
    assert id_for("ps_00ps_") == "pur_00ps_"


def session(**changes: Any) -> PaymentSession:
    facts: dict[str, Any] = {
        "id": "ps_1",
        "kind": "content",
        "offer_id": "c_1",
        "buyer_id": "user_1",
        "sale_key": "content#c_1#user_1",
        "attempt": 1,
        "status": Status.OPEN,
        "payment_status": "unpaid",
        "amount": 999,
        "currency": "usd",
        "title": "A course",
        "terms_digest": "digest",
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


def found(**changes: Any) -> CheckoutSession:
    facts: dict[str, Any] = {
        "id": "cs_test_1",
        "status": "complete",
        "payment_status": "paid",
        "amount_subtotal": 999,
        "amount_total": 999,
        "currency": "usd",
        "livemode": False,
        "expires_at": 1,
        "payment_intent": "pi_1",
        "payment_session_id": "ps_1",
    }
    return CheckoutSession(**facts | changes)


def purchase(reason: str | None = None, **changes: Any) -> Purchase:
    return new_purchase(
        session(),
        found(**changes),
        datetime(2026, 1, 1, 1, tzinfo=UTC),
        quarantine_reason=reason,
    )


def test_a_purchase_records_what_stripe_found_and_not_what_we_asked_for() -> None:
    recorded = purchase("another_amount", amount_total=500, currency="eur")

    assert (recorded.amount, recorded.currency) == (500, "eur")
    assert recorded.shares == (50, 0, 450)


def test_a_purchase_falls_back_on_the_session_where_stripe_leaves_fields_out() -> None:
    recorded = purchase(amount_total=None, currency=None)

    assert (recorded.amount, recorded.currency) == (999, "usd")


def test_a_new_purchase_with_a_quarantine_reason_is_quarantined() -> None:
    assert purchase().status is PurchaseStatus.COMPLETED
    assert purchase("another_mode").status is PurchaseStatus.QUARANTINED


@pytest.mark.parametrize(
    "recorded", [purchase(), purchase("reason", payment_intent=None)]
)
def test_a_purchase_is_the_same_after_it_was_stored(recorded: Purchase) -> None:
    assert purchase_of(from_item(to_item(item_of(recorded)))) == recorded


def test_the_reason_for_a_quarantine_is_not_for_the_buyer() -> None:
    assert "another_mode" not in str(show_to_buyer(purchase("another_mode")))


# --------------------------------------------------------------- what happens after it

REFUND_STATUSES = ["pending", "requires_action", "succeeded", "failed", "canceled"]
DISPUTE_STATUSES = [
    "warning_needs_response",
    "needs_response",
    "under_review",
    "lost",
    "won",
]


def refund(number: int, amount: int, status: str) -> Refund:
    return Refund(
        id=f"re_{number}",
        amount=amount,
        status=status,
        created_at=f"2026-01-0{number + 1}T00:00:00.000Z",
        reason=None,
        request_id=f"rr_{number}" if number else None,
    )


def dispute(number: int, status: str, entries: int) -> Dispute:
    balance = {f"txn_{n}": 1000 if n % 2 else -1000 for n in range(entries)}
    return Dispute(
        id=f"du_{number}",
        amount=999 - 500 * number,
        status=status,
        reason="general",
        created_at="2026-01-02T00:00:00.000Z",
        balance=balance,
    )


def request(number: int, amount: int) -> RefundRequest:
    return RefundRequest(
        id=f"rr_{number}",
        amount=amount,
        requested_amount=amount,
        reason=None,
        requested_by="operator_1",
        requested_at="2026-01-02T00:00:00.000Z",
    )


facts = st.one_of(
    st.tuples(
        st.just("refund"),
        st.builds(
            lambda number, status: refund(number, (number + 1) * 100, status),
            st.integers(0, 3),
            st.sampled_from(REFUND_STATUSES),
        ),
    ),
    st.tuples(
        st.just("dispute"),
        st.builds(
            dispute,
            st.integers(0, 1),
            st.sampled_from(DISPUTE_STATUSES),
            st.integers(0, 2),
        ),
    ),
    st.tuples(st.just("fraud_warning"), st.sampled_from(["issfr_1", "issfr_2"])),
)


def told(of: Purchase, tidings: list[Any]) -> Purchase:
    for kind, fact in tidings:
        of = getattr(of, f"with_{kind}")(fact)
    return of


@settings(deadline=None)
@given(st.lists(facts, max_size=12), st.randoms(), st.data())
def test_a_purchase_does_not_depend_on_the_order_of_its_events(
    tidings: list[Any], random: Any, data: Any
) -> None:
    """Repeated, too: everything is known by its id, and only moves up."""
    repeated = data.draw(st.lists(st.sampled_from(tidings))) if tidings else []
    shuffled = [*tidings, *repeated]
    random.shuffle(shuffled)
    asked = purchase().with_refund_request(request(1, 200))

    one, other = told(asked, tidings), told(asked, shuffled)

    assert (one.status, one.is_entitled, one.is_disputed) == (
        other.status,
        other.is_entitled,
        other.is_disputed,
    )
    assert one.refunded_amount == other.refunded_amount
    assert one.refundable_amount == other.refundable_amount
    assert one.open_requests == other.open_requests
    assert one.fraud_warnings == other.fraud_warnings
    for known in one.disputes:
        assert one.disputes[known].balance == other.disputes[known].balance
        assert one.disputes[known].rank == other.disputes[known].rank


words = st.sampled_from([None, "one", "another"])
snapshots = st.one_of(
    st.builds(
        lambda status, **texts: replace(refund(0, 100, status), **texts),
        st.sampled_from([*REFUND_STATUSES, "status_of_the_future"]),
        reason=words,
        failure_reason=words,
        currency=st.sampled_from([None, "usd", "eur"]),
        request_id=st.sampled_from([None, "rr_1", "rr_2"]),
    ),
    st.builds(
        lambda status, entries, **texts: replace(dispute(0, status, entries), **texts),
        st.sampled_from([*dispute_statuses.RANK, "status_of_the_future"]),
        st.integers(0, 2),
        reason=words,
        currency=st.sampled_from([None, "usd", "eur"]),
    ),
)


@settings(deadline=None)
@given(st.lists(snapshots, max_size=8))
def test_what_is_known_is_no_news_and_nothing_goes_back_and_forth(
    found: list[Refund | Dispute],
) -> None:
    """Reconcile decides by it whether Stripe has anything that we have not."""

    def with_(of: Purchase, snapshot: Refund | Dispute) -> Purchase:
        if isinstance(snapshot, Refund):
            return of.with_refund(snapshot)
        return of.with_dispute(snapshot)

    one = purchase().with_refund_request(request(1, 200))
    for snapshot in found:
        one = with_(one, snapshot)
        assert with_(one, snapshot) == one
    for snapshot in found:
        assert with_(one, snapshot) == one


def test_only_what_is_decided_is_not_followed() -> None:
    """Reconcile asks Stripe about the others, once a day."""
    followed = {
        status
        for status in (*dispute_statuses.RANK, "status_of_the_future")
        if purchase().with_dispute(dispute(0, status, 0)).open_disputes
    }

    assert followed == {
        *("warning_needs_response", "warning_under_review", "needs_response"),
        *("under_review", "appeal_needs_response", "appeal_under_review"),
        "status_of_the_future",
    }


@pytest.mark.parametrize("currency", ["isk", "ugx", "kwd", "usd", "jpy"])
def test_each_share_can_be_paid(currency: str) -> None:
    """Invariant 5, in amounts that the currency has."""
    shares = split(123_400, currency, 777, 333)

    assert sum(shares) == 123_400
    assert all(unit_problem(share, currency) is None for share in shares)


def test_what_is_left_is_refundable_as_far_as_the_currency_has_it() -> None:
    """A bank may keep an amount that leaves less than the smallest unit."""
    lost = replace(dispute(0, "lost", 1), amount=950)
    one = replace(purchase(), amount=1000, currency="isk").with_dispute(lost)

    assert (one.refundable_amount, one.status) == (0, "disputed")
    assert not one.is_entitled
    assert replace(purchase(), amount=50, currency="isk").is_entitled


def test_a_decision_counts_until_a_dispute_comes_to_another_stage() -> None:
    """A person who has seen it open has not seen it lost."""
    eur = replace(dispute(0, "needs_response", 1), currency="eur")
    at = "2026-01-04T00:00:00.000Z"

    seen = purchase().with_dispute(eur).accepted(at)
    reviewed = seen.with_dispute(replace(eur, status="under_review"))
    lost = reviewed.with_dispute(replace(eur, status="lost"))

    assert [one.status for one in (seen, reviewed, lost)] == [
        *("disputed", "disputed", "quarantined")
    ]
    assert lost.accepted(at).status == "completed"
    assert lost.dismissed(at).status == "failed"
    assert not lost.dismissed(at).is_entitled


@settings(deadline=None)
@given(st.lists(facts, max_size=12))
def test_nobody_is_entitled_to_what_was_refunded_or_taken_by_a_bank(
    tidings: list[Any],
) -> None:
    """Invariant 3."""
    one = told(purchase(), tidings)

    lost = sum(d.amount for d in one.disputes.values() if d.status == "lost")
    assert one.is_entitled is (one.refunded_amount + lost < one.amount)


@settings(deadline=None)
@given(st.lists(facts, max_size=12))
def test_a_changed_purchase_is_the_same_after_it_was_stored(tidings: list[Any]) -> None:
    asked = purchase().with_refund_request(request(1, 200))
    changed = told(asked, tidings).with_receipt(
        Receipt(
            payment_intent_status="succeeded", url=None, fee=59, net=940, currency="usd"
        )
    )

    assert purchase_of(from_item(to_item(item_of(changed)))) == changed


@pytest.mark.parametrize(
    ("tidings", "status"),
    [
        ([], "completed"),
        ([("refund", refund(0, 100, "succeeded"))], "completed"),
        ([("refund", refund(0, 999, "pending"))], "refunding"),
        ([("refund", refund(0, 999, "succeeded"))], "refunded"),
        ([("refund", refund(0, 999, "failed"))], "completed"),
        ([("refund", refund(0, 999, "status_of_the_future"))], "refunding"),
        ([("dispute", dispute(0, "needs_response", 1))], "disputed"),
        ([("dispute", dispute(0, "lost", 1))], "disputed"),
        ([("dispute", dispute(0, "won", 2))], "completed"),
        ([("dispute", dispute(0, "warning_closed", 0))], "completed"),
        ([("dispute", dispute(0, "status_of_the_future", 0))], "disputed"),
    ],
)
def test_a_status_is_what_is_known_of_the_money(
    tidings: list[Any], status: str
) -> None:
    assert told(purchase(), tidings).status == status


@pytest.mark.parametrize("amount", [0, -1, 1000])
def test_no_more_is_refunded_than_there_is(amount: int) -> None:
    """Invariant 5."""
    with pytest.raises(NotRefundableError):
        purchase().with_refund_request(request(1, amount))


def test_a_pending_refund_is_not_refunded_again() -> None:
    """Invariant 5: asked for and not answered, pending, and done all count."""
    asked = purchase().with_refund_request(request(1, 300))
    pending = asked.with_refund(refund(0, 300, "pending"))
    done = pending.with_refund(refund(2, 300, "succeeded"))

    assert [p.refundable_amount for p in (asked, pending, done)] == [699, 399, 99]
    with pytest.raises(NotRefundableError):
        done.with_refund_request(request(3, 100))


def test_what_was_free_cannot_be_refunded() -> None:
    with pytest.raises(NotRefundableError):
        purchase(amount_total=0, payment_intent=None).with_refund_request(request(1, 1))


def test_a_request_that_was_refused_no_longer_counts() -> None:
    asked = purchase().with_refund_request(request(1, 999))

    refused = asked.with_refused_request("rr_1", "charge_disputed")

    assert refused.refundable_amount == 999
    assert refused.with_refused_request("rr_1", "another") == refused


def test_an_attempt_is_counted_once_however_many_saw_it_fail() -> None:
    asked = purchase().with_refund_request(request(1, 999))
    [first] = asked.open_requests
    again = asked.with_next_attempt(first)

    assert again.with_next_attempt(first) == again
    [second] = again.open_requests
    assert (first.idempotency_key, second.idempotency_key) == (
        "refund:rr_1",
        "refund:rr_1:2",
    )
