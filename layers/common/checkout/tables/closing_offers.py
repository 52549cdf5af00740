"""The sparse index `closing` of Offers: what has to be paid by when."""

from datetime import datetime
from itertools import islice

from checkout.clock import iso
from checkout.domain.closing_window import Deadline
from checkout.domain.offer_item import OfferItem
from checkout.tables.due import partition_of
from checkout.tables.item import Value, query, read
from checkout.tables.transaction import Condition, Write, item_update

INDEX = "closing"
# The attributes of the mark. A host application that writes the table itself adds them
# likewise: docs/events.md.
MARK = (INDEX, "closing_at", "closing_status", "closing_buyer")


def mark(item_id: str, deadline: Deadline | None, status: str) -> dict[str, Value]:
    """
    Return the attributes that put an offer into the index, none without a deadline.

    The offer waits for its payment while it has the *status*.
    """
    if deadline is None:
        return {}
    values = (
        partition_of(item_id),
        iso(deadline.closes_at),
        status,
        deadline.buyer_id,
    )
    return dict(zip(MARK, values, strict=True))


class ClosingOffers:
    def __init__(self, table: str) -> None:
        self._table = table

    def due(self, partition: str, until: datetime, limit: int) -> list[str]:
        """Return keys of offers that close until then, the first to close first."""
        found = query(
            self._table,
            "closing = :partition AND closing_at <= :until",
            {":partition": partition, ":until": iso(until)},
            IndexName=INDEX,
            Limit=limit,
        )
        return [item["id"] for item in islice(found, limit)]

    def get(self, item_id: str) -> OfferItem | None:
        """Return the offer as it is now, None if it is not marked any more."""
        item = read(self._table, item_id)
        return OfferItem(item) if item and INDEX in item else None

    def unmarked(self, item: OfferItem) -> Write:
        """Return the update that takes the offer out of the index."""
        unchanged = Condition(
            "mark_is_unchanged",
            "#closing_at = :closing_at",
            "the offer has been written again meanwhile",
            values={"closing_at": item["closing_at"]},
        )
        return item_update(self._table, item["id"], unchanged, remove=MARK)

    def announced(self, item: OfferItem) -> Write:
        """Return the same update, if the offer still waits for its payment."""
        waits = Condition(
            "offer_waits_for_payment",
            "#closing_at = :closing_at AND #status = :waits",
            "the offer has been changed or sold meanwhile",
            values={"closing_at": item["closing_at"], "waits": item["status"]},
        )
        return item_update(self._table, item["id"], waits, remove=MARK)
