"""Stripe's test cards, and the result of a payment with each."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from .errors import ApiError


@dataclass(frozen=True)
class Decline:
    code: str
    message: str
    decline_code: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How the bank and the customer act on a payment."""

    decline: Decline | None = None
    authenticate: bool = False
    # The refunds stay pending until a test settles them.
    refund_waits: bool = False
    # The customer disputes the payment, or their bank inquires about it.
    disputes: bool = False
    inquires: bool = False
    # The bank pays or refuses a debit at once; with None, a test decides.
    settles: bool | None = None


OK = Outcome()
DECLINED = "Your card was declined."
INSUFFICIENT_FUNDS = Decline(
    "card_declined", "Your card has insufficient funds.", "insufficient_funds"
)
CARDS: dict[str, Outcome] = {
    "4242424242424242": OK,
    "4000056655665556": OK,
    "5555555555554444": OK,
    "378282246310005": OK,
    "4000000000000259": Outcome(disputes=True),
    "4000000000001976": Outcome(inquires=True),
    "4000000000007726": Outcome(refund_waits=True),
    "4000000000005126": OK,
    "4000000000000077": OK,
    "4000000000000002": Outcome(Decline("card_declined", DECLINED, "generic_decline")),
    "4000000000009995": Outcome(INSUFFICIENT_FUNDS),
    "4000000000009987": Outcome(Decline("card_declined", DECLINED, "lost_card")),
    "4000000000009979": Outcome(Decline("card_declined", DECLINED, "stolen_card")),
    "4000000000000069": Outcome(Decline("expired_card", "Your card has expired.")),
    "4000000000000127": Outcome(
        Decline("incorrect_cvc", "Your card's security code is incorrect.")
    ),
    "4000000000000119": Outcome(
        Decline(
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit.",
        )
    ),
    "4000002500003155": Outcome(authenticate=True),
    "4000002760003184": Outcome(authenticate=True),
    "4000000000003220": Outcome(authenticate=True),
    "4000008260003178": Outcome(INSUFFICIENT_FUNDS, authenticate=True),
}
NOT_A_TEST_CARD = Outcome(
    Decline(
        "card_declined",
        "Your card was declined. Your request was in test mode, but used a non test "
        "card. For a list of valid test cards, visit: https://stripe.com/docs/testing.",
        "test_mode_live_card",
    )
)
AUTHENTICATION_FAILED = Decline(
    "payment_intent_authentication_failure",
    "We are unable to authenticate your payment method. "
    "Please choose a different payment method and try again.",
)
TOKENS = {
    "visa": "4242424242424242",
    "visa_debit": "4000056655665556",
    "mastercard": "5555555555554444",
    "amex": "378282246310005",
    "visa_chargeDeclined": "4000000000000002",
    "chargeDeclined": "4000000000000002",
    "visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "chargeDeclinedInsufficientFunds": "4000000000009995",
    "threeDSecureRequired": "4000000000003220",
    "authenticationRequired": "4000002760003184",
    "createDispute": "4000000000000259",
    "visa_createDispute": "4000000000000259",
    "createDisputeInquiry": "4000000000001976",
    "pendingRefund": "4000000000007726",
    "refundFail": "4000000000005126",
}
MONTHS = range(1, 13)
CVC_LENGTHS = (3, 4)
CARD_LENGTHS = range(12, 20)


def refused(decline: Decline, *, param: str | None = None, **extra: Any) -> ApiError:  # noqa: ANN401 - charge and the like
    if decline.decline_code:
        extra["decline_code"] = decline.decline_code
    return ApiError(
        HTTPStatus.PAYMENT_REQUIRED,
        decline.message,
        type="card_error",
        code=decline.code,
        param=param,
        **extra,
    )


def outcome_of(number: str) -> Outcome:
    return CARDS.get(number, NOT_A_TEST_CARD)


def brand_of(number: str) -> str:
    brands = {"4": "visa", "5": "mastercard", "2": "mastercard", "3": "amex"}
    return brands.get(number[:1], "unknown")


def check(number: str, month: int, year: int, cvc: str | None, now: int) -> None:
    """Refuse an invalid card; *now* is the current month as `year * 12 + month`."""
    wrong = None
    if not number.isdecimal() or len(number) not in CARD_LENGTHS or _luhn(number) % 10:
        wrong = Decline("incorrect_number", "Your card number is incorrect."), "number"
    elif month not in MONTHS:
        wrong = (
            Decline("invalid_expiry_month", "Your card's expiration month is invalid."),
            "exp_month",
        )
    elif year * 12 + month < now:
        wrong = (
            Decline("invalid_expiry_year", "Your card's expiration year is invalid."),
            "exp_year",
        )
    elif cvc is not None and (not cvc.isdecimal() or len(cvc) not in CVC_LENGTHS):
        wrong = (
            Decline("invalid_cvc", "Your card's security code is invalid."),
            "cvc",
        )
    if wrong:
        decline, field = wrong
        raise refused(decline, param=field)


def _luhn(number: str) -> int:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return sum(digits[::2]) + sum(doubled)
