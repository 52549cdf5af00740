"""Start a payment: the prepared session is written first, then Stripe is asked."""

from contextlib import suppress
from dataclasses import dataclass

from checkout import clock
from checkout.domain.payment_session import PaymentSession, Status
from checkout.domain.redirects import is_allowed
from checkout.domain.terms import Terms
from checkout.errors import (
    AlreadyPurchasedError,
    IdempotencyKeyReusedError,
    IdempotencyKeyTakenError,
    InvalidRequestError,
    PaymentInProgressError,
)
from checkout.flows.open_checkout import (
    OpenedCheckout,
    SessionAbandonedError,
    StripeCheckout,
)
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import logger

# Each round is lost only to a request that got further than this one.
ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCreator:
    """Starts payment sessions: at most one of a sale key can be paid at any time."""

    sessions: PaymentSessions
    purchases: Purchases
    payable: StripeCheckout
    allowed_origins: tuple[str, ...]
    livemode: bool
    stack_id: str

    def start(self, terms: Terms) -> OpenedCheckout:
        """
        Return a session on *terms*: the live one if it has the same, or a new one.

        Raises AlreadyPurchasedError, PaymentInProgressError, IdempotencyKeyReusedError,
        InvalidRequestError (a redirect that is not allowed) and StripeError.
        """
        self._check_redirects(terms)
        sale_key, live_id = terms.offer.sale_key, terms.live_id
        for _ in range(ROUNDS):
            live = self.sessions.live(live_id) if live_id else None
            current = self.sessions.get(live.payment_session_id) if live else None
            # Read after the session: one that fulfilled before that read shows here.
            if sale_key and self.purchases.ownership(sale_key):
                raise AlreadyPurchasedError("This has been purchased already.")
            if live and current:
                same = current.terms == terms.digest
                if terms.request_key and not same:
                    raise IdempotencyKeyReusedError(
                        "This Idempotency-Key was used for another request."
                    )
                if same and _can_be_answered(current):
                    with suppress(SessionAbandonedError, IdempotencyKeyTakenError):
                        return self.payable.open(current)
                    continue
                self.payable.close(current)
            attempt = live.attempt + 1 if live else 1
            intent = terms.intent(
                attempt, livemode=self.livemode, stack_id=self.stack_id
            )
            if self.sessions.start(intent, live_id, live):
                logger.info("session_prepared", payment_session_id=intent.id)
                # A key that is taken costs an attempt: the next one has another.
                with suppress(SessionAbandonedError, IdempotencyKeyTakenError):
                    return self.payable.open(intent)
        raise PaymentInProgressError("This is being paid for in another window.")

    def _check_redirects(self, terms: Terms) -> None:
        refused = {
            name: "is not a URL of an allowed origin"
            for name, url in terms.redirects.items()
            if not is_allowed(url, self.allowed_origins)
        }
        if refused:
            raise InvalidRequestError("A redirect is not allowed.", **refused)


def _can_be_answered(session: PaymentSession) -> bool:
    """Whether the session is still what a new one on the same terms would be."""
    if clock.now() >= clock.from_iso(session.expires_at):
        return False
    if session.status in {Status.PREPARED, Status.OPEN}:
        return True
    # Under the caller's own key the answer stays the same, whatever came of it.
    return session.sale_key is None and session.status is not Status.ABANDONED
