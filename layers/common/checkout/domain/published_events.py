"""
Published events: what subscribers learn, made of the entries of the audit log.

docs/events.md is their contract.
"""

from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

from checkout.domain.audit_action import AuditAction
from checkout.domain.money import in_dollars

# With this begin the names of what happens until a payment is recorded.
OF_CHECKOUT = "payments.checkout."
NO_RATES: Mapping[str, Decimal] = MappingProxyType({})

# Entries with other audit actions are not published.
NAMES = {
    AuditAction.WINDOW_CLOSING: "payments.window.closing",
    AuditAction.CHECKOUT_CREATED: "payments.checkout.started",
    AuditAction.PAYMENT_PROCESSING: "payments.checkout.processing",
    AuditAction.PAYMENT_FAILED: "payments.checkout.failed",
    AuditAction.CHECKOUT_COMPLETED: "payments.checkout.completed",
    AuditAction.CHECKOUT_ABANDONED: "payments.checkout.abandoned",
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
    AuditAction.PERSONAL_DATA_ERASED: "payments.personal_data.erased",
}

# The attributes of an entry that subscribers may see. Any other stays with us.
FIELDS = (
    "payment_session_id",
    "purchase_id",
    "kind",
    "offer_id",
    "buyer_id",
    "title",
    "creator_id",
    "merchant",
    "source",
    "row_id",
    "amount",
    "currency",
    "discount_amount",
    "tax_amount",
    "shipping_amount",
    "metadata",
    "entered",
    "reason",
    "decline_code",
    "refund_id",
    "refund_amount",
    "refund_currency",
    "refunded_amount",
    "failure_reason",
    "dispute_id",
    "dispute_amount",
    "dispute_currency",
    "recovery_url",
    "recovery_expires_at",
    "closes_at",
)


class PublishedEvent(NamedTuple):
    """
    Something that happened to a payment session, or to an offer.

    *detail* has an `id` that is the same each time the event is sent.
    """

    name: str
    occurred_at: str
    detail: dict[str, Any]


def published_event(
    entry: Mapping[str, Any], usd_rates: Mapping[str, Decimal] = NO_RATES
) -> PublishedEvent | None:
    """
    Return what an *entry* of the audit log publishes, None if nothing.

    *usd_rates* are the dollars for one unit of a currency, such as one euro.
    """
    name = NAMES.get(entry["action"])
    if name is None:
        return None
    detail = {
        "id": f"{entry['payment_session_id']}/{entry['entry_id']}",
        "occurred_at": entry["at"],
        **{field: entry[field] for field in FIELDS if field in entry},
    }
    if entry["action"] == AuditAction.WINDOW_CLOSING:
        # The entry is of an offer. Its key is too long for Segment's `messageId`.
        del detail["payment_session_id"]
        detail["id"] = f"window_{sha256(detail['id'].encode()).hexdigest()}"
    if "kind" in entry:
        detail[f"{entry['kind']}_id"] = entry["offer_id"]
    detail |= _dollars(entry, usd_rates)
    return PublishedEvent(name, entry["at"], detail)


def _dollars(
    entry: Mapping[str, Any], usd_rates: Mapping[str, Decimal]
) -> dict[str, Any]:
    """Return the event's amount in dollars, or that there is no rate for it."""
    amount, currency = _amount_of(entry)
    if amount is None or currency is None:
        return {}
    dollars = in_dollars(amount, currency, usd_rates)
    if dollars is None:
        return {"amount_usd_missing": True}
    # Analytics count in dollars. We never read this number back.
    return {"amount_usd": float(dollars)}


def _amount_of(entry: Mapping[str, Any]) -> tuple[int | None, str | None]:
    """Return the refunded or disputed amount, or else that of the payment."""
    currency = entry.get("currency")
    for what in ("refund", "dispute"):
        if (amount := entry.get(f"{what}_amount")) is not None:
            return amount, entry.get(f"{what}_currency", currency)
    return entry.get("amount"), currency
