"""`replay`: put Stripe's events of a time range on the queue again."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from checkout import clock
from checkout.domain.stripe_events import FROM_STRIPE
from cli.console import (
    Json,
    Yes,
    ask,
    counted,
    print_json,
    print_table,
    waiting,
    with_progress,
)
from cli.stack import stack_of

KEPT_BY_STRIPE = timedelta(days=30)


def moment(text: str) -> datetime:
    """Parse an ISO 8601 time; without an offset it is UTC."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is not an ISO 8601 time, such as 2026-01-31T12:00Z"
        ) from error
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def replay(
    ctx: typer.Context,
    since: Annotated[
        datetime,
        typer.Option("--from", parser=moment, metavar="TIME", help="As ISO 8601."),
    ],
    until: Annotated[
        datetime,
        typer.Option("--to", parser=moment, metavar="TIME", help="Exclusive."),
    ],
    types: Annotated[
        list[str] | None,
        typer.Option("--type", help="Only events of this type; repeatable."),
    ] = None,
    undelivered: Annotated[
        bool,
        typer.Option(
            "--undelivered", help="Only events that an endpoint has not accepted."
        ),
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Put Stripe's events of a time range on the queue again; safe to repeat."""
    stack = stack_of(ctx)
    check_range(since, until)
    wanted = frozenset(types or FROM_STRIPE)
    if unknown := wanted - FROM_STRIPE:
        raise typer.BadParameter(
            f"not handled: {', '.join(sorted(unknown))}; "
            f"choose from {', '.join(sorted(FROM_STRIPE))}"
        )
    with waiting("Reading Stripe's events"):
        listed = stack.stripe.events(
            int(since.timestamp()),
            int(until.timestamp()),
            wanted,
            undelivered=undelivered,
        )
        # Like the webhook, ignore events of the other mode.
        found = [event for event in listed if event["livemode"] == stack.livemode]
    if found:
        events = counted(len(found), "event")
        ask(f"Put {events} on the queue of {stack.name}?", yes=yes)
    # In order of occurrence; Stripe lists the newest first.
    for event in with_progress(found[::-1], "Replaying"):
        stack.payment_events.send(event)
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
        raise typer.BadParameter("Stripe keeps events for only 30 days")
