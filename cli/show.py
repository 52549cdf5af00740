"""`show`: the records of a payment, Stripe's view of it and one timeline."""

from dataclasses import asdict
from typing import Annotated

import typer

from checkout.domain.payment_session import PaymentSession
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
from cli.find_at_stripe import UNDERSTOOD, nothing_found
from cli.find_purchase import purchases_of
from cli.offer_file import problems_of
from cli.stack import Stack, stack_of
from cli.stripe_view import related_events, stripe_view
from cli.timeline import in_order, of_audit_entry, of_event


def show(
    ctx: typer.Context,
    payment: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help=f"One of: {UNDERSTOOD}.",
            show_default=False,
        ),
    ],
    everything: Annotated[
        bool,
        typer.Option("--all", help="Show every payment, not only the newest."),
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
        raise CommandError(nothing_found(payment, offline=offline))
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
    timeline = [of_audit_entry(entry) for entry in entries]
    stripe = None
    if not offline:
        try:
            stripe = stripe_view(stack, session)
            timeline += (of_event(event) for event in related_events(stack, session))
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


def print_report(report: Fields) -> None:
    print_fields("Payment session", fields.readable(report["session"]))
    for purchase in report["purchases"]:
        print_fields("Purchase", fields.readable(purchase))
    if report["stripe"]:
        print_fields("Stripe, now", fields.readable(report["stripe"]))
    currency = report["session"]["currency"]
    booked_in = [each["stripe_fee_currency"] for each in report["purchases"]]
    print_table(
        ["at", "from", "what", "details"],
        [
            (
                entry["at"],
                entry["from"],
                entry["what"],
                fields.details_line(entry["details"], currency, *booked_in[:1]),
            )
            for entry in report["timeline"]
        ],
    )
