"""Refund a purchase: write the request first, then ask Stripe."""

from typing import Any

from checkout import clock
from checkout.clients.stripe_api import StripeApi
from checkout.domain.audit_action import AuditAction
from checkout.domain.money import unit_problem
from checkout.domain.purchase import Purchase
from checkout.domain.refund import UNKNOWN, Refund, RefundRequest, request_id
from checkout.domain.stripe_object import metadata_of
from checkout.errors import (
    IdempotencyKeyReusedError,
    InvalidRequestError,
    NotFoundError,
    NotRefundableError,
)
from checkout.flows import flow
from checkout.flows.change_purchase import PurchaseChanges
from checkout.flows.end_free_purchase import end_free_purchase
from checkout.metric import Metric
from checkout.stripe_errors import StripeBrokenError, StripeRefusedError
from checkout.tables.purchases import Purchases
from checkout.telemetry import report

# By the status of a refund: what the audit log says, and what is counted.
PENDING = (AuditAction.REFUND_PENDING, Metric.REFUNDS_PENDING)
FAILED = (AuditAction.REFUND_FAILED, Metric.REFUNDS_FAILED)
# It has come no further: Stripe has added a reason, for example.
UPDATED = (AuditAction.REFUND_UPDATED, Metric.REFUNDS_UPDATED)
REPORTED = {
    "succeeded": (AuditAction.PURCHASE_REFUNDED, Metric.REFUNDS_SUCCEEDED),
    "failed": FAILED,
    "canceled": FAILED,
}


@flow
class Refunds:
    """
    Asks Stripe for refunds, each exactly once.

    A crash at any point leaves a request. The caller's next attempt or reconcile
    resumes it under the same idempotency key, after a look at the refunds that Stripe
    has. So no refund is made twice, even after Stripe has forgotten the key.
    """

    purchases: Purchases
    changes: PurchaseChanges
    stripe: StripeApi

    def refund(
        self,
        purchase_id: str,
        *,
        amount: int | None,
        reason: str | None,
        request_key: str,
        requested_by: str,
    ) -> Purchase:
        """
        Refund *amount*, or all that is left; return the purchase as it is then.

        The same *request_key* asks for the same refund, however often it is sent.
        Raises NotFoundError, InvalidRequestError for an amount that the currency does
        not have, NotRefundableError, IdempotencyKeyReusedError, and StripeError when it
        is unknown whether Stripe has refunded: then ask again.
        """
        purchase = self._refundable(purchase_id)
        if purchase.has_arrived and not purchase.amount:
            return end_free_purchase(self.changes, purchase, requested_by, reason)
        if problem := amount and unit_problem(amount, purchase.currency):
            raise InvalidRequestError("The amount is refused.", amountCents=problem)
        name = request_id(purchase.id, request_key)
        resumed = name in purchase.refund_requests
        if not resumed:
            request = RefundRequest(
                id=name,
                amount=purchase.refundable_amount if amount is None else amount,
                requested_amount=amount,
                reason=reason,
                requested_by=requested_by,
                requested_at=clock.iso(clock.now()),
            )
            purchase, written = self.changes.change(
                purchase,
                lambda before: (
                    before
                    if name in before.refund_requests
                    else before.with_refund_request(request)
                ),
                AuditAction.REFUND_REQUESTED,
                refund_request_id=name,
                refund_amount=request.amount,
                requested_by=requested_by,
                refund_reason=reason,
            )
            resumed = not written
        request = purchase.refund_requests[name]
        if (request.requested_amount, request.reason) != (amount, reason):
            raise IdempotencyKeyReusedError(
                "This Idempotency-Key was used for another refund."
            )
        if request.refusal_code:
            raise _refused(request)
        if request.is_open:
            return self.send(purchase, request, resumed=resumed)
        return purchase

    def send(
        self, purchase: Purchase, request: RefundRequest, *, resumed: bool = True
    ) -> Purchase:
        """
        Ask Stripe for the requested refund, unless Stripe has made it already.

        *resumed* is False only for a caller that has just written the request. Raises
        NotRefundableError if Stripe refuses, and StripeError if the result is unknown.
        """
        stripe_refund = self._made(purchase, request) if resumed else None
        try:
            stripe_refund = stripe_refund or self.stripe.create_refund(
                request.for_stripe(
                    purchase.stripe_payment_intent_id,
                    purchase.id,
                    purchase.payment_session_id,
                ),
                request.idempotency_key,
            )
        except StripeBrokenError:
            # Stripe would replay this failure under the same key. The next attempt
            # looks for the refund first, then asks under another key.
            self.changes.change(
                purchase,
                lambda before: before.with_next_attempt(request),
                AuditAction.REFUND_ATTEMPT_FAILED,
                refund_request_id=request.id,
            )
            raise
        except StripeRefusedError as refusal:
            # Stripe also refuses what an earlier attempt has refunded.
            stripe_refund = self._made(purchase, request)
            if stripe_refund is None:
                raise self._refuse(purchase, request, refusal) from refusal
        return record_refund(self.changes, purchase, Refund.from_stripe(stripe_refund))[
            0
        ]

    def _refundable(self, purchase_id: str) -> Purchase:
        purchase = self.purchases.get(purchase_id)
        if purchase is None:
            raise NotFoundError("There is no such purchase.")
        paid = purchase.stripe_payment_intent_id
        payer = self.purchases.by_payment_intent(paid) if paid else None
        if payer and payer.id != purchase.id:
            raise NotRefundableError("Its payment belongs to another purchase.")
        return purchase

    def _made(
        self, purchase: Purchase, request: RefundRequest
    ) -> dict[str, Any] | None:
        """Return the refund that Stripe has made for *request*, if there is one."""
        if purchase.stripe_payment_intent_id is None:
            raise LookupError(f"{purchase.id} has a request, and no payment intent")
        for stripe_refund in self.stripe.refunds(purchase.stripe_payment_intent_id):
            if metadata_of(stripe_refund, "refund_request_id") == request.id:
                return stripe_refund
        return None

    def _refuse(
        self, purchase: Purchase, request: RefundRequest, refusal: StripeRefusedError
    ) -> NotRefundableError:
        """Close the request; return the error for its caller."""
        stripes = (refusal.stripe_code, refusal.param, refusal.decline_code)
        purchase, _ = self.changes.change(
            purchase,
            lambda before: before.with_refused_request(request.id, *stripes),
            AuditAction.REFUND_REFUSED,
            refund_request_id=request.id,
            reason=refusal.stripe_code or None,
            param=refusal.param or None,
            decline_code=refusal.decline_code or None,
        )
        report(
            AuditAction.REFUND_REFUSED,
            Metric.REFUNDS_REFUSED,
            level="error",
            purchase_id=purchase.id,
            refund_request_id=request.id,
            stripe_code=refusal.stripe_code,
            param=refusal.param,
            decline_code=refusal.decline_code,
        )
        return _refused(purchase.refund_requests[request.id])


