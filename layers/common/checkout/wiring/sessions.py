"""Build what opens and expires Checkout Sessions."""

from typing import TYPE_CHECKING

from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.clients.stripe_api import StripeApi
from checkout.flows.open_checkout import StripeCheckout
from checkout.tables.audit_log import AuditLog
from checkout.tables.payment_sessions import PaymentSessions

if TYPE_CHECKING:
    from checkout.config import CreateSessionConfig, RefundsConfig, WriteOffersConfig

    type SessionsConfig = CreateSessionConfig | RefundsConfig | WriteOffersConfig


def stripe_checkout(
    config: "SessionsConfig", queue: PaymentEventsQueue, stripe: StripeApi
) -> StripeCheckout:
    return StripeCheckout(
        sessions=PaymentSessions(config.payment_sessions_table),
        audit_log=AuditLog(config.audit_log_table),
        queue=queue,
        stripe=stripe,
    )
