"""Open and expire Checkout Sessions at Stripe."""

import random
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from checkout import clock
from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.clients.stripe_api import StripeApi
from checkout.domain.audit_action import AuditAction
from checkout.domain.checkout_session import CheckoutSession
from checkout.domain.payment_session import (
    ENDED_UNPAID,
    UNDECIDED,
    PaymentSession,
    Status,
)
from checkout.domain.unpaid_end import unpaid_end
from checkout.errors import AlreadyPurchasedError, PaymentInProgressError
from checkout.flows import flow
from checkout.metric import Metric
from checkout.stripe_errors import (
    StripeBusyError,
    StripeDeniedError,
    StripeError,
    StripeInvalidRequestError,
    StripeRefusedError,
)
from checkout.tables import transaction
from checkout.tables.audit_log import AuditLog
from checkout.tables.payment_sessions import PaymentSessions
from checkout.telemetry import report

BUSY_ATTEMPTS = 8
BUSY_PAUSE_SECONDS = 0.15
# Stripe expires a Checkout Session a day after it was created, at the latest.
OPEN_AT_MOST = timedelta(hours=25)
JUST_PAID = "You have just paid for this."


class SessionDiscardedError(Exception):
    """Another request had ended the session before Stripe created it."""


class OpenedCheckout(NamedTuple):
    """A session that can be paid now; only embedded pages have a client secret."""

    session: PaymentSession
    client_secret: str | None

    @property
    def in_every_answer(self) -> dict[str, Any]:
        """What every create response has; embedded pages have no URL."""
        url = {"checkout_url": self.session.url} if self.session.url else {}
        return {"payment_session_id": self.session.id, **url}