def record_refund(
    changes: PurchaseChanges,
    purchase: Purchase,
    refund: Refund,
    event_id: str | None = None,
) -> tuple[Purchase, bool]:
    """Record what Stripe says of a refund; return also whether it is news."""
    action, metric = UPDATED

    def action_of(before: Purchase) -> AuditAction:
        # Another worker may have changed the purchase since it was read. The last one
        # that is asked about is the one that was changed.
        nonlocal action, metric
        action, metric = _reported(refund, before)
        return action

    changed, is_news = changes.change(
        purchase,
        lambda before: before.with_refund(refund),
        action_of,
        refund_id=refund.id,
        refund_amount=refund.amount,
        refund_currency=refund.currency or purchase.currency,
        refund_reason=purchase.admitted(refund).reason,
        failure_reason=refund.failure_reason,
        event_id=event_id,
    )
    if is_news:
        report(
            action,
            metric,
            purchase_id=purchase.id,
            refund_id=refund.id,
            amount=refund.amount,
            currency=refund.currency or purchase.currency,
            failure_reason=refund.failure_reason,
            status=changed.status,
        )
    return changed, is_news


def _reported(refund: Refund, before: Purchase) -> tuple[AuditAction, Metric]:
    """Return what a refund has come to; any of its events may be the first."""
    known = before.refunds.get(refund.id)
    if known is None or refund.rank > known.rank:
        return REPORTED.get(refund.status, PENDING)
    return UPDATED


def _refused(request: RefundRequest) -> NotRefundableError:
    """Return the error for an operator, with Stripe's code."""
    code = request.refusal_decline_code or request.refusal_code
    why = "" if code == UNKNOWN else f" ({code})"
    return NotRefundableError(f"The payment provider will not refund this{why}.")
