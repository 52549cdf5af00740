"""Change a purchase, and write everything that depends on it, in one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from checkout.domain.audit_action import AuditAction
from checkout.domain.payment_session import PaymentSession, Status
from checkout.domain.purchase import Purchase
from checkout.domain.purchase_status import Arrival, PurchaseStatus
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.errors import NotQuarantinedError, TryAgainError
from checkout.flows import flow
from checkout.metric import Metric
from checkout.tables import transaction
from checkout.tables.audit_log import AuditLog
from checkout.tables.daily_revenue import DailyRevenue
from checkout.tables.item import Value
from checkout.tables.offers import Offers
from checkout.tables.ownerships import Ownerships
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.tables.transaction import Failures, Write
from checkout.telemetry import count_money, report

# A round fails only when another process has changed the same purchase meanwhile.
ROUNDS = 6


@flow
class PurchaseChanges:
    """
    Changes purchases, with their dependent items, in one transaction each.

    The dependent items are the ownership of the sale key, the offer's items, the
    session, and the counters of the buyer and the creator. With *suspends_disputed* a
    buyer has no access while a dispute is open.
    """

    offers: Offers
    sessions: PaymentSessions
    purchases: Purchases
    ownerships: Ownerships
    revenue: DailyRevenue
    audit_log: AuditLog
    suspends_disputed: bool

    def change(
        self,
        purchase: Purchase,
        change: Callable[[Purchase], Purchase],
        action: AuditAction | Callable[[Purchase], AuditAction],
        **details: Value,
    ) -> tuple[Purchase, bool]:
        """
        Apply *change*; return the purchase as it is then, and whether that was news.

        *change* is a pure function. If the purchase has been changed since it was read,
        the purchase is read again and *change* is applied to that. The audit log gets
        *action*, or what it returns for the purchase before the change, and *details*.

        Raises TryAgainError if other processes were faster in every round, and
        NotQuarantinedError if a purchase cannot be accepted because its sale key has
        been sold.
        """
        before = purchase
        for _ in range(ROUNDS):
            after = change(before)
            if after == before:
                return before, False
            entry = self.audit_log.entry(
                after,
                action(before) if callable(action) else action,
                purchase_id=after.id,
                **details,
            )
            if written := self._write(before, after, entry):
                return written, True
            before = self._read(purchase.id)
        raise TryAgainError("Please try again in a moment.")

    def _write(
        self, before: Purchase, after: Purchase, entry: Write
    ) -> Purchase | None:
        """
        Write the change; return what was written, None if the purchase has changed.

        What the money did is recorded even where a dependent item does not follow: the
        host application may have moved its offer, another purchase may hold the sale
        key. The tables say with each condition whether it is required. Only two are:

        | condition that fails  | what happens                                        |
        | purchase is unchanged | nothing is written; the caller applies it again     |
        | sale key is free      | a purchase that a person accepts: an error          |
        |                       | otherwise (a refund failed): the purchase, whose    |
        |                       | money is back with us, is quarantined               |
        """
        after = replace(after, version=before.version + 1)
        writes = self.writes_for(before, after) | {"audit": entry}
        if _becomes_quarantined(before, after):
            writes["quarantine"] = self.audit_log.entry(
                after,
                AuditAction.PURCHASE_QUARANTINED,
                purchase_id=after.id,
                reason=after.review_reason,
            )
        failures = transaction.execute_required(writes)
        if not failures:
            if _becomes_quarantined(before, after):
                report_quarantine(after)
            if returned := after.returned_amount - before.returned_amount:
                count_money(Metric.MONEY_RETURNED, returned, after.currency)
            return after
        if "purchase" in failures:
            return None
        if after.accepted_at != before.accepted_at:
            raise NotQuarantinedError("Another purchase holds what it paid for.")
        return self._write(
            before, after.quarantined(QuarantineReason.OWNED_ALREADY), entry
        )

    def _read(self, purchase_id: str) -> Purchase:
        purchase = self.purchases.get(purchase_id)
        if purchase is None:
            raise LookupError(f"there is no purchase {purchase_id}")
        return purchase

    def writes_for(self, before: Purchase | None, after: Purchase) -> dict[str, Write]:
        """
        Return every write by which *before*, None if it is new, becomes *after*.

        Where several conditions fail, the first of them is the most telling.
        """
        added_or_updated = (
            self.purchases.updated(before, after)
            if before
            else self.purchases.added(after)
        )
        ownership = _present(
            ownership=self.ownerships.updated(
                before, after, suspends_disputed=self.suspends_disputed
            ),
            bought=self.ownerships.pointer(before, after),
        )
        others = _present(
            undecided=self.ownerships.marked_undecided(before, after),
            session=self._session_write(before, after),
            count=self.purchases.counted(before, after),
        )
        return (
            {"purchase": added_or_updated}
            | ownership
            | self._offer_writes(before, after)
            | others
            | self.revenue.updated(before, after)
        )

    def _offer_writes(
        self, before: Purchase | None, after: Purchase
    ) -> dict[str, Write]:
        was_sold = before is not None and before.is_entitled
        if was_sold == after.is_entitled:
            return {}
        if was_sold:
            return self.offers.returned(after)
        again = before is not None and before.has_arrived
        return self.offers.sold_again(after) if again else self.offers.sold(after)

    def _session_write(self, before: Purchase | None, after: Purchase) -> Write | None:
        if before is None or not before.has_arrived:
            # The flow that records the payment moves the session.
            return None
        if not after.has_arrived:
            return self.sessions.followed(after, Status.FAILED, payment_status="failed")
        if before.is_undecided == after.is_undecided:
            return None
        undecided = after.is_undecided
        status = Status.QUARANTINED if undecided else Status.COMPLETE
        return self.sessions.followed(after, status)


def report_quarantine(purchase: Purchase, event_id: str | None = None) -> None:
    """Count and log a payment that needs a person's decision; its alarm rings."""
    report(
        AuditAction.PURCHASE_QUARANTINED,
        Metric.QUARANTINED,
        level="error",
        payment_session_id=purchase.payment_session_id,
        purchase_id=purchase.id,
        event_id=event_id,
        reason=purchase.review_reason,
    )


