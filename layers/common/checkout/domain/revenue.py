"""
Revenue: what each purchase contributes to its creator's daily sums.

The contribution is computed from the purchase as it is now. A change of the purchase
adds the difference to the sums, so neither the order nor the repetition of events
changes them.
"""

from collections import Counter
from enum import StrEnum
from typing import Any, NamedTuple

from checkout.domain.purchase import Purchase


class Measure(StrEnum):
    """What is summed up; all but the first are in the currency's minor unit."""

    PURCHASES = "purchases"
    GROSS = "gross"
    REFUNDED = "refunded"
    LOST_TO_DISPUTES = "lost_to_disputes"
    DISCOUNT = "discount"
    TAX = "tax"
    SHIPPING = "shipping"
    PLATFORM_FEE = "platform_fee"
    ORGANIZATION_FEE = "organization_fee"
    CREATOR_PAYOUT = "creator_payout"
    STRIPE_FEE = "stripe_fee"


# The names in docs/api.md.
SHOWN = {
    "purchases": Measure.PURCHASES,
    "grossCents": Measure.GROSS,
    "refundedCents": Measure.REFUNDED,
    "lostToDisputesCents": Measure.LOST_TO_DISPUTES,
    "discountCents": Measure.DISCOUNT,
    "taxCents": Measure.TAX,
    "shippingCents": Measure.SHIPPING,
    "platformFeeCents": Measure.PLATFORM_FEE,
    "organizationFeeCents": Measure.ORGANIZATION_FEE,
    "creatorPayoutCents": Measure.CREATOR_PAYOUT,
    "stripeFeeCents": Measure.STRIPE_FEE,
}
# In the order of `Purchase.parts_of`.
PARTS = (
    Measure.PLATFORM_FEE,
    Measure.ORGANIZATION_FEE,
    Measure.CREATOR_PAYOUT,
    Measure.TAX,
    Measure.SHIPPING,
)


class Entry(NamedTuple):
    """The key of a sum: a day in UTC, a currency and a measure."""

    day: str
    currency: str
    measure: Measure


def entries(purchase: Purchase) -> Counter[Entry]:
    """
    Return what the purchase contributes to each sum.

    On every day the three shares, tax and shipping add up to the gross less what was
    refunded or lost. A refund on a later day changes the parts of that later day.
    """
    sums: Counter[Entry] = Counter()
    if purchase.creator_id is None or not purchase.is_sale:
        return sums

    def add(at: str, measure: Measure, amount: int, currency: str) -> None:
        if amount:
            sums[Entry(at[: len("2026-01-31")], currency, measure)] += amount

    def add_parts(at: str, before: int, after: int) -> None:
        was, becomes = purchase.parts_of(before), purchase.parts_of(after)
        for part, old, new in zip(PARTS, was, becomes, strict=True):
            add(at, part, new - old, purchase.currency)

    sold_at, left = purchase.purchased_at, purchase.amount
    add(sold_at, Measure.PURCHASES, 1, purchase.currency)
    add(sold_at, Measure.GROSS, left, purchase.currency)
    add(sold_at, Measure.DISCOUNT, purchase.discount_amount, purchase.currency)
    add_parts(sold_at, 0, left)
    # As in the purchase: what was refunded is not lost as well, whichever came first.
    may_take = {
        Measure.REFUNDED: purchase.amount,
        Measure.LOST_TO_DISPUTES: purchase.lost_amount,
    }
    for at, _, measure, amount in _taken_back(purchase):
        taken = min(amount, may_take[measure])
        may_take[measure] -= taken
        add(at, measure, taken, purchase.currency)
        add_parts(at, left, left - taken)
        left -= taken
    if (receipt := purchase.receipt) and receipt.fee and receipt.currency:
        # In the currency of our account, which may differ from the buyer's.
        add(sold_at, Measure.STRIPE_FEE, receipt.fee, receipt.currency)
    return sums


def difference(before: Purchase | None, after: Purchase) -> dict[Entry, int]:
    """Return what to add to the sums when *before*, None if new, becomes *after*."""
    changes = entries(after)
    if before:
        changes.subtract(entries(before))
    return {entry: change for entry, change in changes.items() if change}


def to_json(sums: Counter[Entry]) -> dict[str, list[dict[str, Any]]]:
    """Show the sums in total by currency, and for each day with any."""
    totals: Counter[Entry] = Counter()
    for entry, amount in sums.items():
        totals[entry._replace(day="")] += amount
    return {
        "totals": [_row(totals, *which) for which in _rows(totals)],
        "days": [{"date": which[0], **_row(sums, *which)} for which in _rows(sums)],
    }


def _rows(sums: Counter[Entry]) -> list[tuple[str, str]]:
    """Return the days and currencies with a sum other than zero, sorted."""
    return sorted({(entry.day, entry.currency) for entry, sum_ in sums.items() if sum_})


def _row(sums: Counter[Entry], day: str, currency: str) -> dict[str, Any]:
    shown = {n: sums[Entry(day, currency, measure)] for n, measure in SHOWN.items()}
    return {"currency": currency, **shown}


def _taken_back(purchase: Purchase) -> list[tuple[str, str, Measure, int]]:
    """Return what was refunded or lost, the oldest first: time, id, measure, amount."""
    refunds = [
        (found.created_at, found.id, Measure.REFUNDED, found.amount)
        for found in purchase.succeeded_refunds
    ]
    lost = [
        (found.created_at, found.id, Measure.LOST_TO_DISPUTES, found.amount)
        for found in purchase.lost_disputes
    ]
    return sorted(refunds + lost)
