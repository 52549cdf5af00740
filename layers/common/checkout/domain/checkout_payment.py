"""A payment through a Checkout Session: its purchase, and when it was paid."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeGuard

from checkout import clock
from checkout.domain.audit_action import AuditAction
from checkout.domain.checkout_session import CheckoutSession
from checkout.domain.entered import asked_for
from checkout.domain.payment_session import PaymentSession
from checkout.domain.purchase import Purchase, id_for
from checkout.domain.purchase_status import Arrival, PurchaseStatus
from checkout.domain.quarantine_reason import UNFULFILLABLE
from checkout.domain.stripe_events import (
    ASYNC_PAYMENT_SUCCEEDED,
    SESSION_COMPLETED,
    Event,
)
from checkout.domain.stripe_limits import DELAYED_METHODS

# Unix seconds after the year 2200 are no time of a payment.
LATEST = 7_258_118_400
LONGEST_CODE = 64
REPORTS_MONEY = frozenset([SESSION_COMPLETED, ASYNC_PAYMENT_SUCCEEDED])


def new_purchase(
    session: PaymentSession,
    checkout: CheckoutSession,
    purchased_at: datetime,
    *,
    arrival: Arrival = Arrival.ARRIVED,
    quarantine_reason: str | None = None,
) -> Purchase:
    """Return the purchase that a *checkout* of *session* makes."""
    ours = session.stripe_session_id in {None, checkout.id}
    total = checkout.amount_total
    amount = session.amount if total is None else total
    # They are parts of the amount, also where Stripe's amounts contradict each other.
    shipping = max(0, min(checkout.amount_shipping, amount))
    tax = max(0, min(checkout.amount_tax, amount - shipping))
    entered = asked_for(checkout.entered, session.request)
    return Purchase(
        # A payment through another Checkout Session is recorded separately, since ours
        # can still be paid.
        id=id_for(session.id if ours else checkout.id),
        payment_session_id=session.id,
        kind=session.kind,
        offer_id=session.offer_id,
        buyer_id=session.buyer_id,
        creator_id=session.creator_id,
        sale_key=session.sale_key,
        title=session.title,
        sale=session.sale,
        details=session.details,
        metadata=session.metadata,
        shown=session.shown,
        amount=amount,
        discount_amount=max(0, checkout.amount_discount),
        tax_amount=tax,
        shipping_amount=shipping,
        entered=json.dumps(entered, ensure_ascii=False) if entered else None,
        currency=checkout.currency or session.currency,
        platform_fee_bps=session.platform_fee_bps,
        organization_fee_bps=session.organization_fee_bps,
        quarantine_reason=quarantine_reason,
        stripe_session_id=checkout.id,
        stripe_payment_intent_id=checkout.payment_intent,
        purchased_at=clock.iso(purchased_at),
        arrival=arrival,
    )


def paid_after_all(before: Purchase, purchase: Purchase) -> Purchase:
    """Return the *purchase* of a payment with what is recorded of it already."""
    return replace(
        purchase,
        version=before.version + 1,
        erased_at=before.erased_at,
        refund_requests=before.refund_requests,
        refunds=before.refunds,
        disputes=before.disputes,
        fraud_warnings=before.fraud_warnings,
        receipt=before.receipt,
    )


def given_back(purchase: Purchase, at: str) -> Purchase | None:
    """
    Return the purchase with a refund of all that is left, None if that is impossible.

    If a promotion code took off the whole price, there is nothing to give back: the
    purchase is dismissed.
    """
    if not purchase.amount:
        return purchase.dismissed(at)
    if purchase.refund_problem or not purchase.refundable_amount:
        return None
    return purchase.with_automatic_refund(at)


def action_of(purchase: Purchase) -> AuditAction:
    """Return what the audit log says of a payment that is recorded."""
    if purchase.is_sale:
        return AuditAction.CHECKOUT_COMPLETED
    automatic = purchase.quarantine_reason in UNFULFILLABLE
    ended = {PurchaseStatus.REFUNDING, PurchaseStatus.FAILED}
    if automatic and purchase.status in ended:
        return AuditAction.UNFULFILLABLE_PAYMENT
    return AuditAction.PURCHASE_QUARANTINED


def paid_at(event: Event, now: datetime) -> datetime:
    """
    Return when the money of the session in *event* was taken, *now* if that is unknown.

    Stripe reports money in the moment in which it takes it. A session that we retrieved
    ourselves may be days old; its charge has the time. An event about something else is
    at least older than *now*, which is never exceeded.
    """
    charge = _part(_part(event.object, "payment_intent"), "latest_charge")
    booked = _part(charge, "balance_transaction")
    known = [booked.get("created"), charge.get("created"), event.created]
    if event.type in REPORTS_MONEY:
        known.insert(0, event.created)
    seconds = next((each for each in known if _is_time(each)), None)
    if seconds is None:
        return now
    return min(datetime.fromtimestamp(seconds, UTC), now)


def made_at(event: Event, now: datetime) -> datetime:
    """Return when Stripe made the event, *now* if that is unknown."""
    if not _is_time(event.created):
        return now
    return min(datetime.fromtimestamp(event.created, UTC), now)


def decline_reason(payment_intent: str | Mapping[str, Any] | None) -> dict[str, Any]:
    """
    Return why a payment was declined: `reason` and `decline_code`, as far as known.

    Both are Stripe's codes. Its message is left out: it may hold data of the buyer.
    https://docs.stripe.com/declines/codes
    """
    if not isinstance(payment_intent, Mapping):
        return {}
    error = _part(payment_intent, "last_payment_error")
    found = {"reason": error.get("code"), "decline_code": error.get("decline_code")}
    return {name: code for name, code in found.items() if _is_code(code)}


def is_delayed(payment_intent: Mapping[str, Any]) -> bool:
    """Return whether the method that failed is one whose money comes days later."""
    method = _part(_part(payment_intent, "last_payment_error"), "payment_method")
    return method.get("type") in DELAYED_METHODS


def _is_code(value: object) -> TypeGuard[str]:
    """Return whether *value* is a code such as `insufficient_funds`, not free text."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_CODE:
        return False
    return value.isascii() and value.replace("_", "").isalnum() and value.islower()


def _part(stripe_object: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a part that Stripe may have left out, set to null or not expanded."""
    part = stripe_object.get(name)
    return part if isinstance(part, Mapping) else {}


def _is_time(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 < value < LATEST
