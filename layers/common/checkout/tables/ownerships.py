"""Who holds a sale key, and which payments for it are undecided: Purchases table."""

from typing import NamedTuple

from checkout.domain.purchase import Purchase
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.domain.sale import sale_key
from checkout.tables.item import read
from checkout.tables.transaction import (
    Condition,
    Write,
    deletion,
    insertion,
    item_update,
)

SALE_KEY_IS_FREE = Condition(
    "sale_key_is_free", "attribute_not_exists(id)", QuarantineReason.OWNED_ALREADY
)


class Ownership(NamedTuple):
    """
    The fact that a buyer holds a sale key.

    It is *suspended* while a dispute about the payment is open, or until a person has
    reviewed what went back in another currency.
    """

    buyer_id: str | None
    kind: str
    offer_id: str
    purchase_id: str
    suspended: bool


class Ownerships:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, sale_key: str) -> Ownership | None:
        """Return who holds *sale_key* now, None if nobody does."""
        item = read(self._table, _id(sale_key))
        if not item:
            return None
        return Ownership(
            buyer_id=item.get("owner_id"),
            kind=item["kind"],
            offer_id=item["offer_id"],
            purchase_id=item["purchase_id"],
            suspended=item.get("suspended", False),
        )

    def of_offer(self, kind: str, offer_id: str, buyer_id: str) -> Ownership | None:
        """Return the ownership by which the buyer holds the offer, None without one."""
        own = sale_key(kind, offer_id, buyer_id)
        item = read(self._table, _id(own)) or {}
        # It is the ownership itself, or leads to it: see `pointer`.
        ownership = self.get(item.get("sale_key", own)) if item else None
        if ownership is None or ownership.buyer_id != buyer_id:
            return None
        bought = (ownership.kind, ownership.offer_id)
        return ownership if bought == (kind, offer_id) else None

    def pointer(self, before: Purchase | None, after: Purchase) -> Write | None:
        """
        Return the put by which the buyer's access is found, None if not needed.

        What is sold once to whichever buyer, or with other offers, has a sale key that
        names neither buyer nor offer.
        """
        key, was_owner = after.sale_key, before is not None and before.is_entitled
        if key is None or not after.buyer_id or was_owner or not after.is_entitled:
            return None
        own = sale_key(after.kind, after.offer_id, after.buyer_id)
        if key == own:
            return None
        return insertion(self._table, {"id": _id(own), "sale_key": key})

    def undecided(self, sale_key: str) -> dict[str, str]:
        """
        Return the sale key's undecided purchases, by their ids, with their buyers.

        Read this before `get`: a purchase that a person accepts meanwhile is then found
        by one of the two.
        """
        item = read(self._table, _undecided_id(sale_key)) or {}
        return {name: buyer for name, buyer in item.items() if name != "id"}

    def marked_undecided(
        self, before: Purchase | None, after: Purchase
    ) -> Write | None:
        """Return the write that a change of a purchase needs, None if it needs none."""
        was_undecided = before is not None and before.is_undecided
        if after.sale_key is None or was_undecided == after.is_undecided:
            return None
        item_id = _undecided_id(after.sale_key)
        # Several payments of one sale key can be undecided: each has an attribute.
        if was_undecided:
            return item_update(self._table, item_id, None, remove=(after.id,))
        buyer = {after.id: after.buyer_id or ""}
        return item_update(self._table, item_id, None, set_=buyer)

    def updated(
        self,
        before: Purchase | None,
        after: Purchase,
        *,
        suspends_disputed: bool,
    ) -> Write | None:
        """
        Return the write that a change of a purchase needs, None if it needs none.

        The purchase *before* is None if it is new. With *suspends_disputed* an open
        dispute suspends the ownership. What may have gone back in another currency
        suspends it until a person has reviewed it.
        """
        if after.sale_key is None:
            return None
        was_owner = before is not None and before.is_entitled

        def is_suspended(purchase: Purchase) -> bool:
            disputed = suspends_disputed and purchase.is_disputed
            return disputed or purchase.needs_review

        suspended = is_suspended(after)
        if after.is_entitled and not was_owner:
            return self._taken(after, after.sale_key, suspended=suspended)
        if was_owner and not after.is_entitled:
            held = _held_by(after)
            return deletion(self._table, _id(after.sale_key), held)
        if before and was_owner and suspended != is_suspended(before):
            return self._suspended(after, after.sale_key, suspended=suspended)
        return None

    def _taken(self, purchase: Purchase, sale_key: str, *, suspended: bool) -> Write:
        item = {
            "id": _id(sale_key),
            "kind": purchase.kind,
            "offer_id": purchase.offer_id,
            "purchase_id": purchase.id,
            # The name buyer_id would put it into the index of a buyer's purchases.
            "owner_id": purchase.buyer_id,
            "suspended": suspended or None,
        }
        return insertion(self._table, item, SALE_KEY_IS_FREE)

    def _suspended(
        self, purchase: Purchase, sale_key: str, *, suspended: bool
    ) -> Write:
        item_id, held = _id(sale_key), _held_by(purchase)
        if suspended:
            return item_update(self._table, item_id, held, set_={"suspended": True})
        return item_update(self._table, item_id, held, remove=("suspended",))


def _id(sale_key: str) -> str:
    return f"owns#{sale_key}"


def _undecided_id(sale_key: str) -> str:
    return f"undecided#{sale_key}"


def _held_by(purchase: Purchase) -> Condition:
    return Condition(
        "held_by_this_purchase",
        "#purchase_id = :purchase",
        "another purchase holds the sale key",
        # The ownership of another purchase stands, whatever becomes of this one.
        required=False,
        values={"purchase": purchase.id},
    )
