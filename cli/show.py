"""Everything about one payment, from any of its ids, as one timeline."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from checkout import clock
from checkout.domain import stripe_events
from checkout.domain.checkout_session import CheckoutSession
from checkout.domain.payment_session import PaymentSession
from checkout.domain.purchase import Purchase, id_for
from checkout.domain.stripe_object import id_of
from checkout.errors import StripeError
from cli import facts
from cli.console import (
    CommandError,
    Json,
    print_facts,
    print_json,
    print_table,
    say,
    waiting,
)
from cli.facts import Facts
from cli.find import find
from cli.stack import Stack, stack_of

# Stripe's sessions live for a day, so these belong to that day; a busy account has far
# too many to look through a month of them.
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
KEPT_BY_STRIPE = timedelta(days=30)


def show(
    ctx: typer.Context,
    payment: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="ps_, pur_, cs_, pi_, evt_, or an offer's: order_1, row#7",
        ),
    ],
    everything: Annotated[
        bool, typer.Option("--all", help="Each payment of the offer, not the newest.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask Stripe.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show everything about one payment, from any of its ids."""
    stack = stack_of(ctx)
    found = find(stack, payment, offline=offline)
    if not found:
        raise CommandError(f"No payment belongs to {payment}.")
    chosen = found if everything else found[:1]
    with waiting("Asking what is known of it"):
        stories = [story(stack, session, offline=offline) for session in chosen]
    listed = [
        {name: getattr(session, name) for name in ("id", "status", "created_at")}
        for session in found
    ]
    if as_json:
        print_json({"found": listed, "payments": stories})
        return
    if len(found) > 1:
        print_table(
            ["payment session", "status", "created"],
            [tuple(session.values()) for session in listed],
        )
        typer.echo()
    for each in stories:
        print_story(each)


def story(stack: Stack, session: PaymentSession, *, offline: bool) -> Facts:
    """Tell what our tables and Stripe know of a session."""
    entries = stack.audit_log.entries(session.id)
    timeline = [_of_audit(entry) for entry in entries]
    stripe = None
    if not offline:
        try:
            stripe = stripe_view(stack, session)
            timeline += (_of_event(event) for event in related_events(stack, session))
        except StripeError as error:
            say(f"What Stripe knows is left out: {error.__cause__ or error}")
    return {
        "session": facts.of_session(session),
        "purchases": [
            facts.of_purchase(purchase)
            for purchase in purchases_of(stack, session, entries)
        ],
        "stripe": stripe,
        "timeline": in_order(timeline),
    }


def purchases_of(
    stack: Stack, session: PaymentSession, entries: list[Facts]
) -> list[Purchase]:
    """Return its purchase; several if it was paid through other sessions, too."""
    told = [entry["purchase_id"] for entry in entries if "purchase_id" in entry]
    ids = dict.fromkeys([id_for(session.id), *told])
    found = (stack.purchases.get(purchase_id) for purchase_id in ids)
    return [purchase for purchase in found if purchase]


# ---------------------------------------------------------------- what Stripe knows


def stripe_view(stack: Stack, session: PaymentSession) -> Facts | None:
    if session.stripe_session_id is None:
        return None
    stripe_object = stack.stripe.session(session.stripe_session_id)
    found = CheckoutSession.from_stripe(stripe_object)
    view = {
        "session_status": found.status,
        "payment_status": found.payment_status,
        "amount_total": found.amount_total,
        "currency": found.currency,
        "expires_at": _iso(found.expires_at),
        "payment_intent": found.payment_intent,
    }
    intent = stripe_object.get("payment_intent")
    if isinstance(intent, Mapping):
        view["payment_intent_status"] = intent["status"]
        view["amount_received"] = intent.get("amount_received")
        view["last_error"] = (intent.get("last_payment_error") or {}).get("code")
    return view


def related_events(stack: Stack, session: PaymentSession) -> Iterator[Facts]:
    """Yield the events that Stripe still has of a session."""
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
                int(until.timestamp()) + 1,  # until is not included
                types,
                undelivered=False,
            ):
                if _belongs(event["data"]["object"], session):
                    yield event


def _belongs(stripe_object: Mapping[str, Any], session: PaymentSession) -> bool:
    metadata = stripe_object.get("metadata") or {}
    payment_intent = id_of(stripe_object.get("payment_intent"))
    return (
        metadata.get("payment_session_id") == session.id
        or stripe_object["id"] == session.stripe_session_id
        or (
            payment_intent is not None
            and payment_intent == session.stripe_payment_intent_id
        )
    )


# ---------------------------------------------------------------- one timeline


WHOLE_SECONDS = len("2026-01-31T12:00:00")

# What every entry says, and the session above has said already.
TOLD = {
    *("payment_session_id", "entry_id", "at", "action"),
    *("kind", "offer_id", "buyer_id", "amount", "currency"),
}


def in_order(timeline: list[Facts]) -> list[Facts]:
    """Sort by time; as Stripe tells whole seconds, an event precedes what it did."""
    did = {
        entry["facts"]["event_id"]: entry["at"]
        for entry in timeline
        if entry["from"] == "us" and "event_id" in entry["facts"]
    }

    def moment(entry: Facts) -> tuple[str, bool]:
        at, is_ours = str(entry["at"]), entry["from"] == "us"
        effect = did.get(entry["facts"].get("event_id"), "")
        in_the_same_second = effect[:WHOLE_SECONDS] == at[:WHOLE_SECONDS]
        return (effect if in_the_same_second and not is_ours else at), is_ours

    return sorted(timeline, key=moment)


def _of_audit(entry: Facts) -> Facts:
    rest = {name: value for name, value in entry.items() if name not in TOLD}
    return {"at": entry["at"], "from": "us", "what": entry["action"], "facts": rest}


def _of_event(event: Facts) -> Facts:
    rest = {"event_id": event["id"], "pending_webhooks": event["pending_webhooks"]}
    at = _iso(event["created"])
    return {"at": at, "from": "Stripe", "what": event["type"], "facts": rest}


def _iso(unix_seconds: int) -> str:
    return clock.iso(datetime.fromtimestamp(unix_seconds, UTC))


# ---------------------------------------------------------------- for people


def print_story(told: Facts) -> None:
    print_facts("Payment session", facts.for_people(told["session"]))
    for purchase in told["purchases"]:
        print_facts("Purchase", facts.for_people(purchase))
    if told["stripe"]:
        print_facts("Stripe, now", facts.for_people(told["stripe"]))
    print_table(
        ["at", "from", "what", "facts"],
        [
            (entry["at"], entry["from"], entry["what"], _in_words(entry["facts"]))
            for entry in told["timeline"]
        ],
    )


def _in_words(said: Facts) -> str:
    return ", ".join(f"{name} {value}" for name, value in said.items())
