"""
Domain events: what our other services are told, made of what the audit log says.

docs/events.md is their contract.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Audit actions that are not here are nobody's business but the operator's.
NAMES = {
    "checkout_created": "payments.checkout.started",
    "payment_processing": "payments.checkout.processing",
    "payment_failed": "payments.checkout.failed",
    "checkout_completed": "payments.checkout.completed",
    "checkout_expired": "payments.checkout.expired",
    "unfulfillable_payment": "payments.purchase.unfulfillable",
    "purchase_quarantined": "payments.purchase.quarantined",
    "quarantine_accepted": "payments.quarantine.accepted",
    "purchase_refunded": "payments.purchase.refunded",
    "refund_failed": "payments.refund.failed",
    "dispute_opened": "payments.dispute.opened",
    "dispute_won": "payments.dispute.won",
    "dispute_lost": "payments.dispute.lost",
    "fraud_warning_received": "payments.fraud_warning.received",
}

# What an entry says and others may know. A name that is not here stays with us.
FACTS = (
    "payment_session_id",
    "purchase_id",
    "kind",
    "offer_id",
    "buyer_id",
    "amount",
    "currency",
    "reason",
    "refund_id",
    "refund_amount",
    "dispute_id",
    "dispute_amount",
)


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """
    Something that happened to a payment session.

    *detail* has an `id` that is the same each time the event is sent.
    """

    name: str
    occurred_at: str
    detail: dict[str, Any]


def published_event(entry: Mapping[str, Any]) -> PublishedEvent | None:
    """Return what an *entry* of the audit log tells others, None if it is nothing."""
    name = NAMES.get(entry["action"])
    if name is None:
        return None
    detail = {
        "id": f"{entry['payment_session_id']}/{entry['entry_id']}",
        "occurred_at": entry["at"],
        **{fact: entry[fact] for fact in FACTS if fact in entry},
    }
    if "kind" in entry:
        detail[f"{entry['kind']}_id"] = entry["offer_id"]
    if entry.get("currency") == "usd":
        # For analytics, whose numbers are dollars: nothing of ours reads it back.
        detail["amount_usd"] = entry["amount"] / 100
    return PublishedEvent(name, entry["at"], detail)
