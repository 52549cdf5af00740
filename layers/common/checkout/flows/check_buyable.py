"""Check that a buyer can pay now, by our records alone: both create and reads ask."""

from typing import NamedTuple

from checkout import clock
from checkout.domain import stripe_refusal
from checkout.domain.payment_session import UNDECIDED, PaymentSession, Status
from checkout.domain.terms import Terms
from checkout.errors import AlreadyPurchasedError, PaymentInProgressError
from checkout.tables.live_session import LiveSession
from checkout.tables.ownerships import Ownerships
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.readable import UnreadableItemError

# The offer may have got another owner since somebody has paid for it.
PAID_BY_ANOTHER = "This is being paid for; please try again later."


class BuyableCheck(NamedTuple):
    """Decides in at most four keyed reads; writes nothing, does not ask Stripe."""

    sessions: PaymentSessions
    ownerships: Ownerships

    def check(self, terms: Terms) -> None:
        """
        Raise what a create request on these terms would be answered.

        What only Stripe would refuse is known once it has refused the same offer, for
        as long as that refusal stands.
        """
        _, current = self.live(terms)
        if current and stripe_refusal.is_of_offer(current, terms):
            stripe_refusal.next_terms(current, terms, clock.now())

    def live(self, terms: Terms) -> tuple[LiveSession | None, PaymentSession | None]:
        """
        Return what is live on these terms, and its session.

        Raises AlreadyPurchasedError or PaymentInProgressError if a payment for the sale
        key stands or is undecided.
        """
        live, current = self._live(terms.live_id) if terms.live_id else (None, None)
        if sale_key := terms.offer.sale_key:
            # Read after the session: if that is fulfilled, its owner is found here.
            self._check_payments(sale_key, terms.asked_by)
            if current and current.status in UNDECIDED:
                own = current.buyer_id == terms.asked_by
                said = UNDECIDED[current.status] if own else PAID_BY_ANOTHER
                raise PaymentInProgressError(said)
        return live, current

    def check_under_way(self, sale_key: str, buyer_id: str) -> None:
        """Raise PaymentInProgressError if a payment of the buyer is under way."""
        _, current = self._live(sale_key)
        if current and current.buyer_id == buyer_id and current.status in UNDECIDED:
            raise PaymentInProgressError(UNDECIDED[current.status])
        undecided = {*self.ownerships.undecided(sale_key).values()}
        if buyer_id in undecided and not self.ownerships.get(sale_key):
            raise PaymentInProgressError(UNDECIDED[Status.QUARANTINED])

    def _live(self, live_id: str) -> tuple[LiveSession | None, PaymentSession | None]:
        """Return what is live; raises PaymentInProgressError if it cannot be read."""
        try:
            live = self.sessions.live(live_id)
            return live, self.sessions.get(live.payment_session_id) if live else None
        except UnreadableItemError as error:
            # It may have been paid, or a buyer may still pay it.
            raise PaymentInProgressError(
                "An earlier payment cannot be read; please ask the operator for help."
            ) from error

    def _check_payments(self, sale_key: str, buyer_id: str | None) -> None:
        """Raise if a purchase holds the sale key, or an undecided one may get it."""
        undecided = {*self.ownerships.undecided(sale_key).values()}
        if self.ownerships.get(sale_key):
            raise AlreadyPurchasedError("This has been purchased already.")
        if buyer_id in undecided:
            raise PaymentInProgressError(UNDECIDED[Status.QUARANTINED])
        if undecided:
            raise PaymentInProgressError(PAID_BY_ANOTHER)
