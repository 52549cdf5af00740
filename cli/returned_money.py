"""What went back of a payment that is recorded again: Stripe knows at any age."""

from collections.abc import Iterable
from typing import Any

from checkout.clients.stripe_api import StripeApi
from checkout.domain.audit_action import AuditAction
from checkout.domain.dispute import Dispute
from checkout.domain.purchase import Purchase
from checkout.domain.refund import Refund
from checkout.flows.change_purchase import PurchaseChanges
from checkout.flows.record_dispute import record_dispute
from checkout.flows.refund_purchase import PENDING, REPORTED, record_refund
from checkout.stripe_errors import StripeError

type Entry = dict[str, Any]
type Returned = list[Refund | Dispute]


class UnknownReturnsError(Exception):
    """Nobody knows what went back: without it, that would come back as a sale."""


def returned_money(stripe: StripeApi, purchase: Purchase) -> Returned:
    """
    Return all refunds and disputes of the payment as Stripe has them now.

    Raises UnknownReturnsError if Stripe does not tell, or tells what cannot be read.
    """
    paid = purchase.stripe_payment_intent_id
    if not paid or not purchase.has_arrived:
        return []
    try:
        return [
            *map(Refund.from_stripe, stripe.refunds(paid)),
            *map(Dispute.from_stripe, stripe.disputes(paid)),
        ]
    except (StripeError, ValueError) as error:
        # None: this sentence is complete.
        raise UnknownReturnsError(
            f"its refunds and disputes cannot be read: {error.__cause__ or error}"
        ) from None


def with_audited(
    purchase: Purchase, returned: Returned, entries: Iterable[Entry]
) -> Purchase:
    """Return the purchase with what the audit log has of it: that is no news."""
    known = {
        (entry.get("refund_id"), entry["action"], entry.get("dispute_status"))
        if "refund_id" in entry
        else (entry.get("dispute_id"), None, entry.get("dispute_status"))
        for entry in entries
        if entry.get("purchase_id") == purchase.id
    }
    for each in returned:
        if isinstance(each, Refund):
            action, _ = REPORTED.get(each.status, PENDING)
            if (each.id, action, None) in known:
                purchase = purchase.with_refund(each)
        elif (each.id, None, each.status) in known:
            purchase = purchase.with_dispute(each)
    return purchase


def record_news(
    changes: PurchaseChanges, purchase: Purchase, returned: Returned
) -> Purchase:
    """Record the rest of it as the worker does: audited, published and counted."""
    for each in returned:
        if isinstance(each, Refund):
            purchase, _ = record_refund(changes, purchase, each)
        else:
            purchase, _ = record_dispute(changes, purchase, each)
    return purchase


def what_stripe_lacks(
    purchase: Purchase, returned: Returned, entries: Iterable[Entry]
) -> list[str]:
    """Return a sentence about each refund and dispute that only the audit log has."""
    mine = [entry for entry in entries if entry.get("purchase_id") == purchase.id]
    at_stripe = {each.id for each in returned}
    named = {
        str(entry[name]): name.removesuffix("_id")
        for entry in mine
        for name in ("refund_id", "dispute_id")
        if entry.get(name)
    }
    sentences = [
        f"{purchase.id}: the audit log has the {what} {stripe_id}, Stripe has not"
        for stripe_id, what in named.items()
        if stripe_id not in at_stripe
    ]
    made = {each.request_id for each in returned if isinstance(each, Refund)}
    refused = {
        entry.get("refund_request_id")
        for entry in mine
        if entry["action"] == AuditAction.REFUND_REFUSED
    }
    return sentences + [
        f"{purchase.id}: Stripe has not made the refund of {entry['refund_amount']} "
        f"that {entry['requested_by']} requested: request it again"
        for entry in mine
        if entry["action"] == AuditAction.REFUND_REQUESTED
        and entry["refund_request_id"] not in made | refused
    ]