def _becomes_quarantined(before: Purchase, after: Purchase) -> bool:
    quarantined = PurchaseStatus.QUARANTINED
    return after.status is quarantined and before.status is not quarantined


def _present(**writes: Write | None) -> dict[str, Write]:
    return {name: write for name, write in writes.items() if write}


def reason_of(writes: Mapping[str, Write], failures: Failures) -> QuarantineReason:
    """Return what the first failed condition means."""
    name = next(iter(failures))
    condition = writes[name].condition
    if condition and isinstance(condition.failure, QuarantineReason):
        changed = condition.failure is QuarantineReason.OFFER_NOT_SELLABLE
        vanished = changed and not failures[name]
        return QuarantineReason.OFFER_VANISHED if vanished else condition.failure
    raise RuntimeError(f"the condition of {name} gives no reason")


def check_recorded(
    failures: Failures, session: PaymentSession, purchase: Purchase
) -> None:
    """Raise TryAgainError if another worker has just recorded something else of it."""
    if failures.get("session") == {}:
        # The next attempt keeps the payment of a session that is not recorded.
        raise TryAgainError("The session was deleted just now.")
    recorded = failures.get("purchase", {})
    if recorded.get("arrival", Arrival.ARRIVED) != Arrival.ARRIVED:
        raise TryAgainError("The payment was recorded as pending just now.")
    unknown = QuarantineReason.UNKNOWN_STATUS
    is_known = purchase.quarantine_reason != unknown
    was_unknown = recorded.get("quarantine_reason") == unknown
    if was_unknown and is_known and session.status is not Status.COMPLETE:
        raise TryAgainError("The payment was recorded as unknown just now.")
