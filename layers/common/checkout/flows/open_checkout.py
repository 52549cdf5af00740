"""Make a session payable at Stripe, and see to it that it is payable no more."""

import json
import random
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from checkout import clock
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.clients.stripe_api import StripeApi
from checkout.domain.checkout_session import CheckoutSession
from checkout.domain.payment_session import UNRESOLVED, PaymentSession, Status
from checkout.errors import (
    AlreadyPurchasedError,
    PaymentInProgressError,
    StripeBusyError,
    StripeError,
    StripeRefusedError,
)
from checkout.tables import transaction
from checkout.tables.audit_log import AuditLog
from checkout.tables.payment_sessions import PaymentSessions
from checkout.telemetry import logger

BUSY_TRIES = 8
BUSY_PAUSE_SECONDS = 0.15

# Stripe's own limit is a day from when the session was made there.
OPEN_AT_MOST = timedelta(hours=25)

GIVEN_UP = frozenset([Status.ABANDONED, Status.EXPIRED])


class SessionAbandonedError(Exception):
    """Stripe made the session after another request had given it up."""


@dataclass(frozen=True, slots=True)
class OpenedCheckout:
    """A session that the buyer can pay now; the secret is for embedded pages only."""

    session: PaymentSession
    client_secret: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeCheckout:
    """Opens and closes sessions at Stripe; a crash between two steps loses nothing."""

    sessions: PaymentSessions
    audit_log: AuditLog
    payment_events: PaymentEventsQueue
    stripe: StripeApi

    def open(self, session: PaymentSession) -> OpenedCheckout:
        """
        Ask Stripe for the session, unless we have its answer already.

        After a crash at any point the same intent comes here again, sends the same
        bytes under the same key, and gets the same session from Stripe. Raises
        GivenUpError if another request has given the session up in the meantime.
        """
        if session.url:
            return OpenedCheckout(session, None)
        stripe_object = self._ask_stripe(session)
        if stripe_object is None:
            return self.open(self._reload(session))
        stripe_session = CheckoutSession.from_dict(stripe_object)
        opened = replace(
            session,
            status=Status.OPEN,
            stripe_session_id=stripe_session.id,
            url=stripe_session.url,
        )
        if session.status is Status.PREPARED:
            self._record_open(opened)
        return OpenedCheckout(opened, stripe_session.client_secret)

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
                self._give_up(session)
                raise
        raise StripeError

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
                ),
                "pointer": self.sessions.point_from(
                    session.stripe_session_id, session.id
                ),
                "audit": self.audit_log.entry(
                    session,
                    "checkout_created",
                    clock.now(),
                    stripe_session_id=session.stripe_session_id,
                    attempt=session.attempt,
                ),
            }
        )
        if lost.get("session", {}).get("status") in GIVEN_UP:
            # Another session may have taken its place: two must not be payable.
            self.stripe.expire_session(session.stripe_session_id)
            raise SessionAbandonedError
        if not lost:
            logger.info(
                "checkout_created",
                payment_session_id=session.id,
                stripe_session_id=session.stripe_session_id,
                kind=session.kind,
                amount=session.amount,
                currency=session.currency,
            )

    def close(self, session: PaymentSession) -> None:
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
        if session.status is Status.PREPARED:
            over = clock.now() >= clock.from_iso(session.expires_at)
            if over and self._give_up(session):
                return
            with suppress(StripeRefusedError, SessionAbandonedError):
                self.open(session)
            session = self._reload(session)
            if session.status is Status.PREPARED:
                raise StripeError
            self.close(session)
            return
        assert session.stripe_session_id  # noqa: S101 - Stripe has just given it
        try:
            stripe_object = self.stripe.expire_session(session.stripe_session_id)
        except StripeRefusedError as refusal:
            # The key may be that of another account by now. No session stays open for
            # so long, wherever it is.
            created = clock.from_iso(session.created_at)
            over = clock.now() > created + OPEN_AT_MOST
            if refusal.stripe_code != "resource_missing" or not over:
                raise
            self._end(session, Status.EXPIRED, "checkout_expired")
            return
        stripe_session = CheckoutSession.from_dict(stripe_object)
        if stripe_session.status == "expired":
            self._end(session, Status.EXPIRED, "checkout_expired")
            return
        self.payment_events.send_observed(stripe_object)
        if stripe_session.payment_status == "unpaid":
            raise PaymentInProgressError(
                "Your earlier payment is still being processed."
            )
        raise AlreadyPurchasedError("You have just paid for this.")

    def _give_up(self, session: PaymentSession) -> bool:
        """
        End a prepared session whose URL nobody was given; say whether it still was one.

        Another request may have opened the session meanwhile, and then it is payable.
        """
        return self._end(session, Status.ABANDONED, "checkout_abandoned")

    def _end(self, session: PaymentSession, status: Status, action: str) -> bool:
        return not transaction.write(
            {
                "session": self.sessions.move(session.id, status),
                "audit": self.audit_log.entry(session, action, clock.now()),
            }
        )
