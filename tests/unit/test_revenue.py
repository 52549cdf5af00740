"""Revenue: what a purchase contributes, to the cent, whatever became of it."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout.domain.dispute import Dispute
from checkout.domain.money import LARGEST_AMOUNT, split
from checkout.domain.purchase import Purchase
from checkout.domain.receipt import Receipt
from checkout.domain.refund import Refund
from checkout.domain.revenue import PARTS, Entry, Measure, difference, entries, to_json

type Fact = Refund | Dispute | Receipt | str

DAYS = ["2026-01-01", "2026-01-02", "2026-01-31"]
moments = st.sampled_from(
    [f"{day}T{at}.000Z" for day in DAYS for at in ("00:00:00", "23:59:59")]
)
amounts = st.integers(0, LARGEST_AMOUNT)
fees = st.integers(0, 10_000).flatmap(
    lambda platform: st.tuples(st.just(platform), st.integers(0, 10_000 - platform))
)


def purchase(**changes: Any) -> Purchase:
    facts: dict[str, Any] = {
        "id": "pur_1",
        "payment_session_id": "ps_1",
        "kind": "content",
        "offer_id": "c_1",
        "buyer_id": "user_1",
        "creator_id": "creator_1",
        "sale_key": "content#c_1#user_1",
        "title": "A course",
        "amount": 999,
        "currency": "usd",
        "platform_fee_bps": 1000,
        "organization_fee_bps": 500,
        "stripe_session_id": "cs_test_1",
        "stripe_payment_intent_id": "pi_1",
        "purchased_at": "2026-01-01T12:00:00.000Z",
    }
    return Purchase(**facts | changes)


def refund(amount: int, day: str = DAYS[1], **changes: Any) -> Refund:
    facts: dict[str, Any] = {
        "id": "re_1",
        "amount": amount,
        "status": "succeeded",
        "created_at": f"{day}T08:00:00.000Z",
        "reason": None,
        "request_id": None,
    }
    return Refund(**facts | changes)


def dispute(amount: int, status: str = "lost", day: str = DAYS[1]) -> Dispute:
    return Dispute(
        id="du_1",
        amount=amount,
        status=status,
        reason="fraudulent",
        created_at=f"{day}T08:00:00.000Z",
        balance={},
    )


RECEIPT = Receipt(
    payment_intent_status="succeeded", url=None, fee=59, net=940, currency="eur"
)


def told(of: Purchase, fact: Fact) -> Purchase:
    match fact:
        case Refund():
            return of.with_refund(fact)
        case Dispute():
            return of.with_dispute(fact)
        case Receipt():
            return of.with_receipt(fact)
    return of.accepted(fact)


@st.composite
def purchases(draw: st.DrawFn) -> Purchase:
    platform, organization = draw(fees)
    amount = draw(amounts)
    shipping = draw(st.integers(0, amount))
    return purchase(
        amount=amount,
        shipping_amount=shipping,
        tax_amount=draw(st.integers(0, amount - shipping)),
        platform_fee_bps=platform,
        organization_fee_bps=organization,
        purchased_at=draw(moments),
        quarantine_reason=draw(st.sampled_from([None, "another_amount"])),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Draw what Stripe and people may tell of one payment; each thing several times."""
    facts: list[Fact] = [RECEIPT, "2026-01-03T00:00:00.000Z"]
    for number in range(draw(st.integers(0, 4))):
        made = refund(draw(amounts), id=f"re_{number}", created_at=draw(moments))
        statuses = draw(st.sets(st.sampled_from(["pending", "succeeded", "failed"])))
        facts += [replace(made, status=status) for status in sorted(statuses)]
    if amount := draw(amounts):
        day = draw(st.sampled_from(DAYS))
        statuses = draw(st.sets(st.sampled_from(["needs_response", "lost", "won"])))
        facts += [dispute(amount, status, day) for status in sorted(statuses)]
    return draw(st.lists(st.sampled_from(facts), max_size=12))


def of_day(sums: Counter[Entry], day: str, *measures: Measure) -> int:
    return sum(sums[Entry(day, "usd", measure)] for measure in measures)


