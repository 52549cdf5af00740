"""A new Checkout Session in the form of Stripe's object."""

from . import create_rules, payment_methods, session_options
from .shapes import Json
from .store import new_id

KIND = "checkout.session"
# The settings that the object repeats.
ECHOED = (
    "allow_promotion_codes", "allowed_payment_method_types", "branding_settings",
    "cancel_url", "client_reference_id", "customer_email",
    "excluded_payment_method_types", "integration_identifier", "locale",
    "origin_context", "permissions", "return_url", "saved_payment_method_options",
    "submit_type", "success_url", "wallet_options",
)  # fmt: skip
# The fields that are empty at first, or that mocktill does not imitate.
EMPTY = (
    "client_secret", "collected_information", "consent", "currency_conversion",
    "customer", "customer_account", "customer_details", "invoice", "managed_payments",
    "optional_items", "payment_intent", "payment_link",
    "payment_method_configuration_details", "presentment_details", "recovered_from",
    "redirect_on_completion", "setup_intent", "shipping_cost", "subscription", "url",
)  # fmt: skip


def new_session(params: Json, line_items: list[Json], now: int) -> Json:
    total = sum(item["amount_total"] for item in line_items)
    currency = line_items[0]["currency"]
    return {
        "id": new_id("cs_test_a1", 56),
        "object": KIND,
        **dict.fromkeys(EMPTY),
        **{name: params.get(name) for name in ECHOED},
        **session_options.shown(params),
        "adaptive_pricing": {"enabled": False},
        "amount_subtotal": total,
        "amount_total": total,
        "created": now,
        "currency": currency,
        "discounts": [],
        "expires_at": params.get("expires_at", now + create_rules.MAXIMUM_LIFE_SECONDS),
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "mode": "payment",
        "payment_method_collection": "if_required",
        "payment_method_options": params.get("payment_method_options", {}),
        "payment_method_types": payment_methods.offered(params, currency),
        "payment_status": "unpaid" if total else "no_payment_required",
        "shipping_options": [],
        "status": "open",
        "total_details": {
            "amount_discount": 0,
            "amount_shipping": 0,
            "amount_tax": 0,
        },
        "ui_mode": params.get("ui_mode", "hosted_page"),
    }


def customer_details(known: Json) -> Json:
    """Return what a session shows of its customer, from a customer or a payment."""
    return {
        "address": known.get("address"),
        "business_name": None,
        "email": known.get("email"),
        "individual_name": None,
        "name": known.get("name"),
        "phone": known.get("phone"),
        "tax_exempt": known.get("tax_exempt", "none"),
        "tax_ids": [],
    }


def known_email(session: Json) -> str | None:
    """Return the e-mail address that the customer cannot change on the page."""
    details = session["customer_details"] or {}
    email: str | None = session["customer_email"] or details.get("email")
    return email
