"""The window in which an offer can be paid, and the last hours of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

from checkout.domain import stripe_limits
from checkout.domain.money import Money
from checkout.domain.offer_item import LONGEST_RECORDED, OfferItem


class Deadline(NamedTuple):
    """Until when an offer can be paid, and by whom; None if anybody may pay."""

    closes_at: datetime
    buyer_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingWindow:
    """An offer that nobody has paid, and the end of its window."""

    kind: str
    offer_id: str
    item_id: str
    closes_at: datetime
    title: str
    price: Money
    buyer_id: str | None
    creator_id: str | None

    @classmethod
    def of(cls, item: OfferItem) -> Self:
        """Read a marked item; raises BrokenOfferError if nobody could pay it."""
        price = item.price()
        if price is None:
            raise item.broken("price", "is missing")
        return cls(
            kind=item["id"].partition("#")[0],
            offer_id=item.item_id,
            item_id=item["id"],
            closes_at=item.moment("closing_at"),
            title=stripe_limits.shortened(item.text("title"), LONGEST_RECORDED),
            price=price,
            buyer_id=item.decoration("closing_buyer"),
            creator_id=item.decoration("creator_id"),
        )
