"""`export-buyer`: all that is stored about a buyer, as JSON."""

import json
from contextlib import suppress
from typing import Annotated, Any

import typer

from checkout.stripe_errors import StripeError
from checkout.tables.buyer_records import Item
from cli.buyer_records import BuyerId, distinct, stored_about
from cli.console import print_json, say, waiting
from cli.stack import Stack, stack_of

# What buys, what pays, and what says nothing about a person.
NOT_EXPORTED = frozenset(
    [
        *("url", "idempotency_key", "terms_digest", "rank", "offer"),
        *("unresolved", "due_at", "recovery_url"),
    ]
)
# Attributes that are the text of a JSON object.
TEXTS = ("stripe_request", "shown", "entered")
NOT_INCLUDED = (
    "offers that name the buyer: the host application wrote them",
    "what Stripe has: see at_stripe, and Stripe's dashboard",
    "published events, which subscribers and Segment may have stored",
    "logs: ids only, for thirty days",
    "deleted data in point-in-time recovery, for 35 days",
)


def export_buyer(
    ctx: typer.Context,
    buyer: BuyerId,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask Stripe for its customers.")
    ] = False,
) -> None:
    """Print all that is stored about a buyer, as JSON; it has the e-mail address."""
    stack = stack_of(ctx)
    with waiting("Reading the buyer's payments"):
        sessions, purchases, entries = stored_about(stack, buyer, offline=offline)
        held = [
            ownership._asdict()
            for key in dict.fromkeys(
                p["sale_key"] for p in purchases if p.get("sale_key")
            )
            if (ownership := stack.ownerships.get(key))
            and ownership.purchase_id in {p["id"] for p in purchases}
        ]
        customers = None if offline else customers_of(stack, sessions, purchases)
    print_json(
        {
            "buyer": buyer,
            "payment_sessions": [exported(each) for each in sessions],
            "purchases": [exported(each) for each in purchases],
            "ownerships": held,
            "counts": stack.buyer_records.counts(buyer) or {},
            "audit_log": [exported(e) for each in entries.values() for e in each],
            "at_stripe": {
                "customers": customers,
                "checkout_sessions": distinct(
                    each.get("stripe_session_id") for each in (*sessions, *purchases)
                ),
                "payment_intents": distinct(
                    each.get("stripe_payment_intent_id")
                    for each in (*sessions, *purchases)
                ),
                "refunds": distinct(i for p in purchases for i in p.get("refunds", {})),
                "disputes": distinct(
                    i for p in purchases for i in p.get("disputes", {})
                ),
            },
            "not_included": list(NOT_INCLUDED),
        }
    )


def exported(item: Item) -> dict[str, Any]:
    """Return an item as it is stored, without what nobody but us may have."""
    shown = {name: value for name, value in item.items() if name not in NOT_EXPORTED}
    for name in TEXTS:
        # What is no JSON is shown as it is.
        with suppress(KeyError, TypeError, ValueError):
            shown[name] = json.loads(shown[name])
    return shown


def customers_of(
    stack: Stack, sessions: list[Item], purchases: list[Item]
) -> list[str] | None:
    """Return the ids of Stripe's customers, which our records do not have."""
    ids = distinct(each.get("stripe_session_id") for each in (*sessions, *purchases))
    try:
        found = [stack.stripe.session(each).get("customer") for each in ids]
    except StripeError as error:
        say(f"Stripe's customers are missing: {error.__cause__ or error}")
        return None
    return distinct(each for each in found if isinstance(each, str))
