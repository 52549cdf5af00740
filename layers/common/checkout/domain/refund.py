"""A refund: what Stripe says of it, and what we have asked Stripe for."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from checkout.clock import iso
from checkout.domain.stripe_object import amount_of, text_of

# Stripe's own words for why; anything else travels as metadata.
STRIPE_REASONS = frozenset(["duplicate", "fraudulent", "requested_by_customer"])

# The status is nullable at Stripe: then it has yet to say what became of the refund.
DEFAULT_STATUS = "pending"
SUCCEEDED = "succeeded"
# A refund only ever moves to a higher rank, so the order in which events arrive does
# not matter. One that had succeeded may still fail: the customer's bank sent it back.
PENDING, ARRIVED, FAILED = range(3)
RANK = {
    "pending": PENDING,
    "requires_action": PENDING,
    SUCCEEDED: ARRIVED,
    "failed": FAILED,
    "canceled": FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """
    A snapshot of https://docs.stripe.com/api/refunds/object.

    *request_id* names the request of ours that it came from, None for one that was
    made in Stripe's dashboard. What Stripe may leave out, a stored refund may lack.
    """

    id: str
    amount: int
    created_at: str
    status: str = DEFAULT_STATUS
    reason: str | None = None
    request_id: str | None = None

    @classmethod
    def from_stripe(cls, stripe_object: Mapping[str, Any]) -> Self:
        metadata = stripe_object.get("metadata") or {}
        return cls(
            id=text_of(stripe_object, "id"),
            amount=amount_of(stripe_object, "amount"),
            status=stripe_object.get("status") or DEFAULT_STATUS,
            created_at=iso(datetime.fromtimestamp(stripe_object["created"], UTC)),
            reason=metadata.get("reason") or stripe_object.get("reason"),
            request_id=metadata.get("refund_request_id"),
        )

    @property
    def rank(self) -> int:
        # A status that Stripe adds one day is one on the way.
        return RANK.get(self.status, PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """
    A refund that we have decided on, written down before Stripe is asked.

    *requested_amount* is what the caller named, None for all that was left; *attempt*
    counts the idempotency keys it took. It ends with the *refund_id* of Stripe's
    refund, or with the *refusal_code*, Stripe's code for its refusal.
    """

    id: str
    amount: int
    requested_by: str
    requested_at: str
    requested_amount: int | None = None
    reason: str | None = None
    attempt: int = 1
    refund_id: str | None = None
    refusal_code: str | None = None

    @property
    def is_open(self) -> bool:
        return not (self.refund_id or self.refusal_code)

    @property
    def idempotency_key(self) -> str:
        key = f"refund:{self.id}"
        return key if self.attempt == 1 else f"{key}:{self.attempt}"


def request_id(purchase_id: str, request_key: str) -> str:
    """Name a request, so that the same key asks for the same refund once."""
    # A gateway may decode a header to anything, half a surrogate pair for one.
    named = f"{purchase_id}\n{request_key}".encode(errors="surrogatepass")
    return f"rr_{hashlib.sha256(named).hexdigest()[:32]}"
