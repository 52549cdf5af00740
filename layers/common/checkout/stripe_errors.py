"""
What Stripe's answers mean for a caller: one status and code, and several causes.

StripeError                502  Stripe failed or did not answer; outcome unknown
├── StripeBusyError        502  Stripe is processing the same request
├── StripeRateLimitedError 502  Stripe has had too many requests
├── StripeDeniedError      502  Stripe refuses our API key or our account
└── StripeRefusedError     502  this request cannot succeed under its key
    ├── StripeBrokenError  502  Stripe answered 5xx; outcome unknown
    ├── IdempotencyKeyTakenError  502  another request has used the key
    └── StripeInvalidRequestError  502  it cannot succeed under any key
"""

from http import HTTPStatus

from checkout.errors import CheckoutError


class StripeError(CheckoutError):
    """Stripe did not do what was requested; only the log has the cause."""

    status = HTTPStatus.BAD_GATEWAY
    code = "stripe_unavailable"

    def __init__(
        self, message: str = "The payment provider is unavailable; please try again."
    ) -> None:
        super().__init__(message)


class StripeBusyError(StripeError):
    """Stripe is processing another request with the same idempotency key."""


class StripeRateLimitedError(StripeError):
    """Stripe has had too many requests of this account: ask for less, and later."""


class StripeDeniedError(StripeError):
    """Stripe refuses our API key or our account: an operator must act."""


class StripeRefusedError(StripeError):
    """
    The request cannot succeed under its idempotency key; *stripe_code* says why.

    Stripe may name the refused *param* and the bank's reason, *decline_code*.
    """

    def __init__(
        self, message: str, stripe_code: str, param: str = "", decline_code: str = ""
    ) -> None:
        super().__init__(message)
        self.stripe_code, self.param = stripe_code, param
        self.decline_code = decline_code


class StripeBrokenError(StripeRefusedError):
    """
    Stripe answered 5xx, so whether it executed the request is unknown.

    Stripe stores that answer and repeats it for each request with the same key:
    https://docs.stripe.com/api/idempotent_requests
    """


class IdempotencyKeyTakenError(StripeRefusedError):
    """A different request, perhaps of another stack, has used the key: use another."""


class StripeInvalidRequestError(StripeRefusedError):
    """Stripe does not accept what the request says, however often it is sent."""
