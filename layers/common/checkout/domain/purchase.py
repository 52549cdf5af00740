"""
A purchase: the record of one payment, and of what became of its money.

A purchase only grows: refunds and disputes have ids and only move to a higher rank. Its
status and totals are computed from them, so neither the order nor the repetition of
events changes the result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from checkout.domain import stripe_limits
from checkout.domain.dispute import Dispute
from checkout.domain.money import split
from checkout.domain.purchase_standing import PurchaseStanding
from checkout.domain.purchase_status import Arrival
from checkout.domain.purchase_sums import is_back
from checkout.domain.receipt import Receipt
from checkout.domain.refund import Refund, RefundRequest, request_id
from checkout.domain.sale import Sale
from checkout.domain.stripe_object import metadata_of
from checkout.errors import NotRefundableError

# With it begin the ids of purchases.
PREFIX = "pur_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase(PurchaseStanding):
    """
    Amounts are in the currency's minor unit. *amount* was paid: it contains tax and
    shipping, and no discount. The three shares add up to the rest of it. *shown* is
    JSON: what the kind shows beside the common fields. So is *entered*, what the buyer
    entered on Stripe's page, None without any. *metadata* is what the caller of the
    create request sent, without ours.

    *quarantine_reason* stays after a person has accepted the purchase (*accepted_at*)
    or dismissed it (*dismissed_at*), or it was refunded. *erased_at* is when its
    buyer's data was erased. *version* counts changes.
    """

    id: str
    payment_session_id: str
    kind: str
    offer_id: str
    buyer_id: str | None
    creator_id: str | None
    sale_key: str | None
    title: str
    sale: Sale | None = None
    details: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict, repr=False)
    shown: str = "{}"
    entered: str | None = field(default=None, repr=False)
    amount: int
    discount_amount: int = 0
    tax_amount: int = 0
    shipping_amount: int = 0
    currency: str
    platform_fee_bps: int
    organization_fee_bps: int
    quarantine_reason: str | None = None
    accepted_at: str | None = None
    dismissed_at: str | None = None
    erased_at: str | None = None
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
    def shares(self) -> tuple[int, int, int]:
        """The shares of platform, organization and creator in the amount paid."""
        return self.parts_of(self.amount)[:3]

    def parts_of(self, left: int) -> tuple[int, int, int, int, int]:
        """
        Return the three shares in what is *left* of the amount, its tax and shipping.

        They add up to *left*. A refund lowers tax and shipping in proportion.
        """
        unit = stripe_limits.step(self.currency)
        tax, shipping = (
            left * part // (self.amount or 1) // unit * unit
            for part in (self.tax_amount, self.shipping_amount)
        )
        net = left - tax - shipping
        fees = self.platform_fee_bps, self.organization_fee_bps
        return *split(net, self.currency, *fees), tax, shipping

    @property
    def beside_price(self) -> dict[str, int]:
        """What the options took off the price and added, as far as there is any."""
        names = ("discount_amount", "tax_amount", "shipping_amount")
        return {name: amount for name in names if (amount := getattr(self, name))}

    def with_refund(self, found: Refund) -> Self:
        """Add what Stripe reports; the purchase is equal if it was known."""
        found = self.admitted(found)
        requests = self.refund_requests
        asked = requests.get(found.request_id) if found.request_id else None
        if asked and not asked.refund_id:
            requests = {**requests, asked.id: asked.made(found.id)}
        known = self.refunds.get(found.id)
        refunds = {**self.refunds, found.id: known.updated(found) if known else found}
        after = replace(self, refund_requests=requests, refunds=refunds)
        return self._followed_by(after)

    def admitted(self, found: Refund) -> Refund:
        """Return a refund without the operator's reason, if such data was erased."""
        return replace(found, reason=None) if self.erased_at else found

    def with_dispute(self, found: Dispute) -> Self:
        """Add what Stripe reports; the purchase is equal if it was known."""
        known = self.disputes.get(found.id)
        latest = known.updated(found) if known else found
        disputes = {**self.disputes, found.id: latest}
        return self._followed_by(replace(self, disputes=disputes))

    def _followed_by(self, after: Self) -> Self:
        """Return *after*; what was dismissed as returned may be with us again."""
        return replace(after, dismissed_at=None) if is_back(self, after) else after

    def with_fraud_warning(self, warning_id: str) -> Self:
        warnings = sorted({*self.fraud_warnings, warning_id})
        return replace(self, fraud_warnings=tuple(warnings))

    def with_receipt(self, receipt: Receipt) -> Self:
        return replace(self, receipt=receipt)

    def with_refund_request(self, request: RefundRequest) -> Self:
        """Add a request for a refund; raises NotRefundableError."""
        if problem := self.refund_problem:
            raise NotRefundableError(problem)
        if not 0 < request.amount <= self.refundable_amount:
            left = self.refundable_amount
            raise NotRefundableError(f"Only {left} of it can be refunded.")
        return self._with_request(request)

    def with_automatic_refund(self, at: str) -> Self:
        """Add a request to refund all that is left; raises NotRefundableError."""
        return self.with_refund_request(
            RefundRequest(
                id=request_id(self.id, "automatic"),
                amount=self.refundable_amount,
                requested_amount=None,
                reason=self.quarantine_reason,
                requested_by="checkout",
                requested_at=at,
            )
        )

    def with_refused_request(
        self, request_id: str, code: str, param: str = "", decline_code: str = ""
    ) -> Self:
        """Close a request that Stripe refuses; *code* and the others are Stripe's."""
        request = self.refund_requests[request_id]
        if not request.is_open:
            return self
        return self._with_request(request.refused(code, param, decline_code))

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

    def not_paid(self, arrival: str) -> Self:
        """Take back what was recorded of the status; the money has *arrival*."""
        return replace(self, arrival=arrival, quarantine_reason=None, accepted_at=None)

    def accepted(self, at: str) -> Self:
        """Let a quarantined purchase stand as a sale."""
        return replace(self._reviewed(at), accepted_at=self.accepted_at or at)

    def dismissed(self, at: str) -> Self:
        """End a quarantine without a sale."""
        return replace(self._reviewed(at), dismissed_at=self.dismissed_at or at)

    def _reviewed(self, at: str) -> Self:
        """Note that a person has seen every amount in another currency."""
        refunds = {r.id: replace(r, reviewed_at=at) for r in self.unreviewed_refunds}
        disputes = {d.id: replace(d, reviewed_at=at) for d in self.unreviewed_disputes}
        return replace(
            self,
            refunds={**self.refunds, **refunds},
            disputes={**self.disputes, **disputes},
        )


def id_for(session_id: str) -> str:
    """Return the purchase's id: a session has one purchase at most."""
    return PREFIX + session_id.removeprefix("ps_")


def id_named_by(stripe_object: Mapping[str, Any]) -> str | None:
    """Return the purchase that our metadata in an object of Stripe's names."""
    named = metadata_of(stripe_object, "purchase_id")
    if named:
        return named if named.startswith(PREFIX) else None
    session_id = metadata_of(stripe_object, "payment_session_id")
    return id_for(session_id) if session_id else None
