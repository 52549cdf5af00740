"""End a purchase of 0: there is no money that Stripe could return."""

from checkout import clock
from checkout.domain.audit_action import AuditAction
from checkout.domain.purchase import Purchase
from checkout.flows.change_purchase import PurchaseChanges


def end_free_purchase(
    changes: PurchaseChanges, purchase: Purchase, requested_by: str, reason: str | None
) -> Purchase:
    """
    Take back what a promotion code has paid for; the offer can be sold again.

    A purchase that has ended already is returned as it is.
    """
    ended, _ = changes.change(
        purchase,
        lambda before: (
            before.dismissed(clock.iso(clock.now())) if before.is_sale else before
        ),
        AuditAction.PURCHASE_REFUNDED,
        refund_amount=0,
        refund_currency=purchase.currency,
        requested_by=requested_by,
        refund_reason=reason,
    )
    return ended
