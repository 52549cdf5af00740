"""How a Checkout Session that nobody paid has ended."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from checkout import clock
from checkout.domain.audit_action import AuditAction
from checkout.domain.checkout_session import CheckoutSession
from checkout.domain.payment_session import PaymentSession

# Why a session was ended before its time.
REPLACED = "replaced"  # by a session with other terms
CANCELLED_BY_BUYER = "cancelled_by_buyer"
OFFER_WITHDRAWN = "offer_withdrawn"
NEVER_ANSWERED = "never_answered"  # the create request crashed: nobody has the URL
TIME_TO_PAY_OVER = "time_to_pay_over"  # the offer's own, before Stripe's
ENDED_EARLY = "ended_early"  # Stripe does not say by whom

# Stripe's clock and ours may differ.
TOLERANCE = timedelta(minutes=1)


class UnpaidEnd(NamedTuple):
    """
    What the audit log says of it.

    *recovery* has the page on which the buyer can continue. Whoever knows its address
    can pay, so it is never logged.
    """

    action: AuditAction
    reason: dict[str, str]
    recovery: dict[str, str]


def unpaid_end(
    session: PaymentSession,
    checkout: CheckoutSession | None,
    at: datetime,
    reason: str = ENDED_EARLY,
) -> UnpaidEnd:
    """
    Return how *session* has ended *at* a time: abandoned, or expired for a *reason*.

    It is abandoned if its whole time has passed, whoever finds that out.
    """
    if at < _end_of(session, checkout) - TOLERANCE:
        return UnpaidEnd(AuditAction.CHECKOUT_EXPIRED, {"reason": reason}, {})
    recovery = {}
    if checkout and checkout.recovery_url:
        recovery["recovery_url"] = checkout.recovery_url
        if expires_at := _time(checkout.recovery_expires_at):
            recovery["recovery_expires_at"] = clock.iso(expires_at)
    return UnpaidEnd(AuditAction.CHECKOUT_ABANDONED, {}, recovery)


def _end_of(session: PaymentSession, checkout: CheckoutSession | None) -> datetime:
    """Return Stripe's end of the session; without it, that of our record."""
    stripes = _time(checkout.expires_at) if checkout else None
    return stripes or clock.from_iso(session.expires_at)


def _time(seconds: int | None) -> datetime | None:
    """Return a time, None for what is none."""
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
