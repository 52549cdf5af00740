"""Payments: what happens when the customer submits, and when a slow bank answers."""

from http import HTTPStatus
from typing import Any

from stripe.params import PaymentIntentListParams

from . import cards
from .cards import Decline
from .errors import ApiError, conflict_of_state, invalid
from .parameters import validate
from .payment_methods import DELAYED
from .sandbox import StripeSandbox
from .sessions import Checkout, expire_if_due
from .store import new_id, page, within

type Json = dict[str, Any]

KIND = "payment_intent"


def confirm(sandbox: StripeSandbox, checkout: Checkout, method: Json | None) -> None:
    """Pay, or raise the decline.

    Of two customers' windows that submit at once, one pays; the other finds the
    session complete.
    """
    with sandbox.lock:
        expire_if_due(sandbox, checkout)
        session = checkout.session
        _require_open(session)
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
        intent = _intent(sandbox, checkout)
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
        intent = _intent(sandbox, checkout)
        if not passed:
            raise _declined(sandbox, intent, method, cards.AUTHENTICATION_FAILED)
        if decline := sandbox.outcomes[method["id"]].decline:
            raise _declined(sandbox, intent, method, decline)
        _succeed(sandbox, intent, method)
        _complete(sandbox, checkout, method, "paid")


def settle(sandbox: StripeSandbox, intent_id: str, *, succeeds: bool) -> Json:
    """The bank's late answer to a delayed payment, or the customer's to a challenge."""
    with sandbox.lock:
        intent = sandbox.store.get(KIND, intent_id, "intent")
        checkout = next(
            each
            for each in sandbox.checkouts.values()
            if each.session["payment_intent"] == intent_id
        )
        if intent["status"] == "requires_action":
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


def list_intents(sandbox: StripeSandbox, raw: Json) -> Json:
    params = validate(raw, PaymentIntentListParams)

    def matches(intent: Json) -> bool:
        return within(intent["created"], params.get("created")) and params.get(
            "customer"
        ) in (None, intent["customer"])

    newest_first = sandbox.store.all(KIND)[::-1]
    found = page(newest_first, params, "/v1/payment_intents", matches)
    return sandbox.store.expanded(found, params.get("expand", []))


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


def _intent(sandbox: StripeSandbox, checkout: Checkout) -> Json:
    """The session's PaymentIntent, made at the customer's first attempt."""
    session, data = checkout.session, checkout.payment_intent_data
    if session["payment_intent"]:
        return sandbox.store.get(KIND, session["payment_intent"])
    intent_id = new_id("pi_3")
    intent = sandbox.store.add(
        {
            "id": intent_id,
            "object": KIND,
            "amount": session["amount_total"],
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": None,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic_async",
            "client_secret": new_id(f"{intent_id}_secret_", 25),
            "confirmation_method": "automatic",
            "created": sandbox.now(),
            "currency": session["currency"],
            "customer": None,
            "customer_account": None,
            "description": data.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": data.get("metadata") or {},
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_configuration_details": None,
            "payment_method_options": {},
            "payment_method_types": session["payment_method_types"],
            "processing": None,
            "receipt_email": data.get("receipt_email"),
            "review": None,
            "setup_future_usage": None,
            "shipping": data.get("shipping"),
            "source": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": data.get("transfer_group"),
        }
    )
    session["payment_intent"] = intent_id
    sandbox.emit("payment_intent.created", intent)
    return intent


def _ask_to_authenticate(
    sandbox: StripeSandbox, checkout: Checkout, intent: Json
) -> None:
    url = f"{sandbox.base_url}/c/pay/{checkout.session['id']}/authenticate"
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
    charge = _charge(sandbox, intent, method, status="pending")
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
    charge = _charge(sandbox, intent, method, status="succeeded")
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        payment_method=method["id"],
        latest_charge=charge["id"],
        last_payment_error=None,
        next_action=None,
    )
    sandbox.emit("charge.succeeded", charge)
    sandbox.emit("payment_intent.succeeded", intent)


def _declined(
    sandbox: StripeSandbox, intent: Json, method: Json, decline: Decline
) -> ApiError:
    """Record the decline; the session stays as it is."""
    charge = _charge(sandbox, intent, method, status="failed", decline=decline)
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


def _charge(
    sandbox: StripeSandbox,
    intent: Json,
    method: Json,
    *,
    status: str,
    decline: Decline | None = None,
) -> Json:
    paid = status == "succeeded"
    pending = intent["status"] == "processing"
    old = sandbox.store.get("charge", intent["latest_charge"]) if pending else None
    charge = {
        "id": old["id"] if old else new_id("ch_3"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "captured": paid,
        "created": old["created"] if old else sandbox.now(),
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": None,
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {
            "type": method["type"],
            method["type"]: method[method["type"]],
        },
        "receipt_email": intent["receipt_email"],
        "receipt_url": None,
        "refunded": False,
        "shipping": intent["shipping"],
        "statement_descriptor": None,
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }
    return sandbox.store.add(charge)


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
