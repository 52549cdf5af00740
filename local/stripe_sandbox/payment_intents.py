"""PaymentIntents and charges: the objects that a session's payment leaves behind."""

from typing import Any

from stripe.params import PaymentIntentListParams

from .cards import Decline
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


def charge_for(
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