@flow
class StripeCheckout:
    """Opens and expires sessions at Stripe; a crash between two steps loses nothing."""

    sessions: PaymentSessions
    audit_log: AuditLog
    queue: PaymentEventsQueue
    stripe: StripeApi

    def open(self, session: PaymentSession) -> OpenedCheckout:
        """
        Create the Checkout Session at Stripe, unless its URL is recorded already.

        After a crash at any point, the next call sends the same bytes under the same
        key and gets the same Checkout Session. Raises StripeError, also for a session
        without a page, and SessionDiscardedError if another request has ended it.
        """
        if session.url:
            return OpenedCheckout(session, None)
        stripe_object = self._create(session)
        if stripe_object is None:
            return self.open(self._reload(session))
        checkout = CheckoutSession.from_stripe(stripe_object)
        if checkout.livemode != session.livemode:
            # The API key is of the other mode: leave nothing to pay there.
            report("stripe_key_of_other_mode", Metric.STRIPE_DENIED, level="error")
            self.stripe.expire_session(checkout.id)
            self._discard(session)
            raise StripeDeniedError
        if not (checkout.url or checkout.client_secret):
            raise StripeError
        if session.status is Status.PREPARED:
            self._record_open(session, checkout)
        opened = replace(
            session, status=Status.OPEN, stripe_session_id=checkout.id, url=checkout.url
        )
        return OpenedCheckout(opened, checkout.client_secret)

    def _create(self, session: PaymentSession) -> dict[str, Any] | None:
        """Return Stripe's object, None if another request has recorded it."""
        for attempt in range(BUSY_ATTEMPTS):
            try:
                return self.stripe.create_session(
                    session.request_for_stripe, session.idempotency_key
                )
            except StripeBusyError:
                if self._reload(session).url:
                    return None
                time.sleep(BUSY_PAUSE_SECONDS * random.uniform(1, attempt + 2))  # noqa: S311
            except StripeInvalidRequestError as refusal:
                self._record_refusal(session, refusal)
                raise
            except StripeRefusedError:
                self._discard(session)
                raise
        raise StripeError

    def _reload(self, session: PaymentSession) -> PaymentSession:
        return self.sessions.get(session.id) or session

    def _record_open(self, session: PaymentSession, checkout: CheckoutSession) -> None:
        # A condition fails if another request, or an event, was here first.
        failures = transaction.execute(
            {
                "session": self.sessions.moved(
                    session,
                    Status.OPEN,
                    stripe_session_id=checkout.id,
                    url=checkout.url,
                ),
                "pointer": self.sessions.pointer(checkout.id, session.id),
                "audit": self.audit_log.entry(
                    session,
                    AuditAction.CHECKOUT_CREATED,
                    stripe_session_id=checkout.id,
                    attempt=session.attempt,
                ),
            }
        )
        if failures.get("session", {}).get("status") in ENDED_UNPAID:
            # Another session may have taken its place: never leave two to be paid.
            self.stripe.expire_session(checkout.id)
            raise SessionDiscardedError
        if not failures:
            report(
                AuditAction.CHECKOUT_CREATED,
                Metric.CHECKOUT_STARTED,
                payment_session_id=session.id,
                stripe_session_id=checkout.id,
                kind=session.kind,
                amount=session.amount,
                currency=session.currency,
            )

    def expire(self, session: PaymentSession, reason: str) -> None:
        """
        Make sure that *session* cannot be paid any more; the audit log gets *reason*.

        Raises AlreadyPurchasedError or PaymentInProgressError if it has been paid, and
        StripeError if Stripe has not said that it is expired: it may still be paid.
        """
        if session.status in UNDECIDED:
            raise PaymentInProgressError(UNDECIDED[session.status])
        if session.status is Status.PREPARED:
            self._expire_prepared(session, reason)
        elif session.status is Status.OPEN:
            self._expire_open(session, reason)

    def _expire_prepared(self, session: PaymentSession, reason: str) -> None:
        """Open the session to learn its id at Stripe, then expire it there."""
        over = clock.now() >= clock.from_iso(session.expires_at)
        if over and self._discard(session):
            return
        with suppress(StripeRefusedError, SessionDiscardedError):
            self.open(session)
        session = self._reload(session)
        if session.status is Status.PREPARED:
            raise StripeError
        if session.status is Status.COMPLETE:
            raise AlreadyPurchasedError(JUST_PAID)
        self.expire(session, reason)

    def _expire_open(self, session: PaymentSession, reason: str) -> None:
        try:
            stripe_object = self.stripe.expire_session(_stripe_id_of(session))
        except StripeRefusedError as refusal:
            # The API key may belong to another Stripe account by now. After so long,
            # no session is open in any account.
            over = clock.now() > clock.from_iso(session.created_at) + OPEN_AT_MOST
            if refusal.stripe_code != "resource_missing" or not over:
                raise
            self._record_expiry(session, None, reason)
            return
        checkout = CheckoutSession.from_stripe(stripe_object)
        if checkout.status == "expired":
            self._record_expiry(session, checkout, reason)
            return
        self.queue.send_observed(stripe_object)
        if checkout.is_paid:
            raise AlreadyPurchasedError(JUST_PAID)
        raise PaymentInProgressError(UNDECIDED[Status.PROCESSING])

    def _record_expiry(
        self, session: PaymentSession, checkout: CheckoutSession | None, reason: str
    ) -> None:
        end = unpaid_end(session, checkout, clock.now(), reason)
        self._end(session, Status.EXPIRED, end.action, {}, **end.reason, **end.recovery)

    def _discard(self, session: PaymentSession) -> bool:
        """End a prepared session; return whether nobody has opened it meanwhile."""
        return self._end(session, Status.DISCARDED, AuditAction.CHECKOUT_DISCARDED)

    def _record_refusal(
        self, session: PaymentSession, refusal: StripeInvalidRequestError
    ) -> None:
        """End a prepared session whose request Stripe does not accept."""
        code, param = refusal.stripe_code, refusal.param
        refused = {"refusal_code": code, "refusal_param": param}
        said = {"stripe_code": code, "stripe_param": param}
        action = AuditAction.CHECKOUT_REFUSED
        self._end(session, Status.DISCARDED, action, refused, **said)

    def _end(
        self,
        session: PaymentSession,
        status: Status,
        action: AuditAction,
        attributes: Mapping[str, str] = MappingProxyType({}),
        **details: str | None,
    ) -> bool:
        """Move the session to a final status; return whether it was not there yet."""
        writes = {
            "session": self.sessions.moved(session, status, **attributes),
            "audit": self.audit_log.entry(session, action, **details),
        }
        if stripe_id := session.stripe_session_id:
            writes["pointer"] = self.sessions.pointer(
                stripe_id, session.id, deleted=session.is_deleted_as(status)
            )
        return not transaction.execute(writes)


def _stripe_id_of(session: PaymentSession) -> str:
    """Return Stripe's id, which every open session has."""
    if session.stripe_session_id is None:
        raise LookupError(f"{session.id} is open, and has no id of Stripe's")
    return session.stripe_session_id
