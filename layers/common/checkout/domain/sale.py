"""A sale: what a payment expects of its offer, and how it changes the offer's items."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

# None would not be stored.
NO_VALUE = ""
# Each is a write of the fulfilling transaction, which may have a hundred.
MOST_MOVES = 10


@dataclass(frozen=True, slots=True)
class Move:
    """
    How a payment changes the item with the key *item*, such as `row#7`.

    Its status goes from *sellable* to *sold*, and to *returned* when all the money is
    refunded. *attributes* are written together with the sold status.
    """

    item: str
    sellable: str
    sold: str
    returned: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """
    Decided when the payment session is prepared, and kept with session and purchase.

    *moves* are the items whose status changes, all in one transaction; an offer that
    can be sold any number of times has none.

    *requires* are the items that must still exist when the money arrives, with the
    values that they must still have, by key; an attribute of NO_VALUE must not exist.
    *priced* is the item that must still have a price. Otherwise the offer was withdrawn
    while its buyer paid.
    """

    moves: tuple[Move, ...] = ()
    requires: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    priced: str | None = None

    def __post_init__(self) -> None:
        if len(self.moves) > MOST_MOVES:
            raise ValueError(f"a sale moves at most {MOST_MOVES} items")

    def to_dict(self) -> dict[str, Any]:
        """Return what is stored; what is empty is not."""
        moves = [_filled(asdict(move)) for move in self.moves]
        return _filled(asdict(self) | {"moves": moves})

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return the sale that is stored; raises TypeError for any other form."""
        known = {**stored}
        moves = tuple(Move(**move) for move in known.pop("moves", ()))
        return cls(**known, moves=moves)


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def sale_key(*parts: str) -> str:
    """
    Return the text that identifies what can be sold only once.

    No two lists of *parts* have the same text. The first is the kind or item type.
    """
    return "#".join(part.replace("%", "%25").replace("#", "%23") for part in parts)
