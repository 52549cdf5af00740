"""Finds payments at Stripe: by the ids that its mails, dashboard and exports show."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from checkout.domain.checkout_session import payment_session_id_of
from checkout.domain.stripe_object import id_of, object_of
from checkout.stripe_errors import StripeBrokenError, StripeRefusedError
from cli.desk_stripe import DeskStripe
from cli.stack import Stack

type Object = Mapping[str, Any]


def _source_of(stripe: DeskStripe, transaction_id: str) -> Object:
    source = stripe.balance_transaction(transaction_id).get("source")
    return source if isinstance(source, Mapping) else {}


def _object_of(stripe: DeskStripe, event_id: str) -> Object:
    return object_of(stripe.event(event_id))


# How Stripe is asked for an id, by what the id begins with. Each answer has the
# metadata of our payment session, or names the payment intent.
READS: dict[str, Callable[[DeskStripe, str], Object]] = {
    "cs": DeskStripe.session,
    "pi": DeskStripe.payment_intent,
    "evt": _object_of,
    "ch": DeskStripe.charge,
    "py": DeskStripe.charge,  # a charge of another payment method than a card
    "re": DeskStripe.refund,
    "pyr": DeskStripe.refund,  # a refund of such a charge
    "du": DeskStripe.dispute,
    "dp": DeskStripe.dispute,  # as older ones are called
    "txn": _source_of,
    "issfr": DeskStripe.fraud_warning,
}
PREFIXES = tuple(READS)

CUSTOMER = re.compile(r"cus_[A-Za-z0-9_]+")
GUEST = re.compile(r"gcus_[A-Za-z0-9_]+")
RECEIPT_NUMBER = re.compile(r"\d{4}-\d{4}(-\d+)?")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")

UNDERSTOOD = (
    "ps_ and pur_ (ours), cs_, pi_, evt_, ch_, py_, re_, pyr_, du_, dp_, txn_, issfr_ "
    "and cus_ (Stripe's), an offer (order_1, row#7), a buyer's id, an e-mail address"
)


class FoundAtStripe(NamedTuple):
    payment_session_id: str | None
    payment_intent_id: str | None


def read(stack: Stack, given: str) -> FoundAtStripe | None:
    """Return whose an id of Stripe's is, or None if Stripe has no such object."""
    prefix, _, _ = given.partition("_")
    try:
        found = READS[prefix](stack.stripe, given)
    except StripeBrokenError:
        raise
    except StripeRefusedError:
        return None
    return FoundAtStripe(
        payment_session_id_of(found), id_of(found.get("payment_intent"))
    )


def sessions_of_customer(stack: Stack, given: str, most: int) -> Iterator[str]:
    """Yield the ids of our sessions of a customer's id or e-mail address."""
    of: dict[str, Any]
    if CUSTOMER.fullmatch(given):
        of = {"customer": given}
    elif EMAIL.fullmatch(given):
        of = {"customer_details": {"email": given}}
    else:
        return
    try:
        found = stack.stripe.sessions_of(of, most)
    except StripeBrokenError:
        raise
    except StripeRefusedError:
        return
    for session in found:
        if payment_session_id := payment_session_id_of(session):
            yield payment_session_id


def nothing_found(given: str, *, offline: bool) -> str:
    """Return the sentences for an id to which no payment belongs."""
    if GUEST.fullmatch(given):
        why = (
            "Guest customers are in Stripe's dashboard only; its API does not have "
            "them. Open one there, and give the id of a payment (pi_) or the e-mail "
            "address."
        )
    elif RECEIPT_NUMBER.fullmatch(given):
        why = (
            "If it is the number of a receipt: Stripe's API cannot search for it. "
            "Search in Stripe's dashboard, and give the payment's id (pi_ or ch_)."
        )
    else:
        why = f"These are understood: {UNDERSTOOD}."
    if offline:
        why += " Stripe was not asked, because of --offline."
    return f"No payment belongs to {given}. {why}"
