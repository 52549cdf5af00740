"""A dispute: the buyer's bank reclaims the money, and decides who keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from checkout.domain.stripe_object import (
    amount_of,
    number_of,
    text_of,
    time_of,
    word_of,
)

# https://docs.stripe.com/api/disputes/object#dispute_object-status
# The stages of a dispute. An inquiry (warning_...) takes no money, and may become a
# dispute. A lost dispute may be won by an appeal; a dispute that was won stays won.
INQUIRY, OPEN, LOST, WON = range(0, 40, 10)
PREVENTED = "prevented"
# Stripe's status may be null; the dispute is open then.
DEFAULT_STATUS = "needs_response"
# A dispute only moves to a higher rank, so the order of events does not matter. While
# the seller appeals, the bank keeps the money: these statuses rank with lost, and a
# loss that is known stays the status until the appeal is won.
RANK = {
    "warning_needs_response": INQUIRY,
    "warning_under_review": INQUIRY + 1,
    "warning_closed": INQUIRY + 2,
    "needs_response": OPEN,
    "under_review": OPEN + 1,
    "appeal_needs_response": LOST,
    "appeal_under_review": LOST + 1,
    "lost": LOST + 2,
    PREVENTED: WON,
    "won": WON,
}
DECIDED = frozenset(["warning_closed", "lost", PREVENTED, "won"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """
    A snapshot of https://docs.stripe.com/api/disputes/object.

    *amount* is in the minor unit of *currency*, which is the purchase's if Stripe does
    not say. *balance* maps the id of each balance transaction to its net amount, in the
    minor unit of the account's currency: negative for a withdrawal with its fee,
    positive for a reinstatement. *reviewed_at* is when a person decided about an amount
    in another currency.
    """

    id: str
    amount: int
    created_at: str
    currency: str | None = None
    status: str = DEFAULT_STATUS
    reason: str | None = None
    balance: Mapping[str, int] = field(default_factory=dict)
    reviewed_at: str | None = None

    @classmethod
    def from_stripe(cls, stripe_object: Mapping[str, Any]) -> Self:
        """
        Read Stripe's object; raises ValueError without an id, an amount or a time.

        Stripe's types call none of these nullable. Money cannot be recorded without
        them, so the event returns to the queue, and an alarm rings.
        """
        return cls(
            id=text_of(stripe_object, "id"),
            amount=amount_of(stripe_object, "amount"),
            currency=word_of(stripe_object, "currency"),
            status=word_of(stripe_object, "status") or DEFAULT_STATUS,
            reason=word_of(stripe_object, "reason"),
            created_at=time_of(stripe_object, "created"),
            balance=_balance_of(stripe_object),
        )

    @property
    def rank(self) -> int:
        # Treat unknown statuses as open: they return nothing.
        return RANK.get(self.status, OPEN)

    @property
    def stage(self) -> int:
        """INQUIRY, OPEN, LOST or WON."""
        entries = self.balance.values()
        if self.status == PREVENTED and entries and max(entries) < 0:
            return LOST  # the money was taken, and nothing came back
        return self.rank // OPEN * OPEN

    @property
    def is_decided(self) -> bool:
        """Whether Stripe is done with it; reconcile asks about any other."""
        return self.status in DECIDED

    def updated(self, found: Self) -> Self:
        """
        Return this dispute after Stripe has reported it as *found*.

        The snapshot of the higher rank counts, this one if they are equal. What it
        lacks, such as a reason, is taken from the other. So the same snapshot never
        changes a dispute twice. At another stage a person has to review it again.
        """
        latest, other = (found, self) if found.rank > self.rank else (self, found)
        return replace(
            latest,
            currency=latest.currency or other.currency,
            reason=latest.reason or other.reason,
            balance={**found.balance, **self.balance},
            reviewed_at=self.reviewed_at if latest.stage == self.stage else None,
        )


def _balance_of(stripe_object: Mapping[str, Any]) -> dict[str, int]:
    """Return the net amounts of the balance transactions that Stripe has sent whole."""
    entries = stripe_object.get("balance_transactions")
    return {
        entry_id: net
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, Mapping)
        and (entry_id := word_of(entry, "id"))
        and (net := number_of(entry, "net")) is not None
    }
