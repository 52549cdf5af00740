"""What Stripe says of a payment: its state now, and its events."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from checkout import clock
from checkout.domain import stripe_events
from checkout.domain.checkout_session import CheckoutSession, payment_session_id_of
from checkout.domain.payment_session import PaymentSession
from checkout.domain.stripe_object import id_of, object_of, part_of
from cli.fields import Fields
from cli.replay import KEPT_BY_STRIPE
from cli.stack import Stack
from cli.timeline import iso

# A Checkout Session is open for at most a day, so its events of these types are from
# that day. A busy account has too many of them to search a whole month.
WHILE_OPEN = frozenset(
    [
        stripe_events.SESSION_COMPLETED,
        stripe_events.SESSION_EXPIRED,
        stripe_events.PAYMENT_FAILED,
        "payment_intent.processing",
        "payment_intent.succeeded",
    ]
)
LONGEST_OPEN = timedelta(hours=25)


def stripe_view(stack: Stack, session: PaymentSession) -> Fields | None:
    if session.stripe_session_id is None:
        return None
    stripe_object = stack.stripe.session(session.stripe_session_id)
    found = CheckoutSession.from_stripe(stripe_object)
    view = {
        "session_status": found.status,
        "payment_status": found.payment_status,
        "amount_subtotal": found.amount_subtotal,
        "amount_total": found.amount_total,
        "currency": found.currency,
        "expires_at": iso(found.expires_at),
        "payment_intent": found.payment_intent,
    }
    payment_intent = stripe_object.get("payment_intent")
    if isinstance(payment_intent, Mapping):
        view["payment_intent_status"] = payment_intent.get("status")
        view["amount_received"] = payment_intent.get("amount_received")
        last_error = part_of(payment_intent, "last_payment_error")
        view["last_error"] = last_error.get("code")
        view["decline_code"] = last_error.get("decline_code")
    return view


def related_events(stack: Stack, session: PaymentSession) -> Iterator[Fields]:
    """Yield the events of a session that Stripe still keeps."""
    now = clock.now()
    created = clock.from_iso(session.created_at)
    since = max(created, now - KEPT_BY_STRIPE)
    windows = [
        (min(created + LONGEST_OPEN, now), WHILE_OPEN),
        (now, stripe_events.FROM_STRIPE - WHILE_OPEN),
    ]
    for until, types in windows:
        if since < until:
            for event in stack.stripe.events(
                int(since.timestamp()),
                int(until.timestamp()) + 1,  # the upper bound is exclusive
                types,
                undelivered=False,
            ):
                if _belongs(object_of(event), session):
                    yield event


def _belongs(stripe_object: Mapping[str, Any], session: PaymentSession) -> bool:
    payment_intent = id_of(stripe_object.get("payment_intent"))
    stripe_id = id_of(stripe_object)
    return (
        payment_session_id_of(stripe_object) == session.id
        or (stripe_id is not None and stripe_id == session.stripe_session_id)
        or (
            payment_intent is not None
            and payment_intent == session.stripe_payment_intent_id
        )
    )
