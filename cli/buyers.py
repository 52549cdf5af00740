"""`export-buyer` and `erase-buyer`: what is stored about a buyer."""

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, Any, NamedTuple

import typer

from checkout.domain.checkout_session import payment_session_id_of
from checkout.domain.purchase import Purchase, id_for
from checkout.flows.erase_buyer import Erased, Erasure, Payment
from checkout.stripe_errors import StripeError, StripeRefusedError
from checkout.tables.buyer_records import Item
from cli.console import (
    CommandError,
    Json,
    Yes,
    ask,
    print_json,
    print_records,
    say,
    waiting,
    with_progress,
)
from cli.find import GENERATED_ID, find
from cli.stack import Stack, stack_of

BuyerId = Annotated[
    str,
    typer.Argument(
        metavar="BUYER",
        help="The buyer's id (the token's sub); of a payment without a login any of "
        "its ids: ps_, pur_, cs_, pi_.",
    ),
]

# What buys, what pays, and what says nothing about a person.
NOT_EXPORTED = frozenset(
    [
        *("url", "idempotency_key", "terms_digest", "rank", "offer"),
        *("unresolved", "due_at", "recovery_url"),
    ]
)
# Attributes that are the text of a JSON object.
TEXTS = ("stripe_request", "shown", "entered")
NOT_INCLUDED = (
    "offers that name the buyer: the host application wrote them",
    "what Stripe has: see at_stripe, and Stripe's dashboard",
    "published events, which subscribers and Segment may have stored",
    "logs: ids only, for thirty days",
    "deleted data in point-in-time recovery, for 35 days",
)


def export_buyer(
    ctx: typer.Context,
    buyer: BuyerId,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask Stripe for its customers.")
    ] = False,
) -> None:
    """Print all that is stored about a buyer, as JSON; it has the e-mail address."""
    stack = stack_of(ctx)
    with waiting("Reading the buyer's payments"):
        sessions, purchases, entries = stored_about(stack, buyer, offline=offline)
        held = [
            ownership._asdict()
            for key in dict.fromkeys(
                p["sale_key"] for p in purchases if p.get("sale_key")
            )
            if (ownership := stack.ownerships.get(key))
            and ownership.purchase_id in {p["id"] for p in purchases}
        ]
        customers = None if offline else customers_of(stack, sessions, purchases)
    print_json(
        {
            "buyer": buyer,
            "payment_sessions": [exported(each) for each in sessions],
            "purchases": [exported(each) for each in purchases],
            "ownerships": held,
            "counts": stack.buyer_records.counts(buyer) or {},
            "audit_log": [exported(e) for each in entries.values() for e in each],
            "at_stripe": {
                "customers": customers,
                "checkout_sessions": distinct(
                    each.get("stripe_session_id") for each in (*sessions, *purchases)
                ),
                "payment_intents": distinct(
                    each.get("stripe_payment_intent_id")
                    for each in (*sessions, *purchases)
                ),
                "refunds": distinct(i for p in purchases for i in p.get("refunds", {})),
                "disputes": distinct(
                    i for p in purchases for i in p.get("disputes", {})
                ),
            },
            "not_included": list(NOT_INCLUDED),
        }
    )


def erase_buyer(
    ctx: typer.Context,
    buyer: BuyerId,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be erased.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Erase what identifies a buyer; the accounting record stays. Cannot be undone."""
    stack = stack_of(ctx)
    with waiting("Reading the buyer's payments"):
        payments = payments_of(stack, buyer)
    unfinished = [each for each in payments if each.is_unfinished]
    if unfinished:
        raise CommandError(
            "Nothing was erased. Repeat it when these payments have ended: "
            + "; ".join(sentence_about(each) for each in unfinished)
        )
    erasure = Erasure(
        records=stack.buyer_records,
        purchases=stack.purchases,
        audit_log=stack.audit_log,
    )
    erased = erasure.preview(payments)
    if any(erased) and not dry_run:
        ask(
            f"Erase what identifies {buyer} from {erased.sessions} payment sessions, "
            f"{erased.purchases} purchases and {erased.audit_entries} audit entries?",
            yes=yes,
        )
        operator = stack.operator
        for payment in with_progress(payments, "Erasing"):
            erasure.erase(payment, operator)
    print_erased(erased, dry_run=dry_run, as_json=as_json)


def print_erased(erased: Erased, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"erased": erased._asdict(), "dry_run": dry_run})
        return
    print_records([erased._asdict()])
    if dry_run:
        say("Nothing was changed.")
    else:
        say(
            "Kept: ids, the buyer's too, amounts, dates, refunds. Elsewhere: Stripe, "
            "subscribers, Segment; deleted data in point-in-time recovery for 35 days."
        )


# ------------------------------------------------------------ finding


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
    if found := find(stack, given, offline=True):
        return found[0].id
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


def payments_of(stack: Stack, buyer: str) -> list[Payment]:
    stored = stored_about(stack, buyer, offline=False)
    purchases: list[Purchase] = [
        found for item in stored.purchases if (found := stack.purchases.get(item["id"]))
    ]
    return [
        Payment(
            session=stack.sessions.get(session_id),
            purchases=tuple(p for p in purchases if p.payment_session_id == session_id),
            entries=tuple(entries),
        )
        for session_id, entries in stored.entries.items()
    ]


def sentence_about(payment: Payment) -> str:
    under_way = [p for p in payment.purchases if p.open_requests or p.pending_refunds]
    if under_way:
        return f"a refund of {under_way[0].id} is under way"
    if (session := payment.session) is None:
        return "a refund is under way"
    return f"{session.id} is {session.status} (until {session.expires_at})"


# ------------------------------------------------------------ exporting


def exported(item: Item) -> dict[str, Any]:
    """Return an item as it is stored, without what nobody but us may have."""
    shown = {name: value for name, value in item.items() if name not in NOT_EXPORTED}
    for name in TEXTS:
        # What is no JSON is shown as it is.
        with suppress(KeyError, TypeError, ValueError):
            shown[name] = json.loads(shown[name])
    return shown


def customers_of(
    stack: Stack, sessions: list[Item], purchases: list[Item]
) -> list[str] | None:
    """Return the ids of Stripe's customers, which our records do not have."""
    ids = distinct(each.get("stripe_session_id") for each in (*sessions, *purchases))
    try:
        found = [stack.stripe.session(each).get("customer") for each in ids]
    except StripeError as error:
        say(f"Stripe's customers are missing: {error.__cause__ or error}")
        return None
    return distinct(each for each in found if isinstance(each, str))


def distinct(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))
