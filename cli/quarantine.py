"""Money that does not add up: what waits for a person, and the ways out."""

from typing import Annotated

import typer

from checkout.domain.purchase import PurchaseStatus
from checkout.flows import review_quarantine
from cli import facts
from cli.console import CommandError, Json, Yes, ask, print_json, print_table
from cli.refunds import PurchaseId, give_back, print_purchase, purchase_of
from cli.stack import stack_of

app = typer.Typer(no_args_is_help=True, help="Money that does not add up.")

COLUMNS = (
    *("id", "purchased_at", "quarantine_reason", "amount", "currency"),
    *("kind", "offer_id", "buyer_id"),
)


@app.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """List the purchases that wait for a person, the oldest first."""
    purchases = stack_of(ctx).purchases.quarantined()
    shown = [facts.of_purchase(purchase) for purchase in purchases]
    if as_json:
        print_json({"quarantined": shown})
    elif shown:
        readable = [facts.for_people(each) for each in shown]
        print_table(
            [name.replace("_", " ") for name in COLUMNS],
            [[each[name] for name in COLUMNS] for each in readable],
        )
    else:
        typer.echo("Nothing is in quarantine.")


@app.command()
def accept(
    ctx: typer.Context, purchase_id: PurchaseId, yes: Yes = False, as_json: Json = False
) -> None:
    """Let a purchase stand: its buyer gets what was paid for."""
    stack = stack_of(ctx)
    purchase = purchase_of(stack, purchase_id)
    ask(
        f"Accept {purchase.id} ({purchase.quarantine_reason}), "
        f"and give {purchase.title} to its buyer?",
        yes=yes,
    )
    accepted = review_quarantine.accept(
        stack.purchase_changes, purchase, stack.operator
    )
    print_purchase(accepted, as_json=as_json)


@app.command()
def dismiss(
    ctx: typer.Context,
    purchase_id: PurchaseId,
    note: Annotated[str, typer.Option("--note", help="Why; the audit log keeps it.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Let nothing come of a purchase: its money was dealt with by other means."""
    stack = stack_of(ctx)
    purchase = purchase_of(stack, purchase_id)
    ask(
        f"Dismiss {purchase.id} ({purchase.quarantine_reason}), "
        "and neither sell nor refund anything?",
        yes=yes,
    )
    changes = stack.purchase_changes
    dismissed = review_quarantine.dismiss(changes, purchase, stack.operator, note)
    print_purchase(dismissed, as_json=as_json)


@app.command()
def refund(
    ctx: typer.Context, purchase_id: PurchaseId, yes: Yes = False, as_json: Json = False
) -> None:
    """Refund all of a purchase in quarantine."""
    stack = stack_of(ctx)
    purchase = purchase_of(stack, purchase_id)
    if purchase.status is not PurchaseStatus.QUARANTINED:
        raise CommandError(f"{purchase.id} is {purchase.status}, not in quarantine.")
    reason = purchase.quarantine_reason
    give_back(stack, purchase, None, reason, yes=yes, as_json=as_json)
