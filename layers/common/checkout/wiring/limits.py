"""Build what limits the checkouts of a client."""

from typing import TYPE_CHECKING

from checkout.flows.limit_checkouts import CheckoutLimits
from checkout.tables.rate_limit import RateLimit

if TYPE_CHECKING:
    from checkout.config import CreateSessionConfig


def checkout_limits(config: "CreateSessionConfig") -> CheckoutLimits:
    table = config.payment_sessions_table
    return CheckoutLimits(
        anonymous=RateLimit(table, config.anonymous_requests_per_minute),
        logged_in=RateLimit(table, config.checkouts_per_buyer_per_minute),
    )
