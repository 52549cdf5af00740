"""
The errors that a caller can receive, with their HTTP status and code.

CheckoutError
├── InvalidRequestError        400  the request is malformed; names the fields
├── RefusedEventError          400  the webhook cannot accept the request
│   ├── InvalidSignatureError       no configured secret produced its signature
│   └── UnreadableEventError        its body is not a Stripe event
├── NotPurchasableError        400  checkout does not sell the offer
│   └── BrokenOfferError            its item has a mistake, or exceeds Stripe's limits
├── UnauthorizedError          401  the request identifies no buyer
├── ForbiddenError             403  the caller lacks the permission
├── NotFoundError              404  it does not exist, or is not the caller's
│   └── OwnerlessOfferError         its item does not say who may buy it
├── AlreadyPurchasedError      409  it is sold once, and has been sold
├── PaymentInProgressError     409  an earlier payment is processing or in manual review
├── VersionConflictError       409  the offer has another version than expected
├── NotAcceptedError           409  the auction has no accepted bid
├── PaymentWindowClosedError   409  the time to pay is over
├── NotRefundableError         409  the amount cannot be refunded
├── NotQuarantinedError        409  not in quarantine, or it cannot be accepted
├── IdempotencyKeyReusedError  409  the key was used for a different request
├── TooManyRequestsError       429  the client exceeded its limit; says when to retry
├── TryAgainError              503  a temporary failure; nothing was changed
└── StripeError                502  see stripe_errors.py
"""

from http import HTTPStatus


class CheckoutError(Exception):
    """
    An error whose message is one sentence for the caller; the default is a 500.

    The caller may retry after *retry_after* seconds, if it is a number.
    """

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "internal_error"
    retry_after: int | None = None


class InvalidRequestError(CheckoutError):
    """The request is malformed; *fields* maps each invalid field to its problem."""

    status = HTTPStatus.BAD_REQUEST
    code = "invalid_request"

    def __init__(self, message: str, /, **fields: str) -> None:
        # Positional only: a request may have a field named "message" or "self".
        super().__init__(message)
        self.fields = fields


class NotPurchasableError(CheckoutError):
    """The offer exists, but checkout does not sell it."""

    status = HTTPStatus.BAD_REQUEST
    code = "not_purchasable"


class BrokenOfferError(NotPurchasableError):
    """
    The offer's item has a mistake, or exceeds Stripe's limits: nobody can buy it.

    The seller must correct the *problem* of *field* in the item with the key *offer*.
    """

    def __init__(self, offer: str, field: str, problem: str) -> None:
        super().__init__(
            "This cannot be bought at the moment: the seller has to correct it."
        )
        self.offer, self.field, self.problem = offer, field, problem


class UnauthorizedError(CheckoutError):
    """The route needs a buyer, and the request identifies none."""

    status = HTTPStatus.UNAUTHORIZED
    code = "unauthorized"


class ForbiddenError(CheckoutError):
    """The caller is identified, and lacks the permission."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class NotFoundError(CheckoutError):
    """It does not exist, or is not the caller's; the response does not say which."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class OwnerlessOfferError(NotFoundError):
    """An offer whose owner cannot be read; a caller learns no more than of others."""

    def __init__(self, message: str, mistake: BrokenOfferError) -> None:
        super().__init__(message)
        self.mistake = mistake


class AlreadyPurchasedError(CheckoutError):
    """The offer is sold once, and has been sold."""

    status = HTTPStatus.CONFLICT
    code = "already_purchased"


class PaymentInProgressError(CheckoutError):
    """An earlier payment is undecided; a second one could charge the buyer twice."""

    status = HTTPStatus.CONFLICT
    code = "payment_in_progress"


class VersionConflictError(CheckoutError):
    """Somebody else has changed the offer: its version is not the expected one."""

    status = HTTPStatus.CONFLICT
    code = "version_conflict"


class NotAcceptedError(CheckoutError):
    """The auction has no accepted bid, so nothing is due."""

    status = HTTPStatus.CONFLICT
    code = "auction_not_accepted"


class PaymentWindowClosedError(CheckoutError):
    """The time in which the auction or the quote may be paid is over."""

    status = HTTPStatus.CONFLICT
    code = "payment_window_closed"


class NotRefundableError(CheckoutError):
    """The amount exceeds what is left to refund, or Stripe refuses the refund."""

    status = HTTPStatus.CONFLICT
    code = "not_refundable"


class NotQuarantinedError(CheckoutError):
    """The purchase is not in quarantine, or it cannot be accepted."""

    status = HTTPStatus.CONFLICT
    code = "not_quarantined"


class IdempotencyKeyReusedError(CheckoutError):
    """The Idempotency-Key was used for a different request before."""

    status = HTTPStatus.CONFLICT
    code = "idempotency_key_reused"


class TooManyRequestsError(CheckoutError):
    """The client exceeded its limit; it may retry after *retry_after* seconds."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "too_many_requests"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TryAgainError(CheckoutError):
    """A temporary failure; nothing was changed. Caller or queue may try again."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "try_again"
    retry_after = 1


class RefusedEventError(CheckoutError):
    """The webhook cannot accept the request as an event of Stripe."""

    status = HTTPStatus.BAD_REQUEST


class InvalidSignatureError(RefusedEventError):
    """No configured secret produced this signature within the tolerance."""

    code = "invalid_signature"


class UnreadableEventError(RefusedEventError):
    """The body is not a Stripe event."""

    code = "unreadable_event"
