"""
What follows from other records is rebuilt from them, never copied.

Ownerships, pointers, marks and counters follow from the purchases, the status of a
session from its purchase; a purchase that was lost follows from its session and from
Stripe. All of it can be repeated at any time, on tables that lost nothing too: then
there is nothing to do.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched

from checkout.domain.purchase import PREFIX as PURCHASE
from checkout.domain.purchase import Purchase
from checkout.tables import transaction
from checkout.tables.item import MOST_KEYS_AT_ONCE, from_item
from checkout.tables.purchase_item import purchase_of
from checkout.tables.readable import UnreadableItemError
from cli.audit_entries import decided_by
from cli.found_sessions import FoundSessions
from cli.lost_purchases import LostPurchases
from cli.paid_sessions import PaidSessions
from cli.purchase_counters import PurchaseCounters
from cli.purchase_dependents import PurchaseDependents
from cli.rebuilt import Rebuilt
from cli.resold_offers import ResoldOffers
from cli.restored import Item, scan
from cli.returned_money import UnknownReturnsError, record_news, returned_money
from cli.stack import Stack


@dataclass
class Rebuild:
    """
    Rebuilds the tables of *stack*.

    The audit log is asked for what was recorded from *since* on, if that is given.
    """

    stack: Stack
    since: datetime | None = None
    done: Rebuilt = field(default_factory=Rebuilt)
    unreadable: set[str] = field(default_factory=set)

    def run(self) -> None:
        LostPurchases(self.stack, self.done).record_again(self.since)
        sessions = PaidSessions(self.stack, self.done)
        dependents = PurchaseDependents(
            self.stack, self.done, stand_ins=self._close_stand_ins()
        )
        for some in batched(self._purchases(), MOST_KEYS_AT_ONCE, strict=False):
            purchases = tuple(self._as_decided_since(purchase) for purchase in some)
            sessions.rebuild(purchases)
            dependents.rebuild(purchases)
        counters = PurchaseCounters(self.stack, self.done)
        counters.rebuild(self._purchases(), self.unreadable)

    def sell_offers(self, restored: dict[str, Item]) -> None:
        """Let *restored* offers, by id, be sold or returned as they are now."""
        resold = ResoldOffers(self.stack, restored, self.done.problems)
        self.done.offers = resold.sell(self._purchases())

    def _close_stand_ins(self) -> set[str]:
        """Return the purchases that no payment intent leads to: see FoundSessions."""
        found = FoundSessions(self.stack, self.done.problems)
        found.close(self._purchases())
        self.done.dismissed = found.closed
        for purchase in found.own:
            try:
                returned = returned_money(self.stack.stripe, purchase)
            except UnknownReturnsError as error:
                self.done.problem(f"{purchase.id}: {error}")
            else:
                record_news(self.stack.purchase_changes, purchase, returned)
        return found.stand_ins

    def _as_decided_since(self, purchase: Purchase) -> Purchase:
        """Return the purchase with the decision that the audit log has of it."""
        if not purchase.awaits_decision or purchase.needs_review:
            return purchase
        entries = self.stack.audit_log.entries(purchase.payment_session_id)
        after = decided_by(purchase, entries)
        if after == purchase:
            return purchase
        # An earlier restore without the audit log has marked it as undecided.
        mark = self.stack.ownerships.marked_undecided(purchase, after)
        writes = {"purchase": self.stack.purchases.next_version(purchase, after)}
        writes |= {"mark": mark} if mark else {}
        self.done.purchases += not transaction.execute(writes)
        return self.stack.purchases.get(purchase.id) or after

    def _purchases(self) -> Iterator[Purchase]:
        """Yield all purchases; of those that cannot be read, only say so."""
        for item in map(from_item, scan(self.stack.output("PurchasesTable"))):
            if item["id"].startswith(PURCHASE):
                try:
                    yield purchase_of(item)
                except UnreadableItemError as error:
                    self.unreadable.add(str(error))
