"""PaymentIntents: what a session's customer pays, over one or more attempts."""

from typing import Any

from stripe.params import PaymentIntentListParams

from .parameters import validate
from .sandbox import StripeSandbox
from .sessions import Checkout
from .store import new_id, page, within

type Json = dict[str, Any]

KIND = "payment_intent"


def list_intents(sandbox: StripeSandbox, raw: Json) -> Json:
    params = validate(raw, PaymentIntentListParams)

    def matches(intent: Json) -> bool:
        return within(intent["created"], params.get("created")) and params.get(
            "customer"
        ) in (None, intent["customer"])

    newest_first = sandbox.store.all(KIND)[::-1]
    found = page(newest_first, params, "/v1/payment_intents", matches)
    return sandbox.store.expanded(found, params.get("expand", []))


def of_checkout(sandbox: StripeSandbox, checkout: Checkout) -> Json:
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
