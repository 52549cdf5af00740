"""Offers that were restored as they were, and have been sold or returned since."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from checkout.domain.purchase import Purchase
from checkout.domain.sale import Move
from checkout.tables import transaction
from checkout.tables.item import Value, read_all
from checkout.tables.transaction import Condition, item_update
from cli.stack import Stack

type Item = dict[str, Any]


@dataclass
class ResoldOffers:
    """
    Decides of each offer once, from all purchases, whose it is.

    It belongs to the buyer who is entitled to it, whoever bought it earlier. Only
    *restored* offers, by id, that still are as they were restored are changed.
    """

    stack: Stack
    restored: dict[str, Item]
    problems: list[str]

    def sell(self, purchases: Iterable[Purchase]) -> int:
        """Let each be sold or returned as it is now; return how many have changed."""
        buyers = self._buyers(purchases)
        table = self.stack.output("OffersTable")
        changed = 0
        for own in read_all(table, [*self.restored], consistent=True):
            if own != self.restored[own["id"]]:
                continue
            if own["id"] in buyers:
                changed += self._sold(own, *buyers[own["id"]])
            elif named := own.get("purchase_id"):
                changed += self._returned(own, str(named))
        return changed

    def _buyers(
        self, purchases: Iterable[Purchase]
    ) -> dict[str, tuple[Purchase, Move]]:
        """Return for each offer the entitled purchase, the newest, and its move."""
        buyers: dict[str, tuple[Purchase, Move]] = {}
        for purchase in purchases:
            for move in self._moves(purchase) if purchase.is_entitled else ():
                known = buyers.get(move.item)
                if known is None or known[0].purchased_at < purchase.purchased_at:
                    buyers[move.item] = purchase, move
        return buyers

    def _moves(self, purchase: Purchase) -> Iterator[Move]:
        moves = purchase.sale.moves if purchase.sale else ()
        return (move for move in moves if move.item in self.restored)

    def _sold(self, own: Item, purchase: Purchase, move: Move) -> bool:
        values = {"status": move.sold, "purchase_id": purchase.id, **move.attributes}
        if all(own.get(name) == value for name, value in values.items()):
            return False
        is_its = own.get("purchase_id") == purchase.id
        known = {move.sellable, move.returned} | (set() if is_its else {move.sold})
        if own.get("status") in known:
            table, condition = self.stack.output("OffersTable"), _unchanged(own)
            write = item_update(table, own["id"], condition, set_=values)
            return transaction.execute_alone(write)
        if not is_its:
            # Of its own the host application may have changed the status, to shipped.
            self.problems.append(
                f"{own['id']} is {own.get('status')}, and {purchase.id} has bought it"
            )
        return False

    def _returned(self, own: Item, purchase_id: str) -> bool:
        # One that cannot be read is named by the rebuilding.
        purchase = next(iter(self.stack.purchases.get_all([purchase_id])), None)
        if purchase is None or purchase.is_entitled or not purchase.has_arrived:
            return False
        write = self.stack.offers.returned(purchase).get(own["id"])
        return write is not None and transaction.execute_alone(write)


def _unchanged(own: Item) -> Condition:
    """Return the condition that the offer still is as it was restored."""
    clauses, values = ["attribute_exists(id)"], dict[str, Value]()
    for name in ("status", "purchase_id", "version"):
        if name in own:
            clauses.append(f"#{name} = :was_{name}")
            values[f"was_{name}"] = own[name]
        else:
            clauses.append(f"attribute_not_exists(#{name})")
    return Condition(
        "offer_is_unchanged",
        " AND ".join(clauses),
        "the offer has been changed meanwhile",
        values=values,
    )
