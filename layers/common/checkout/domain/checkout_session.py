"""A Checkout Session: what we read of Stripe's object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from checkout.domain.entered import entered_on_page
from checkout.domain.payment_session import ID_PREFIX, PaymentSession, Status
from checkout.domain.stripe_events import (
    ASYNC_PAYMENT_FAILED,
    ASYNC_PAYMENT_SUCCEEDED,
    LONGEST_TEXT,
    SESSION_COMPLETED,
    SESSION_EXPIRED,
)
from checkout.domain.stripe_object import (
    flag_of,
    id_of,
    metadata_of,
    number_of,
    part_of,
    text_of,
    word_of,
)

# What we know of Stripe's words. Any other never fulfills.
STATUSES = frozenset(["open", "complete", "expired"])
# What an event says of the status, which Stripe's types allow to be null.
STATUS_AT_EVENT = {
    SESSION_COMPLETED: "complete",
    ASYNC_PAYMENT_SUCCEEDED: "complete",
    ASYNC_PAYMENT_FAILED: "complete",
    SESSION_EXPIRED: "expired",
}
PAID = frozenset(["paid", "no_payment_required"])
UNPAID = "unpaid"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutSession:
    """
    A snapshot of https://docs.stripe.com/api/checkout/sessions/object.

    *status* is open, complete or expired; *payment_status* is paid, unpaid or
    no_payment_required. Each may be a word that Stripe has added since. *expires_at* is
    in Unix seconds. *amount_subtotal* is the sum of the lines, before discount, tax and
    shipping; *amount_shipping* is without its tax. A session has *recovered_from* if it
    follows one that had expired. *entered* is what the buyer entered. Until
    *recovery_expires_at*, in Unix seconds, the buyer of an expired session can continue
    at *recovery_url*, if that option is on.
    """

    id: str
    status: str | None
    payment_status: str
    amount_subtotal: int | None
    amount_total: int | None
    amount_discount: int = 0
    amount_shipping: int = 0
    amount_tax: int = 0
    currency: str | None
    livemode: bool
    expires_at: int | None
    payment_intent: str | None
    payment_session_id: str | None
    recovered_from: str | None = None
    entered: Mapping[str, Any] = field(default_factory=dict, repr=False)
    url: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    recovery_url: str | None = field(default=None, repr=False)
    recovery_expires_at: int | None = None

    @classmethod
    def from_stripe(
        cls, stripe_object: Mapping[str, Any], event_type: str | None = None
    ) -> Self:
        """
        Read Stripe's object, of an event of *event_type* if it came with one.

        Raises ValueError without an id, a payment status or a mode, which Stripe's
        types do not call nullable: the event returns to the queue, and a good one of
        the same payment can still fulfill it.
        """
        status = word_of(stripe_object, "status")
        details = part_of(stripe_object, "total_details")
        recovery = part_of(part_of(stripe_object, "after_expiration"), "recovery")
        return cls(
            id=text_of(stripe_object, "id"),
            status=status or STATUS_AT_EVENT.get(event_type or ""),
            payment_status=text_of(stripe_object, "payment_status"),
            amount_subtotal=number_of(stripe_object, "amount_subtotal"),
            amount_total=number_of(stripe_object, "amount_total"),
            amount_discount=number_of(details, "amount_discount") or 0,
            amount_shipping=_shipping_without_tax(stripe_object, details),
            amount_tax=number_of(details, "amount_tax") or 0,
            currency=word_of(stripe_object, "currency"),
            livemode=flag_of(stripe_object, "livemode"),
            expires_at=number_of(stripe_object, "expires_at"),
            payment_intent=id_of(stripe_object.get("payment_intent")),
            payment_session_id=payment_session_id_of(stripe_object),
            recovered_from=word_of(stripe_object, "recovered_from"),
            entered=entered_on_page(stripe_object),
            url=word_of(stripe_object, "url"),
            client_secret=word_of(stripe_object, "client_secret"),
            recovery_url=_whole_address(recovery, "url"),
            recovery_expires_at=number_of(recovery, "expires_at"),
        )

    @property
    def is_paid(self) -> bool:
        return self.payment_status in PAID


def _whole_address(part: Mapping[str, Any], name: str) -> str | None:
    """Return a URL of Stripe's, None if the queue may have cut it off."""
    url = word_of(part, name)
    if url is None or len(url) >= LONGEST_TEXT:
        return None
    return url if url.startswith("https://") else None


