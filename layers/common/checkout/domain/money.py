"""An amount of money: an integer in Stripe's minor unit, and its currency."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from checkout.domain import stripe_limits

LARGEST_AMOUNT = stripe_limits.LARGEST_AMOUNT
THREE_DECIMAL = stripe_limits.THREE_DECIMAL

# Fees are parts of ten thousand.
BASIS_POINTS = 10_000

CURRENCY_CODE_LENGTH = 3
CENT = Decimal("0.01")


def unit_problem(amount: int, currency: str) -> str | None:
    """Return why *amount* cannot be paid in *currency*, None if it can."""
    unit = stripe_limits.step(currency)
    if amount % unit == 0:
        return None
    return f"must be a multiple of {unit}: {currency.upper()} has no smaller unit"


class InvalidMoneyError(ValueError):
    """An amount that Stripe cannot charge."""


@dataclass(frozen=True, slots=True)
class Money:
    """
    *amount* is in the minor unit that Stripe uses for *currency*, a lower-case code.

    JPY 500 is 500 yen, USD 500 is five dollars, KWD 5120 is 5.12 dinars. Raises
    InvalidMoneyError for an amount that Stripe cannot charge: a bad price fails when
    the offer is read, not at Stripe.
    """

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            message = "an amount is an integer in the minor unit"
            raise InvalidMoneyError(message)
        code = self.currency
        letters = code.isascii() and code.isalpha() and code.islower()
        if not (letters and len(code) == CURRENCY_CODE_LENGTH):
            message = "a currency is a three-letter code in lower case"
            raise InvalidMoneyError(message)
        largest, step = stripe_limits.largest(code), stripe_limits.step(code)
        if self.amount < 0:
            raise InvalidMoneyError("an amount is not negative")
        if self.amount > largest:
            message = f"an amount in {code} is at most {largest}"
            raise InvalidMoneyError(message)
        if self.amount % step:
            message = f"an amount in {code} is a multiple of {step}"
            raise InvalidMoneyError(message)

    @property
    def decimals(self) -> int:
        return stripe_limits.decimals(self.currency)

    def __mul__(self, quantity: int) -> "Money":
        return Money(self.amount * quantity, self.currency)

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            message = "amounts of two currencies cannot be added"
            raise InvalidMoneyError(message)
        return Money(self.amount + other.amount, self.currency)

    def __str__(self) -> str:
        whole, rest = divmod(self.amount, 10**self.decimals)
        fraction = f".{rest:0{self.decimals}d}" if self.decimals else ""
        return f"{whole}{fraction} {self.currency.upper()}"


def split(
    amount: int, currency: str, platform_bps: int, organization_bps: int
) -> tuple[int, int, int]:
    """
    Return the shares of platform, organization and creator; they add up to *amount*.

    The fees are in basis points and rounded down to an amount that can be paid in
    *currency*; the creator gets the rest. Raises ValueError for a negative fee, and for
    fees above the amount.
    """
    if min(platform_bps, organization_bps) < 0 or (
        platform_bps + organization_bps > BASIS_POINTS
    ):
        raise ValueError("the fees take more than there is")
    unit = stripe_limits.step(currency)
    platform = amount * platform_bps // BASIS_POINTS // unit * unit
    organization = amount * organization_bps // BASIS_POINTS // unit * unit
    return platform, organization, amount - platform - organization


def in_dollars(
    amount: int, currency: str, rates: Mapping[str, Decimal]
) -> Decimal | None:
    """
    Return an amount in US dollars, rounded to cents; None without a rate.

    A rate is the dollars for one unit of the currency: for one yen, for one dinar.
    """
    rate = Decimal(1) if currency == "usd" else rates.get(currency)
    if rate is None:
        return None
    dollars = (rate * amount).scaleb(-stripe_limits.decimals(currency))
    return dollars.quantize(CENT, ROUND_HALF_UP)
