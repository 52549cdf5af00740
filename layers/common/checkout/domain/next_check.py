"""When reconcile asks Stripe about a record, if no event resolves it before."""

from datetime import datetime, timedelta

from checkout.clock import from_iso
from checkout.domain.payment_session import PaymentSession, Status
from checkout.domain.purchase import Purchase

# A session that is still prepared after this was left behind by a crash. One that is
# open this long after its deadline was not expired by Stripe, or its event was lost.
PREPARED_AT_MOST = OPEN_AFTER_DEADLINE = timedelta(minutes=10)
# No bank takes longer for a debit: https://docs.stripe.com/payments/ach-direct-debit
PROCESSING_AT_MOST = timedelta(days=15)
# The caller's own attempt to send the request is over by then.
REQUEST_PAUSE = timedelta(minutes=2)
# A pending refund: after an hour, then each time after twice its age.
SHORTEST_REFUND_PAUSE = timedelta(hours=1)
LONGEST_REFUND_PAUSE = timedelta(days=7)
DISPUTE_PAUSE = timedelta(days=1)
# Reconcile finds the receipt of a payment in Stripe's balance, within the overlap of
# that stream. It may have passed a payment that was recorded later than this; then the
# receipt is asked for.
RECORDED_LATE = timedelta(minutes=10)
RECEIPT_PAUSE = timedelta(minutes=10)
LONGEST_RECEIPT_PAUSE = timedelta(days=1)


def session_check(session: PaymentSession, status: Status, now: datetime) -> datetime:
    """Return when a session is due that has *status* from now on."""
    if status is Status.PREPARED:
        return from_iso(session.created_at) + PREPARED_AT_MOST
    if status is Status.OPEN:
        return from_iso(session.expires_at) + OPEN_AFTER_DEADLINE
    return now + PROCESSING_AT_MOST


def purchase_check(purchase: Purchase, now: datetime) -> datetime | None:
    """
    Return when the purchase is due, None if nothing of it is unresolved.

    Until the money arrives, the payment session is what is unresolved.
    """
    if not purchase.has_arrived:
        return None
    pauses = []
    if purchase.open_requests:
        pauses.append(REQUEST_PAUSE)
    for refund in purchase.pending_refunds:
        age = now - from_iso(refund.created_at)
        pauses.append(_within(age, SHORTEST_REFUND_PAUSE, LONGEST_REFUND_PAUSE))
    if purchase.open_disputes:
        pauses.append(DISPUTE_PAUSE)
    if purchase.stripe_payment_intent_id and purchase.receipt is None:
        age = now - from_iso(purchase.purchased_at)
        if age > RECORDED_LATE:
            pauses.append(_within(age, RECEIPT_PAUSE, LONGEST_RECEIPT_PAUSE))
    return now + min(pauses) if pauses else None


def _within(pause: timedelta, shortest: timedelta, longest: timedelta) -> timedelta:
    return min(max(pause, shortest), longest)
