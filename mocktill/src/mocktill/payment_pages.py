"""The calls with which the payment page pays. Stripe does not document them."""

from typing import NotRequired, TypedDict

from . import payment_methods, payments, requirements, sessions
from .checkouts import Checkout
from .errors import invalid
from .page_params import ConfirmParams, PageParams
from .parameters import validate
from .sandbox import Sandbox
from .shapes import Json, PathParams


class PaymentPageRetrieveParams(TypedDict):
    """Stripe does not document these parameters. They are what Stripe's CLI sends."""

    expand: NotRequired[list[str]]


def retrieve(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    validate(raw, PaymentPageRetrieveParams)
    return _shown(sandbox, sessions.find(sandbox, path["id"]))


def update(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    """Enter something on the page, and return the new total."""
    params = validate(raw, PageParams)
    checkout = sessions.find(sandbox, path["id"])
    payments.enter(sandbox, checkout, params)
    return _shown(sandbox, checkout)


def confirm(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    """Pay without a browser, as Stripe's CLI does."""
    params = validate(raw, ConfirmParams)
    checkout = sessions.find(sandbox, path["id"])
    method_id = params.pop("payment_method", None)
    method = payment_methods.get(sandbox, method_id) if method_id else None
    expected = params.pop("expected_amount", None)
    given = _with_billing_address(checkout, params, method)
    payments.enter(sandbox, checkout, given)
    if expected not in (None, checkout.session["amount_total"]):
        raise invalid(
            "expected_amount",
            "The expected amount does not match the Checkout Session's total.",
            "checkout_amount_mismatch",
        )
    payments.confirm(sandbox, checkout, method)
    return _shown(sandbox, checkout)


def _with_billing_address(
    checkout: Checkout, params: Json, method: Json | None
) -> Json:
    """Take the billing address of the method, if one is wanted and not entered."""
    if not requirements.asks_for_billing_address(checkout.session):
        return params
    address = method["billing_details"]["address"] if method else {}
    entered = {**checkout.entered.get("customer_details", {})}
    entered |= params.get("customer_details", {})
    if "address" in entered or not address.get("country"):
        return params
    address = {name: part for name, part in address.items() if part}
    details = {**params.get("customer_details", {}), "address": address}
    return {**params, "customer_details": details}


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
