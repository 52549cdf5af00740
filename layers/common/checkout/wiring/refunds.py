"""Build the objects that change purchases and refund them."""

from checkout.clients.stripe_api import StripeApi
from checkout.config import RefundsConfig
from checkout.flows.change_purchase import PurchaseChanges
from checkout.flows.refund_purchase import Refunds
from checkout.tables.audit_log import AuditLog
from checkout.tables.daily_revenue import DailyRevenue
from checkout.tables.offers import Offers
from checkout.tables.ownerships import Ownerships
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases


def purchase_changes(config: RefundsConfig) -> PurchaseChanges:
    return PurchaseChanges(
        offers=Offers(config.offers_table),
        sessions=PaymentSessions(config.payment_sessions_table),
        purchases=Purchases(config.purchases_table),
        ownerships=Ownerships(config.purchases_table),
        revenue=DailyRevenue(config.purchases_table),
        audit_log=AuditLog(config.audit_log_table),
        suspends_disputed=config.suspends_disputed,
    )


def refunds(
    config: RefundsConfig, changes: PurchaseChanges, stripe: StripeApi
) -> Refunds:
    return Refunds(
        purchases=Purchases(config.purchases_table), changes=changes, stripe=stripe
    )
