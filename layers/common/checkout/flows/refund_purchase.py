"""Give money back: the request is written first, then Stripe is asked."""

import math
from dataclasses import dataclass
from typing import Any, Self

from checkout import clock
from checkout.clients import credentials
from checkout.clients.stripe_api import StripeApi
from checkout.config import RefundsConfig
from checkout.domain.purchase import Purchase
from checkout.domain.refund import STRIPE_REASONS, Refund, RefundRequest, request_id
from checkout.errors import (
    IdempotencyKeyReusedError,
    NotFoundError,
    NotRefundableError,
    StripeBrokenError,
    StripeRefusedError,
)
from checkout.flows.change_purchase import PurchaseChanges
from checkout.tables.audit_log import AuditLog
from checkout.tables.offers import Offers
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.tables.revenue import Revenue
from checkout.telemetry import count, logger

# What the audit log says of a refund that has come to a status.
AUDIT_ACTIONS = {
    "succeeded": "purchase_refunded",
    "failed": "refund_failed",
    "canceled": "refund_failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunds:
    """
    Asks Stripe for refunds, and records what comes of them.

    A crash at any point leaves a request that its caller's retry or reconcile takes
    up again, under the same key, and after a look at the refunds that Stripe has: so
    none is made twice, also when the key is older than Stripe remembers keys.
    """

    changes: PurchaseChanges
    stripe: StripeApi

    @classmethod
    def of(cls, config: RefundsConfig, calls_per_second: float = math.inf) -> Self:
        changes = PurchaseChanges(
            offers=Offers(config.offers_table),
            sessions=PaymentSessions(config.payment_sessions_table),
            purchases=Purchases(config.purchases_table),
            audit_log=AuditLog(config.audit_log_table),
            revenue=Revenue(config.purchases_table),
            suspends_disputed=config.suspends_disputed,
        )
        stripe = StripeApi(
            lambda: credentials.secret(config.stripe_secret_key_name),
            config.stripe_api_base,
            calls_per_second,
        )
        return cls(changes=changes, stripe=stripe)

    def request(
        self,
        purchase_id: str,
        *,
        amount: int | None,
        reason: str | None,
        request_key: str,
        requested_by: str,
    ) -> Purchase:
        """
        Refund *amount*, or all that is left of the purchase; return it as it is then.

        The same *request_key* asks for the same refund, however often it comes.
        Raises NotFoundError, NotRefundableError, IdempotencyKeyReusedError, and
        StripeError when nobody knows yet whether Stripe did it: then ask again.
        """
        purchase = self._refundable(purchase_id)
        request = self._request_of(purchase, request_key, amount, reason, requested_by)
        resumed = request.id in purchase.refund_requests
        if not resumed:
            purchase, written = self.changes.apply(
                purchase_id,
                lambda found: (
                    found
                    if request.id in found.refund_requests
                    else found.with_refund_request(request)
                ),
                "refund_requested",
                refund_request_id=request.id,
                refund_amount=request.amount,
                requested_by=requested_by,
                refund_reason=reason,
            )
            resumed = not written
            request = purchase.refund_requests[request.id]
        if request.refusal_code:
            raise _refused()
        if request.is_open:
            return self.execute(purchase, request, resumed=resumed)
        return purchase

    def execute(
        self, purchase: Purchase, request: RefundRequest, *, resumed: bool = True
    ) -> Purchase:
        """
        Ask Stripe for what has been requested, unless it has been given already.

        Only who has just written the request may say that it was not *resumed*.
        Raises NotRefundableError when Stripe will not, and StripeError when unsure.
        """
        stripe_refund = self._given(purchase, request) if resumed else None
        try:
            stripe_refund = stripe_refund or self.stripe.create_refund(
                _as_stripe_is_asked(purchase, request), request.idempotency_key
            )
        except StripeBrokenError:
            # Its key is used up. Next time we look first, then ask under another.
            self.changes.apply(
                purchase.id,
                lambda found: found.with_next_attempt(request),
                "refund_attempt_failed",
                refund_request_id=request.id,
            )
            raise
        except StripeRefusedError as refusal:
            stripe_refund = self._given(purchase, request)
            if stripe_refund is None:
                self._give_up(purchase, request, refusal.stripe_code)
                raise _refused() from refusal
        return self.record(purchase.id, Refund.from_stripe(stripe_refund))[0]

    def record(
        self, purchase_id: str, refund: Refund, event_id: str | None = None
    ) -> tuple[Purchase, bool]:
        """Record what Stripe says of a refund; return the purchase and whether new."""
        action = AUDIT_ACTIONS.get(refund.status, "refund_pending")
        purchase, is_news = self.changes.apply(
            purchase_id,
            lambda found: found.with_refund(refund),
            action,
            refund_id=refund.id,
            refund_amount=refund.amount,
            refund_reason=refund.reason,
            event_id=event_id,
        )
        if is_news:
            count(COUNTED[action])
            logger.info(
                action,
                purchase_id=purchase_id,
                refund_id=refund.id,
                amount=refund.amount,
                currency=purchase.currency,
                status=purchase.status,
            )
        return purchase, is_news

    def _refundable(self, purchase_id: str) -> Purchase:
        purchases = self.changes.purchases
        purchase = purchases.get(purchase_id)
        if purchase is None:
            raise NotFoundError("There is no such purchase.")
        payment_intent_id = purchase.stripe_payment_intent_id
        payer = payment_intent_id and purchases.by_payment_intent(payment_intent_id)
        if payer and payer.id != purchase.id:
            raise NotRefundableError("Its payment is that of another purchase.")
        return purchase

    def _request_of(
        self,
        purchase: Purchase,
        request_key: str,
        amount: int | None,
        reason: str | None,
        requested_by: str,
    ) -> RefundRequest:
        """Return the request that this key has made, or the one that it makes now."""
        name = request_id(purchase.id, request_key)
        if known := purchase.refund_requests.get(name):
            if (known.requested_amount, known.reason) != (amount, reason):
                raise IdempotencyKeyReusedError(
                    "This Idempotency-Key was used for another refund."
                )
            return known
        return RefundRequest(
            id=name,
            amount=purchase.refundable_amount if amount is None else amount,
            requested_amount=amount,
            reason=reason,
            requested_by=requested_by,
            requested_at=clock.iso(clock.now()),
        )

    def _given(
        self, purchase: Purchase, request: RefundRequest
    ) -> dict[str, Any] | None:
        """Return Stripe's refund that the request has led to, if it has."""
        assert purchase.stripe_payment_intent_id  # noqa: S101 - it was found by it
        for stripe_refund in self.stripe.refunds(purchase.stripe_payment_intent_id):
            if Refund.from_stripe(stripe_refund).request_id == request.id:
                return stripe_refund
        return None

    def _give_up(self, purchase: Purchase, request: RefundRequest, code: str) -> None:
        self.changes.apply(
            purchase.id,
            lambda found: found.with_refused_request(request.id, code or "unknown"),
            "refund_refused",
            refund_request_id=request.id,
            reason=code,
        )
        count("payments.refunds.refused")
        logger.error(
            "refund_refused",
            purchase_id=purchase.id,
            refund_request_id=request.id,
            stripe_code=code,
        )


COUNTED = {
    "purchase_refunded": "payments.refunds.succeeded",
    "refund_failed": "payments.refunds.failed",
    "refund_pending": "payments.refunds.pending",
}


def automatic(purchase: Purchase, at: str) -> RefundRequest:
    """Return the request for all the money of a purchase that came in vain."""
    return RefundRequest(
        id=request_id(purchase.id, "automatic"),
        amount=purchase.amount,
        requested_amount=None,
        reason=purchase.quarantine_reason,
        requested_by="checkout",
        requested_at=at,
    )


def _as_stripe_is_asked(purchase: Purchase, request: RefundRequest) -> dict[str, Any]:
    metadata = {
        "refund_request_id": request.id,
        "purchase_id": purchase.id,
        "payment_session_id": purchase.payment_session_id,
    }
    wanted: dict[str, Any] = {
        "payment_intent": purchase.stripe_payment_intent_id,
        "amount": request.amount,
        "metadata": metadata,
    }
    if request.reason in STRIPE_REASONS:
        wanted["reason"] = request.reason
    elif request.reason:
        metadata["reason"] = request.reason
    return wanted


def _refused() -> NotRefundableError:
    return NotRefundableError("The payment provider will not refund this.")
