"""Show the status of a payment: to anybody with Stripe's id, and to its buyer."""

from collections.abc import Mapping
from typing import Any

from checkout import clock
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.clients.recent_sessions import RecentSessions
from checkout.domain.checkout_session import bank_refused, is_ahead, shown_status
from checkout.domain.payment_session import STRIPE_STATUS, PaymentSession, Status
from checkout.domain.purchase import Purchase, id_for
from checkout.domain.purchase_status import PurchaseStatus
from checkout.errors import NotFoundError
from checkout.flows import flow
from checkout.stripe_errors import StripeInvalidRequestError
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import logger


@flow
class ShownSessions:
    """
    Answers from our record once that is final, and asks Stripe until then.

    If Stripe is ahead of our record, the fulfillment is queued.
    """

    sessions: PaymentSessions
    purchases: Purchases
    queue: PaymentEventsQueue
    recent_sessions: RecentSessions

    def status(self, stripe_session_id: str) -> dict[str, Any]:
        """Return Stripe's status of a Checkout Session; raises NotFoundError."""
        session = self._found(stripe_session_id)
        if self._paid_beside(session, stripe_session_id):
            return {"status": "complete"}
        if recorded := STRIPE_STATUS.get(session.status):
            return {"status": recorded}
        found = self._at_stripe(session, stripe_session_id)
        return {"status": shown_status(found, session)}

    def payment_status(self, stripe_session_id: str) -> dict[str, Any]:
        """
        Return also whether the money has arrived; raises NotFoundError.

        The answer has no id and no amount: whoever has the id of a Checkout Session may
        ask.
        """
        session = self._found(stripe_session_id)
        if beside := self._paid_beside(session, stripe_session_id):
            return {"status": "complete", **_outcome(beside)}
        recorded = STRIPE_STATUS.get(session.status)
        if recorded is None:
            found = self._at_stripe(session, stripe_session_id)
            return _unrecorded(found, session)
        purchase = self.purchases.get(id_for(session.id))
        outcome = _outcome(purchase) if purchase else {"payment_status": "failed"}
        return {"status": recorded, **outcome}

    def of_buyer(self, payment_session_id: str, buyer_id: str) -> dict[str, Any]:
        """Return the buyer's own session; raises NotFoundError."""
        session = self.sessions.get(payment_session_id)
        if session is None or session.buyer_id != buyer_id:
            raise NotFoundError("There is no such payment session of yours.")
        window = session.payment_window
        return {
            "payment_session_id": session.id,
            "status": session.status,
            "payment_status": session.payment_word,
            "expires_at": session.expires_at,
            "seconds_remaining": clock.seconds_until(session.expires_at),
            **({"payment_window": window} if window else {}),
        }

    def _found(self, stripe_session_id: str) -> PaymentSession:
        session = self.sessions.by_stripe_id(stripe_session_id)
        if session is None:
            raise NotFoundError("There is no such session.")
        return session

    def _paid_beside(
        self, session: PaymentSession, stripe_session_id: str
    ) -> Purchase | None:
        """Return the purchase of another Checkout Session than the session's own."""
        if session.stripe_session_id in {None, stripe_session_id}:
            return None
        return self.purchases.get(id_for(stripe_session_id))

    def _at_stripe(
        self, session: PaymentSession, stripe_session_id: str
    ) -> dict[str, Any]:
        try:
            # Once per answer of Stripe: anybody who has the id may ask, however often.
            return self.recent_sessions.session(
                stripe_session_id, lambda found: self._queue_if_ahead(found, session)
            )
        except StripeInvalidRequestError as refusal:
            if refusal.stripe_code != "resource_missing":
                raise
            return _by_our_record(session)

    def _queue_if_ahead(
        self, stripe_object: Mapping[str, Any], session: PaymentSession
    ) -> None:
        if is_ahead(stripe_object, session):
            self.queue.send_observed(stripe_object)
            logger.info("fulfillment_queued", payment_session_id=session.id)


def _by_our_record(session: PaymentSession) -> dict[str, Any]:
    """
    Return what is known of a session that Stripe does not have (any more).

    The API key may belong to another account by now. Raises NotFoundError for a session
    that nobody has paid: in this account, nobody can.
    """
    if session.status is Status.PROCESSING:
        return {"status": "complete"}
    if clock.now() >= clock.from_iso(session.expires_at):
        return {"status": "expired"}
    raise NotFoundError("There is no such session.")


def _unrecorded(
    stripe_object: Mapping[str, Any], session: PaymentSession
) -> dict[str, Any]:
    """Show a payment that is not recorded yet: it counts as paid once it is."""
    status = shown_status(stripe_object, session)
    if status == "complete":
        failed = bank_refused(stripe_object, session)
        payment_status = "failed" if failed else "processing"
    else:
        payment_status = "unpaid" if status == "open" else "failed"
    return {"status": status, "payment_status": payment_status}


def _outcome(purchase: Purchase) -> dict[str, str]:
    """Return what a buyer needs to know of a purchase whose session is final."""
    status = purchase.status
    if purchase.has_arrived and purchase.is_undone:
        return {"payment_status": "refunded"}
    if purchase.dismissed_at:
        # Whatever follows, such as a dispute, does not review the payment again.
        return {"payment_status": "failed", "code": "dismissed"}
    if status is PurchaseStatus.FAILED:
        return {"payment_status": "failed"}
    refunding = {"code": "refunding"} if status is PurchaseStatus.REFUNDING else {}
    if purchase.is_sale and status is not PurchaseStatus.QUARANTINED:
        return {"payment_status": "paid", **refunding}
    return {"payment_status": "processing", **(refunding or {"code": "under_review"})}
