"""Create a payment session: prepare it, then open its Checkout Session at Stripe."""

from dataclasses import field, replace

from checkout import clock
from checkout.domain import stripe_refusal
from checkout.domain.audit_action import AuditAction
from checkout.domain.payment_session import PaymentSession, Status
from checkout.domain.redirects import is_allowed
from checkout.domain.terms import Terms
from checkout.domain.unpaid_end import CANCELLED_BY_BUYER, REPLACED
from checkout.errors import (
    AlreadyPurchasedError,
    IdempotencyKeyReusedError,
    InvalidRequestError,
    NotFoundError,
    NotPurchasableError,
    PaymentInProgressError,
)
from checkout.flows import flow
from checkout.flows.check_buyable import PAID_BY_ANOTHER, BuyableCheck
from checkout.flows.open_checkout import (
    OpenedCheckout,
    SessionDiscardedError,
    StripeCheckout,
)
from checkout.metric import Metric
from checkout.stripe_errors import IdempotencyKeyTakenError, StripeInvalidRequestError
from checkout.tables.payment_sessions import PaymentSessions
from checkout.telemetry import logger, report

# A round fails only when a concurrent request made progress, or when the next attempt
# leaves out a decoration that Stripe refused: there are three.
ROUNDS = 8


@flow
class SessionCreator:
    """
    Creates payment sessions: of a sale key, at most one can be paid at any time.

    *refused* has the sessions without a sale key that Stripe did not accept, by the
    digest of their terms: no record would lead from the next click to them.
    """

    sessions: PaymentSessions
    check: BuyableCheck
    stripe_checkout: StripeCheckout
    allowed_origins: tuple[str, ...]
    allows_loopback: bool
    livemode: bool
    stack_id: str
    refused: dict[str, PaymentSession] = field(default_factory=dict)

    def create(self, terms: Terms) -> OpenedCheckout:
        """
        Return the live session if it has the same *terms*, or a new one.

        Raises AlreadyPurchasedError, PaymentInProgressError, IdempotencyKeyReusedError,
        InvalidRequestError (a redirect that is not allowed), StripeError, and
        NotPurchasableError (Stripe does not accept the terms).
        """
        self._check_redirects(terms)
        terms = self._not_refused(terms)
        for _ in range(ROUNDS):
            live, current = self.check.live(terms)
            if current:
                same = current.terms_digest == terms.digest
                if terms.request_key and not same:
                    raise IdempotencyKeyReusedError(
                        "This Idempotency-Key was used for another request."
                    )
                if same and _can_be_answered(current):
                    opened = self._open(current, terms)
                    if isinstance(opened, OpenedCheckout):
                        return opened
                    terms = opened
                    continue
                if same and current.refusal_code is not None:
                    terms = _terms_after_refusal(current, terms)
                self._expire(current, terms)
            session = terms.prepare(
                live.attempt + 1 if live else 1,
                livemode=self.livemode,
                stack_id=self.stack_id,
            )
            if self.sessions.prepare(session, terms.live_id, live):
                logger.info("session_prepared", payment_session_id=session.id)
                opened = self._open(session, terms)
                if isinstance(opened, OpenedCheckout):
                    return opened
                terms = opened
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
        self.stripe_checkout.expire(session, CANCELLED_BY_BUYER)

    def _expire(self, session: PaymentSession, terms: Terms) -> None:
        """Expire a session; of its payment no buyer but its own learns anything."""
        try:
            self.stripe_checkout.expire(session, REPLACED)
        except (AlreadyPurchasedError, PaymentInProgressError):
            if session.buyer_id == terms.asked_by:
                raise
            raise PaymentInProgressError(PAID_BY_ANOTHER) from None

    def _open(self, session: PaymentSession, terms: Terms) -> OpenedCheckout | Terms:
        """Open the session; return the terms of the next attempt if it has ended."""
        try:
            return self.stripe_checkout.open(session)
        except SessionDiscardedError:
            return terms
        except IdempotencyKeyTakenError:
            return terms.under_a_fresh_key()
        except StripeInvalidRequestError as refusal:
            code, param = refusal.stripe_code, refusal.param
            refused = replace(session, refusal_code=code, refusal_param=param)
            try:
                return _terms_after_refusal(refused, terms)
            except NotPurchasableError:
                if session.sale_key is None:
                    stripe_refusal.keep(self.refused, refused)
                raise

    def _not_refused(self, terms: Terms) -> Terms:
        """Raise NotPurchasableError if Stripe has just refused the same terms."""
        if terms.offer.sale_key is None and (refused := self.refused.get(terms.digest)):
            return stripe_refusal.next_terms(refused, terms, clock.now())
        return terms

    def _check_redirects(self, terms: Terms) -> None:
        refused = {
            name: "is not a URL of an allowed origin"
            for name, url in terms.redirects.items()
            if not is_allowed(
                url,
                self.allowed_origins,
                livemode=self.livemode,
                loopback=self.allows_loopback,
            )
        }
        if refused:
            raise InvalidRequestError("A redirect is not allowed.", **refused)


def _terms_after_refusal(session: PaymentSession, terms: Terms) -> Terms:
    try:
        return stripe_refusal.next_terms(session, terms, clock.now())
    except NotPurchasableError:
        report(
            AuditAction.CHECKOUT_REFUSED,
            Metric.CHECKOUT_REFUSED,
            level="error",
            payment_session_id=session.id,
            kind=session.kind,
            offer_id=session.offer_id,
            stripe_code=session.refusal_code,
            param=session.refusal_param,
        )
        raise


def _can_be_answered(session: PaymentSession) -> bool:
    """Return whether a new session on the same terms would be no different."""
    if clock.now() >= clock.from_iso(session.expires_at):
        return False
    if session.status in {Status.PREPARED, Status.OPEN}:
        return True
    # Under the caller's own key the answer stays the same, whatever became of it.
    return session.sale_key is None and session.status is not Status.DISCARDED
