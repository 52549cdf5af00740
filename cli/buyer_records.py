"""What is stored about a buyer, or about one payment without a login."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, NamedTuple

import typer

from checkout.domain.checkout_session import payment_session_id_of
from checkout.domain.purchase import id_for
from checkout.stripe_errors import StripeRefusedError
from checkout.tables.buyer_records import Item
from cli.console import CommandError
from cli.find import GENERATED_ID, find_one
from cli.stack import Stack

BuyerId = Annotated[
    str,
    typer.Argument(
        metavar="BUYER",
        help="The buyer's id (the token's sub); of a payment without a login any of "
        "its ids: ps_, pur_, cs_, pi_.",
    ),
]


class Stored(NamedTuple):
    """Items of sessions and purchases, and entries of the audit log by session."""

    sessions: list[Item]
    purchases: list[Item]
    entries: dict[str, list[Item]]


def stored_about(stack: Stack, buyer: str, *, offline: bool) -> Stored:
    """Return what is stored about the buyer, or about one payment without a login."""
    records = stack.buyer_records
    sessions, purchases = records.of_sessions(buyer), records.of_purchases(buyer)
    if not (sessions or purchases) and GENERATED_ID.fullmatch(buyer):
        stored = without_login(stack, buyer, offline=offline)
    else:
        # Also those of sessions that are deleted, and what is about an offer.
        stored = Stored(sessions, purchases, records.audit_entries(buyer))
    if not any(stored):
        raise CommandError(f"Nothing is stored about {buyer}.")
    whole = {
        session_id: stack.audit_log.entries(session_id)
        for session_id in session_ids(stored.sessions, stored.purchases)
    }
    return stored._replace(entries=stored.entries | whole)


def without_login(stack: Stack, given: str, *, offline: bool) -> Stored:
    """Return the records of one payment, which no buyer's id leads to."""
    session_id = session_id_of(stack, given, offline=offline)
    if session_id is None:
        return Stored([], [], {})
    records, entries = stack.buyer_records, stack.audit_log.entries(session_id)
    named = [entry["purchase_id"] for entry in entries if "purchase_id" in entry]
    sessions = records.items(records.sessions, [session_id])
    purchases = records.items(records.purchases, [id_for(session_id), *named])
    for item in (*sessions, *purchases, *entries):
        if "buyer_id" in item:
            raise CommandError(f"{given} is of a login: give the buyer's id.")
    return Stored(sessions, purchases, {session_id: entries} if entries else {})


def session_id_of(stack: Stack, given: str, *, offline: bool) -> str | None:
    """Return the id of the payment session, also if the session is deleted."""
    if found := find_one(stack, given, offline=offline):
        return found.id
    match given.partition("_"):
        case "ps", _, _:
            return given
        case "cs", _, _ if known := stack.sessions.id_by_stripe_id(given):
            return known
        case "cs", _, _ if not offline:
            with suppress(StripeRefusedError):
                return payment_session_id_of(stack.stripe.session(given))
    return None


def session_ids(sessions: Iterable[Item], purchases: Iterable[Item]) -> list[str]:
    return distinct(
        [*(s["id"] for s in sessions), *(p["payment_session_id"] for p in purchases)]
    )


def distinct(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))
