"""
Stripe's API as an operator's desk reaches it: over a company's proxy, for one.

Functions send their requests by clients/stripe_sdk.py, which obeys no proxy: it has the
network of AWS. Here the requests are sent by `requests`, as Stripe's SDK does by
default: it obeys HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. Stripe's SDK trusts
the certificates that it brings along; here those of a company replace them.
"""

import os
from itertools import islice
from typing import TYPE_CHECKING, Any

from checkout.clients.stripe_api import StripeApi
from checkout.clients.stripe_connection import plain

if TYPE_CHECKING:
    from stripe import HTTPClient

# As `requests` reads them, and botocore the first; OpenSSL reads the last.
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


class DeskStripe(StripeApi):
    """StripeApi over the network of a desk, with reads that find a payment."""

    def _transport(self) -> "HTTPClient":
        # Importing the SDK takes a third of a second; not every command asks Stripe.
        import stripe  # noqa: PLC0415

        from checkout.clients import stripe_sdk  # noqa: PLC0415

        for variable in CERTIFICATES:
            if file := os.environ.get(variable):
                stripe.ca_bundle_path = file
                break
        return stripe.RequestsClient(
            timeout=(stripe_sdk.CONNECT_SECONDS, stripe_sdk.READ_SECONDS)
        )

    def balance_transaction(self, transaction_id: str) -> dict[str, Any]:
        """Return the balance transaction with its charge, refund or dispute."""
        with self._v1("return this balance transaction") as v1:
            return plain(
                v1.balance_transactions.retrieve(transaction_id, {"expand": ["source"]})
            )

    def charge(self, charge_id: str) -> dict[str, Any]:
        with self._v1("return this charge") as v1:
            return plain(v1.charges.retrieve(charge_id))

    def fraud_warning(self, warning_id: str) -> dict[str, Any]:
        with self._v1("return this fraud warning") as v1:
            return plain(v1.radar.early_fraud_warnings.retrieve(warning_id))

    def sessions_of(self, wanted: dict[str, Any], most: int) -> list[dict[str, Any]]:
        """
        Return the newest sessions of a customer or an e-mail address, at most so many.

        https://docs.stripe.com/api/checkout/sessions/list
        """
        found = self._all(
            "list the Checkout Sessions", lambda v1: v1.checkout.sessions.list, wanted
        )
        return list(islice(found, most))
