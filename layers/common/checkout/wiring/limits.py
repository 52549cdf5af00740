"""Build what limits the checkouts of a client."""

from typing import TYPE_CHECKING

from checkout.clients import credentials
from checkout.flows.limit_checkouts import CheckoutLimits
from checkout.tables.rate_limit import RateLimit

if TYPE_CHECKING:
    from checkout.api.edge import Edge
    from checkout.config import CreateSessionConfig


def checkout_limits(config: "CreateSessionConfig") -> CheckoutLimits:
    table = config.payment_sessions_table
    return CheckoutLimits(
        anonymous=RateLimit(table, config.anonymous_requests_per_minute),
        logged_in=RateLimit(table, config.checkouts_per_buyer_per_minute),
        edge=None if config.edge == "off" else _edge(config),
    )


def _edge(config: "CreateSessionConfig") -> "Edge":
    from checkout.api.edge import Edge  # noqa: PLC0415 - few stacks have one

    return Edge(
        lambda: credentials.secret(config.edge_secret_name),
        is_required=config.edge == "required",
    )
