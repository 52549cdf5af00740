"""
The Stripe SDK, set up for a function: its client, its transport and its errors.

Importing this module adds 120 million instructions to a cold start, so `stripe_api`
imports it on its first request to Stripe.
"""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import stripe
import urllib3
from urllib3.exceptions import HTTPError, SSLError

from checkout.metric import Metric
from checkout.stripe_errors import (
    IdempotencyKeyTakenError,
    StripeBrokenError,
    StripeBusyError,
    StripeDeniedError,
    StripeError,
    StripeInvalidRequestError,
    StripeRateLimitedError,
)
from checkout.telemetry import logger, report

CONNECT_SECONDS = 3.05
READ_SECONDS = 9
# The SDK retries once, under the same idempotency key. Twice the time above must fit
# into the function's timeout, and that into API Gateway's thirty seconds.
RETRIES = 1

SERVER_ERROR = 500
# Stripe is still working on another request: https://docs.stripe.com/error-codes
BUSY = frozenset(["idempotency_key_in_use", "lock_timeout"])

# What the account, not the request, has wrong: https://docs.stripe.com/error-codes
DENIED = frozenset(
    {"account_closed", "account_invalid", "livemode_mismatch", "testmode_charges_only"}
    | {"platform_account_required", "platform_api_key_expired", "secret_key_required"}
)
DENIED_STATUSES = frozenset([401, 403])

# The version of Stripe's API that this version of the SDK is made for.
API_VERSION: str = stripe.api_version

# Otherwise each request reports the duration of the one before it.
stripe.enable_telemetry = False


class Transport(stripe.HTTPClient):
    """
    Sends the SDK's requests over one urllib3 pool, and loads the certificates once.

    The SDK's default client needs `requests`, a third of the cost of importing the
    SDK, and loads the certificates for every connection
    (docs/adr/0015-stripe-over-urllib3.md).
    https://github.com/stripe/stripe-python#configuring-an-http-client
    """

    name = "urllib3"

    def __init__(self, connect_seconds: float, read_seconds: float) -> None:
        super().__init__()
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=connect_seconds, read=read_seconds),
            retries=False,  # the SDK retries, and knows which requests it may repeat
            ssl_context=ssl.create_default_context(cafile=stripe.ca_bundle_path),
        )

    def request(  # type: ignore[override]  # the SDK passes only these
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: str | None = None,
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """
        Send one request; return the response's body, status and headers.

        Raises stripe.APIConnectionError if there is no response, or if HTTP cannot
        carry the request: an API key with a character beyond Latin-1, for one.
        """
        try:
            answer = self._pool.request(
                method.upper(), url, headers=headers, body=post_data, redirect=False
            )
        except (HTTPError, ValueError) as error:
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                f"Stripe did not answer: {type(error).__name__}",
                # A retry changes neither a certificate nor a header.
                should_retry=not isinstance(error, SSLError | ValueError),
            ) from error
        return answer.data, answer.status, answer.headers

    def close(self) -> None:
        self._pool.clear()


def client(
    api_key: str,
    api_base: str,
    retries: int | None = None,
    transport: stripe.HTTPClient | None = None,
) -> stripe.StripeClient:
    """
    Return a client that sends its requests to *api_base*, such as Stripe's own.

    *retries* is RETRIES unless it is given; *transport* is a Transport.
    """
    return stripe.StripeClient(
        api_key,
        base_addresses={"api": api_base},
        http_client=transport or Transport(CONNECT_SECONDS, READ_SECONDS),
        max_network_retries=RETRIES if retries is None else retries,
    )


@contextmanager
def our_errors(asked: str) -> Iterator[None]:
    """
    Log the SDK's errors and raise them as checkout.errors.StripeError.

    *asked* completes the sentence "The payment provider could not ..." for the caller.
    https://docs.stripe.com/api/errors
    """
    try:
        yield
    except stripe.StripeError as error:
        status = error.http_status or 0
        code = getattr(error.error, "code", None) or ""
        param = _param_of(error)
        details: dict[str, Any] = {
            "error": type(error).__name__,
            "status": status,
            "stripe_code": code,
            "param": param,
            "stripe_request_id": error.request_id,
        }
        if status in DENIED_STATUSES or code in DENIED:
            report("stripe_denied", Metric.STRIPE_DENIED, level="error", **details)
            raise StripeDeniedError from error
        logger.warning("stripe_request_failed", **details)
        failed = f"The payment provider could not {asked}; please try again."
        if code in BUSY:
            raise StripeBusyError from error
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise StripeRateLimitedError from error
        if status >= SERVER_ERROR:
            raise StripeBrokenError(failed, code) from error
        if isinstance(error, stripe.IdempotencyError):
            raise IdempotencyKeyTakenError(failed, code) from error
        if isinstance(error, stripe.InvalidRequestError | stripe.CardError):
            refused = f"The payment provider refused to {asked}."
            declined = getattr(error.error, "decline_code", None) or ""
            raise StripeInvalidRequestError(refused, code, param, declined) from error
        raise StripeError from error


def _param_of(error: stripe.StripeError) -> str:
    """Return the parameter that Stripe names, without a caller's key of metadata."""
    param = str(getattr(error.error, "param", None) or "")
    before, metadata, _ = param.partition("metadata]")
    if metadata:
        return before + metadata
    return "metadata" if param.startswith("metadata[") else param
