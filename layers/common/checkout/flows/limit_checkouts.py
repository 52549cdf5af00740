"""Limit how many checkouts one client may start in a minute, against card testing."""

from typing import TYPE_CHECKING

from checkout.api.request import Request
from checkout.domain.buyer import Buyer
from checkout.flows import flow
from checkout.tables.rate_limit import RateLimit, client_at, client_logged_in

if TYPE_CHECKING:
    from checkout.api.edge import Edge


@flow
class CheckoutLimits:
    """Counts create requests: of a buyer by the login, of others by the address."""

    anonymous: RateLimit
    logged_in: RateLimit
    edge: "Edge | None" = None

    def check(self, request: Request, buyer: Buyer | None) -> None:
        """
        Count a request of *buyer*, or of nobody's if no login was asked for.

        Raises TooManyRequestsError, and ForbiddenError if the edge is required.
        """
        address = self.edge.client_address(request) if self.edge else request.source_ip
        if buyer:
            self.logged_in.check(client_logged_in(buyer.id))
        else:
            self.anonymous.check(client_at(address))
