"""What the audit log says of purchases, and of what was decided of them."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from checkout import clock
from checkout.domain.audit_action import AuditAction
from checkout.domain.checkout_payment import given_back
from checkout.domain.purchase import Purchase
from checkout.domain.quarantine_reason import UNFULFILLABLE, QuarantineReason
from checkout.tables.item import from_item
from cli.restored import scan
from cli.stack import Stack

type Entry = dict[str, Any]

# Of the reasons only these are a purchase's own; the others are computed.
REASONS = {*QuarantineReason} - {QuarantineReason.RETURNED_IN_ANOTHER_CURRENCY}


def entries_since(
    stack: Stack, since: datetime, actions: Collection[AuditAction]
) -> Iterator[Entry]:
    """Yield the entries of *actions* from *since* on; it reads the whole audit log."""
    for entry in map(from_item, scan(stack.output("AuditLogTable"))):
        if entry["action"] in actions and entry["at"] >= clock.iso(since):
            yield entry


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