def payment_session_id_of(stripe_object: Mapping[str, Any]) -> str | None:
    """
    Return the id of our session, None if the object is not about one of ours.

    We send it twice: Stripe's types allow the metadata to be null.
    """
    if found := metadata_of(stripe_object, "payment_session_id"):
        return found
    reference = word_of(stripe_object, "client_reference_id")
    return reference if reference and reference.startswith(ID_PREFIX) else None


def _shipping_without_tax(
    stripe_object: Mapping[str, Any], details: Mapping[str, Any]
) -> int:
    """Return the price of shipping; Stripe's tax has the tax of shipping as well."""
    cost = part_of(stripe_object, "shipping_cost")
    total, tax = number_of(cost, "amount_total"), number_of(cost, "amount_tax")
    if total is None or tax is None:
        return number_of(details, "amount_shipping") or 0
    return total - tax


def status_after(event_type: str, checkout: CheckoutSession) -> Status | None:
    """
    Return what an event makes of a session, None if it is still open.

    COMPLETE means that money has come, or may have come: a payment status that we do
    not know is for a person, as is a paid session without a status that we know.
    """
    complete = checkout.status == "complete"
    may_be_complete = complete or checkout.status not in STATUSES
    if may_be_complete and checkout.payment_status != UNPAID:
        return Status.COMPLETE
    if event_type == ASYNC_PAYMENT_FAILED:
        return Status.FAILED
    if event_type == SESSION_EXPIRED or checkout.status == "expired":
        return Status.EXPIRED
    # With a bank debit, for example, the buyer is done before the money arrives.
    return Status.PROCESSING if complete else None


def shown_status(stripe_object: Mapping[str, Any], session: PaymentSession) -> str:
    """Return Stripe's status of a session; by our record if it is not a known word."""
    status = stripe_object.get("status")
    if isinstance(status, str) and status in STATUSES:
        return status
    done = session.status is Status.PROCESSING or _may_be_paid(stripe_object)
    return "complete" if done else "open"


def is_ahead(stripe_object: Mapping[str, Any], session: PaymentSession) -> bool:
    """Return whether Stripe is ahead of our record: an event is late or lost."""
    awaited = (
        session.status is Status.PROCESSING
        and stripe_object.get("payment_status") == UNPAID
        and not bank_refused(stripe_object, session)
    )
    if stripe_object.get("status") in {"complete", "expired"}:
        return not awaited
    refused = bank_refused(stripe_object, session)
    return refused or _may_be_paid(stripe_object)


def _may_be_paid(stripe_object: Mapping[str, Any]) -> bool:
    """Return whether it may be, by a payment status beside a status we do not know."""
    if word_of(stripe_object, "status") in STATUSES:
        return False
    return word_of(stripe_object, "payment_status") not in {None, UNPAID}


def bank_refused(
    stripe_object: Mapping[str, Any], session: PaymentSession | None = None
) -> bool:
    """Return whether a bank debit failed; known if payment_intent is expanded."""
    status = word_of(stripe_object, "status")
    # Of a buyer who is done we know the status, whatever Stripe says of it.
    is_done = session is not None and session.status is Status.PROCESSING
    known = is_done and status not in STATUSES
    payment_intent = part_of(stripe_object, "payment_intent")
    refused = {"requires_payment_method", "canceled"}
    return (known or status == "complete") and payment_intent.get("status") in refused
