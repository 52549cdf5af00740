"""
Every refusal a caller can meet, with its HTTP status and code.

CheckoutError
├── InvalidRequestError        400  the request itself is wrong; names the fields
├── RefusedEventError          400  what came to the webhook is no event of Stripe's
│   ├── InvalidSignatureError
│   └── UnreadableEventError
├── NotPurchasableError        400  the offer cannot be bought through checkout
├── UnauthorizedError          401  nobody is logged in
├── ForbiddenError             403  only for operators, or for whom it is about
├── NotFoundError              404  no such thing, or not the caller's
├── AlreadyPurchasedError      409  it has been bought
├── PaymentInProgressError     409  money is on its way, or waits for a person
├── NotAcceptedError           409  the auction has no accepted bid
├── PaymentWindowClosedError   409  the time to pay is over
├── NotRefundableError         409  so much of it cannot be refunded
├── NotQuarantinedError        409  nothing about it waits for a person
├── IdempotencyKeyReusedError  409  the key came with another request before
├── TooManyRequestsError       429  says when to come back
├── TryAgainError              503  others were faster again and again
└── StripeError                502  Stripe failed or was slow; what it did is unknown
    ├── StripeBusyError        502  Stripe is working on the same request right now
    └── StripeRefusedError     502  this request will never succeed under its key
        ├── StripeBrokenError  502  Stripe failed at it, and may have done the work
        └── IdempotencyKeyTakenError  502  another request has used its key
"""

from http import HTTPStatus


class CheckoutError(Exception):
    """A refusal; its text is one sentence, written for the caller."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal_error"


class InvalidRequestError(CheckoutError):
    """The request is wrong; *fields* maps each refused field to its problem."""

    status = HTTPStatus.BAD_REQUEST
    code = "invalid_request"

    def __init__(self, message: str, /, **fields: str) -> None:
        # Positional, since a caller may well send a field named "message" or "self".
        super().__init__(message)
        self.fields = fields


class NotPurchasableError(CheckoutError):
    """The offer exists, but checkout does not sell it."""

    status = HTTPStatus.BAD_REQUEST
    code = "not_purchasable"


class UnauthorizedError(CheckoutError):
    """The route needs a buyer and the request names none."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthorized"


class ForbiddenError(CheckoutError):
    """The caller is known, and is not one of those who may do this."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class NotFoundError(CheckoutError):
    """Nothing of that name that this caller may know of."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class AlreadyPurchasedError(CheckoutError):
    """What can be sold only once has been sold."""

    status = HTTPStatus.CONFLICT
    code = "already_purchased"


class PaymentInProgressError(CheckoutError):
    """An earlier payment is not decided yet; paying again could charge twice."""

    status = HTTPStatus.CONFLICT
    code = "payment_in_progress"


class NotAcceptedError(CheckoutError):
    """The auction has not been accepted, so there is nothing to pay."""

    status = HTTPStatus.CONFLICT
    code = "auction_not_accepted"


class PaymentWindowClosedError(CheckoutError):
    """The winner's time to pay is over."""

    status = HTTPStatus.CONFLICT
    code = "payment_window_closed"


class NotRefundableError(CheckoutError):
    """The money is not there to be given back, or Stripe will not give it."""

    status = HTTPStatus.CONFLICT
    code = "not_refundable"


class NotQuarantinedError(CheckoutError):
    """Nothing about the purchase waits for a person, or it cannot be accepted."""

    status = HTTPStatus.CONFLICT
    code = "not_quarantined"


class IdempotencyKeyReusedError(CheckoutError):
    """The same Idempotency-Key came with a different request before."""

    status = HTTPStatus.CONFLICT
    code = "idempotency_key_reused"


class TooManyRequestsError(CheckoutError):
    """The client asked too often; *retry_after* is in seconds."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_requests"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StripeError(CheckoutError):
    """Stripe did not do what we asked; the cause is in the log, not in the answer."""

    status = HTTPStatus.BAD_GATEWAY
    code = "stripe_unavailable"

    def __init__(
        self,
        message: str = "The payment provider is unavailable; please try again.",
    ) -> None:
        super().__init__(message)


class StripeBusyError(StripeError):
    """Another caller sent the same idempotency key and has no answer yet."""


class StripeRefusedError(StripeError):
    """Stripe will not do this under its key any more; *stripe_code* says why."""

    def __init__(self, message: str, stripe_code: str) -> None:
        super().__init__(message)
        self.stripe_code = stripe_code


class StripeBrokenError(StripeRefusedError):
    """Stripe stored a 5xx that it replays for a day; what it had done is unknown."""


class IdempotencyKeyTakenError(StripeRefusedError):
    """Another request, perhaps of another stack, has used our key: take the next."""


class TryAgainError(CheckoutError):
    """
    The work met a passing obstacle and changed nothing.

    A caller may repeat the request; the worker's message goes back to the queue.
    """

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "try_again"


class RefusedEventError(CheckoutError):
    """What was posted to the webhook is not an event of Stripe's."""

    status = HTTPStatus.BAD_REQUEST


class InvalidSignatureError(RefusedEventError):
    """Nobody who knows a signing secret signed these bytes, now."""

    code = "invalid_signature"


class UnreadableEventError(RefusedEventError):
    """The bytes are no event."""

    code = "unreadable_event"
