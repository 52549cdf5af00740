"""Finds payment sessions by any id that belongs to the payment."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pkgutil import iter_modules
from typing import Any

from checkout import kinds
from checkout.domain.checkout_session import payment_session_id_of
from checkout.domain.offer_item import OfferItem
from checkout.domain.payment_session import PaymentSession
from checkout.domain.purchase import Purchase, id_for
from checkout.domain.stripe_object import id_of, object_of
from checkout.stripe_errors import StripeBrokenError, StripeRefusedError
from cli.console import CommandError
from cli.stack import Stack

KINDS = tuple(module.name for module in iter_modules(kinds.__path__))
# Not a kind: a row is sold through its bids.
ROW = "row"

LONGEST_ID = 300
# The ids that this project and Stripe generate; an offer's id may be any text.
GENERATED_ID = re.compile(r"(ps|pur|cs|pi|evt)_[A-Za-z0-9_]+")

# Per offer: a product may have any number of sessions.
MOST_SESSIONS = 100


def find(stack: Stack, given: str, *, offline: bool) -> list[PaymentSession]:
    """
    Return the sessions that the id *given* belongs to, newest first.

    Calls Stripe only if the tables do not have the id, and never if *offline*.
    """
    if not (given.isprintable() and 0 < len(given) <= LONGEST_ID):
        raise CommandError("This is not the id of a payment.")
    if GENERATED_ID.fullmatch(given) and (
        found := _by_generated_id(stack, given, offline)
    ):
        return [found]
    return _by_offer(stack, given)


def _by_generated_id(stack: Stack, given: str, offline: bool) -> PaymentSession | None:
    prefix, _, rest = given.partition("_")
    match prefix:
        case "ps":
            return _session(stack, given)
        case "pur":
            purchase = stack.purchases.get(given)
            return _of_purchase(stack, purchase) or _session(stack, f"ps_{rest}")
        case "cs":
            if found := stack.sessions.by_stripe_id(given):
                return found
            # The payment may have come through another Checkout Session than ours.
            purchase = stack.purchases.get(id_for(given))
            if found := _of_purchase(stack, purchase):
                return found
        case "pi":
            purchase = stack.purchases.by_payment_intent(given)
            if found := _of_purchase(stack, purchase):
                return found
    return None if offline else _from_stripe(stack, prefix, given)


def _from_stripe(stack: Stack, prefix: str, given: str) -> PaymentSession | None:
    try:
        match prefix:
            case "cs":
                found = stack.stripe.session(given)
            case "pi":
                found = stack.stripe.payment_intent(given)
            case _:
                found = {**object_of(stack.stripe.event(given))}
    except StripeBrokenError:
        raise
    except StripeRefusedError:
        return None
    return _of_stripe_object(stack, found)


def _of_stripe_object(
    stack: Stack, stripe_object: Mapping[str, Any]
) -> PaymentSession | None:
    """Follow our metadata or, for refunds and disputes, the payment intent."""
    if payment_session_id := payment_session_id_of(stripe_object):
        return _session(stack, payment_session_id)
    payment_intent = id_of(stripe_object.get("payment_intent"))
    if not payment_intent:
        return None
    return _of_purchase(stack, stack.purchases.by_payment_intent(payment_intent))


def _of_purchase(stack: Stack, purchase: Purchase | None) -> PaymentSession | None:
    if purchase is None:
        return None
    return stack.sessions.get(purchase.payment_session_id) or _lost(purchase)


def _session(stack: Stack, payment_session_id: str) -> PaymentSession | None:
    """Return the session; if it is lost, what its payment tells of it."""
    if found := stack.sessions.get(payment_session_id):
        return found
    entries = stack.audit_log.entries(payment_session_id)
    named = (entry["purchase_id"] for entry in entries if "purchase_id" in entry)
    purchases = (stack.purchases.get(purchase_id) for purchase_id in named)
    return next((_lost(purchase) for purchase in purchases if purchase), None)


def _lost(purchase: Purchase) -> PaymentSession:
    """Return a stand-in for the session of *purchase*, which is not recorded."""
    session = PaymentSession.lost(
        purchase.payment_session_id,
        purchase.kind,
        purchase.amount,
        purchase.currency,
        purchase.purchased_at,
    )
    return replace(
        session,
        stripe_session_id=purchase.stripe_session_id,
        stripe_payment_intent_id=purchase.stripe_payment_intent_id,
    )


def offers_called(stack: Stack, given: str) -> list[OfferItem]:
    """Return the offers with the id *given*, with or without an item type."""
    found = (stack.offers.get(*key) for key in _keys_of_offers(given))
    return [offer for offer in found if offer]


def _keys_of_offers(given: str) -> list[tuple[str, str]]:
    """Return `order#order_1` as it is, and an id without a type with each type."""
    item_type, separator, offer_id = given.partition("#")
    if separator:
        return [(item_type, offer_id)]
    return [(item_type, given) for item_type in (*KINDS, ROW)]


def _by_offer(stack: Stack, given: str) -> list[PaymentSession]:
    keys = _keys_of_offers(given)
    found = [session for key in keys for session in _sessions_of(stack, *key)]
    return sorted(found, key=lambda session: session.created_at, reverse=True)


def _sessions_of(
    stack: Stack, item_type: str, offer_id: str
) -> Iterator[PaymentSession]:
    if item_type != ROW:
        yield from islice(stack.sessions.of_offer(item_type, offer_id), MOST_SESSIONS)
    elif offer_id:
        bids, quotes = stack.offers.of_row(offer_id)
        for offer in bids + quotes:
            yield from _sessions_of(stack, offer.item_type, offer.item_id)
