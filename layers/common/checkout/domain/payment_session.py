"""A payment session: our record of one attempt to pay, and its states."""

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Self
from uuid import uuid4

from checkout.domain.money import Money


class Status(StrEnum):
    """Where a session stands; it only ever moves to a higher RANK."""

    PREPARED = "prepared"  # written down, Stripe not yet known to have it
    OPEN = "open"  # Stripe has it and the buyer can pay
    ABANDONED = "abandoned"  # Stripe would not make a session of it
    EXPIRED = "expired"  # the time to pay passed, or new terms took its place
    PROCESSING = "processing"  # the buyer is done, the money is on its way
    FAILED = "failed"  # the money did not come
    COMPLETE = "complete"  # paid, and recorded as a purchase
    QUARANTINED = "quarantined"  # paid, and a person must decide


# Stripe's events come in any order. Rank, not arrival, decides: a late "expired" cannot
# undo "complete", and money that arrived outranks everything that said it would not.
RANK = {
    Status.PREPARED: 0,
    Status.OPEN: 1,
    Status.ABANDONED: 2,
    Status.EXPIRED: 2,
    Status.PROCESSING: 3,
    Status.FAILED: 4,
    Status.COMPLETE: 5,
    Status.QUARANTINED: 5,
}
UNRESOLVED = frozenset([Status.PREPARED, Status.OPEN, Status.PROCESSING])


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSession:
    """
    Everything that was decided before Stripe was asked, and what came of it.

    *stripe_request* is the JSON that Stripe is sent under *idempotency_key*: kept as
    text, so that a retry sends the same bytes even after a deployment. *terms_digest*
    is the fingerprint of what the buyer was offered. The buyer can pay until
    *expires_at*. *details* of the offer are copied to its purchase.
    """

    id: str
    kind: str
    offer_id: str
    buyer_id: str | None
    sale_key: str | None
    attempt: int
    status: Status
    payment_status: str
    amount: int
    currency: str
    title: str
    terms_digest: str
    idempotency_key: str
    stripe_request: str = field(repr=False)  # it may hold the buyer's e-mail address
    livemode: bool
    created_at: str
    expires_at: str
    creator_id: str | None = None
    platform_fee_bps: int = 0
    organization_fee_bps: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    stripe_session_id: str | None = None
    stripe_payment_intent_id: str | None = None
    url: str | None = field(default=None, repr=False)

    @property
    def payment_session_id(self) -> str:
        """Its id, by the name that a purchase has for it."""
        return self.id

    @property
    def price(self) -> Money:
        return Money(self.amount, self.currency)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        known = {f.name: stored[f.name] for f in fields(cls) if f.name in stored}
        for absent in ("buyer_id", "sale_key"):
            known.setdefault(absent, None)
        return cls(**known | {"status": Status(stored["status"])})


def new_id() -> str:
    return f"ps_{uuid4().hex}"
