"""An item of the Offers table, read field by field: the host application wrote it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from checkout.domain import stripe_limits
from checkout.domain.money import InvalidMoneyError, Money
from checkout.errors import BrokenOfferError, NotFoundError, OwnerlessOfferError

# Outside these years, a time cannot be computed with.
FIRST_YEAR, LAST_YEAR = 1970, 9000
# Of a text that only describes the offer, our records keep this many characters.
LONGEST_RECORDED = 1000
LONGEST_SHOWN = 40


class OfferItem(dict[str, Any]):
    """
    The fields of an item.

    Each method reads one field, and raises BrokenOfferError with the field's name if
    its value cannot be used. A value whose meaning is clear is accepted: a currency in
    upper case, an integral number that is stored as a decimal.
    """

    __slots__ = ("_inside", "_offer")

    def __init__(
        self, fields: Mapping[str, Any], offer: str = "", inside: str = ""
    ) -> None:
        super().__init__(fields)
        self._offer = offer or str(fields.get("id", ""))
        self._inside = inside

    def broken(self, name: str, problem: str) -> BrokenOfferError:
        return BrokenOfferError(self._offer, self._inside + name, problem)

    @property
    def item_type(self) -> str:
        """What the key begins with: row of row#7."""
        return self._offer.partition("#")[0]

    @property
    def item_id(self) -> str:
        """The id without the item type: 7 of row#7."""
        return self._offer.partition("#")[2]

    def text(self, name: str) -> str:
        value = self.get(name)
        if value is None or value == "":
            raise self.broken(name, "is missing")
        if not isinstance(value, str):
            raise self.broken(name, "must be text")
        if not value.strip():
            raise self.broken(name, "is blank")
        return value

    def check_owner(self, name: str, buyer_id: str, refusal: str) -> None:
        """Raise NotFoundError(*refusal*) unless *name* is the buyer."""
        owner = self.get(name)
        if not isinstance(owner, str) or not owner:
            problem = "must be the text that identifies a buyer"
            raise OwnerlessOfferError(refusal, self.broken(name, problem))
        if owner != buyer_id:
            raise NotFoundError(refusal)

    def decoration(self, name: str) -> str | None:
        """Return a text that no sale depends on, None if there is no usable one."""
        value = self.get(name)
        if not isinstance(value, str) or not value.strip():
            return None
        return value

    def recorded(self, *names: str) -> dict[str, str]:
        """Return the texts that the purchase shows, as far as the item has them."""
        found = {name: self.decoration(name) for name in names}
        return {
            name: stripe_limits.shortened(text, LONGEST_RECORDED)
            for name, text in found.items()
            if text
        }

    def number(self, name: str) -> int:
        value = self.get(name)
        if value is None:
            raise self.broken(name, "is missing")
        number = _whole(value)
        if number is None:
            raise self.broken(name, "must be a whole number")
        return number

    def moment(self, name: str) -> datetime:
        """Return a time; without an offset it is refused, since it may be local."""
        text = self.text(name)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            problem = "must be a time with an offset, such as 2026-01-31T12:00:00Z"
            raise self.broken(name, problem)
        if not FIRST_YEAR < moment.year < LAST_YEAR:
            raise self.broken(name, "must be a time after 1970")
        return moment.astimezone(UTC)

    def currency(self, name: str) -> str:
        code = self.text(name).lower()
        if code not in stripe_limits.CURRENCIES:
            raise self.broken(name, "is not a currency that Stripe charges")
        return code

    def price(self, name: str = "price") -> Money | None:
        """Return the price, None if there is none or it is zero."""
        value = self.get(name)
        if value is None or value == {}:
            return None
        if not isinstance(value, dict):
            raise self.broken(name, 'must be like {"amount": 999, "currency": "usd"}')
        price = OfferItem(value, self._offer, f"{self._inside}{name}.")
        if price.get("amount") is None:
            return None
        amount = price.number("amount")
        return price.money("amount", price.currency("currency")) if amount else None

    def money(self, name: str, currency: str, quantity: int = 1) -> Money:
        """Return the amount *name*, if Stripe can charge it *quantity* times."""
        try:
            money = Money(self.number(name), currency)
            Money(money.amount * quantity, currency)
        except InvalidMoneyError as error:
            raise self.broken(name, f"cannot be charged: {error}") from error
        return money

    def members(self, name: str) -> list["OfferItem"]:
        """Return the objects of a list."""
        value = self.get(name)
        if value is None:
            raise self.broken(name, "is missing")
        if not isinstance(value, list):
            raise self.broken(name, "must be a list")
        if not value:
            raise self.broken(name, "must not be empty")
        at = [f"{self._inside}{name}[{number}]" for number in range(len(value))]
        for place, member in zip(at, value, strict=True):
            if not isinstance(member, dict):
                raise BrokenOfferError(self._offer, place, "must be an object")
        return [
            OfferItem(member, self._offer, f"{place}.")
            for place, member in zip(at, value, strict=True)
        ]


def shown(status: str) -> str:
    """Return a status for a sentence to the caller; it may be of any length."""
    return stripe_limits.shortened(status, LONGEST_SHOWN)


def _whole(value: object) -> int | None:
    """Return an integral number as an integer; a text or a boolean is no number."""
    if type(value) is int:
        return value
    if (
        isinstance(value, Decimal)
        and value.is_finite()
        and value == value.to_integral_value()
    ):
        return int(value)
    return None
