"""Create a payment session: prepare it, then open its Checkout Session at Stripe."""

from contextlib import suppress

from checkout import clock
from checkout.domain.payment_session import PaymentSession, Status
from checkout.domain.redirects import is_allowed
from checkout.domain.terms import Terms
from checkout.errors import (
    AlreadyPurchasedError,
    IdempotencyKeyReusedError,
    IdempotencyKeyTakenError,
    InvalidRequestError,
    NotFoundError,
    PaymentInProgressError,
)
from checkout.flows import flow
from checkout.flows.open_checkout import (
    OpenedCheckout,
    SessionAbandonedError,
    StripeCheckout,
)
from checkout.kinds import kind_named
from checkout.tables.ownerships import Ownerships
from checkout.tables.payment_sessions import PaymentSessions
from checkout.telemetry import logger

# A round fails only when a concurrent request made progress, so a few are enough.
ROUNDS = 5


@flow
class SessionCreator:
    """Creates payment sessions: of a sale key, at most one can be paid at any time."""

    sessions: PaymentSessions
    ownerships: Ownerships
    stripe_checkout: StripeCheckout
    allowed_origins: tuple[str, ...]
    livemode: bool
    stack_id: str

    def create(self, terms: Terms) -> OpenedCheckout:
        """
        Return the live session if it has the same *terms*, or a new one.

        Raises AlreadyPurchasedError, PaymentInProgressError, IdempotencyKeyReusedError,
        InvalidRequestError (a redirect that is not allowed) and StripeError.
        """
        self._check_redirects(terms)
        if kind_named(terms.kind_name).ANONYMOUS:
            terms = terms.without_delayed_methods()
        sale_key, live_id = terms.offer.sale_key, terms.live_id
        for _ in range(ROUNDS):
            live = self.sessions.live(live_id) if live_id else None
            current = self.sessions.get(live.payment_session_id) if live else None
            # Read after the session: if that is fulfilled, its owner is found here.
            if sale_key and self.ownerships.get(sale_key):
                raise AlreadyPurchasedError("This has been purchased already.")
            if current:
                same = current.terms_digest == terms.digest
                if terms.request_key and not same:
                    raise IdempotencyKeyReusedError(
                        "This Idempotency-Key was used for another request."
                    )
                if same and _can_be_answered(current):
                    with suppress(SessionAbandonedError, IdempotencyKeyTakenError):
                        return self.stripe_checkout.open(current)
                    continue
                self.stripe_checkout.expire(current)
            session = terms.prepare(
                live.attempt + 1 if live else 1,
                livemode=self.livemode,
                stack_id=self.stack_id,
            )
            if self.sessions.prepare(session, live_id, live):
                logger.info("session_prepared", payment_session_id=session.id)
                # If another request has used the key, the next attempt has a new one.
                with suppress(SessionAbandonedError, IdempotencyKeyTakenError):
                    return self.stripe_checkout.open(session)
        raise PaymentInProgressError("This is being paid for in another window.")

    def cancel(self, payment_session_id: str, buyer_id: str) -> None:
        """
        Make sure that the buyer's own session cannot be paid any more.

        Raises NotFoundError, and AlreadyPurchasedError or PaymentInProgressError if it
        has been paid, and StripeError if it may still be paid.
        """
        session = self.sessions.get(payment_session_id)
        if session is None or session.buyer_id != buyer_id:
            raise NotFoundError("There is no such payment session of yours.")
        if session.status is Status.COMPLETE:
            raise AlreadyPurchasedError("You have paid for this.")
        self.stripe_checkout.expire(session)

    def _check_redirects(self, terms: Terms) -> None:
        refused = {
            name: "is not a URL of an allowed origin"
            for name, url in terms.redirects.items()
            if not is_allowed(url, self.allowed_origins)
        }
        if refused:
            raise InvalidRequestError("A redirect is not allowed.", **refused)


def _can_be_answered(session: PaymentSession) -> bool:
    """Return whether a new session on the same terms would be no different."""
    if clock.now() >= clock.from_iso(session.expires_at):
        return False
    if session.status in {Status.PREPARED, Status.OPEN}:
        return True
    # Under the caller's own key the answer stays the same, whatever became of it.
    return session.sale_key is None and session.status is not Status.ABANDONED
