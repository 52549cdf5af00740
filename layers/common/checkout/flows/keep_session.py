"""Keep an unpaid session while money for it may come through another page."""

from checkout import clock
from checkout.domain.checkout_payment import made_at
from checkout.domain.payment_session import ENDED_UNPAID, PaymentSession, Status
from checkout.domain.stripe_events import Event
from checkout.tables import transaction
from checkout.tables.payment_sessions import PaymentSessions


def keep(
    sessions: PaymentSessions,
    session: PaymentSession,
    status: Status,
    event: Event,
    stripe_session_id: str,
) -> bool:
    """
    Keep a session whose recovered Checkout Session has got to *status*.

    Its money is on its way, and may be refused; or it has expired as well, and can be
    recovered in turn. Returns False if the session need not be kept longer than it is.
    """
    is_kept = status in {Status.PROCESSING, Status.EXPIRED}
    if session.status not in ENDED_UNPAID or not is_kept:
        return False
    at = made_at(event, clock.now())
    later = sessions.recoverable(session, stripe_session_id, at)
    return not transaction.execute(later)
