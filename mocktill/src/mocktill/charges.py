"""Charges: each attempt to take money, and what was refunded or disputed since."""

from . import balance
from .cards import Decline
from .errors import conflict_of_state
from .sandbox import Sandbox
from .shapes import Json
from .store import new_id

KIND = "charge"
DETAILS: dict[str, tuple[str, ...]] = {
    "card": (
        "amount_authorized", "authorization_code", "brand", "checks", "country",
        "electronic_commerce_indicator", "exp_month", "exp_year", "fingerprint",
        "funding", "installments", "last4", "mandate", "network", "network_token",
        "network_transaction_id", "regulated_status", "three_d_secure",
        "transaction_link_id", "wallet",
    ),
    "sepa_debit": (
        "bank_code", "branch_code", "country", "fingerprint", "last4", "mandate",
    ),
    "us_bank_account": (
        "account_holder_type", "account_type", "bank_name", "fingerprint", "last4",
        "payment_reference", "routing_number",
    ),
}  # fmt: skip


def of_attempt(
    sandbox: Sandbox,
    intent: Json,
    method: Json,
    *,
    status: str,
    decline: Decline | None = None,
) -> Json:
    """Return the attempt's charge. A pending payment keeps the id of its charge."""
    paid = status == "succeeded"
    pending = intent["status"] == "processing"
    old = sandbox.store.get(KIND, intent["latest_charge"]) if pending else None
    prefix = "ch_3" if method["type"] == "card" else "py_3"
    charge_id = old["id"] if old else new_id(prefix)
    charge = {
        "id": charge_id,
        "object": KIND,
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": None,
        "captured": paid,
        "created": old["created"] if old else sandbox.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": None,
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _method_details(method, intent["amount"]),
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": f"{sandbox.base_url}/receipts/{charge_id}" if paid else None,
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }
    if paid and not sandbox.late_fees:
        entry = balance.record_payment(sandbox, charge)
        charge["balance_transaction"] = entry["id"]
    return sandbox.store.add(charge)


def record_fee(sandbox: Sandbox, named: str) -> Json:
    """Record the late fee of the charge with this id, or of the PaymentIntent."""
    with sandbox.lock:
        charge = successful(sandbox, named, "record the fee of")
        if charge["balance_transaction"]:
            raise conflict_of_state(f"The fee of charge {charge['id']} is recorded.")
        entry = balance.record_payment(sandbox, charge)
        charge["balance_transaction"] = entry["id"]
        sandbox.emit("charge.updated", charge, {"balance_transaction": None})
        return charge


def _method_details(method: Json, amount: int) -> Json:
    """Return the fields of the method that a charge shows."""
    kind: str = method["type"]
    names = DETAILS[kind]
    shared = {name: value for name, value in method[kind].items() if name in names}
    details = dict.fromkeys(names) | shared
    if kind == "card":
        details |= {"amount_authorized": amount, "network": details["brand"]}
    return {"type": kind, kind: details}


def successful(sandbox: Sandbox, named: str, purpose: str) -> Json:
    """Return the successful charge with this id, or of the PaymentIntent with it."""
    charge = None
    if named.startswith("pi_"):
        intent = sandbox.store.get("payment_intent", named, "payment_intent")
        if intent["latest_charge"]:
            charge = sandbox.store.get(KIND, intent["latest_charge"])
    else:
        charge = sandbox.store.get(KIND, named)
    if charge is None or not charge["paid"]:
        intent_id = charge["payment_intent"] if charge else named
        raise conflict_of_state(
            f"This PaymentIntent ({intent_id}) does not have a successful charge "
            f"to {purpose}."
        )
    return charge


def give_back(sandbox: Sandbox, charge: Json, amount: int) -> None:
    """Add *amount* to what is refunded; it is negative if a refund fails."""
    before = {name: charge[name] for name in ("amount_refunded", "refunded")}
    refunded = charge["amount_refunded"] + amount
    after = {
        "amount_refunded": refunded,
        "refunded": refunded == charge["amount"],
    }
    charge.update(after)
    if amount > 0:
        changed = {name: old for name, old in before.items() if old != after[name]}
        sandbox.emit("charge.refunded", charge, changed)
