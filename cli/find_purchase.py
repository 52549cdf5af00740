"""Finds the one purchase that a command is to change."""

from typing import Annotated, Any

import typer

from checkout.domain.payment_session import PaymentSession
from checkout.domain.purchase import Purchase, id_for
from cli.console import CommandError, counted
from cli.find import MOST_SESSIONS, find
from cli.find_at_stripe import nothing_found
from cli.stack import Stack

Payment = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="pur_..., or any id that names exactly one payment, as in `show`.",
        show_default=False,
    ),
]


def purchase_of(stack: Stack, given: str) -> Purchase:
    """Return the only purchase that *given* names; raise CommandError without one."""
    sessions = find(stack, given, offline=False)
    if not sessions:
        raise CommandError(nothing_found(given, offline=False))
    purchases = [
        purchase
        for session in sessions
        for purchase in purchases_of(
            stack, session, stack.audit_log.entries(session.id)
        )
    ]
    # Two purchases may be of one session; an id of Stripe's may still name one of them.
    named = [purchase for purchase in purchases if given in ids_of(purchase)]
    match named or purchases:
        case []:
            raise CommandError(
                f"{given} has no purchase: nobody has paid, or the money is not there "
                f"yet. `checkout show {given}` shows what happened."
            )
        case [purchase] if len(sessions) < MOST_SESSIONS:
            return purchase
        case several:
            listed = ", ".join(purchase.id for purchase in several)
            raise CommandError(
                f"{given} names {counted(len(several), 'purchase')}, so nothing was "
                f"changed: repeat it with one of {listed}."
            )


def purchases_of(
    stack: Stack, session: PaymentSession, entries: list[dict[str, Any]]
) -> list[Purchase]:
    """Return the session's purchase, and others that its audit entries name."""
    named = [entry["purchase_id"] for entry in entries if "purchase_id" in entry]
    ids = dict.fromkeys([id_for(session.id), *named])
    found = (stack.purchases.get(purchase_id) for purchase_id in ids)
    return [purchase for purchase in found if purchase]


def ids_of(purchase: Purchase) -> set[str | None]:
    return {
        purchase.id,
        purchase.stripe_session_id,
        purchase.stripe_payment_intent_id,
        *purchase.refunds,
        *purchase.disputes,
    }
