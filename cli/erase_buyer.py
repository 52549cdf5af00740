"""`erase-buyer`: take from the tables what identifies a buyer."""

from typing import Annotated

import typer

from checkout.flows.erase_buyer import Erased, Erasure, Payment
from cli.buyer_records import BuyerId, stored_about
from cli.console import (
    CommandError,
    Json,
    Yes,
    ask,
    counted,
    print_json,
    print_records,
    say,
    waiting,
    with_progress,
)
from cli.stack import Stack, stack_of


def erase_buyer(
    ctx: typer.Context,
    buyer: BuyerId,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what would be erased.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Erase what identifies a buyer; the accounting record stays. Cannot be undone."""
    stack = stack_of(ctx)
    with waiting("Reading the buyer's payments"):
        payments = payments_of(stack, buyer)
    unfinished = [each for each in payments if each.is_unfinished]
    if unfinished:
        raise CommandError(
            "Nothing was erased. Repeat it when these payments have ended: "
            + "; ".join(sentence_about(each) for each in unfinished)
        )
    erasure = Erasure(
        records=stack.buyer_records,
        purchases=stack.purchases,
        audit_log=stack.audit_log,
    )
    erased = erasure.preview(payments)
    if any(erased) and not dry_run:
        ask(
            f"Erase what identifies {buyer} from "
            f"{counted(erased.sessions, 'payment session')}, "
            f"{counted(erased.purchases, 'purchase')} and "
            f"{counted(erased.audit_entries, 'audit entry')}?",
            yes=yes,
        )
        operator = stack.operator
        for payment in with_progress(payments, "Erasing"):
            erasure.erase(payment, operator)
    print_erased(erased, dry_run=dry_run, as_json=as_json)


def print_erased(erased: Erased, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"erased": erased._asdict(), "dry_run": dry_run})
        return
    print_records([erased._asdict()])
    if dry_run:
        say("Nothing was changed.")
    else:
        say(
            "Kept: ids, the buyer's too, amounts, dates, refunds. Elsewhere: Stripe, "
            "subscribers, Segment; deleted data in point-in-time recovery for 35 days."
        )


def payments_of(stack: Stack, buyer: str) -> list[Payment]:
    stored = stored_about(stack, buyer, offline=False)
    purchases = [
        found for item in stored.purchases if (found := stack.purchases.get(item["id"]))
    ]
    return [
        Payment(
            session=stack.sessions.get(session_id),
            purchases=tuple(p for p in purchases if p.payment_session_id == session_id),
            entries=tuple(entries),
        )
        for session_id, entries in stored.entries.items()
    ]


def sentence_about(payment: Payment) -> str:
    under_way = [p for p in payment.purchases if p.open_requests or p.pending_refunds]
    if under_way:
        return f"a refund of {under_way[0].id} is under way"
    if (session := payment.session) is None:
        return "a refund is under way"
    return f"{session.id} is {session.status} (until {session.expires_at})"
