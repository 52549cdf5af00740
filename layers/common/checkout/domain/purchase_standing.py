"""What a purchase counts as: a sale, or money about which nobody has decided yet."""

from checkout.domain.purchase_status import UNPAID, Arrival, PurchaseStatus
from checkout.domain.purchase_sums import PurchaseSums
from checkout.domain.quarantine_reason import QuarantineReason


class PurchaseStanding(PurchaseSums):
    """All of it is computed: neither order nor repetition of events changes it."""

    __slots__ = ()

    quarantine_reason: str | None
    accepted_at: str | None

    @property
    def status(self) -> PurchaseStatus:
        """The first row whose condition holds."""
        under_way = bool(self.pending_refunds or self.open_requests)
        undecided = bool(self.quarantine_reason and not self.accepted_at)
        if not self.has_arrived:
            return UNPAID[self.arrival]
        rows = (
            (PurchaseStatus.REFUNDED, self.is_refunded),
            (PurchaseStatus.DISPUTED, self.is_undone),
            (PurchaseStatus.QUARANTINED, self.needs_review and not self.dismissed_at),
            (PurchaseStatus.DISPUTED, self.is_disputed),
            (PurchaseStatus.REFUNDING, under_way and not self.refundable_amount),
            (PurchaseStatus.FAILED, self.dismissed_at),
            (PurchaseStatus.QUARANTINED, undecided),
        )
        return next(
            (status for status, holds in rows if holds), PurchaseStatus.COMPLETED
        )

    @property
    def review_reason(self) -> str | None:
        """Why a person must decide or had to, None if everything was in order."""
        if self.needs_review:
            return QuarantineReason.RETURNED_IN_ANOTHER_CURRENCY
        return self.quarantine_reason

    @property
    def has_arrived(self) -> bool:
        """Whether the money has arrived; before, a bank may still refuse it."""
        return self.arrival == Arrival.ARRIVED

    @property
    def is_sale(self) -> bool:
        """Whether it counts as a sale: paid and in order, or accepted by a person."""
        if self.dismissed_at or not self.has_arrived:
            return False
        return not self.quarantine_reason or self.accepted_at is not None

    @property
    def is_entitled(self) -> bool:
        """Whether the buyer owns what was bought; an ownership may be suspended."""
        return self.is_sale and not self.is_undone

    @property
    def is_undecided(self) -> bool:
        """
        Whether its money is with the seller, or may come back, and is for no sale.

        Until a person accepts or dismisses it, or everything has gone back, nobody may
        pay for its sale key: a second payment could stand beside this one.
        """
        if self.is_sale or self.dismissed_at or not self.has_arrived:
            return False
        return not self.is_undone

    @property
    def is_of_unknown_status(self) -> bool:
        """Whether Stripe has yet to say in words that we know if the money has come."""
        unknown = self.quarantine_reason == QuarantineReason.UNKNOWN_STATUS
        return self.has_arrived and unknown and not self.is_undone

    def is_decided_by(self, *, is_paid: bool, is_refused: bool = False) -> bool:
        """Return whether Stripe's word changes it; what a person accepted is a sale."""
        news = is_refused or (is_paid and not self.accepted_at)
        return self.is_of_unknown_status and news

    @property
    def awaits_decision(self) -> bool:
        """Whether a person must decide; that can be done while a dispute is open."""
        if self.status is PurchaseStatus.DISPUTED:
            return self.is_undecided
        return self.status is PurchaseStatus.QUARANTINED
