"""A sale: what a payment expects of its offer, and how it changes the offer's item."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """
    Decided when the payment session is prepared, and kept with session and purchase.

    *item* is the key of the offer's item, such as `row#7`. Its status goes from
    *sellable* to *sold*, and to *returned* when all the money is refunded; an offer
    that can be sold any number of times has no statuses. *attributes* are written
    together with the sold status.

    *requires* are the items that must still exist when the money arrives, with the
    values that they must still have, by key; *priced* is the one that must still have a
    price. Otherwise the offer was withdrawn while its buyer paid.
    """

    item: str
    sellable: str | None = None
    sold: str | None = None
    returned: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    requires: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    priced: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what is stored; what is empty is not."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return the sale that is stored; raises TypeError for any other form."""
        return cls(**stored)


def sale_key(*parts: str) -> str:
    """
    Return the text that identifies what can be sold only once.

    No two lists of *parts* have the same text. The first is the kind or item type.
    """
    return "#".join(part.replace("%", "%25").replace("#", "%23") for part in parts)
