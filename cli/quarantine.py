"""`quarantine`: list the purchases in quarantine; accept, dismiss or refund them."""

from typing import Annotated

import typer

from checkout.flows import review_quarantine
from cli import fields
from cli.console import CommandError, Json, Yes, ask, print_json, print_table
from cli.find_purchase import Payment, purchase_of
from cli.refunds import give_back, print_purchase
from cli.stack import stack_of

COLUMNS = (
    *("id", "purchased_at", "quarantine_reason", "amount", "currency"),
    *("kind", "offer_id", "buyer_id"),
)


def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """List the purchases in quarantine, oldest first."""
    purchases = stack_of(ctx).purchases.quarantined()
    shown = [fields.of_purchase(purchase) for purchase in purchases]
    if as_json:
        print_json({"quarantined": shown})
    elif shown:
        readable = [fields.readable(each) for each in shown]
        print_table(
            [name.replace("_", " ") for name in COLUMNS],
            [[each[name] for name in COLUMNS] for each in readable],
        )
    else:
        typer.echo("Nothing is in quarantine.")


def accept(
    ctx: typer.Context, payment: Payment, yes: Yes = False, as_json: Json = False
) -> None:
    """Accept a purchase: the buyer gets access, and the offer counts as sold."""
    stack = stack_of(ctx)
    purchase = purchase_of(stack, payment)
    ask(
        f"Accept {purchase.id} ({purchase.review_reason}), "
        f"and give its buyer access to {purchase.title}?",
        yes=yes,
    )
    accepted = review_quarantine.accept(
        stack.purchase_changes, purchase, stack.operator
    )
    print_purchase(accepted, as_json=as_json)


def dismiss(
    ctx: typer.Context,
    payment: Payment,
    note: Annotated[
        str, typer.Option("--note", help="Reason; it is written to the audit log.")
    ],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Dismiss a purchase whose money was returned or resolved by other means."""
    stack = stack_of(ctx)
    purchase = purchase_of(stack, payment)
    ask(
        f"Dismiss {purchase.id} ({purchase.review_reason}), "
        "without access and without a refund?",
        yes=yes,
    )
    changes = stack.purchase_changes
    dismissed = review_quarantine.dismiss(changes, purchase, stack.operator, note)
    print_purchase(dismissed, as_json=as_json)


def refund(
    ctx: typer.Context, payment: Payment, yes: Yes = False, as_json: Json = False
) -> None:
    """Refund a purchase in quarantine in full."""
    stack = stack_of(ctx)
    purchase = purchase_of(stack, payment)
    if not purchase.awaits_decision:
        raise CommandError(f"{purchase.id} is {purchase.status}, not in quarantine.")
    reason = purchase.review_reason
    give_back(stack, purchase, None, reason, yes=yes, as_json=as_json)
