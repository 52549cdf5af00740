"""A dispute: the buyer's bank reclaims the money, and decides who keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from checkout.clock import iso
from checkout.domain.stripe_object import amount_of, text_of

# https://docs.stripe.com/api/disputes/object#dispute_object-status
# An inquiry (warning_...) takes no money, and may become a dispute. A closed dispute
# stays closed, except for a lost one that the bank reverses later.
INQUIRY, OPEN, LOST, WON = range(4)
# Stripe's status may be null; the dispute is open then.
DEFAULT_STATUS = "needs_response"
RANK = {
    "warning_needs_response": INQUIRY,
    "warning_under_review": INQUIRY,
    "warning_closed": INQUIRY,
    "needs_response": OPEN,
    "under_review": OPEN,
    "lost": LOST,
    "prevented": WON,
    "won": WON,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """
    A snapshot of https://docs.stripe.com/api/disputes/object.

    *amount* is in the minor unit of the purchase's currency. *balance* maps the id of
    each balance transaction to its net amount, in the minor unit of the account's
    currency: negative for a withdrawal with its fee, positive for a reinstatement.
    """

    id: str
    amount: int
    created_at: str
    status: str = DEFAULT_STATUS
    reason: str | None = None
    balance: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_stripe(cls, stripe_object: Mapping[str, Any]) -> Self:
        return cls(
            id=text_of(stripe_object, "id"),
            amount=amount_of(stripe_object, "amount"),
            status=stripe_object.get("status") or DEFAULT_STATUS,
            reason=stripe_object.get("reason"),
            created_at=iso(datetime.fromtimestamp(stripe_object["created"], UTC)),
            balance={
                entry["id"]: entry["net"]
                for entry in stripe_object.get("balance_transactions") or []
            },
        )

    @property
    def rank(self) -> int:
        # Treat unknown statuses as open.
        return RANK.get(self.status, OPEN)
