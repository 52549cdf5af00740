"""The sums of a purchase: what of its amount went back, and what may."""

from collections.abc import Iterable, Mapping

from checkout.domain import dispute, refund, stripe_limits
from checkout.domain.dispute import Dispute
from checkout.domain.purchase_status import Arrival
from checkout.domain.refund import Refund, RefundRequest


class PurchaseSums:
    """
    The sums of a purchase: what is refunded, lost to disputes, and under way.

    All are in the purchase's currency. An amount in another currency is never added to
    them; it is kept and waits for a person.
    """

    __slots__ = ()

    amount: int
    currency: str
    arrival: str
    dismissed_at: str | None
    stripe_payment_intent_id: str | None
    refund_requests: Mapping[str, RefundRequest]
    refunds: Mapping[str, Refund]
    disputes: Mapping[str, Dispute]

    @property
    def succeeded_refunds(self) -> list[Refund]:
        """The refunds that have succeeded, the oldest first."""
        succeeded = (
            found for found in self._refunds() if found.status == refund.SUCCEEDED
        )
        return sorted(succeeded, key=lambda found: (found.created_at, found.id))

    @property
    def lost_disputes(self) -> list[Dispute]:
        """The disputes that are lost, the oldest first."""
        lost = (found for found in self._disputes() if found.stage == dispute.LOST)
        return sorted(lost, key=lambda found: (found.created_at, found.id))

    @property
    def refunded_amount(self) -> int:
        return _sum(self.succeeded_refunds)

    @property
    def lost_amount(self) -> int:
        """What the buyers' banks kept, but for what had been refunded already."""
        return min(_sum(self.lost_disputes), max(0, self.amount - self.refunded_amount))

    @property
    def returned_amount(self) -> int:
        """What the buyer has back: as refunds, or from the bank."""
        return self.refunded_amount + self.lost_amount

    @property
    def is_refunded(self) -> bool:
        return 0 < self.amount <= self.refunded_amount

    @property
    def is_undone(self) -> bool:
        """
        Whether the whole amount went back, as refunds or by lost disputes.

        A bank may take an amount that leaves less than the currency's smallest unit,
        which nobody can pay or refund.
        """
        gone = self.returned_amount
        return gone > 0 and self.amount - gone < stripe_limits.step(self.currency)

    @property
    def outgoing_amount(self) -> int:
        """What is refunded or pending: Stripe's `amount_refunded` of the charge."""
        return _sum(f for f in self._refunds() if f.rank < refund.FAILED)

    @property
    def refundable_amount(self) -> int:
        """What is neither refunded, nor pending, nor requested, nor lost."""
        gone = self.outgoing_amount + _sum(self.open_requests) + self.lost_amount
        left = max(0, self.amount - gone)
        # A bank may have taken an amount that leaves less than the smallest unit.
        return left - left % stripe_limits.step(self.currency)

    @property
    def refund_problem(self) -> str | None:
        """Why nothing of it can be refunded now, None if something may be."""
        if self.arrival != Arrival.ARRIVED:
            return "The money has not arrived."
        if not self.stripe_payment_intent_id:
            return "Nothing was paid, so nothing can be refunded."
        if self.dismissed_at:
            # A refund from here could pay the buyer a second time.
            return (
                "The purchase was dismissed, its money returned by other means. "
                "If the buyer is still owed a refund, make it in Stripe's dashboard."
            )
        if self.is_disputed:
            # Stripe refuses to refund a charge while its dispute is open.
            return "A dispute about the payment is open."
        return None

    @property
    def open_requests(self) -> list[RefundRequest]:
        return [r for r in self.refund_requests.values() if r.is_open]

    @property
    def pending_refunds(self) -> list[Refund]:
        """The refunds about which Stripe has yet to decide, in any currency."""
        return [f for f in self.refunds.values() if f.rank == refund.PENDING]

    @property
    def open_disputes(self) -> list[Dispute]:
        """The disputes and inquiries that are not decided, in any currency."""
        return [f for f in self.disputes.values() if not f.is_decided]

    @property
    def is_disputed(self) -> bool:
        """Whether a dispute is open, of any amount and in any currency."""
        return any(found.stage == dispute.OPEN for found in self.disputes.values())

    @property
    def needs_review(self) -> bool:
        """Whether something went, or may go, back in another currency."""
        return bool(self.unreviewed_refunds or self.unreviewed_disputes)

    @property
    def unreviewed_refunds(self) -> list[Refund]:
        return [
            found
            for found in self.refunds.values()
            if found.rank < refund.FAILED and self._is_unreviewed(found)
        ]

    @property
    def unreviewed_disputes(self) -> list[Dispute]:
        return [
            found
            for found in self.disputes.values()
            if found.stage in {dispute.OPEN, dispute.LOST}
            and self._is_unreviewed(found)
        ]

    @property
    def reviewed_returns(self) -> list[Refund | Dispute]:
        """What a person has seen go back in another currency, and is not with us."""
        gone = (dispute.OPEN, dispute.LOST)
        found: list[Refund | Dispute] = [
            *(each for each in self.refunds.values() if each.rank < refund.FAILED),
            *(each for each in self.disputes.values() if each.stage in gone),
        ]
        return [each for each in found if each.reviewed_at]

    def _refunds(self) -> Iterable[Refund]:
        return filter(self._is_ours, self.refunds.values())

    def _disputes(self) -> Iterable[Dispute]:
        return filter(self._is_ours, self.disputes.values())

    def _is_ours(self, found: Refund | Dispute) -> bool:
        """Return whether it is in the purchase's currency, as far as Stripe says."""
        return found.currency in {None, self.currency}

    def _is_unreviewed(self, found: Refund | Dispute) -> bool:
        return not (self._is_ours(found) or found.reviewed_at)


def is_back(before: PurchaseSums, after: PurchaseSums) -> bool:
    """Return whether all that a person has seen go back is with us again."""
    return bool(before.reviewed_returns) and not after.reviewed_returns


def _sum(found: Iterable[Refund | Dispute | RefundRequest]) -> int:
    return sum(each.amount for each in found)
