"""`refund`: refund a purchase in the operator's name."""

from functools import partial
from typing import Annotated
from uuid import uuid4

import typer

from checkout.domain.money import unit_problem
from checkout.domain.purchase import Purchase
from checkout.domain.refund import FAILED
from checkout.errors import NotRefundableError
from checkout.stripe_errors import StripeError
from cli import fields
from cli.console import CommandError, Json, Yes, ask, print_fields, print_json
from cli.find_purchase import Payment, purchase_of
from cli.stack import Stack, stack_of

LONGEST_REASON = 500


def cents(text: str) -> int:
    """Parse an amount in the minor unit."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise typer.BadParameter(
            f"{text!r} must be a whole number of cents, or of the currency's smallest "
            "unit: 150 for 1.50 USD, 150 for 150 JPY"
        )
    return int(text)


def refund(
    ctx: typer.Context,
    payment: Payment,
    amount: Annotated[
        int | None,
        typer.Option(
            metavar="CENTS",
            parser=cents,
            help="Amount in cents, or the currency's smallest unit. Default: all that "
            "is left.",
        ),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(help="Shown to the buyer; for example requested_by_customer."),
    ] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Refund a purchase in full or in part."""
    if reason is not None and not 0 < len(reason) <= LONGEST_REASON:
        raise typer.BadParameter(f"a reason has at most {LONGEST_REASON} characters")
    stack = stack_of(ctx)
    purchase = purchase_of(stack, payment)
    give_back(stack, purchase, amount, reason, yes=yes, as_json=as_json)


def give_back(
    stack: Stack,
    purchase: Purchase,
    amount: int | None,
    reason: str | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Ask for confirmation, refund, and print the purchase."""
    if purchase.refund_problem:
        raise NotRefundableError(purchase.refund_problem)
    if not purchase.refundable_amount:
        raise CommandError(nothing_left(purchase))
    wanted = purchase.refundable_amount if amount is None else amount
    if problem := unit_problem(wanted, purchase.currency):
        raise CommandError(f"The amount {problem}.")
    if wanted > purchase.refundable_amount:
        left = fields.money(purchase.refundable_amount, purchase.currency)
        raise CommandError(f"Only {left} of {purchase.id} can be refunded.")
    ask(
        f"Refund {fields.money(wanted, purchase.currency)} of {purchase.id} "
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
        # Running the command again would request another refund.
        raise CommandError(
            f"Stripe has not confirmed the refund: {error.__cause__ or error}. "
            "The request is recorded and reconcile completes it; do not repeat it."
        ) from error
    print_purchase(refunded, as_json=as_json)
    for made in refunded.refunds.values():
        # Stripe's event about it will change nothing, so no alarm reports the failure.
        if made.rank == FAILED and made.id not in purchase.refunds:
            because = f" ({made.failure_reason})" if made.failure_reason else ""
            raise CommandError(
                f"Refund {made.id} failed{because}: the money is on your "
                "Stripe balance, not with the buyer. "
                "Agree on another way to pay it back."
            )


def nothing_left(purchase: Purchase) -> str:
    """Say why nothing of the purchase can be refunded."""
    money = partial(fields.money, currency=purchase.currency)
    if purchase.refunded_amount >= purchase.amount:
        return f"{purchase.id} has been refunded already: {money(purchase.amount)}."
    if purchase.open_requests or purchase.pending_refunds:
        return f"A refund of what is left of {purchase.id} is under way already."
    return (
        f"Nothing is left of {purchase.id} to refund: of {money(purchase.amount)}, "
        f"{money(purchase.refunded_amount)} was refunded, and "
        f"{money(purchase.lost_amount)} lost in disputes."
    )


def print_purchase(purchase: Purchase, *, as_json: bool) -> None:
    shown = fields.of_purchase(purchase)
    if as_json:
        print_json({"purchase": shown})
    else:
        print_fields("Purchase", fields.readable(shown))
