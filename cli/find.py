"""Finds payment sessions by any id that belongs to the payment."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pkgutil import iter_modules

from checkout import kinds
from checkout.domain.offer_item import OfferItem
from checkout.domain.payment_session import PaymentSession
from checkout.domain.purchase import Purchase, id_for
from cli import find_at_stripe
from cli.console import CommandError
from cli.find_at_stripe import FoundAtStripe
from cli.stack import Stack

KINDS = tuple(module.name for module in iter_modules(kinds.__path__))
# Not a kind: a row is sold through its bids.
ROW = "row"

LONGEST_ID = 300
# The ids that this project and Stripe generate, each of one payment; an offer's or a
# buyer's id may be any text.
OURS = ("ps", "pur")
GENERATED_ID = re.compile(
    rf"({'|'.join((*OURS, *find_at_stripe.PREFIXES))})_[A-Za-z0-9_]+"
)

# Per offer, buyer, customer and e-mail address: each may have any number of sessions.
MOST_SESSIONS = 100


def find(stack: Stack, given: str, *, offline: bool) -> list[PaymentSession]:
    """
    Return the sessions that the id *given* belongs to, newest first.

    Of an offer, a buyer or an e-mail address these are at most MOST_SESSIONS. Calls
    Stripe only if the tables do not have the id, and never if *offline*.
    """
    if not (given.isprintable() and 0 < len(given) <= LONGEST_ID):
        raise CommandError("This is not the id of a payment.")
    if found := find_one(stack, given, offline=offline):
        return [found]
    sessions = [*_by_offer(stack, given), *_by_buyer(stack, given)]
    if not offline:
        ids = find_at_stripe.sessions_of_customer(stack, given, MOST_SESSIONS)
        sessions += _sessions(stack, ids)
    different = {session.id: session for session in sessions}.values()
    return sorted(different, key=lambda each: each.created_at, reverse=True)


def find_one(stack: Stack, given: str, *, offline: bool) -> PaymentSession | None:
    """Return the session of a generated id, None if it has none or is no such id."""
    if not GENERATED_ID.fullmatch(given):
        return None
    prefix, _, rest = given.partition("_")
    if prefix == "ps":
        return _session(stack, given)
    if prefix == "cs" and (known := stack.sessions.by_stripe_id(given)):
        return known
    purchase = _purchase_called(stack, prefix, given)
    if found := _of_purchase(stack, purchase):
        return found
    if prefix == "pur":
        return _session(stack, f"ps_{rest}")
    return None if offline else _from_stripe(stack, given)


def _purchase_called(stack: Stack, prefix: str, given: str) -> Purchase | None:
    match prefix:
        case "pur":
            return stack.purchases.get(given)
        case "cs":
            # The payment may have come through another Checkout Session than ours.
            return stack.purchases.get(id_for(given))
        case "pi":
            return stack.purchases.by_payment_intent(given)
    return None


def _from_stripe(stack: Stack, given: str) -> PaymentSession | None:
    found = find_at_stripe.read(stack, given)
    if found and not found.payment_session_id and found.payment_intent_id:
        purchase = stack.purchases.by_payment_intent(found.payment_intent_id)
        if session := _of_purchase(stack, purchase):
            return session
        # Only Stripe knows the payment intent of a payment that has not arrived.
        found = find_at_stripe.read(stack, found.payment_intent_id)
    return _of_metadata(stack, found)


def _of_metadata(stack: Stack, found: FoundAtStripe | None) -> PaymentSession | None:
    if found is None or found.payment_session_id is None:
        return None
    return _session(stack, found.payment_session_id)


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


def _sessions(stack: Stack, ids: Iterable[str]) -> Iterator[PaymentSession]:
    for payment_session_id in dict.fromkeys(ids):
        if found := _session(stack, payment_session_id):
            yield found


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
    return [session for key in keys for session in _sessions_of(stack, *key)]


def _sessions_of(
    stack: Stack, item_type: str, offer_id: str
) -> Iterator[PaymentSession]:
    if item_type != ROW:
        yield from islice(stack.sessions.of_offer(item_type, offer_id), MOST_SESSIONS)
    elif offer_id:
        bids, quotes = stack.offers.of_row(offer_id)
        for offer in bids + quotes:
            yield from _sessions_of(stack, offer.item_type, offer.item_id)


def _by_buyer(stack: Stack, given: str) -> Iterator[PaymentSession]:
    records = stack.buyer_records
    of_sessions = [item["id"] for item in records.of_sessions(given)]
    of_purchases = [item["payment_session_id"] for item in records.of_purchases(given)]
    newest = (*of_sessions[-MOST_SESSIONS:], *of_purchases[-MOST_SESSIONS:])
    return _sessions(stack, newest)
