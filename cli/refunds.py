"""Give money back, under the operator's own name."""

from typing import Annotated
from uuid import uuid4

import typer

from checkout.domain.purchase import Purchase
from checkout.domain.refund import FAILED
from checkout.errors import NotFoundError, StripeError
from cli import facts
from cli.console import CommandError, Json, Yes, ask, print_facts, print_json
from cli.stack import Stack, stack_of

PurchaseId = Annotated[str, typer.Argument(metavar="PURCHASE", help="pur_...")]

LONGEST_REASON = 500


def refund(
    ctx: typer.Context,
    purchase_id: PurchaseId,
    amount: Annotated[
        int | None,
        typer.Option(
            metavar="CENTS",
            min=1,
            help="Minor units; without it, all that is left.",
        ),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(help="Stripe knows duplicate, fraudulent, requested_by_customer."),
    ] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Refund a purchase, or a part of it."""
    if reason is not None and not 0 < len(reason) <= LONGEST_REASON:
        raise typer.BadParameter(f"a reason has at most {LONGEST_REASON} characters")
    stack = stack_of(ctx)
    purchase = purchase_of(stack, purchase_id)
    give_back(stack, purchase, amount, reason, yes=yes, as_json=as_json)


def purchase_of(stack: Stack, purchase_id: str) -> Purchase:
    purchase = stack.purchases.get(purchase_id)
    if purchase is None:
        raise NotFoundError(f"There is no purchase {purchase_id}.")
    return purchase


def give_back(
    stack: Stack,
    purchase: Purchase,
    amount: int | None,
    reason: str | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Ask, refund, and print what became of the purchase."""
    wanted = purchase.refundable_amount if amount is None else amount
    if not 0 < wanted <= purchase.refundable_amount:
        left = facts.money(purchase.refundable_amount, purchase.currency)
        raise CommandError(f"Of {purchase.id} only {left} can be refunded.")
    ask(
        f"Refund {facts.money(wanted, purchase.currency)} of {purchase.id} "
        f"({purchase.status}, {purchase.title})?",
        yes=yes,
    )
    try:
        refunded = stack.refunds.refund(
            purchase.id,
            amount=wanted,
            reason=reason,
            request_key=uuid4().hex,
            requested_by=stack.operator,
        )
    except StripeError as error:
        # Asked for once more it would be another refund.
        raise CommandError(
            f"Stripe has not confirmed the refund: {error.__cause__ or error}. "
            "It is written down, and reconcile goes on with it; do not ask again."
        ) from error
    print_purchase(refunded, as_json=as_json)
    for made in refunded.refunds.values():
        # The event that comes later is no news, so this is the only one to say so.
        if made.rank == FAILED and made.id not in purchase.refunds:
            raise CommandError(
                f"The refund {made.id} has failed: the money is on your Stripe "
                "balance, and not with the buyer. Agree on another way to pay it back."
            )


def print_purchase(purchase: Purchase, *, as_json: bool) -> None:
    shown = facts.of_purchase(purchase)
    if as_json:
        print_json({"purchase": shown})
    else:
        print_facts("Purchase", facts.for_people(shown))
