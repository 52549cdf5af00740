"""The Offers table: what can be bought, as the host application wrote it."""

from checkout.domain.offer import Sale
from checkout.domain.offer_item import OfferItem
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.tables.item import query, read
from checkout.tables.transaction import Condition, Write, item_update


class Offers:
    def __init__(self, table: str) -> None:
        self._table = table

    def get(self, item_type: str, item_id: str) -> OfferItem | None:
        """Return the item of a type (order, row, bid, …) as it is now."""
        item = read(self._table, f"{item_type}#{item_id}")
        return None if item is None else OfferItem(item)

    def bids_of(self, row_id: str) -> list[OfferItem]:
        """Return the row's bids, at most about a second old."""
        found = query(
            self._table, "row_id = :row", {":row": row_id}, IndexName="by-row"
        )
        return [OfferItem(bid) for bid in found]

    def sold(self, sale: Sale) -> Write | None:
        """Return the update of a sellable offer to sold, None if it has no statuses."""
        return self._moved(sale, sale.sold, sale.sellable)

    def sold_again(self, sale: Sale) -> Write | None:
        """As `sold`, for an offer that may have been returned meanwhile."""
        return self._moved(sale, sale.sold, sale.sellable, sale.returned)

    def returned(self, sale: Sale) -> Write | None:
        """Return the update of a sold offer to returned, None if it has no statuses."""
        return self._moved(sale, sale.returned, sale.sold)

    def _moved(self, sale: Sale, to: str | None, *from_: str | None) -> Write | None:
        if sale.sellable is None:
            return None
        before = {f"before{number}": status for number, status in enumerate(from_)}
        owner = [f"#{name} = :{name}" for name in sale.of_buyer]
        is_expected = f"#status IN ({', '.join(f':{name}' for name in before)})"
        condition = Condition(
            "status_is_expected",
            " AND ".join([is_expected, *owner]),
            QuarantineReason.OFFER_NOT_SELLABLE,
            # The host application may move its offer at any time. Money that has
            # arrived or gone back is recorded all the same.
            required=False,
            values={**before, **sale.of_buyer},
        )
        attributes = sale.attributes if to == sale.sold else {}
        return item_update(
            self._table,
            f"{sale.item_type}#{sale.id}",
            condition,
            set_={"status": to, **attributes},
        )
