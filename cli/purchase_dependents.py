"""What leads to a purchase: its ownership, its pointers, its mark while undecided."""

from collections.abc import Collection
from dataclasses import dataclass

from checkout.domain.purchase import Purchase
from checkout.tables import transaction
from checkout.tables.item import read_all
from checkout.tables.transaction import Condition, Write, deletion
from cli.rebuilt import Rebuilt
from cli.restored import Item
from cli.stack import Stack


@dataclass
class PurchaseDependents:
    """Writes what does not exist; no payment intent leads to a stand-in."""

    stack: Stack
    done: Rebuilt
    stand_ins: Collection[str]

    def rebuild(self, purchases: tuple[Purchase, ...]) -> None:
        """Write the ownerships, pointers and marks that do not exist."""
        wanted = {purchase.id: self._dependents(purchase) for purchase in purchases}
        keys = {_id_of(write): write for writes in wanted.values() for write in writes}
        table = self.stack.output("PurchasesTable")
        found = {item["id"]: item for item in read_all(table, keys, consistent=True)}
        for purchase in purchases:
            for write in wanted[purchase.id]:
                item_id = _id_of(write)
                is_mark = item_id.startswith("undecided#")
                if item_id not in found or (
                    is_mark and purchase.id not in found[item_id]
                ):
                    self._write(purchase, write, item_id)
                elif _is_anothers(found[item_id], purchase):
                    self.done.problem(
                        f"{purchase.id} and {found[item_id]['purchase_id']} "
                        f"both want {item_id}"
                    )

    def _dependents(self, purchase: Purchase) -> list[Write]:
        changes = self.stack.purchase_changes
        suspends = changes.suspends_disputed
        ownerships = changes.ownerships
        found = [
            ownerships.updated(None, purchase, suspends_disputed=suspends),
            ownerships.pointer(None, purchase),
            ownerships.marked_undecided(None, purchase),
        ]
        payment_intent_id = purchase.stripe_payment_intent_id
        if purchase.id in self.stand_ins:
            payment_intent_id = None
        if payment_intent_id and purchase.has_arrived:
            found.append(changes.purchases.pointer(payment_intent_id, purchase))
        return [write for write in found if write]

    def _write(self, purchase: Purchase, write: Write, item_id: str) -> None:
        """Write it, if the purchase still is what it follows from."""
        unchanged = Condition(
            "purchase_is_unchanged",
            "#version = :version",
            "the purchase has been changed meanwhile",
            values={"version": purchase.version},
        )
        table = self.stack.output("PurchasesTable")
        # A check has the form of a deletion.
        key = deletion(table, purchase.id, unchanged).request["Delete"]
        check = Write({"ConditionCheck": key}, unchanged)
        if transaction.execute({"purchase": check, "dependent": write}):
            return
        is_ownership = item_id.startswith(("owns#", "undecided#"))
        if is_ownership:
            self.done.ownerships += 1
        else:
            self.done.pointers += 1


def _id_of(write: Write) -> str:
    [request] = write.request.values()
    item_id: str = (request.get("Key") or request["Item"])["id"]["S"]
    return item_id


def _is_anothers(item: Item, purchase: Purchase) -> bool:
    return bool(item.get("purchase_id", purchase.id) != purchase.id)
