"""
Published events: what subscribers learn, made of the entries of the audit log.

docs/events.md is their contract.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from checkout.domain.audit_action import AuditAction

# Entries with other audit actions are not published.
NAMES = {
    AuditAction.CHECKOUT_CREATED: "payments.checkout.started",
    AuditAction.PAYMENT_PROCESSING: "payments.checkout.processing",
    AuditAction.PAYMENT_FAILED: "payments.checkout.failed",
    AuditAction.CHECKOUT_COMPLETED: "payments.checkout.completed",
    AuditAction.CHECKOUT_EXPIRED: "payments.checkout.expired",
    AuditAction.UNFULFILLABLE_PAYMENT: "payments.purchase.unfulfillable",
    AuditAction.PURCHASE_QUARANTINED: "payments.purchase.quarantined",
    AuditAction.QUARANTINE_ACCEPTED: "payments.quarantine.accepted",
    AuditAction.QUARANTINE_DISMISSED: "payments.quarantine.dismissed",
    AuditAction.PURCHASE_REFUNDED: "payments.purchase.refunded",
    AuditAction.REFUND_FAILED: "payments.refund.failed",
    AuditAction.DISPUTE_OPENED: "payments.dispute.opened",
    AuditAction.DISPUTE_WON: "payments.dispute.won",
    AuditAction.DISPUTE_LOST: "payments.dispute.lost",
    AuditAction.FRAUD_WARNING_RECEIVED: "payments.fraud_warning.received",
}

# The attributes of an entry that subscribers may see. Any other stays with us.
FIELDS = (
    "payment_session_id",
    "purchase_id",
    "kind",
    "offer_id",
    "buyer_id",
    "amount",
    "currency",
    "discount_amount",
    "tax_amount",
    "shipping_amount",
    "reason",
    "decline_code",
    "refund_id",
    "refund_amount",
    "refund_currency",
    "failure_reason",
    "dispute_id",
    "dispute_amount",
    "dispute_currency",
)


class PublishedEvent(NamedTuple):
    """
    Something that happened to a payment session.

    *detail* has an `id` that is the same each time the event is sent.
    """

    name: str
    occurred_at: str
    detail: dict[str, Any]


def published_event(entry: Mapping[str, Any]) -> PublishedEvent | None:
    """Return what an *entry* of the audit log publishes, None if nothing."""
    name = NAMES.get(entry["action"])
    if name is None:
        return None
    detail = {
        "id": f"{entry['payment_session_id']}/{entry['entry_id']}",
        "occurred_at": entry["at"],
        **{field: entry[field] for field in FIELDS if field in entry},
    }
    if "kind" in entry:
        detail[f"{entry['kind']}_id"] = entry["offer_id"]
    if entry.get("currency") == "usd":
        # Analytics count in dollars. We never read this number back.
        detail["amount_usd"] = entry["amount"] / 100
    return PublishedEvent(name, entry["at"], detail)
