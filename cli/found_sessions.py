"""Payments that were quarantined because their session was lost, and it is back."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from checkout.domain.purchase import Purchase, id_for
from checkout.domain.purchase_status import PurchaseStatus
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.errors import NotQuarantinedError
from checkout.flows import review_quarantine
from checkout.tables import transaction
from checkout.tables.readable import UnreadableItemError
from checkout.tables.transaction import Condition, insertion
from cli.stack import Stack

NOTE = "Its session is back: the payment is recorded as {}."


@dataclass
class FoundSessions:
    """
    Lets a payment have one record: its session's purchase, and no stand-in for it.

    A stand-in was recorded while the session was lost. It is dismissed, and what
    refers to the payment intent finds the session's purchase. Where that does not exist
    yet, reconcile and the worker record it, with the checks of a sale.
    """

    stack: Stack
    problems: list[str] = field(default_factory=list)
    closed: int = 0
    # The purchases that no payment intent leads to any more.
    stand_ins: set[str] = field(default_factory=set)
    # The payments' own purchases, as far as they exist.
    own: list[Purchase] = field(default_factory=list)

    def close(self, purchases: Iterable[Purchase]) -> None:
        for purchase in purchases:
            if purchase.quarantine_reason != QuarantineReason.SESSION_LOST:
                continue
            try:
                self._close(purchase)
            except UnreadableItemError as error:
                self.problems.append(f"{purchase.id} is as it was: {error}")

    def _close(self, stand_in: Purchase) -> None:
        own_id = id_for(stand_in.payment_session_id)
        own = self.stack.purchases.get(own_id)
        session = self.stack.sessions.get(stand_in.payment_session_id)
        known = own or session
        if known is None or own_id == stand_in.id:
            return
        if known.stripe_session_id not in {None, stand_in.stripe_session_id}:
            # Another Checkout Session of the same session: this is its only record.
            return
        is_being_undone = stand_in.status is PurchaseStatus.REFUNDING
        if own is None and (stand_in.is_undone or is_being_undone):
            how = "is being" if is_being_undone else "was"
            self.problems.append(
                f"{stand_in.id} {how} given back while its session was lost: dismiss "
                f"{own_id}, which reconcile puts into quarantine"
            )
            return
        if stand_in.awaits_decision:
            note = NOTE.format(own_id)
            changes, operator = self.stack.purchase_changes, self.stack.operator
            try:
                review_quarantine.dismiss(changes, stand_in, operator, note)
            except NotQuarantinedError as error:
                self.problems.append(
                    f"{stand_in.id} is {own_id}, whose session is back, and cannot be "
                    f"dismissed: {error}"
                )
                return
            self.closed += 1
        self._lead_to(own_id, stand_in)
        self.stand_ins.add(stand_in.id)
        if own:
            self.own.append(own)

    def _lead_to(self, own_id: str, stand_in: Purchase) -> None:
        """Let the payment intent lead to the session's purchase."""
        paid = stand_in.stripe_payment_intent_id
        if paid is None:
            return
        leads_to_stand_in = Condition(
            "leads_to_the_stand_in",
            "attribute_not_exists(id) OR purchase_id = :stand_in",
            "it leads to the session's purchase already",
            values={"stand_in": stand_in.id},
        )
        item = {"id": paid, "purchase_id": own_id}
        table = self.stack.output("PurchasesTable")
        transaction.execute_alone(insertion(table, item, leads_to_stand_in))
