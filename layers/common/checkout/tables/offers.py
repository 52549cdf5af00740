"""The Offers table: what can be bought, as the host application wrote it."""

from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

from checkout.domain.offer import has_price, is_there
from checkout.domain.offer_item import OfferItem
from checkout.domain.purchase import Purchase
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.domain.sale import NO_VALUE, Move, Sale
from checkout.tables.item import Value, query, read, to_item
from checkout.tables.transaction import Condition, Write, insertion, item_update


class RowOffers(NamedTuple):
    """The offers by which a row can be sold."""

    bids: list[OfferItem]
    quotes: list[OfferItem]


class Offers:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, item_type: str, item_id: str) -> OfferItem | None:
        """Return the item of a type (order, row, bid, …) as it is now."""
        item = read(self._table, f"{item_type}#{item_id}")
        return None if item is None else OfferItem(item)

    def of_row(self, row_id: str) -> RowOffers:
        """Return what sells the row, at most about a second old."""
        found = query(
            self._table, "row_id = :row", {":row": row_id}, IndexName="by-row"
        )
        items = [OfferItem(item) for item in found]
        return RowOffers(
            bids=[item for item in items if item.item_type == "bid"],
            quotes=[item for item in items if item.item_type == "quote"],
        )

    def of_type(
        self, item_type: str, limit: int, after: str | None
    ) -> tuple[list[OfferItem], str | None]:
        """
        Return a page of the items of a type that were written through the API.

        They are sorted by id, and the page begins after the id *after*. The second
        result is the id after which the next page begins, None on the last page.
        """
        start = (
            {"ExclusiveStartKey": to_item({"item_type": item_type, "id": after})}
            if after
            else {}
        )
        found = query(
            self._table,
            "item_type = :type",
            {":type": item_type},
            IndexName="by-type",
            Limit=limit + 1,
            **start,
        )
        items = [OfferItem(item) for item in islice(found, limit + 1)]
        shown = items[:limit]
        return shown, shown[-1]["id"] if len(items) > limit else None

    def written(self, item: Mapping[str, Value], before: OfferItem | None) -> Write:
        """Return the write of an offer, if it still is as it was *before*."""
        return insertion(self._table, item, _unchanged(before))

    def changed(self, before: OfferItem, values: Mapping[str, Value]) -> Write:
        """Return the update of some fields, if the offer still is as *before*."""
        condition = _unchanged(before)
        return item_update(self._table, before["id"], condition, set_=values)

    def withdrawn(self, sale: Sale) -> QuarantineReason | None:
        """Return why an offer is not for sale any more, None if it still is."""
        for key, expected in sale.requires.items():
            item = read(self._table, key)
            if item is None:
                return QuarantineReason.OFFER_VANISHED
            is_free = key == sale.priced and not has_price(item)
            changed = any(
                item.get(name, NO_VALUE) != value for name, value in expected.items()
            )
            if changed or is_free or not is_there(item):
                return QuarantineReason.OFFER_NOT_SELLABLE
        return None

    def is_for_sale(self, sale: Sale) -> bool:
        """Return whether what is being paid could still be sold."""
        for move in sale.moves:
            item = read(self._table, move.item)
            if item is None or item.get("status") != move.sellable:
                return False
        return self.withdrawn(sale) is None

    def sold(self, purchase: Purchase) -> dict[str, Write]:
        """Return the updates of the sellable items to sold, by the items' keys."""
        return {
            move.item: self._sold(purchase, move, move.sellable)
            for move in _moves(purchase)
        }

    def sold_again(self, purchase: Purchase) -> dict[str, Write]:
        """As `sold`, for items that may have been returned meanwhile."""
        return {
            move.item: self._sold(purchase, move, move.sellable, move.returned)
            for move in _moves(purchase)
        }

    def returned(self, purchase: Purchase) -> dict[str, Write]:
        """Return the updates of the sold items to returned, by the items' keys."""
        return {
            move.item: self._moved(purchase, move, {"status": move.returned}, move.sold)
            for move in _moves(purchase)
        }

    def _sold(self, purchase: Purchase, move: Move, *from_: str) -> Write:
        values = {"status": move.sold, "purchase_id": purchase.id, **move.attributes}
        return self._moved(purchase, move, values, *from_)

    def _moved(
        self, purchase: Purchase, move: Move, values: Mapping[str, str], *from_: str
    ) -> Write:
        before = {f"before{number}": status for number, status in enumerate(from_)}
        is_expected = f"#status IN ({', '.join(f':{name}' for name in before)})"
        # The host application may have given it to somebody else.
        sale = purchase.sale
        required = _having(sale.requires.get(move.item, {}) if sale else {})
        condition = Condition(
            "status_is_expected",
            " AND ".join([is_expected, *required.clauses]),
            QuarantineReason.OFFER_NOT_SELLABLE,
            # The host application may move its offer at any time. Money that has
            # arrived or gone back is recorded all the same.
            required=False,
            values={**before, **required.values},
        )
        return item_update(self._table, move.item, condition, set_=values)


class _Having(NamedTuple):
    """The clauses of a condition that attributes have their values, and the values."""

    clauses: list[str]
    values: dict[str, Value]


def _having(expected: Mapping[str, Value]) -> _Having:
    """Return the clauses for *expected*; without a value, it must not exist."""
    values: dict[str, Value] = {
        f"old_{name}": value
        for name, value in expected.items()
        if value is not None and value != NO_VALUE
    }
    clauses = [
        f"#{name} = :old_{name}"
        if f"old_{name}" in values
        else f"attribute_not_exists(#{name})"
        for name in expected
    ]
    return _Having(clauses, values)


def _moves(purchase: Purchase) -> tuple[Move, ...]:
    return purchase.sale.moves if purchase.sale else ()


def _unchanged(before: OfferItem | None) -> Condition:
    changed = "the offer has been changed meanwhile"
    if before is None:
        return Condition("offer_is_new", "attribute_not_exists(id)", changed)
    # What the host application wrote itself may have neither, or anything else.
    unchanged = _having(
        {
            name: before.get(name)
            for name in ("version", "status")
            if name not in before or type(before[name]) in {int, str}
        }
    )
    return Condition(
        "offer_is_unchanged",
        " AND ".join(["attribute_exists(id)", *unchanged.clauses]),
        changed,
        values=unchanged.values,
    )
