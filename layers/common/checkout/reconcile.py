"""The sweep: ask Stripe about every session that is due, until each has its end."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from checkout import clock
from checkout.errors import AlreadyPurchasedError, CheckoutError, PaymentInProgressError
from checkout.payable import PayableSessions
from checkout.payment_events import PaymentEvents
from checkout.payment_session import PARTITIONS, UNRESOLVED, PaymentSession, Status
from checkout.stripe_gateway import StripeGateway
from checkout.stripe_session import is_ahead
from checkout.tables.payment_sessions import FIRST_LOOK, PaymentSessions
from checkout.telemetry import count, logger

LONGEST_PAUSE = timedelta(hours=1)
# Of one partition in one run; the next run goes on where this one stopped.
MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """
    Brings every session to an end that no event has brought there.

    Its work grows with what is unresolved, never with what has been. It records no
    payment itself: what it finds goes on the queue, as the webhook's events do.
    """

    sessions: PaymentSessions
    payable: PayableSessions
    payment_events: PaymentEvents
    stripe: StripeGateway

    def run(self, has_time: Callable[[], bool]) -> int:
        """Look at what is due while *has_time* says yes; return how many that were."""
        looked_at = 0
        # In any order, so that a run cut short does not always cut off the same.
        for partition in random.sample(PARTITIONS, len(PARTITIONS)):
            for due in self.sessions.due(partition, clock.now(), MOST_AT_ONCE):
                if not has_time():
                    return looked_at
                self._look_at(due)
                looked_at += 1
        return looked_at

    def _look_at(self, payment_session_id: str) -> None:
        session = self.sessions.get(payment_session_id)
        if session is None or session.status not in UNRESOLVED:
            return
        # First of all: a session that fails here must not be the first to fail again.
        self.sessions.postpone(session.id, _next_look(session))
        try:
            self._resolve(session)
        except (AlreadyPurchasedError, PaymentInProgressError):
            # It had been paid when we closed it; its settlement is on the queue.
            logger.info("settlement_queued", payment_session_id=session.id)
        except CheckoutError as error:
            count("payments.sweep.failed")
            logger.warning(
                "sweep_failed", payment_session_id=session.id, code=error.code
            )

    def _resolve(self, session: PaymentSession) -> None:
        over = clock.now() >= clock.from_iso(session.expires_at)
        if session.status is Status.INTENT or (session.status is Status.OPEN and over):
            self.payable.close(session)
            return
        assert session.stripe_session_id  # noqa: S101 - Stripe has it by now
        found = self.stripe.session(session.stripe_session_id)
        if is_ahead(found, session):
            self.payment_events.send_observed(found)
            logger.info("settlement_queued", payment_session_id=session.id)


def _next_look(session: PaymentSession) -> datetime:
    """Look less and less often, but once when the time to pay is over."""
    now = clock.now()
    age = now - clock.from_iso(session.created_at)
    later = now + min(max(age, FIRST_LOOK), LONGEST_PAUSE)
    end = clock.from_iso(session.expires_at)
    return end if now < end < later else later
