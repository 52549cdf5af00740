"""What identifies a buyer in our records, and what is left when it is erased."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from checkout.domain.entered import ASKED_BY
from checkout.domain.payment_session import EMAIL, PaymentSession, as_text
from checkout.domain.purchase import Purchase
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.domain.refund import STRIPE_REASONS

# Of the request to Stripe only what explains the amounts is left. What the buyer
# entered is kept if the request asks for it: so no later event brings it back.
OF_REQUEST = frozenset(
    [EMAIL, "metadata", "success_url", "cancel_url", "return_url", *ASKED_BY.values()]
)
# Of an entry of the audit log; note and refund reason are an operator's text.
OF_ENTRY = (
    *("metadata", "entered", "recovery_url", "recovery_expires_at"),
    *("note", "refund_reason"),
)
# Codes, not what an operator wrote.
CODES = STRIPE_REASONS | {*QuarantineReason}


def erased_session(session: PaymentSession) -> dict[str, Any]:
    """Return the attributes that change; none if everything is erased already."""
    request = {k: v for k, v in session.request.items() if k not in OF_REQUEST}
    changed: dict[str, Any] = {}
    if request != session.request:
        changed["stripe_request"] = as_text(request)
    if session.metadata:
        changed["metadata"] = {}
    return changed


def erased_purchase(purchase: Purchase, at: str) -> Purchase:
    """Return the purchase without it; it is equal if everything is erased already."""
    requests = {
        request.id: replace(request, reason=_code(request.reason))
        for request in purchase.refund_requests.values()
    }
    refunds = {
        refund.id: replace(refund, reason=_code(refund.reason))
        for refund in purchase.refunds.values()
    }
    erased = replace(
        purchase,
        metadata={},
        entered=None,
        refund_requests=requests,
        refunds=refunds,
        erased_at=purchase.erased_at or at,
    )
    return purchase if erased == purchase else erased


def erased_from(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the attributes to remove from an *entry* of the audit log."""
    # A reason that is Stripe's own is a code: it stays.
    return tuple(
        name
        for name in OF_ENTRY
        if name in entry and not (name == "refund_reason" and entry[name] in CODES)
    )


def _code(reason: str | None) -> str | None:
    return reason if reason in CODES else None
