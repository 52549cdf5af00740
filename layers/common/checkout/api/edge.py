"""The edge: a CloudFront distribution in front of the API, known by a secret."""

import hmac
import ipaddress
from collections.abc import Callable

from checkout.api.request import Request
from checkout.errors import ForbiddenError

# stacks/edge.yaml sets both, also over what a client sends under these names.
ADDRESS, SECRET = "x-viewer-address", "x-origin-secret"  # pragma: allowlist secret


class Edge:
    """
    Says which network address a request comes from.

    *secrets* returns the texts of which a request through the edge has one; commas or
    blanks separate them. Any other request is refused if the edge *is_required*.
    """

    def __init__(self, secrets: Callable[[], str], *, is_required: bool) -> None:
        self._secrets = secrets
        self._is_required = is_required

    def client_address(self, request: Request) -> str:
        """Return the client's address; raises ForbiddenError if it must not ask."""
        address = request.header(ADDRESS)
        if address and self._has_secret(request) and _is_address(address):
            return address
        if self._is_required:
            raise ForbiddenError("Please use the shop's own address.")
        return request.source_ip

    def _has_secret(self, request: Request) -> bool:
        given = (request.header(SECRET) or "").encode(errors="replace")
        known = self._secrets().replace(",", " ").split()
        # Compare all, so that the time does not tell which one matched.
        return any([hmac.compare_digest(given, each.encode()) for each in known])  # noqa: C419


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text  # an address of a network card
