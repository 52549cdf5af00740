"""What follows from a request that Stripe does not accept."""

from datetime import datetime, timedelta

from checkout.clock import from_iso
from checkout.domain import checkout_options
from checkout.domain.payment_session import EMAIL, PaymentSession
from checkout.domain.stripe_request import options_of
from checkout.domain.terms import Terms
from checkout.errors import NotPurchasableError

# For so long, the same terms are not sent to Stripe again: its answer would be the
# same. Later, somebody may have changed the Stripe account.
STANDS_FOR = timedelta(minutes=10)

# Stripe wants a Checkout Session to stay open for thirty minutes. A prepared session
# that is opened later than this may have less left; a new one has enough.
FRESH_FOR = timedelta(seconds=30)

# How many refused sessions of offers without a sale key are kept in memory.
MOST_KEPT = 100

NOT_ACCEPTED = {"amount_too_small": "so small an amount", "amount_too_large": "so much"}
# A part of the parameter that Stripe names, and what it means to the caller.
PARTS = {
    "currency": "its currency",
    "[name]": "its title",
    "quantity": "its quantity",
    "amount": "its price",
    "_url": "the page to return to",
    "metadata": "its details",
    "line_items": "its lines",
}


def keep(refused: dict[str, PaymentSession], session: PaymentSession) -> None:
    """Keep a refused *session* in *refused*, by the digest of its terms."""
    refused.pop(session.terms_digest, None)
    refused[session.terms_digest] = session
    if len(refused) > MOST_KEPT:
        del refused[next(iter(refused))]


def is_of_offer(session: PaymentSession, terms: Terms) -> bool:
    """
    Return whether Stripe refused *session* for the offer as it is in *terms*.

    A refusal of the page to return to says nothing of the offer.
    """
    if session.refusal_code is None or "_url" in (session.refusal_param or ""):
        return False
    offered = (terms.offer.total, terms.offer.recorded_title)
    if (session.price, session.title) != offered:
        return False
    return options_of(session.request) == options_of(terms.request)


def next_terms(session: PaymentSession, terms: Terms, now: datetime) -> Terms:
    """
    Return the terms of the next attempt, after Stripe refused the one of *session*.

    They leave out a decoration that Stripe refused. Raises NotPurchasableError if
    another attempt would be refused too.
    """
    code, param = session.refusal_code or "", session.refusal_param or ""
    reduced = terms.without(EMAIL if code == "email_invalid" else param)
    if reduced:
        return reduced
    age = now - from_iso(session.created_at)
    if age > STANDS_FOR or (param == "expires_at" and age > FRESH_FOR):
        return terms
    raise NotPurchasableError(
        "This cannot be bought: the payment provider does not accept "
        f"{_what(code, param)}."
    )


def _what(code: str, param: str) -> str:
    if code in NOT_ACCEPTED:
        return NOT_ACCEPTED[code]
    option = param.partition("[")[0]
    if option in checkout_options.OF_SESSION:
        return f"its option {option}"
    for option in (checkout_options.OF_PRICE, checkout_options.OF_PRODUCT):
        if f"[{option}]" in param:
            return f"its option {option}"
    return next((what for part, what in PARTS.items() if part in param), "this offer")
