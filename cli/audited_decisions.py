"""What was decided of a purchase, by its entries in the audit log."""

from typing import Any

from checkout.domain.audit_action import AuditAction
from checkout.domain.checkout_payment import given_back
from checkout.domain.purchase import Purchase
from checkout.domain.quarantine_reason import UNFULFILLABLE, QuarantineReason

type Entry = dict[str, Any]

# Of the reasons only these are a purchase's own; the others are computed.
REASONS = {*QuarantineReason} - {QuarantineReason.RETURNED_IN_ANOTHER_CURRENCY}


def decided_by(purchase: Purchase, entries: list[Entry]) -> Purchase:
    """Return the purchase after all that the audit log says was decided of it."""
    found = purchase
    for entry in entries:
        if entry.get("purchase_id") != purchase.id:
            continue
        at, reason = str(entry["at"]), entry.get("reason")
        match entry["action"]:
            case AuditAction.UNFULFILLABLE_PAYMENT | AuditAction.PURCHASE_QUARANTINED:
                if reason in REASONS:
                    found = found.quarantined(str(reason))
                if reason in UNFULFILLABLE and not found.amount:
                    found = given_back(found, at) or found
            case AuditAction.QUARANTINE_ACCEPTED:
                found = found.accepted(at)
            case AuditAction.QUARANTINE_DISMISSED:
                found = found.dismissed(at)
            case AuditAction.FRAUD_WARNING_RECEIVED:
                found = found.with_fraud_warning(str(entry["fraud_warning_id"]))
            case _:
                pass
    return found
