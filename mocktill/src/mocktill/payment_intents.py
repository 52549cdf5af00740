"""PaymentIntents: an amount to pay in one or more attempts."""

from stripe.params import (
    PaymentIntentCancelParams,
    PaymentIntentConfirmParams,
    PaymentIntentCreateParams,
    PaymentIntentListParams,
)

from . import attempts, money, payment_methods, versions
from .checkouts import Checkout
from .errors import conflict_of_state, missing, unsupported
from .parameters import validate
from .sandbox import Sandbox
from .shapes import Json, PathParams
from .store import new_id, page, within

KIND = "payment_intent"
# The parameters that the sandbox acts on, or shows. It refuses all others.
SUPPORTED = {
    "allowed_payment_method_types", "amount", "automatic_payment_methods", "confirm",
    "currency", "customer", "description", "excluded_payment_method_types", "expand",
    "mandate_data", "metadata", "payment_method", "payment_method_types",
    "receipt_email", "return_url", "setup_future_usage", "shipping",
    "statement_descriptor_suffix", "transfer_group",
}  # fmt: skip
SUPPORTED_TO_CONFIRM = {"expand", "mandate_data", "payment_method", "return_url"}
# In these states, the payment has not begun, or must begin again.
UNPAID = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    """Make a PaymentIntent without a session, as Stripe's CLI does."""
    params = versions.validate_new(raw, PaymentIntentCreateParams)
    for name in sorted(params.keys() - SUPPORTED):
        raise unsupported(name)
    currency = money.check_currency(params["currency"], "currency")
    money.check_charge(params["amount"], currency)
    if "customer" in params:
        sandbox.store.get("customer", params["customer"], "customer")
    types = payment_methods.offered(params, currency)
    method = _method(sandbox, params)
    intent = _intent(sandbox, params, params["amount"], currency, types)
    intent["customer"] = params.get("customer")
    if method:
        payment_methods.check_offered(method, types)
        intent.update(payment_method=method["id"], status="requires_confirmation")
    sandbox.store.add(intent)
    sandbox.emit("payment_intent.created", intent)
    if params.get("confirm"):
        _confirm(sandbox, intent, method)
    return sandbox.store.expanded(intent, params.get("expand", []))


def confirm(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    params = validate(raw, PaymentIntentConfirmParams)
    for name in sorted(params.keys() - SUPPORTED_TO_CONFIRM):
        raise unsupported(name)
    intent = sandbox.store.get(KIND, path["id"], "intent")
    _require_unpaid(intent, "confirm")
    _confirm(sandbox, intent, _method(sandbox, intent | params))
    return sandbox.store.expanded(intent, params.get("expand", []))


def cancel(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    params = validate(raw, PaymentIntentCancelParams)
    intent = sandbox.store.get(KIND, path["id"], "intent")
    _require_unpaid(intent, "cancel")
    give_up(sandbox, intent, params.get("cancellation_reason"))
    return sandbox.store.expanded(intent, params.get("expand", []))


def give_up(sandbox: Sandbox, intent: Json, reason: str | None) -> None:
    intent.update(
        status="canceled",
        canceled_at=sandbox.now(),
        cancellation_reason=reason,
        next_action=None,
    )
    sandbox.emit("payment_intent.canceled", intent)


def list_intents(sandbox: Sandbox, raw: Json) -> Json:
    params = validate(raw, PaymentIntentListParams)

    def matches(intent: Json) -> bool:
        return within(intent["created"], params.get("created")) and params.get(
            "customer"
        ) in (None, intent["customer"])

    newest_first = sandbox.store.all(KIND)[::-1]
    found = page(newest_first, params, "/v1/payment_intents", matches)
    return sandbox.store.expanded(found, params.get("expand", []))


def of_checkout(sandbox: Sandbox, checkout: Checkout) -> Json:
    """Return the session's PaymentIntent, and make it at the first attempt."""
    session = checkout.session
    if session["payment_intent"]:
        return sandbox.store.get(KIND, session["payment_intent"])
    intent = _intent(
        sandbox,
        checkout.payment_intent_data,
        session["amount_total"],
        session["currency"],
        session["payment_method_types"],
    )
    intent["customer"] = session["customer"]
    sandbox.store.add(intent)
    session["payment_intent"] = intent["id"]
    sandbox.emit("payment_intent.created", intent)
    return intent


def _method(sandbox: Sandbox, params: Json) -> Json | None:
    named = params.get("payment_method")
    return payment_methods.get(sandbox, named) if named else None


def _confirm(sandbox: Sandbox, intent: Json, method: Json | None) -> None:
    if method is None:
        raise missing("payment_method")
    # Such a payment has no page. A test answers the challenge on the sandbox's panel.
    attempts.start(sandbox, intent, method, f"{sandbox.base_url}/sandbox")
    answer = attempts.answer_of_the_bank(sandbox, intent)
    if answer is not None:
        attempts.settle(sandbox, intent, succeeds=answer)


def _require_unpaid(intent: Json, verb: str) -> None:
    if intent["status"] not in UNPAID:
        raise conflict_of_state(
            f"You cannot {verb} this PaymentIntent because it has a status of "
            f"{intent['status']}.",
            "payment_intent_unexpected_state",
        )


def _intent(
    sandbox: Sandbox, data: Json, amount: int, currency: str, types: list[str]
) -> Json:
    intent_id = new_id("pi_3")
    return {
        "id": intent_id,
        "object": KIND,
        "allowed_payment_method_types": data.get("allowed_payment_method_types"),
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": data.get("automatic_payment_methods"),
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": new_id(f"{intent_id}_secret_", 25),
        "confirmation_method": "automatic",
        "created": sandbox.now(),
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": data.get("description"),
        "excluded_payment_method_types": data.get("excluded_payment_method_types"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "managed_payments": None,
        "metadata": data.get("metadata") or {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": types,
        "processing": None,
        "receipt_email": data.get("receipt_email"),
        "review": None,
        "setup_future_usage": data.get("setup_future_usage"),
        "shipping": data.get("shipping"),
        "statement_descriptor": None,
        "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": data.get("transfer_group"),
    }
