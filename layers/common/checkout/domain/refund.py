"""A refund as Stripe reports it, and the request that we sent for it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from checkout.domain.stripe_object import (
    amount_of,
    part_of,
    text_of,
    time_of,
    word_of,
)

# The reasons that Stripe takes; any other is sent as metadata.
STRIPE_REASONS = frozenset(["duplicate", "fraudulent", "requested_by_customer"])

# The code of a refusal for which Stripe gives none.
UNKNOWN = "unknown"

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

    *amount* is in the minor unit of *currency*, which is the purchase's if Stripe does
    not say. *request_id* is our request's, None for a refund that was made in Stripe's
    dashboard. *failure_reason* is Stripe's, for a refund that failed. *reviewed_at* is
    when a person decided about an amount in another currency.
    """

    id: str
    amount: int
    created_at: str
    currency: str | None = None
    status: str = DEFAULT_STATUS
    reason: str | None = None
    failure_reason: str | None = None
    request_id: str | None = None
    reviewed_at: str | None = None

    @classmethod
    def from_stripe(cls, stripe_object: Mapping[str, Any]) -> Self:
        """
        Read Stripe's object; raises ValueError without an id, an amount or a time.

        Stripe's types call none of these nullable. Money cannot be recorded without
        them, so the event returns to the queue, and an alarm rings.
        """
        metadata = part_of(stripe_object, "metadata")
        return cls(
            id=text_of(stripe_object, "id"),
            amount=amount_of(stripe_object, "amount"),
            currency=word_of(stripe_object, "currency"),
            status=word_of(stripe_object, "status") or DEFAULT_STATUS,
            created_at=time_of(stripe_object, "created"),
            reason=word_of(metadata, "reason") or word_of(stripe_object, "reason"),
            failure_reason=word_of(stripe_object, "failure_reason"),
            request_id=word_of(metadata, "refund_request_id"),
        )

    @property
    def rank(self) -> int:
        # Treat unknown statuses as pending: they return nothing.
        return RANK.get(self.status, PENDING)

    def updated(self, found: Self) -> Self:
        """
        Return this refund after Stripe has reported it as *found*.

        The snapshot of the higher rank counts, this one if they are equal. What it
        lacks, such as a reason, is taken from the other. So the same snapshot never
        changes a refund twice.
        """
        latest, other = (found, self) if found.rank > self.rank else (self, found)
        return replace(
            latest,
            currency=latest.currency or other.currency,
            reason=latest.reason or other.reason,
            failure_reason=latest.failure_reason or other.failure_reason,
            request_id=latest.request_id or other.request_id,
            reviewed_at=self.reviewed_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """
    A request for a refund, written before Stripe is asked.

    *requested_amount* is the caller's, None for all that was left. *attempt* counts
    the idempotency keys. The request ends with the *refund_id* of Stripe's refund, or
    with the *refusal_code* of Stripe, and the parameter or the bank's reason with it.
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
    refusal_param: str | None = None
    refusal_decline_code: str | None = None

    @property
    def is_open(self) -> bool:
        return not (self.refund_id or self.refusal_code)

    def refused(self, code: str, param: str, decline_code: str) -> Self:
        return replace(
            self,
            # Only an absent code leaves a request open.
            refusal_code=code or UNKNOWN,
            refusal_param=param or None,
            refusal_decline_code=decline_code or None,
        )

    def made(self, refund_id: str) -> Self:
        """Return the request after all: Stripe has made its refund."""
        return replace(
            self,
            refund_id=refund_id,
            refusal_code=None,
            refusal_param=None,
            refusal_decline_code=None,
        )

    def for_stripe(
        self, payment_intent_id: str | None, purchase_id: str, payment_session_id: str
    ) -> dict[str, Any]:
        """Return Stripe's request; Stripe takes three reasons, others are metadata."""
        metadata = {
            "refund_request_id": self.id,
            "purchase_id": purchase_id,
            "payment_session_id": payment_session_id,
        }
        wanted: dict[str, Any] = {
            "payment_intent": payment_intent_id,
            "amount": self.amount,
            "metadata": metadata,
        }
        if self.reason in STRIPE_REASONS:
            wanted["reason"] = self.reason
        elif self.reason:
            metadata["reason"] = self.reason
        return wanted

    @property
    def idempotency_key(self) -> str:
        key = f"refund:{self.id}"
        return key if self.attempt == 1 else f"{key}:{self.attempt}"


def request_id(purchase_id: str, request_key: str) -> str:
    """Return the request's id: the same key asks for the same refund, once."""
    # A header may be decoded to any text, even to half a surrogate pair.
    named = f"{purchase_id}\n{request_key}".encode(errors="surrogatepass")
    return f"rr_{hashlib.sha256(named).hexdigest()[:32]}"
