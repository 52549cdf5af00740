"""The calls with which the payment page pays. Stripe does not document them."""

from typing import NotRequired, TypedDict

from . import payment_methods, payments, sessions
from .checkouts import Checkout
from .errors import invalid
from .parameters import validate
from .sandbox import Sandbox
from .shapes import Json, PathParams


class PaymentPageRetrieveParams(TypedDict):
    """Stripe does not document these parameters. They are what Stripe's CLI sends."""

    expand: NotRequired[list[str]]


class PaymentPageConfirmParams(TypedDict):
    payment_method: NotRequired[str]
    expected_amount: NotRequired[int]
    expand: NotRequired[list[str]]


def retrieve(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    validate(raw, PaymentPageRetrieveParams)
    return _shown(sandbox, sessions.find(sandbox, path["id"]))


def confirm(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    """Pay without a browser, as Stripe's CLI does."""
    params = validate(raw, PaymentPageConfirmParams)
    checkout = sessions.find(sandbox, path["id"])
    total = checkout.session["amount_total"]
    if params.get("expected_amount", total) != total:
        raise invalid(
            "expected_amount",
            "The expected amount does not match the Checkout Session's total.",
            "checkout_amount_mismatch",
        )
    method_id = params.get("payment_method")
    method = payment_methods.get(sandbox, method_id) if method_id else None
    payments.confirm(sandbox, checkout, method)
    return _shown(sandbox, checkout)


def _shown(sandbox: Sandbox, checkout: Checkout) -> Json:
    session = checkout.session
    intent_id = session["payment_intent"]
    paths = ["payment_intent"] if intent_id else []
    shown = sandbox.store.expanded(session, paths)
    amounts = {
        "currency": session["currency"],
        "due": session["amount_total"],
        "subtotal": session["amount_subtotal"],
        "total": session["amount_total"],
        "line_items": checkout.line_items,
    }
    return {**shown, "session_id": session["id"], "line_item_group": amounts}
