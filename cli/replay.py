"""Stripe's events of a time range, put on the queue once more."""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from checkout import clock
from checkout.domain.stripe_events import FROM_STRIPE
from cli.console import Json, Yes, ask, print_json, print_table, waiting, with_progress
from cli.stack import stack_of

KEPT_BY_STRIPE = timedelta(days=30)


def moment(text: str) -> datetime:
    """Read ISO 8601; without an offset it is UTC."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no ISO 8601 time, as 2026-01-31T12:00Z is"
        ) from error
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def replay(
    ctx: typer.Context,
    since: Annotated[datetime, typer.Option("--from", parser=moment, metavar="TIME")],
    until: Annotated[datetime, typer.Option("--to", parser=moment, metavar="TIME")],
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only this; may be repeated.")
    ] = None,
    undelivered: Annotated[
        bool,
        typer.Option("--undelivered", help="Only what some endpoint has not taken."),
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Put Stripe's events of a time range on the queue; safe at any time."""
    stack = stack_of(ctx)
    check_range(since, until)
    wanted = frozenset(types or FROM_STRIPE)
    if unknown := wanted - FROM_STRIPE:
        raise typer.BadParameter(
            f"not acted on: {', '.join(sorted(unknown))}; "
            f"choose from {', '.join(sorted(FROM_STRIPE))}"
        )
    with waiting("Asking Stripe for its events"):
        listed = stack.stripe.events(
            int(since.timestamp()),
            int(until.timestamp()),
            wanted,
            undelivered=undelivered,
        )
        # As the webhook does: the other of Stripe's two worlds is none of ours.
        found = [event for event in listed if event["livemode"] == stack.livemode]
    if found:
        ask(f"Put {len(found)} events on the queue of {stack.name}?", yes=yes)
    # As they occurred: Stripe lists the newest first.
    for event in with_progress(found[::-1], "Replaying"):
        stack.payment_events.send(json.dumps(event))
    counts = {
        kind: sum(event["type"] == kind for event in found) for kind in sorted(wanted)
    }
    if as_json:
        print_json({"replayed": len(found), "types": counts})
    else:
        print_table(["type", "replayed"], list(counts.items()))


def check_range(since: datetime, until: datetime) -> None:
    if since >= until:
        raise typer.BadParameter("--from must be before --to")
    if since < clock.now() - KEPT_BY_STRIPE:
        raise typer.BadParameter("Stripe keeps events for thirty days only")
