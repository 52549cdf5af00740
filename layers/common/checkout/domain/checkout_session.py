"""A Checkout Session: what we read of Stripe's object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from checkout.domain.payment_session import PaymentSession, Status
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.domain.stripe_events import ASYNC_PAYMENT_FAILED, SESSION_EXPIRED
from checkout.domain.stripe_object import id_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutSession:
    """
    A snapshot of https://docs.stripe.com/api/checkout/sessions/object.

    *status* is open, complete or expired; *payment_status* is paid, unpaid or
    no_payment_required; *expires_at* is in Unix seconds.
    """

    id: str
    status: str
    payment_status: str
    amount_total: int | None
    currency: str | None
    livemode: bool
    expires_at: int
    payment_intent: str | None
    payment_session_id: str | None
    url: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)

    @classmethod
    def from_stripe(cls, stripe_object: Mapping[str, Any]) -> Self:
        """Read Stripe's object; raises KeyError if it is not a Checkout Session."""
        metadata = stripe_object.get("metadata") or {}
        return cls(
            id=stripe_object["id"],
            status=stripe_object["status"],
            payment_status=stripe_object["payment_status"],
            amount_total=stripe_object.get("amount_total"),
            currency=stripe_object.get("currency"),
            livemode=stripe_object["livemode"],
            expires_at=stripe_object["expires_at"],
            payment_intent=id_of(stripe_object.get("payment_intent")),
            payment_session_id=metadata.get("payment_session_id"),
            url=stripe_object.get("url"),
            client_secret=stripe_object.get("client_secret"),
        )


def mismatch(
    checkout: CheckoutSession, session: PaymentSession
) -> QuarantineReason | None:
    """Return how the Checkout Session differs from what we prepared, None if equal."""
    if session.stripe_session_id not in {None, checkout.id}:
        return QuarantineReason.ANOTHER_STRIPE_SESSION
    if checkout.livemode != session.livemode:
        return QuarantineReason.ANOTHER_MODE
    if checkout.currency != session.currency:
        return QuarantineReason.ANOTHER_CURRENCY
    if checkout.amount_total != session.amount:
        return QuarantineReason.ANOTHER_AMOUNT
    return None


def status_after(event_type: str, checkout: CheckoutSession) -> Status | None:
    """Return what an event makes of a session, None if it is still open."""
    if checkout.status == "complete" and checkout.payment_status != "unpaid":
        return Status.COMPLETE
    if event_type == ASYNC_PAYMENT_FAILED:
        return Status.FAILED
    if event_type == SESSION_EXPIRED or checkout.status == "expired":
        return Status.EXPIRED
    # With a bank debit, for example, the buyer is done before the money arrives.
    return Status.PROCESSING if checkout.status == "complete" else None


def is_ahead(stripe_object: Mapping[str, Any], session: PaymentSession) -> bool:
    """Return whether Stripe is ahead of our record: an event is late or lost."""
    awaited = (
        session.status is Status.PROCESSING
        and stripe_object["payment_status"] == "unpaid"
        and not bank_refused(stripe_object)
    )
    return stripe_object["status"] != "open" and not awaited


def bank_refused(stripe_object: Mapping[str, Any]) -> bool:
    """Return whether a bank debit failed; known if payment_intent is expanded."""
    payment_intent = stripe_object.get("payment_intent")
    return (
        isinstance(payment_intent, Mapping)
        and stripe_object["status"] == "complete"
        and payment_intent["status"] in {"requires_payment_method", "canceled"}
    )
