"""A payment session: our record of one attempt to pay, and its states."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import uuid4

from checkout import clock
from checkout.domain.money import Money
from checkout.domain.sale import Sale


class Status(StrEnum):
    """The status of a session; it only moves to a higher RANK."""

    PREPARED = "prepared"  # written before Stripe is asked
    OPEN = "open"  # created at Stripe; the buyer can pay
    DISCARDED = "discarded"  # never opened: Stripe refused it, or it was too late
    EXPIRED = "expired"  # cannot be paid any more; nothing was paid
    PROCESSING = "processing"  # the buyer is done; the money has not arrived
    FAILED = "failed"  # the money will not arrive
    COMPLETE = "complete"  # paid, and recorded as a purchase
    QUARANTINED = "quarantined"  # paid; a person must decide


# Stripe's events come in any order, so the rank decides: a late "expired" cannot undo
# "complete", and money that arrived outranks every status without money.
RANK = {
    Status.PREPARED: 0,
    Status.OPEN: 1,
    Status.DISCARDED: 2,
    Status.EXPIRED: 2,
    Status.PROCESSING: 3,
    Status.FAILED: 4,
    Status.COMPLETE: 5,
    Status.QUARANTINED: 5,
}
# The status of the Checkout Session once ours is final.
STRIPE_STATUS = {
    Status.COMPLETE: "complete",
    Status.QUARANTINED: "complete",
    Status.FAILED: "complete",
    Status.EXPIRED: "expired",
    Status.DISCARDED: "expired",
}
# Stripe's words about the money that we know, and our own for money that is refused.
PAYMENT_WORDS = frozenset(["unpaid", "paid", "no_payment_required", "failed"])
ID_PREFIX = "ps_"
EMAIL = "customer_email"
# In place of what only a lost session's record could tell.
UNKNOWN = "unknown"
# The answer to a buyer who would pay a second time.
UNDECIDED = {
    Status.PROCESSING: "Your earlier payment is still being processed.",
    Status.QUARANTINED: "Your payment is safe. We are reviewing it; "
    "please do not pay again.",
}
UNRESOLVED = frozenset([Status.PREPARED, Status.OPEN, Status.PROCESSING])
ENDED_UNPAID = frozenset([Status.DISCARDED, Status.EXPIRED])
# How long these are kept. An expired session can be recovered for thirty days, and a
# bank may take fifteen more.
KEPT_UNPAID = timedelta(days=45)
# Stripe's id leads to them for longer: money that came after all is not overlooked.
POINTER_KEPT_UNPAID = 2 * KEPT_UNPAID


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSession:
    """
    All that was decided before Stripe was asked, and the result.

    *amount* is in the minor unit of *currency*. *stripe_request* is the JSON that
    Stripe gets under *idempotency_key*; it is kept as text, so that a retry sends the
    same bytes even after a deployment. *terms_digest*
    is the fingerprint of what the buyer was offered. The buyer can pay until
    *expires_at*. *sale*, *details* and *shown* (JSON) of the offer go to its purchase,
    and so does *metadata*, the caller's own.
    *refusal_code* and *refusal_param* are Stripe's, if it did not accept the request.
    *paid_beside* is a purchase that was paid through another Checkout Session than the
    session's own.
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
    sale: Sale | None = None
    details: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict, repr=False)
    shown: str = "{}"
    stripe_session_id: str | None = None
    stripe_payment_intent_id: str | None = None
    url: str | None = field(default=None, repr=False)
    refusal_code: str | None = None
    refusal_param: str | None = None
    paid_beside: str | None = None

    @property
    def payment_session_id(self) -> str:
        """The id, under the name that a purchase has for it."""
        return self.id

    @property
    def is_lost(self) -> bool:
        """Whether this is a stand-in for a session that is not recorded."""
        return self.terms_digest == UNKNOWN

    @property
    def request(self) -> dict[str, Any]:
        """What the session asks of Stripe."""
        request: dict[str, Any] = json.loads(self.stripe_request)
        return request

    @property
    def request_when_done(self) -> str:
        """
        The text of the request once the buyer is done: no e-mail address is left in it.

        While the same bytes may be sent again, it stays as it is.
        """
        request = self.request
        if self.is_sent_again or EMAIL not in request:
            return self.stripe_request
        del request[EMAIL]
        return as_text(request)

    @property
    def is_sent_again(self) -> bool:
        """
        Whether the request has an e-mail address, and may be sent to Stripe again.

        That is so under the caller's key until the session's end, whatever became of
        it, if its page has no URL to answer with.
        """
        answered_by_stripe = self.sale_key is None and self.url is None
        is_over = clock.now() >= clock.from_iso(self.expires_at)
        return answered_by_stripe and not is_over and EMAIL in self.request

    @property
    def request_for_stripe(self) -> dict[str, Any]:
        request = self.request
        # Stripe does not copy a session's metadata to its payment intent.
        return request | {"payment_intent_data": {"metadata": request["metadata"]}}

    def is_deleted_as(self, status: Status) -> bool:
        """Whether it has no purchase if it ends in *status*, and so is not kept."""
        return status in ENDED_UNPAID and self.paid_beside is None

    @property
    def payment_word(self) -> str:
        """What is known of the money: a word that we do not know is not shown."""
        return self.payment_status if self.payment_status in PAYMENT_WORDS else "unpaid"

    @property
    def price(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def payment_window(self) -> dict[str, Any] | None:
        """The time in which an offer such as an auction can be paid, if it has one."""
        return payment_window(self.details)

    @classmethod
    def lost(
        cls,
        payment_session_id: str,
        kind: str,
        amount: int,
        currency: str,
        created: str,
    ) -> Self:
        """
        Return a stand-in for a session of this stack that we have no record of.

        It was deleted, or the table was restored to an earlier time. Only Stripe's
        object tells what remains of it; nobody owns it, and it cannot be paid.
        """
        return cls(
            id=payment_session_id,
            kind=kind,
            offer_id=UNKNOWN,
            buyer_id=None,
            sale_key=None,
            attempt=1,
            status=Status.OPEN,
            payment_status="unpaid",
            amount=amount,
            currency=currency,
            title=UNKNOWN,
            terms_digest=UNKNOWN,
            idempotency_key=UNKNOWN,
            stripe_request="{}",
            livemode=False,
            created_at=created,
            expires_at=created,
            stripe_session_id=UNKNOWN,
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"sale": self.sale and self.sale.to_dict()}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        known = {f.name: stored[f.name] for f in fields(cls) if f.name in stored}
        for absent in ("buyer_id", "sale_key"):
            known.setdefault(absent, None)
        if sale := known.get("sale"):
            known["sale"] = Sale.from_dict(sale)
        return cls(**known | {"status": Status(stored["status"])})


def payment_window(details: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the time in which an offer can be paid, None if its details have none."""
    closes_at = details.get("closes_at")
    if closes_at is None:
        return None
    return {
        "opens_at": details["opens_at"],
        "closes_at": closes_at,
        "seconds_remaining": clock.seconds_until(closes_at),
    }


def as_text(request: Mapping[str, Any]) -> str:
    """Return a request to Stripe as it is stored."""
    return json.dumps(request, ensure_ascii=False, separators=(",", ":"))


def new_id() -> str:
    return f"{ID_PREFIX}{uuid4().hex}"
