"""
The fields of Stripe's objects that may be null or absent, by the SDK's own types.

A test sets each of them to null and leaves it out, where the code reads events and
where it asks Stripe.
"""

import typing
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import stripe
from stripe.checkout import Session
from stripe.radar import EarlyFraudWarning

from checkout.clients import stripe_api, stripe_connection
from checkout.clients.stripe_connection import plain

type Json = dict[str, Any]

ABSENT = object()

# Every object that we read, by the name that Stripe gives it.
CLASSES: dict[str, type] = {
    "checkout.session": Session,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "balance_transaction": stripe.BalanceTransaction,
    "radar.early_fraud_warning": EarlyFraudWarning,
    "event": stripe.Event,
    "webhook_endpoint": stripe.WebhookEndpoint,
}


def nullable(kind: type) -> list[str]:
    """Return the fields that may be null or absent."""
    return [
        name
        for name, annotation in kind.__annotations__.items()
        if type(None) in typing.get_args(annotation)
    ]


def variants(
    kind: type, original: Json, *, keep: tuple[str, ...] = ()
) -> Iterator[tuple[str, Json]]:
    """
    Yield *original* with each nullable field set to null, and left out.

    The last has none of them but those to *keep*.
    """
    for name in nullable(kind):
        for value in (None, ABSENT):
            yield f"{name} {said(value)}", changed(original, [name], value)
    rest = [name for name in nullable(kind) if name not in keep]
    for value in (None, ABSENT):
        yield f"everything {said(value)}", changed(original, rest, value)


def changed(original: Json, names: list[str], value: object) -> Json:
    copy = deepcopy(original)
    for name in names:
        copy.pop(name, None)
        if value is not ABSENT:
            copy[name] = value
    return copy


def said(value: object) -> str:
    return "absent" if value is ABSENT else "null"


def hide(patch: pytest.MonkeyPatch, kind: str, names: list[str], value: object) -> None:
    """Let Stripe's answers have *value* in the fields *names* of each *kind*."""

    def hidden(found: Any) -> Any:
        if isinstance(found, list):
            return [hidden(member) for member in found]
        if not isinstance(found, dict):
            return found
        inner = {name: hidden(member) for name, member in found.items()}
        return changed(inner, names, value) if found.get("object") == kind else inner

    # Every answer of Stripe passes this function.
    for module in (stripe_api, stripe_connection):
        patch.setattr(module, "plain", lambda answer: hidden(plain(answer)))