@settings(deadline=None)
@given(purchases(), histories())
def test_on_every_day_the_shares_add_up(sold: Purchase, history: list[Fact]) -> None:
    """Invariant 5, also after refunds and disputes."""
    for fact in history:
        sold = told(sold, fact)

    sums = entries(sold)

    for day in DAYS:
        taken = of_day(sums, day, Measure.REFUNDED, Measure.LOST_TO_DISPUTES)
        kept = of_day(sums, day, Measure.GROSS) - taken
        assert of_day(sums, day, *PARTS) == kept


@settings(deadline=None)
@given(purchases(), histories())
def test_in_the_end_what_is_left_is_split_as_if_it_had_been_the_price(
    sold: Purchase, history: list[Fact]
) -> None:
    """Roundings do not pile up, and no more goes back than had come."""
    for fact in history:
        sold = told(sold, fact)
    sums = entries(sold)

    def total(measure: Measure) -> int:
        return sum(of_day(sums, day, measure) for day in DAYS)

    left = total(Measure.GROSS) - total(Measure.REFUNDED)
    left -= total(Measure.LOST_TO_DISPUTES)
    bps = sold.platform_fee_bps, sold.organization_fee_bps
    assert left >= 0
    tax, shipping = total(Measure.TAX), total(Measure.SHIPPING)
    shares = split(left - tax - shipping, "usd", *bps)
    assert tuple(total(part) for part in PARTS) == (*shares, tax, shipping)
    assert (tax, shipping) == (
        left * sold.tax_amount // (sold.amount or 1),
        left * sold.shipping_amount // (sold.amount or 1),
    )


@settings(deadline=None)
@given(purchases(), histories(), st.randoms())
def test_neither_order_nor_repetition_of_events_changes_the_sums(
    sold: Purchase, history: list[Fact], random: Any
) -> None:
    """The differences add up to what the purchase contributes in the end."""
    shuffled = random.sample(history, len(history)) + history[:3]

    in_turn, otherwise = (summed_up(sold, told) for told in (history, shuffled))

    assert in_turn == otherwise


def summed_up(sold: Purchase, history: list[Fact]) -> Counter[Entry]:
    """Keep the sums as the table does: by adding each change's difference."""
    sums = Counter(difference(None, sold))
    for fact in history:
        before, sold = sold, told(sold, fact)
        sums.update(difference(before, sold))
    # A counter takes an absent number for zero, also where it compares.
    assert sums == entries(sold)
    return sums


def test_a_sale_counts_on_its_day() -> None:
    assert entries(purchase()) == {
        Entry("2026-01-01", "usd", Measure.PURCHASES): 1,
        Entry("2026-01-01", "usd", Measure.GROSS): 999,
        Entry("2026-01-01", "usd", Measure.PLATFORM_FEE): 99,
        Entry("2026-01-01", "usd", Measure.ORGANIZATION_FEE): 49,
        Entry("2026-01-01", "usd", Measure.CREATOR_PAYOUT): 851,
    }


def test_a_refund_counts_on_its_own_day_and_takes_from_every_share() -> None:
    sold = purchase()

    assert difference(sold, sold.with_refund(refund(500))) == {
        Entry("2026-01-02", "usd", Measure.REFUNDED): 500,
        Entry("2026-01-02", "usd", Measure.PLATFORM_FEE): -50,
        Entry("2026-01-02", "usd", Measure.ORGANIZATION_FEE): -25,
        Entry("2026-01-02", "usd", Measure.CREATOR_PAYOUT): -425,
    }


def test_a_refund_that_fails_after_all_is_as_if_it_had_never_been() -> None:
    refunded = purchase().with_refund(refund(500))

    failed = refunded.with_refund(refund(500, status="failed"))

    assert entries(failed) == entries(purchase())


@pytest.mark.parametrize("status", ["needs_response", "warning_closed", "won"])
def test_a_dispute_counts_only_once_it_is_lost(status: str) -> None:
    disputed = purchase().with_dispute(dispute(999, status))

    assert difference(purchase(), disputed) == {}


