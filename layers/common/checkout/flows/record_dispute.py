"""Record what Stripe says of a dispute, from an event or from a request of ours."""

from checkout.domain.audit_action import AuditAction
from checkout.domain.dispute import INQUIRY, LOST, OPEN, WON, Dispute
from checkout.domain.purchase import Purchase
from checkout.flows.change_purchase import PurchaseChanges
from checkout.metric import Metric
from checkout.telemetry import count, report

# What the audit log says when a dispute reaches a stage.
AUDIT_ACTIONS = {
    INQUIRY: AuditAction.DISPUTE_INQUIRY,
    OPEN: AuditAction.DISPUTE_OPENED,
    LOST: AuditAction.DISPUTE_LOST,
    WON: AuditAction.DISPUTE_WON,
}
METRICS = {
    AuditAction.DISPUTE_OPENED: Metric.DISPUTES_OPENED,
    AuditAction.DISPUTE_LOST: Metric.DISPUTES_LOST,
    AuditAction.DISPUTE_WON: Metric.DISPUTES_WON,
}


def record_dispute(
    changes: PurchaseChanges,
    purchase: Purchase,
    dispute: Dispute,
    event_id: str | None = None,
) -> tuple[Purchase, bool]:
    """Record what Stripe says of a dispute; return also whether it is news."""
    changed_from = purchase

    def action_of(before: Purchase) -> AuditAction:
        # Another worker may have changed the purchase since it was read. The last one
        # that is asked about is the one that was changed.
        nonlocal changed_from
        changed_from = before
        return _action_of(dispute, before)

    changed, is_news = changes.change(
        purchase,
        lambda before: before.with_dispute(dispute),
        action_of,
        dispute_id=dispute.id,
        dispute_amount=dispute.amount,
        dispute_currency=dispute.currency or purchase.currency,
        dispute_status=dispute.status,
        reason=dispute.reason,
        event_id=event_id,
    )
    if is_news:
        action = _action_of(dispute, changed_from)
        report(
            action,
            METRICS.get(action, Metric.DISPUTES_UPDATED),
            level="warning",
            purchase_id=purchase.id,
            dispute_id=dispute.id,
            event_id=event_id,
            status=changed.status,
        )
        known = changed_from.disputes.get(dispute.id)
        if dispute.stage == LOST and (known is None or known.stage < OPEN):
            # The alarm rings for opened disputes. We missed that this one opened.
            count(Metric.DISPUTES_OPENED)
    return changed, is_news


def _action_of(dispute: Dispute, before: Purchase) -> AuditAction:
    """Return what a dispute has come to; any of its events may be the first."""
    known = before.disputes.get(dispute.id)
    if known is None or dispute.stage > known.stage:
        return AUDIT_ACTIONS[dispute.stage]
    if dispute.balance.keys() - known.balance.keys():
        return AuditAction.DISPUTE_FUNDS_MOVED
    return AuditAction.DISPUTE_UPDATED
