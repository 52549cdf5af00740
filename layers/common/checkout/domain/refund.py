"""A refund as Stripe reports it, and the request that we sent for it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from checkout.clock import iso
from checkout.domain.stripe_object import amount_of, text_of

# The reasons that Stripe takes; any other is sent as metadata.
STRIPE_REASONS = frozenset(["duplicate", "fraudulent", "requested_by_customer"])

# Stripe's status may be null; the refund is pending then.
DEFAULT_STATUS = "pending"
SUCCEEDED = "succeeded"
# A refund only moves to a higher rank, so the order of events does not matter. A refund
# that has succeeded may still fail: the buyer's bank may return the money.
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

    *amount* is in the minor unit of the purchase's currency. *request_id* is our
    request's, None for a refund that was made in Stripe's dashboard.
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
        # Treat unknown statuses as pending.
        return RANK.get(self.status, PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """
    A request for a refund, written before Stripe is asked.

    *requested_amount* is the caller's, None for all that was left. *attempt* counts
    the idempotency keys. The request ends with the *refund_id* of Stripe's refund, or
    with the *refusal_code* of Stripe.
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
    """Return the request's id: the same key asks for the same refund, once."""
    # A header may be decoded to any text, even to half a surrogate pair.
    named = f"{purchase_id}\n{request_key}".encode(errors="surrogatepass")
    return f"rr_{hashlib.sha256(named).hexdigest()[:32]}"
