"""Pay a session, and settle payments that take days."""

import contextlib
from http import HTTPStatus

from . import attempts, customers, entries, promotions
from .checkouts import Checkout
from .errors import ApiError, conflict_of_state, missing
from .payment_intents import give_up, of_checkout
from .payment_methods import check_offered
from .sandbox import Sandbox
from .sessions import expire_if_due
from .shapes import Json


def enter(
    sandbox: Sandbox, checkout: Checkout, given: Json, *, afresh: bool = False
) -> None:
    """Take what the customer enters before the payment; *afresh* forgets the rest."""
    with sandbox.lock:
        expire_if_due(sandbox, checkout)
        _require_open(checkout.session)
        before = {} if afresh else checkout.entered
        entries.enter(sandbox, checkout, before, given)


def confirm(sandbox: Sandbox, checkout: Checkout, method: Json | None) -> None:
    """
    Pay, or raise the decline.

    If two windows of a customer submit at once, one pays, and the other finds the
    session complete.
    """
    with sandbox.lock:
        expire_if_due(sandbox, checkout)
        session = checkout.session
        _require_open(session)
        entries.require(sandbox, checkout)
        if session["amount_total"] == 0:
            _complete_without_payment(sandbox, checkout, method)
            return
        if method is None:
            raise missing("payment_method")
        check_offered(method, session["payment_method_types"])
        intent = of_checkout(sandbox, checkout)
        intent["shipping"] = _shipping(checkout) or intent["shipping"]
        keeps = intent["setup_future_usage"] or _wants_customer(session)
        if keeps and not intent["customer"]:
            intent["customer"] = _new_customer(sandbox, checkout, method)
        challenge = f"{sandbox.base_url}{checkout.path}/authenticate"
        attempts.start(sandbox, intent, method, challenge)
        _finish(sandbox, checkout, intent)


def authenticate(sandbox: Sandbox, checkout: Checkout, *, passed: bool) -> None:
    """Record the customer's answer to the bank's challenge, or raise the decline."""
    with sandbox.lock:
        expire_if_due(sandbox, checkout)
        _require_open(checkout.session)
        if not is_challenged(sandbox, checkout):
            raise conflict_of_state("No payment is waiting for authentication.")
        intent = of_checkout(sandbox, checkout)
        attempts.authenticate(sandbox, intent, passed=passed)
        _finish(sandbox, checkout, intent)


def is_challenged(sandbox: Sandbox, checkout: Checkout) -> bool:
    """Return whether the customer's bank waits for an answer to its challenge."""
    intent_id = checkout.session["payment_intent"]
    if intent_id is None:
        return False
    intent = sandbox.store.get("payment_intent", intent_id)
    return bool(intent["status"] == "requires_action")


def settle(sandbox: Sandbox, intent_id: str, *, succeeds: bool) -> Json:
    """Record the late answer of the bank, or the customer's answer to a challenge."""
    with sandbox.lock:
        intent = sandbox.store.get("payment_intent", intent_id, "intent")
        checkout = _checkout_of(sandbox, intent)
        if intent["status"] == "requires_action":
            with contextlib.suppress(ApiError):
                if checkout:
                    authenticate(sandbox, checkout, passed=succeeds)
                else:
                    attempts.authenticate(sandbox, intent, passed=succeeds)
            return intent
        attempts.settle(sandbox, intent, succeeds=succeeds)
        if checkout and succeeds:
            checkout.session["payment_status"] = "paid"
            sandbox.emit("checkout.session.async_payment_succeeded", checkout.session)
        elif checkout:
            sandbox.emit("checkout.session.async_payment_failed", checkout.session)
        return intent


def _checkout_of(sandbox: Sandbox, intent: Json) -> Checkout | None:
    """Return the session of *intent*, or None if the API made it without one."""
    for checkout in sandbox.checkouts.values():
        if checkout.session["payment_intent"] == intent["id"]:
            return checkout
    return None


def _require_open(session: Json) -> None:
    if session["status"] == "complete":
        raise ApiError(
            HTTPStatus.BAD_REQUEST,
            "This Checkout Session has already been completed.",
            code="checkout_session_already_completed",
        )
    if session["status"] == "expired":
        raise ApiError(
            HTTPStatus.BAD_REQUEST,
            "This Checkout Session has expired.",
            code="checkout_session_expired",
        )


def _finish(sandbox: Sandbox, checkout: Checkout, intent: Json) -> None:
    """Complete the session, unless the bank's challenge comes first."""
    if intent["status"] == "requires_action":
        return
    method = sandbox.store.get("payment_method", intent["payment_method"])
    paid = intent["status"] == "succeeded"
    checkout.session["customer"] = intent["customer"]
    _complete(sandbox, checkout, method, "paid" if paid else "unpaid")
    answer = attempts.answer_of_the_bank(sandbox, intent)
    if answer is not None:
        settle(sandbox, intent["id"], succeeds=answer)


def _complete_without_payment(
    sandbox: Sandbox, checkout: Checkout, method: Json | None
) -> None:
    """Complete a session that costs nothing. Stripe then always makes a customer."""
    session = checkout.session
    if session["payment_intent"]:  # of an attempt at a higher total
        intent = of_checkout(sandbox, checkout)
        give_up(sandbox, intent, "abandoned")
        session["payment_intent"] = None
    if session["customer"] is None:
        session["customer"] = _new_customer(sandbox, checkout, method)
    _complete(sandbox, checkout, method, "no_payment_required")


def _wants_customer(session: Json) -> bool:
    invoiced: bool = session["invoice_creation"]["enabled"]
    return invoiced or bool(session["customer_creation"] == "always")


def _new_customer(sandbox: Sandbox, checkout: Checkout, method: Json | None) -> str:
    details = entries.details_of(checkout, method["billing_details"] if method else {})
    customer_id: str = customers.who_pays(sandbox, details)["id"]
    return customer_id


def _shipping(checkout: Checkout) -> Json | None:
    """Return the shipping address as a PaymentIntent and its charge show it."""
    shipping = entries.shipping_details(checkout.entered)
    phone = checkout.entered.get("customer_details", {}).get("phone")
    return shipping and {
        **shipping,
        "carrier": None,
        "phone": phone,
        "tracking_number": None,
    }


def _complete(
    sandbox: Sandbox,
    checkout: Checkout,
    method: Json | None,
    payment_status: str,
) -> None:
    session = checkout.session
    entries.put(checkout, method["billing_details"] if method else {})
    session.update(
        status="complete",
        payment_status=payment_status,
        url=None,
        client_secret=None,
    )
    if discount := checkout.discount:
        promotions.redeem(
            sandbox, discount["source"]["coupon"], discount["promotion_code"]
        )
    checkout.completed_event = sandbox.emit("checkout.session.completed", session)
