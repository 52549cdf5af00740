"""Payments: what happens when the customer submits, and when a slow bank answers."""

import contextlib
from http import HTTPStatus
from typing import Any

from . import cards, charges, disputes
from .cards import Decline
from .errors import ApiError, conflict_of_state, invalid
from .payment_intents import of_checkout
from .payment_methods import DELAYED
from .sandbox import StripeSandbox
from .sessions import Checkout, expire_if_due

type Json = dict[str, Any]


def confirm(sandbox: StripeSandbox, checkout: Checkout, method: Json | None) -> None:
    """
    Pay, or raise the decline.

    Of two customers' windows that submit at once, one pays; the other finds the
    session complete.
    """
    with sandbox.lock:
        expire_if_due(sandbox, checkout)
        session = checkout.session
        _require_open(session)
        checkout.authenticating = None
        if session["amount_total"] == 0:
            _complete(sandbox, checkout, method, "no_payment_required")
            return
        if method is None:
            raise invalid(
                "payment_method",
                "Missing required param: payment_method.",
                "parameter_missing",
            )
        if method["type"] not in session["payment_method_types"]:
            raise invalid(
                "payment_method",
                f"The payment method type {method['type']} is not among the session's: "
                f"{', '.join(session['payment_method_types'])}.",
            )
        intent = of_checkout(sandbox, checkout)
        outcome = sandbox.outcomes.get(method["id"], cards.OK)
        if outcome.authenticate:
            checkout.authenticating = method
            _ask_to_authenticate(sandbox, checkout, intent)
        elif outcome.decline:
            raise _declined(sandbox, intent, method, outcome.decline)
        elif method["type"] in DELAYED:
            _start_processing(sandbox, checkout, intent, method)
        else:
            _succeed(sandbox, intent, method)
            _complete(sandbox, checkout, method, "paid")


def authenticate(sandbox: StripeSandbox, checkout: Checkout, *, passed: bool) -> None:
    """The customer answers their bank's challenge; raise the decline, if any."""
    with sandbox.lock:
        expire_if_due(sandbox, checkout)
        _require_open(checkout.session)
        method, checkout.authenticating = checkout.authenticating, None
        if method is None:
            raise conflict_of_state("No payment is waiting for authentication.")
        intent = of_checkout(sandbox, checkout)
        if not passed:
            raise _declined(sandbox, intent, method, cards.AUTHENTICATION_FAILED)
        if decline := sandbox.outcomes[method["id"]].decline:
            raise _declined(sandbox, intent, method, decline)
        _succeed(sandbox, intent, method)
        _complete(sandbox, checkout, method, "paid")


def settle(sandbox: StripeSandbox, intent_id: str, *, succeeds: bool) -> Json:
    """The bank's late answer to a delayed payment, or the customer's to a challenge."""
    with sandbox.lock:
        intent = sandbox.store.get("payment_intent", intent_id, "intent")
        checkout = next(
            each
            for each in sandbox.checkouts.values()
            if each.session["payment_intent"] == intent_id
        )
        if intent["status"] == "requires_action":
            with contextlib.suppress(ApiError):
                authenticate(sandbox, checkout, passed=succeeds)
            return intent
        if intent["status"] != "processing":
            raise conflict_of_state(
                f"This PaymentIntent is {intent['status']}, not processing.",
                "payment_intent_unexpected_state",
            )
        method = sandbox.store.get("payment_method", intent["payment_method"])
        if succeeds:
            _succeed(sandbox, intent, method)
            checkout.session["payment_status"] = "paid"
            sandbox.emit("checkout.session.async_payment_succeeded", checkout.session)
        else:
            refusal = Decline("payment_method_provider_decline", "The bank refused.")
            _declined(sandbox, intent, method, refusal)
            sandbox.emit("checkout.session.async_payment_failed", checkout.session)
        return intent


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


def _ask_to_authenticate(
    sandbox: StripeSandbox, checkout: Checkout, intent: Json
) -> None:
    url = f"{sandbox.base_url}{checkout.path}/authenticate"
    intent.update(
        status="requires_action",
        next_action={
            "type": "redirect_to_url",
            "redirect_to_url": {"url": url, "return_url": None},
        },
    )
    sandbox.emit("payment_intent.requires_action", intent)


def _start_processing(
    sandbox: StripeSandbox, checkout: Checkout, intent: Json, method: Json
) -> None:
    charge = charges.of_attempt(sandbox, intent, method, status="pending")
    intent.update(
        status="processing",
        payment_method=method["id"],
        latest_charge=charge["id"],
        last_payment_error=None,
    )
    sandbox.emit("charge.pending", charge)
    sandbox.emit("payment_intent.processing", intent)
    _complete(sandbox, checkout, method, "unpaid")


def _succeed(sandbox: StripeSandbox, intent: Json, method: Json) -> None:
    charge = charges.of_attempt(sandbox, intent, method, status="succeeded")
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        payment_method=method["id"],
        latest_charge=charge["id"],
        last_payment_error=None,
        next_action=None,
    )
    sandbox.emit("charge.succeeded", charge)
    # As early as Stripe: the shop hears of the dispute before its session is complete.
    if sandbox.outcomes.get(method["id"], cards.OK).disputes:
        disputes.create(sandbox, charge["id"])
    sandbox.emit("payment_intent.succeeded", intent)


def _declined(
    sandbox: StripeSandbox, intent: Json, method: Json, decline: Decline
) -> ApiError:
    """Record the decline; the session stays as it is."""
    charge = charges.of_attempt(
        sandbox, intent, method, status="failed", decline=decline
    )
    error = cards.refused(decline, charge=charge["id"])
    shown = sandbox.store.expanded(method, ())
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        latest_charge=charge["id"],
        last_payment_error={**error.error, "payment_method": shown},
        next_action=None,
    )
    sandbox.emit("charge.failed", charge)
    sandbox.emit("payment_intent.payment_failed", intent)
    error.error["payment_intent"] = sandbox.store.expanded(intent, ())
    return error


def _complete(
    sandbox: StripeSandbox,
    checkout: Checkout,
    method: Json | None,
    payment_status: str,
) -> None:
    session = checkout.session
    billing = method["billing_details"] if method else {}
    session.update(
        status="complete",
        payment_status=payment_status,
        url=None,
        client_secret=None,
        customer_details={
            "address": billing.get("address"),
            "business_name": None,
            "email": session["customer_email"] or billing.get("email"),
            "individual_name": None,
            "name": billing.get("name"),
            "phone": billing.get("phone"),
            "tax_exempt": "none",
            "tax_ids": [],
        },
    )
    checkout.completed_event = sandbox.emit("checkout.session.completed", session)
