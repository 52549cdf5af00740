"""Start a payment: the intent is written first, then Stripe is asked."""

import json
import random
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from checkout import clock
from checkout.errors import (
    AlreadyPurchasedError,
    IdempotencyKeyReusedError,
    InvalidRequestError,
    PaymentInProgressError,
    StripeBusyError,
    StripeError,
    StripeRefusedError,
)
from checkout.payment_events import PaymentEvents
from checkout.payment_session import UNRESOLVED, PaymentSession, Status
from checkout.redirects import is_allowed
from checkout.stripe_gateway import UNAVAILABLE, StripeGateway
from checkout.stripe_session import StripeSession
from checkout.tables import transaction
from checkout.tables.audit_log import AuditLog
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import logger
from checkout.terms import Terms

# Each round is lost only to a request that got further than this one.
ROUNDS = 5
BUSY_TRIES = 8
BUSY_PAUSE_SECONDS = 0.15

GIVEN_UP = frozenset([Status.ABANDONED, Status.EXPIRED])


class _GivenUpError(Exception):
    """Stripe made the session after another request had given it up."""


@dataclass(frozen=True, slots=True)
class Started:
    """A session that the buyer can pay now; the secret is for embedded pages only."""

    session: PaymentSession
    client_secret: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCreator:
    """Starts payment sessions: at most one of a claim can be paid at any time."""

    sessions: PaymentSessions
    purchases: Purchases
    audit_log: AuditLog
    payment_events: PaymentEvents
    stripe: StripeGateway
    allowed_origins: str
    livemode: bool

    def start(self, terms: Terms) -> Started:
        """
        Return a session on *terms*: the live one if it has the same, or a new one.

        Raises AlreadyPurchasedError, PaymentInProgressError, IdempotencyKeyReusedError,
        InvalidRequestError (a redirect that is not allowed) and StripeError.
        """
        self._check_redirects(terms)
        claim, live_id = terms.offer.claim, terms.live_id
        for _ in range(ROUNDS):
            live = self.sessions.live(live_id) if live_id else None
            current = self.sessions.get(live.payment_session_id) if live else None
            # Read after the session: one that settled before that read shows here.
            if claim and self.purchases.ownership(claim):
                raise AlreadyPurchasedError("This has been purchased already.")
            if live and current:
                same = current.terms == terms.digest
                if terms.request_key and not same:
                    raise IdempotencyKeyReusedError(
                        "This Idempotency-Key was used for another request."
                    )
                if same and _can_be_answered(current):
                    with suppress(_GivenUpError):
                        return self._open(current)
                    continue
                self._close(current)
            attempt = live.attempt + 1 if live else 1
            intent = terms.intent(attempt, livemode=self.livemode)
            if self.sessions.start(intent, live_id, live):
                logger.info("intent_written", payment_session_id=intent.id)
                with suppress(_GivenUpError):
                    return self._open(intent)
        raise PaymentInProgressError("This is being paid for in another window.")

    def _check_redirects(self, terms: Terms) -> None:
        refused = {
            name: "is not a URL of an allowed origin"
            for name, url in terms.redirects.items()
            if not is_allowed(url, self.allowed_origins)
        }
        if refused:
            raise InvalidRequestError("A redirect is not allowed.", **refused)

    def _open(self, session: PaymentSession) -> Started:
        """
        Ask Stripe for the session, unless we have its answer already.

        After a crash at any point the same intent comes here again, sends the same
        bytes under the same key, and gets the same session from Stripe. Raises
        _GivenUpError if another request has given the session up in the meantime.
        """
        if session.url:
            return Started(session, None)
        stripe_object = self._ask_stripe(session)
        if stripe_object is None:
            return self._open(self._reload(session))
        stripe_session = StripeSession.from_dict(stripe_object)
        opened = replace(
            session,
            status=Status.OPEN,
            stripe_session_id=stripe_session.id,
            url=stripe_session.url,
        )
        if session.status is Status.INTENT:
            self._record_open(opened)
        return Started(opened, stripe_session.client_secret)

    def _ask_stripe(self, session: PaymentSession) -> dict[str, Any] | None:
        """Return Stripe's session, or None if another request has recorded it."""
        for attempt in range(BUSY_TRIES):
            try:
                return self.stripe.create_session(
                    json.loads(session.stripe_request), session.idempotency_key
                )
            except StripeBusyError:
                if self._reload(session).url:
                    return None
                time.sleep(BUSY_PAUSE_SECONDS * random.uniform(1, attempt + 2))  # noqa: S311
            except StripeRefusedError:
                self._end(session, Status.ABANDONED, "checkout_abandoned")
                raise
        raise StripeError(UNAVAILABLE)

    def _reload(self, session: PaymentSession) -> PaymentSession:
        return self.sessions.get(session.id) or session

    def _record_open(self, session: PaymentSession) -> None:
        assert session.stripe_session_id  # noqa: S101 - Stripe has just given it
        # A condition that fails means: another request, or an event, was here first.
        lost = transaction.write(
            {
                "session": self.sessions.move(
                    session.id,
                    Status.OPEN,
                    stripe_session_id=session.stripe_session_id,
                    url=session.url,
                    due_at=session.expires_at,
                ),
                "pointer": self.sessions.point_from(
                    session.stripe_session_id, session.id
                ),
                "audit": self.audit_log.entry(
                    session.id,
                    "checkout_created",
                    clock.now(),
                    stripe_session_id=session.stripe_session_id,
                    attempt=session.attempt,
                ),
            }
        )
        if lost.get("session", {}).get("status") in GIVEN_UP:
            # Another session may have taken its place: two must not be payable.
            self.stripe.close_session(session.stripe_session_id)
            raise _GivenUpError
        if not lost:
            logger.info(
                "checkout_created",
                payment_session_id=session.id,
                stripe_session_id=session.stripe_session_id,
                kind=session.kind,
                amount=session.amount,
                currency=session.currency,
            )

    def _close(self, session: PaymentSession) -> None:
        """
        See to it that *session* cannot be paid any more.

        Raises AlreadyPurchasedError or PaymentInProgressError if it has been.
        """
        if session.status in {Status.PROCESSING, Status.QUARANTINED}:
            raise PaymentInProgressError(
                "Your earlier payment is still being processed."
            )
        if session.status not in UNRESOLVED:
            return
        if session.status is Status.INTENT:
            if clock.now() >= clock.from_iso(session.expires_at):
                # Nobody was ever given its URL.
                self._end(session, Status.ABANDONED, "checkout_abandoned")
                return
            try:
                session = self._open(session).session
            except (StripeRefusedError, _GivenUpError):
                return
        assert session.stripe_session_id  # noqa: S101 - it is open, so Stripe has it
        stripe_object = self.stripe.close_session(session.stripe_session_id)
        stripe_session = StripeSession.from_dict(stripe_object)
        if stripe_session.status != "complete":
            self._end(session, Status.EXPIRED, "checkout_expired")
            return
        self.payment_events.send_observed(stripe_object)
        if stripe_session.payment_status == "unpaid":
            raise PaymentInProgressError(
                "Your earlier payment is still being processed."
            )
        raise AlreadyPurchasedError("You have just paid for this.")

    def _end(self, session: PaymentSession, status: Status, action: str) -> None:
        transaction.write(
            {
                "session": self.sessions.move(session.id, status),
                "audit": self.audit_log.entry(session.id, action, clock.now()),
            }
        )


def _can_be_answered(session: PaymentSession) -> bool:
    """Whether the session is still what a new one on the same terms would be."""
    if clock.now() >= clock.from_iso(session.expires_at):
        return False
    if session.status in {Status.INTENT, Status.OPEN}:
        return True
    # Under the caller's own key the answer stays the same, whatever came of it.
    return session.claim is None and session.status is not Status.ABANDONED
