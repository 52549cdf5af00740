"""The counters that are sums of purchases: a buyer's numbers, a creator's revenue."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from checkout.domain.purchase import Purchase
from checkout.tables import daily_revenue, transaction
from checkout.tables.item import Value, from_item
from checkout.tables.transaction import Condition, item_update
from cli.rebuilt import Rebuilt
from cli.restored import Item, scan
from cli.stack import Stack

COUNTERS = ("buyer#", daily_revenue.PREFIX)


@dataclass
class PurchaseCounters:
    """Sets the numbers that are wrong."""

    stack: Stack
    done: Rebuilt

    def rebuild(
        self, purchases: Iterable[Purchase], unreadable: Collection[str]
    ) -> None:
        """
        Compute the counters anew; one that was changed meanwhile is left.

        They are read before the purchases: whatever changes a purchase changes its
        counters in the same transaction, and then the counter is not as it was read.
        """
        table = self.stack.output("PurchasesTable")
        stored = {
            item["id"]: item
            for item in map(from_item, scan(table))
            if item["id"].startswith(COUNTERS)
        }
        computed: dict[str, Counter[str]] = {}
        for purchase in purchases:
            for item_id, numbers in _counted(purchase).items():
                computed.setdefault(item_id, Counter()).update(numbers)
        if unreadable:
            self.done.problems += sorted(unreadable)
            self.done.problem(
                "The counters are as they were: correct these items first"
            )
            return
        for item_id in sorted(stored.keys() | computed.keys()):
            was, numbers = stored.get(item_id, {}), computed.get(item_id, Counter())
            right: dict[str, Value] = {
                name: numbers[name]
                for name in (was.keys() | numbers) - {"id"}
                if was.get(name, 0) != numbers[name]
            }
            if right:
                self._write(item_id, was, right)

    def _write(self, item_id: str, was: Item, right: dict[str, Value]) -> None:
        """Set the numbers that are wrong, if they still are as they were read."""
        unchanged = Condition(
            "numbers_are_unchanged",
            " AND ".join(
                f"#{name} = :was_{name}"
                if name in was
                else f"attribute_not_exists(#{name})"
                for name in sorted(right)
            ),
            "it has changed",
            values={f"was_{name}": was[name] for name in right if name in was},
        )
        table = self.stack.output("PurchasesTable")
        write = item_update(table, item_id, unchanged, set_=right)
        if transaction.execute_alone(write):
            self.done.counters += 1
        else:
            self.done.problem(f"{item_id} has changed meanwhile: repeat the command")


def _counted(purchase: Purchase) -> dict[str, dict[str, int]]:
    """Return by the ids of the counters what a purchase adds to them."""
    counted = daily_revenue.added(None, purchase)
    if purchase.buyer_id:
        counted[f"buyer#{purchase.buyer_id}"] = {str(purchase.status): 1, "total": 1}
    return counted
