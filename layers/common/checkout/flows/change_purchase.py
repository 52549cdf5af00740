"""Change a purchase, and with it everything that follows from what it has become."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from checkout import clock
from checkout.domain.purchase import Purchase, PurchaseStatus
from checkout.errors import NotQuarantinedError, TryAgainError
from checkout.kinds import kind_named
from checkout.tables import transaction
from checkout.tables.audit_log import AuditLog
from checkout.tables.item import Value
from checkout.tables.offers import Offers
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.tables.revenue import Revenue
from checkout.tables.transaction import Action
from checkout.telemetry import count, logger

# Each round is lost only to somebody who changed the same purchase.
ROUNDS = 6

OWNED_ALREADY = "owned_already"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseChanges:
    """
    Writes what becomes of purchases: one transaction for all that a change entails.

    A change is a pure function of the purchase. It is read, changed and written on
    the condition that nobody else has changed it meanwhile; if somebody has, the
    change is applied to what they wrote. With *suspends_disputed* a buyer has no
    access while a bank decides on a dispute.
    """

    offers: Offers
    sessions: PaymentSessions
    purchases: Purchases
    audit_log: AuditLog
    revenue: Revenue
    suspends_disputed: bool

    def apply(
        self,
        purchase_id: str,
        change: Callable[[Purchase], Purchase],
        action: str | Callable[[Purchase], str],
        **facts: Value,
    ) -> tuple[Purchase, bool]:
        """
        Change the purchase; return it as it is then, and whether that was news.

        *action* and *facts* are what the audit log says of it; where the action depends
        on what the purchase was before, it is a function of that. Raises TryAgainError
        when others were faster again and again, and NotQuarantinedError when a
        purchase cannot be accepted because its sale key has been sold.
        """
        for _ in range(ROUNDS):
            before = self.purchases.get(purchase_id)
            if before is None:
                raise LookupError(f"there is no purchase {purchase_id}")
            after = change(before)
            if after == before:
                return before, False
            said = action if isinstance(action, str) else action(before)
            if written := self._write(before, after, said, facts):
                if _becomes_quarantined(before, written):
                    report_quarantine(written)
                return written, True
        raise TryAgainError("Please try again in a moment.")

    def _write(
        self, before: Purchase, after: Purchase, action: str, facts: dict[str, Value]
    ) -> Purchase | None:
        """Write the change; return what was written, None if somebody was faster."""
        optional: set[str] = set()
        while True:
            actions = self.writes_for(before, after)
            actions["audit"] = self.audit_log.entry(
                after, action, clock.now(), purchase_id=after.id, **facts
            )
            if _becomes_quarantined(before, after):
                actions["quarantine"] = self.audit_log.entry(
                    after,
                    "purchase_quarantined",
                    clock.now(),
                    purchase_id=after.id,
                    reason=after.quarantine_reason,
                )
            kept = {n: a for n, a in actions.items() if n not in optional}
            failed = transaction.write(kept)
            if not failed:
                return after
            if "purchase" in failed:
                return None
            if "ownership" in failed and after.is_entitled and not before.is_entitled:
                if before.status is PurchaseStatus.QUARANTINED:
                    raise NotQuarantinedError(
                        "Another purchase holds what it paid for."
                    )
                # The money came back to us when the sale key had been sold again.
                after = after.quarantined(OWNED_ALREADY)
            else:
                # The host application has moved its offer on, or another purchase of
                # this session stands: the money's own record must not wait for that.
                optional |= failed.keys()

    def writes_for(self, before: Purchase | None, after: Purchase) -> dict[str, Action]:
        """Make every write by which *before*, None if it is new, becomes *after*."""
        actions = {
            "purchase": (
                self.purchases.change(before, after)
                if before
                else self.purchases.add(after)
            )
        }
        was = before.status if before else None
        if after.buyer_id and after.status != was:
            actions["count"] = self.purchases.count(after.buyer_id, was, after.status)
        if was is PurchaseStatus.QUARANTINED and after.status != was:
            actions["session"] = self.sessions.release(after.payment_session_id)
        actions |= self.revenue.change(before, after)
        return actions | _present(
            offer=self._offer(before, after), ownership=self._ownership(before, after)
        )

    def can_be_sold(self, purchase: Purchase) -> bool:
        """
        Whether the offer is there; whether it is sold already, the transaction tells.

        One that is sold again and again is read before, not checked within: a check
        takes hold of the item, and all sales of a much sold offer would meet there.
        """
        sale = kind_named(purchase.kind).sale(purchase)
        return bool(sale.sellable or self.offers.get(sale.item_type, sale.id))

    def _ownership(self, before: Purchase | None, after: Purchase) -> Action | None:
        had = before is not None and before.is_entitled
        if after.sale_key is None or not (had or after.is_entitled):
            return None
        suspended = self._is_suspended(after)
        if not had:
            return self.purchases.take_ownership(after, suspended=suspended)
        if not after.is_entitled:
            return self.purchases.end_ownership(after)
        if before and self._is_suspended(before) != suspended:
            return self.purchases.suspend(after, suspended=suspended)
        return None

    def _is_suspended(self, purchase: Purchase) -> bool:
        return self.suspends_disputed and purchase.is_disputed

    def _offer(self, before: Purchase | None, after: Purchase) -> Action | None:
        had = before is not None and before.is_entitled
        if had == after.is_entitled:
            return None
        sale = kind_named(after.kind).sale(after)
        if had:
            return self.offers.take_back(sale)
        if before:
            return self.offers.sell_after_all(sale)
        return self.offers.sell(sale)


def report_quarantine(purchase: Purchase, event_id: str | None = None) -> None:
    """Let a person know of money that does not add up."""
    count("payments.checkout.quarantined")
    logger.error(
        "purchase_quarantined",
        payment_session_id=purchase.payment_session_id,
        purchase_id=purchase.id,
        event_id=event_id,
        reason=purchase.quarantine_reason,
    )


def _becomes_quarantined(before: Purchase, after: Purchase) -> bool:
    quarantined = PurchaseStatus.QUARANTINED
    return after.status is quarantined and before.status is not quarantined


def _present(**actions: Action | None) -> dict[str, Any]:
    return {name: action for name, action in actions.items() if action}
