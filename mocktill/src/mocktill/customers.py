"""Customers: from the API, or from a session that keeps the payment method."""

from stripe.params import CustomerCreateParams

from .create_rules import is_email
from .errors import invalid, refuse_unsupported
from .parameters import validate
from .sandbox import Sandbox
from .shapes import Json, PathParams
from .store import new_id

KIND = "customer"
UNSUPPORTED = (
    "balance", "cash_balance", "invoice_prefix", "invoice_settings",
    "next_invoice_sequence", "payment_method", "source", "tax", "tax_id_data",
    "test_clock",
)  # fmt: skip


def create(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    params = validate(raw, CustomerCreateParams)
    refuse_unsupported(params, UNSUPPORTED)
    if "email" in params and not is_email(params["email"]):
        raise invalid("email", f"Invalid email address: {params['email']}")
    made = _customer(sandbox, params)
    answer = sandbox.store.expanded(made, params.get("expand", []))
    _add(sandbox, made)
    return answer


def who_pays(sandbox: Sandbox, billing: Json) -> Json:
    """Make a customer from the billing details of a payment."""
    known = {name: billing[name] for name in ("email", "name", "phone", "address")}
    return _add(sandbox, _customer(sandbox, known))


def _add(sandbox: Sandbox, customer: Json) -> Json:
    sandbox.store.add(customer)
    sandbox.emit("customer.created", customer)
    return customer


def _customer(sandbox: Sandbox, params: Json) -> Json:
    return {
        "id": new_id("cus_", 14),
        "object": KIND,
        "address": params.get("address") or None,
        "balance": 0,
        "business_name": params.get("business_name") or None,
        "created": sandbox.now(),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": params.get("description"),
        "discount": None,
        "email": params.get("email"),
        "individual_name": params.get("individual_name") or None,
        "invoice_prefix": new_id("", 8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "name": params.get("name"),
        "next_invoice_sequence": 1,
        "phone": params.get("phone"),
        "preferred_locales": params.get("preferred_locales", []),
        "shipping": params.get("shipping") or None,
        "tax_exempt": params.get("tax_exempt") or "none",
        "test_clock": None,
    }
