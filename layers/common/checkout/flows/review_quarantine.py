"""Review a quarantined purchase: a person accepts or dismisses it."""

from collections.abc import Callable

from checkout import clock
from checkout.domain.audit_action import AuditAction
from checkout.domain.purchase import Purchase
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.errors import NotQuarantinedError
from checkout.flows.change_purchase import PurchaseChanges
from checkout.tables.item import Value
from checkout.telemetry import logger


def accept(changes: PurchaseChanges, purchase: Purchase, accepted_by: str) -> Purchase:
    """
    Let a quarantined purchase stand as a sale: its buyer gets what was paid for.

    Raises NotQuarantinedError if the purchase is not in quarantine, if another
    purchase holds the sale key, or if it is unknown what was sold and to whom.
    """

    def accepted(before: Purchase) -> Purchase:
        if before.quarantine_reason == QuarantineReason.SESSION_LOST:
            raise NotQuarantinedError(
                "It is unknown what was sold and to whom: refund or dismiss it."
            )
        return before.accepted(clock.iso(clock.now()))

    return _decide(
        changes,
        purchase,
        accepted,
        AuditAction.QUARANTINE_ACCEPTED,
        accepted_by=accepted_by,
    )


def dismiss(
    changes: PurchaseChanges, purchase: Purchase, dismissed_by: str, note: str
) -> Purchase:
    """
    End a quarantine without a sale and without a refund from here.

    For money that belongs to another purchase, for example, or was paid back by other
    means; the *note* says so in the audit log. Raises NotQuarantinedError.
    """
    return _decide(
        changes,
        purchase,
        lambda before: before.dismissed(clock.iso(clock.now())),
        AuditAction.QUARANTINE_DISMISSED,
        dismissed_by=dismissed_by,
        note=note,
    )


def _decide(
    changes: PurchaseChanges,
    purchase: Purchase,
    decision: Callable[[Purchase], Purchase],
    action: AuditAction,
    **details: Value,
) -> Purchase:
    def decide(before: Purchase) -> Purchase:
        # Checked in each round: another person may have decided since it was read.
        if not before.awaits_decision:
            raise NotQuarantinedError(f"The purchase is {before.status}.")
        if before.open_requests or before.pending_refunds:
            # It would be made after the decision: beside a sale, or a second time.
            raise NotQuarantinedError(
                "A refund of it is under way; decide when it has succeeded or failed."
            )
        return decision(before)

    reason = purchase.review_reason
    decided, _ = changes.change(purchase, decide, action, reason=reason, **details)
    logger.info(action, purchase_id=purchase.id)
    return decided
