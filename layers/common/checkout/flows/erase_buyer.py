"""Erase what identifies a buyer, and keep what accounts for their money."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from checkout import clock
from checkout.domain.audit_action import AuditAction
from checkout.domain.erasure import erased_from, erased_purchase, erased_session
from checkout.domain.payment_session import UNRESOLVED, PaymentSession
from checkout.domain.purchase import Purchase
from checkout.errors import TryAgainError
from checkout.flows import flow
from checkout.tables import transaction
from checkout.tables.audit_log import AuditLog
from checkout.tables.buyer_records import BuyerRecords
from checkout.tables.purchases import Purchases
from checkout.tables.transaction import Write


class Payment(NamedTuple):
    """
    A payment session with its purchases and its entries of the audit log.

    *session* is None if only its purchases are left, or only its entries: DynamoDB
    deletes a session that nobody paid.
    """

    session: PaymentSession | None
    purchases: tuple[Purchase, ...]
    entries: tuple[dict[str, Any], ...]

    @property
    def about(self) -> PaymentSession | Purchase:
        """What is left to tell whose payment it is."""
        if self.session or self.purchases:
            return self.session or self.purchases[0]
        entry = self.entries[0]
        lost = PaymentSession.lost(
            entry["payment_session_id"],
            entry["kind"],
            entry["amount"],
            entry["currency"],
            entry["at"],
        )
        named = ("offer_id", "buyer_id", "title", "creator_id")
        return replace(lost, **{n: entry[n] for n in named if n in entry})

    @property
    def is_unfinished(self) -> bool:
        """Whether what is to be erased may still be sent to Stripe."""
        return self._session_is_unfinished or any(
            purchase.open_requests or purchase.pending_refunds
            for purchase in self.purchases
        )

    @property
    def _session_is_unfinished(self) -> bool:
        if self.session is None:
            return False
        # Under its caller's key the same request is sent again until its end.
        can_be_sent = self.session.sale_key is None and (
            clock.now() < clock.from_iso(self.session.expires_at)
        )
        return can_be_sent or self.session.status in UNRESOLVED


class Erased(NamedTuple):
    """How many records were changed, or would be."""

    sessions: int = 0
    purchases: int = 0
    audit_entries: int = 0

    def __add__(self, other: tuple[Any, ...]) -> "Erased":
        return Erased(*(mine + its for mine, its in zip(self, other, strict=True)))


@flow
class Erasure:
    """
    Erases payment by payment; repeated, it continues, and then finds nothing.

    A payment's session and purchases change in one transaction with a new entry of the
    audit log, which is published: whoever keeps copies of events erases them as well.
    Its earlier entries are reduced before. After a crash nothing is forgotten.
    """

    records: BuyerRecords
    purchases: Purchases
    audit_log: AuditLog

    def preview(self, payments: Iterable[Payment]) -> Erased:
        return sum((_counted(each, self._writes(each)) for each in payments), Erased())

    def erase(self, payment: Payment, erased_by: str) -> None:
        """Erase it; raises TryAgainError if the payment was changed meanwhile."""
        writes = self._writes(payment)
        if not any(_counted(payment, writes)):
            return
        for entry in payment.entries:
            if names := erased_from(entry):
                transaction.execute_alone(self.records.entry_erased(entry, names))
        writes["audit"] = self.audit_log.entry(
            payment.about, AuditAction.PERSONAL_DATA_ERASED, erased_by=erased_by
        )
        if transaction.execute(writes):
            raise TryAgainError("The payment has been changed just now; try again.")

    def _writes(self, payment: Payment) -> dict[str, Write]:
        """Return the writes of the session and the purchases that have to change."""
        writes: dict[str, Write] = {}
        session, at = payment.session, clock.iso(clock.now())
        if session and (changed := erased_session(session)):
            writes[session.id] = self.records.session_erased(session, changed)
        for before in payment.purchases:
            after = erased_purchase(before, at)
            if after != before:
                writes[before.id] = self.purchases.next_version(before, after)
        return writes


def _counted(payment: Payment, writes: Collection[str]) -> Erased:
    sessions = int(payment.session is not None and payment.session.id in writes)
    entries = sum(bool(erased_from(entry)) for entry in payment.entries)
    return Erased(sessions, len(writes) - sessions, entries)