def test_a_lost_dispute_counts_on_the_day_that_it_was_opened() -> None:
    lost = difference(purchase(), purchase().with_dispute(dispute(999)))

    assert lost[Entry("2026-01-02", "usd", Measure.LOST_TO_DISPUTES)] == 999
    assert lost[Entry("2026-01-02", "usd", Measure.CREATOR_PAYOUT)] == -851


def test_no_more_is_taken_back_than_was_paid() -> None:
    sold = purchase().with_refund(refund(600, DAYS[1]))

    sums = entries(sold.with_dispute(dispute(999, day=DAYS[2])))

    assert sums[Entry(DAYS[2], "usd", Measure.LOST_TO_DISPUTES)] == 399


def test_what_was_refunded_is_not_lost_as_well() -> None:
    lost = purchase().with_dispute(dispute(600, day=DAYS[1]))

    sums = entries(lost.with_refund(refund(600, DAYS[2])))

    assert sums[Entry(DAYS[1], "usd", Measure.LOST_TO_DISPUTES)] == 399
    assert sums[Entry(DAYS[2], "usd", Measure.REFUNDED)] == 600


def test_stripes_fee_is_in_the_currency_of_the_account() -> None:
    booked = purchase().with_receipt(RECEIPT)

    assert difference(purchase(), booked) == {
        Entry("2026-01-01", "eur", Measure.STRIPE_FEE): 59
    }


def test_a_payment_that_stripe_never_booked_has_no_fee() -> None:
    unbooked = replace(RECEIPT, fee=None, net=None, currency=None)

    assert difference(purchase(), purchase().with_receipt(unbooked)) == {}


def test_what_nobody_earns_is_nobodys_revenue() -> None:
    assert entries(purchase(creator_id=None)) == {}


def test_what_waits_for_a_person_counts_once_it_is_accepted() -> None:
    waiting = purchase(quarantine_reason="another_amount")
    accepted = waiting.accepted("2026-01-03T00:00:00.000Z")

    assert entries(waiting) == {}
    assert difference(waiting, accepted) == entries(purchase())


def test_an_unfulfillable_payment_is_no_revenue() -> None:
    vain = purchase(quarantine_reason="owned_already")

    assert entries(vain.with_refund(refund(999)).with_receipt(RECEIPT)) == {}


def test_days_and_currencies_without_anything_are_not_shown() -> None:
    dollars, day = entries(purchase()), DAYS[0]
    dollars[Entry(DAYS[1], "usd", Measure.GROSS)] = 0
    euros = {Entry(day, "eur", Measure.STRIPE_FEE): 59}

    shown = to_json(dollars + Counter(euros))

    assert [(row["date"], row["currency"]) for row in shown["days"]] == [
        (day, "eur"),
        (day, "usd"),
    ]
    assert shown["totals"] == [
        {name: value for name, value in row.items() if name != "date"}
        for row in shown["days"]
    ]


@pytest.mark.parametrize("first", ["refund", "dispute"])
@pytest.mark.parametrize(("lost", "back"), [(999, 500), (999, 999), (600, 500)])
def test_revenue_has_the_sums_of_the_purchase(first: str, lost: int, back: int) -> None:
    """What a refund has returned is not lost as well, whichever came first."""
    days = DAYS[1:] if first == "refund" else DAYS[:0:-1]
    dispute = Dispute(
        id="dp_1", amount=lost, status="lost", created_at=f"{days[1]}T08:00:00.000Z"
    )
    sold = purchase(
        refunds={"re_1": refund(back, days[0])}, disputes={dispute.id: dispute}
    )

    sums: Counter[Measure] = Counter()
    for entry, amount in entries(sold).items():
        sums[entry.measure] += amount

    assert sums[Measure.REFUNDED] == sold.refunded_amount
    assert sums[Measure.LOST_TO_DISPUTES] == sold.lost_amount
    left = sums[Measure.GROSS] - sold.refunded_amount - sold.lost_amount
    assert sum(sums[share] for share in PARTS) == left
