"""`show`: the records of a payment, Stripe's view of it and one timeline."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from checkout import clock
from checkout.domain import stripe_events
from checkout.domain.checkout_session import CheckoutSession, payment_session_id_of
from checkout.domain.payment_session import PaymentSession
from checkout.domain.purchase import Purchase, id_for
from checkout.domain.stripe_object import id_of, object_of, part_of
from checkout.stripe_errors import StripeError
from cli import fields
from cli.console import (
    CommandError,
    Json,
    print_fields,
    print_json,
    print_records,
    print_table,
    say,
    waiting,
)
from cli.fields import Fields
from cli.find import find, offers_called
from cli.offer_file import problems_of
from cli.replay import KEPT_BY_STRIPE
from cli.stack import Stack, stack_of

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


def show(
    ctx: typer.Context,
    payment: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="ps_, pur_, cs_, pi_, evt_, or an offer: order_1, row#7.",
        ),
    ],
    everything: Annotated[
        bool,
        typer.Option("--all", help="Show every payment of the offer, not the newest."),
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not call Stripe.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show everything about a payment, given any id that belongs to it."""
    stack = stack_of(ctx)
    found = find(stack, payment, offline=offline)
    problems = [asdict(each) for each in problems_of(offers_called(stack, payment))]
    if not found:
        if problems and not as_json:
            print_records(problems)
        raise CommandError(f"No payment belongs to {payment}.")
    chosen = found if everything else found[:1]
    with waiting("Reading the payment"):
        reports = [report_on(stack, session, offline=offline) for session in chosen]
    listed = [
        {name: shown[name] for name in ("id", "status", "created_at")}
        for shown in map(fields.of_session, found)
    ]
    if as_json:
        print_json({"found": listed, "payments": reports, "problems": problems})
        return
    if problems:
        print_records(problems)
        typer.echo()
    if len(found) > 1:
        print_table(
            ["payment session", "status", "created"],
            [tuple(session.values()) for session in listed],
        )
        typer.echo()
    for report in reports:
        print_report(report)


def report_on(stack: Stack, session: PaymentSession, *, offline: bool) -> Fields:
    """Return what the tables and Stripe have of a session."""
    entries = stack.audit_log.entries(session.id)
    # What was announced of its offer, whoever was to pay.
    entries += stack.audit_log.entries(f"{session.kind}#{session.offer_id}")
    timeline = [_of_audit_entry(entry) for entry in entries]
    stripe = None
    if not offline:
        try:
            stripe = stripe_view(stack, session)
            timeline += (_of_event(event) for event in related_events(stack, session))
        except StripeError as error:
            say(f"Stripe's view is missing: {error.__cause__ or error}")
    return {
        "session": fields.of_session(session),
        "purchases": [
            fields.of_purchase(purchase)
            for purchase in purchases_of(stack, session, entries)
        ],
        "stripe": stripe,
        "timeline": in_order(timeline),
    }


def purchases_of(
    stack: Stack, session: PaymentSession, entries: list[Fields]
) -> list[Purchase]:
    """Return the session's purchase, and others that its audit entries name."""
    named = [entry["purchase_id"] for entry in entries if "purchase_id" in entry]
    ids = dict.fromkeys([id_for(session.id), *named])
    found = (stack.purchases.get(purchase_id) for purchase_id in ids)
    return [purchase for purchase in found if purchase]


# ---------------------------------------------------------------- Stripe's view


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
        "expires_at": _iso(found.expires_at),
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


# ---------------------------------------------------------------- timeline


WHOLE_SECONDS = len("2026-01-31T12:00:00")

# Fields of an audit entry that the report already has elsewhere; and the address of a
# page that anybody can pay on.
NOT_REPEATED = {
    *("payment_session_id", "entry_id", "at", "action"),
    *("kind", "offer_id", "buyer_id", "amount", "currency"),
    *("title", "creator_id", "metadata", "recovery_url"),
}


def in_order(timeline: list[Fields]) -> list[Fields]:
    """
    Sort by time.

    Stripe's times are whole seconds, ours have milliseconds: within one second, an
    event is placed right before the audit entry that it caused.
    """
    effects = {
        entry["details"]["event_id"]: entry["at"]
        for entry in timeline
        if entry["from"] == "us" and "event_id" in entry["details"]
    }

    def moment(entry: Fields) -> tuple[str, bool]:
        at, is_ours = str(entry["at"]), entry["from"] == "us"
        effect = effects.get(entry["details"].get("event_id"), "")
        in_the_same_second = effect[:WHOLE_SECONDS] == at[:WHOLE_SECONDS]
        return (effect if in_the_same_second and not is_ours else at), is_ours

    return sorted(timeline, key=moment)


def _of_audit_entry(entry: Fields) -> Fields:
    rest = {name: value for name, value in entry.items() if name not in NOT_REPEATED}
    return {"at": entry["at"], "from": "us", "what": entry["action"], "details": rest}


def _of_event(event: Fields) -> Fields:
    pending = event.get("pending_webhooks")
    rest = {"event_id": event.get("id"), "pending_webhooks": pending}
    at = _iso(event.get("created"))
    return {"at": at, "from": "Stripe", "what": event.get("type"), "details": rest}


def _iso(unix_seconds: int | None) -> str | None:
    if unix_seconds is None:
        return None
    return clock.iso(datetime.fromtimestamp(unix_seconds, UTC))


# ---------------------------------------------------------------- printing


def print_report(report: Fields) -> None:
    print_fields("Payment session", fields.readable(report["session"]))
    for purchase in report["purchases"]:
        print_fields("Purchase", fields.readable(purchase))
    if report["stripe"]:
        print_fields("Stripe, now", fields.readable(report["stripe"]))
    print_table(
        ["at", "from", "what", "details"],
        [
            (entry["at"], entry["from"], entry["what"], _line(entry["details"]))
            for entry in report["timeline"]
        ],
    )


def _line(details: Fields) -> str:
    return ", ".join(f"{name} {value}" for name, value in details.items())
