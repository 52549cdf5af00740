"""
A purchase: the record of one payment, and of what became of its money.

A purchase only grows: refunds and disputes have ids and only move to a higher rank. Its
status and totals are computed from them, so neither the order nor the repetition of
events changes the result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from checkout.domain import dispute, refund
from checkout.domain.dispute import Dispute
from checkout.domain.money import split
from checkout.domain.purchase_status import UNPAID, Arrival, PurchaseStatus
from checkout.domain.receipt import Receipt
from checkout.domain.refund import Refund, RefundRequest, request_id
from checkout.errors import NotRefundableError

# With it begin the ids of purchases.
PREFIX = "pur_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """
    Amounts are in the currency's minor unit; the three shares add up to *amount*.

    *quarantine_reason* stays after a person has accepted the purchase (*accepted_at*)
    or dismissed it (*dismissed_at*), or it was refunded. *version* counts changes.
    """

    id: str
    payment_session_id: str
    kind: str
    offer_id: str
    buyer_id: str | None
    creator_id: str | None
    sale_key: str | None
    title: str
    details: dict[str, Any] = field(default_factory=dict)
    amount: int
    currency: str
    platform_fee_bps: int
    organization_fee_bps: int
    quarantine_reason: str | None = None
    accepted_at: str | None = None
    dismissed_at: str | None = None
    stripe_session_id: str
    stripe_payment_intent_id: str | None
    purchased_at: str
    arrival: str = Arrival.ARRIVED
    refund_requests: Mapping[str, RefundRequest] = field(default_factory=dict)
    refunds: Mapping[str, Refund] = field(default_factory=dict)
    disputes: Mapping[str, Dispute] = field(default_factory=dict)
    fraud_warnings: tuple[str, ...] = ()
    receipt: Receipt | None = None
    version: int = 1

    @property
    def status(self) -> PurchaseStatus:
        if not self.has_arrived:
            return UNPAID[self.arrival]
        if self.is_refunded:
            return PurchaseStatus.REFUNDED
        if self._has_dispute(dispute.OPEN, dispute.LOST):
            return PurchaseStatus.DISPUTED
        if self.amount and not self.refundable_amount:
            return PurchaseStatus.REFUNDING
        if self.quarantine_reason and not self.accepted_at:
            dismissed = PurchaseStatus.FAILED
            return dismissed if self.dismissed_at else PurchaseStatus.QUARANTINED
        return PurchaseStatus.COMPLETED

    @property
    def has_arrived(self) -> bool:
        """Whether the money has arrived; before, a bank may still refuse it."""
        return self.arrival == Arrival.ARRIVED

    @property
    def is_sale(self) -> bool:
        """Whether it counts as a sale: paid, and not quarantined, or accepted."""
        stands = not self.quarantine_reason or self.accepted_at is not None
        return self.has_arrived and stands

    @property
    def is_entitled(self) -> bool:
        """Whether the buyer owns what was bought; an ownership may be suspended."""
        returned = self.is_refunded or self._has_dispute(dispute.LOST)
        return self.is_sale and not returned

    @property
    def is_disputed(self) -> bool:
        """Whether a dispute is open."""
        return self._has_dispute(dispute.OPEN)

    def _has_dispute(self, *ranks: int) -> bool:
        return any(d.rank in ranks for d in self.disputes.values())

    @property
    def is_refunded(self) -> bool:
        return 0 < self.amount <= self.refunded_amount

    @property
    def refunded_amount(self) -> int:
        return sum(r.amount for r in self.succeeded_refunds)

    @property
    def succeeded_refunds(self) -> list[Refund]:
        """The refunds that have succeeded, the oldest first."""
        succeeded = (r for r in self.refunds.values() if r.status == refund.SUCCEEDED)
        return sorted(succeeded, key=lambda r: (r.created_at, r.id))

    @property
    def refundable_amount(self) -> int:
        """What is neither refunded, nor pending, nor requested."""
        asked = sum(r.amount for r in self.open_requests)
        return max(0, self.amount - self.outgoing_amount - asked)

    @property
    def outgoing_amount(self) -> int:
        """What is refunded or pending: Stripe's `amount_refunded` of the charge."""
        return sum(r.amount for r in self.refunds.values() if r.rank < refund.FAILED)

    @property
    def open_requests(self) -> list[RefundRequest]:
        return [r for r in self.refund_requests.values() if r.is_open]

    @property
    def pending_refunds(self) -> list[Refund]:
        return [r for r in self.refunds.values() if r.rank == refund.PENDING]

    @property
    def shares(self) -> tuple[int, int, int]:
        """The shares of platform, organization and creator in the amount paid."""
        return split(self.amount, self.platform_fee_bps, self.organization_fee_bps)

    @property
    def is_unresolved(self) -> bool:
        """
        Whether reconcile must ask Stripe about it.

        Until the money arrives, the payment session is what is unresolved.
        """
        return self.has_arrived and bool(
            self.open_requests
            or self.pending_refunds
            or (self.stripe_payment_intent_id and not self.receipt)
        )

    def with_refund(self, found: Refund) -> Self:
        requests = self.refund_requests
        if found.request_id and (asked := requests.get(found.request_id)):
            made = replace(asked, refund_id=found.id, refusal_code=None)
            requests = {**requests, asked.id: made}
        known = self.refunds.get(found.id)
        newer = known is None or found.rank > known.rank
        refunds = {**self.refunds, found.id: found} if newer else self.refunds
        return replace(self, refund_requests=requests, refunds=refunds)

    def with_dispute(self, found: Dispute) -> Self:
        known = self.disputes.get(found.id, found)
        latest = found if found.rank > known.rank else known
        balance = {**known.balance, **found.balance}
        merged = replace(latest, balance=balance)
        return replace(self, disputes={**self.disputes, found.id: merged})

    def with_fraud_warning(self, warning_id: str) -> Self:
        warnings = sorted({*self.fraud_warnings, warning_id})
        return replace(self, fraud_warnings=tuple(warnings))

    def with_receipt(self, receipt: Receipt) -> Self:
        return replace(self, receipt=receipt)

    def with_refund_request(self, request: RefundRequest) -> Self:
        """Add a request for a refund; raises NotRefundableError."""
        if not self.has_arrived:
            raise NotRefundableError("The money has not arrived.")
        if not self.stripe_payment_intent_id:
            raise NotRefundableError("Nothing was paid, so nothing can be refunded.")
        if self._has_dispute(dispute.OPEN, dispute.LOST):
            raise NotRefundableError("The buyer's bank has taken the money back.")
        if not 0 < request.amount <= self.refundable_amount:
            left = self.refundable_amount
            raise NotRefundableError(f"Only {left} of it can be refunded.")
        return self._with_request(request)

    def with_automatic_refund(self, at: str) -> Self:
        """Add a request to refund everything; raises NotRefundableError."""
        return self.with_refund_request(
            RefundRequest(
                id=request_id(self.id, "automatic"),
                amount=self.amount,
                requested_amount=None,
                reason=self.quarantine_reason,
                requested_by="checkout",
                requested_at=at,
            )
        )

    def with_refused_request(self, request_id: str, code: str) -> Self:
        request = self.refund_requests[request_id]
        if not request.is_open:
            return self
        return self._with_request(replace(request, refusal_code=code))

    def with_next_attempt(self, request: RefundRequest) -> Self:
        """Count an attempt of *request*, unless the request has changed meanwhile."""
        if self.refund_requests[request.id] != request:
            return self
        return self._with_request(replace(request, attempt=request.attempt + 1))

    def _with_request(self, request: RefundRequest) -> Self:
        requests = {**self.refund_requests, request.id: request}
        return replace(self, refund_requests=requests)

    def quarantined(self, reason: str) -> Self:
        undecided = replace(self, accepted_at=None, dismissed_at=None)
        return replace(undecided, quarantine_reason=reason)

    def accepted(self, at: str) -> Self:
        """Let a quarantined purchase stand as a sale."""
        return replace(self, accepted_at=self.accepted_at or at)

    def dismissed(self, at: str) -> Self:
        """End a quarantine without a sale."""
        return replace(self, dismissed_at=self.dismissed_at or at)


def id_for(session_id: str) -> str:
    """Return the purchase's id: a session has one purchase at most."""
    return PREFIX + session_id.removeprefix("ps_")
