"""A new Checkout Session in the form of Stripe's object."""

from stripe.checkout import Session

from . import create_rules, payment_methods
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
# The fields that stay empty without customers, invoices or discounts.
EMPTY = (
    "after_expiration", "billing_address_collection", "client_secret",
    "collected_information", "consent", "consent_collection", "currency_conversion",
    "customer", "customer_account", "customer_details", "invoice", "managed_payments",
    "name_collection", "optional_items", "payment_intent", "payment_link",
    "payment_method_configuration_details", "presentment_details", "recovered_from",
    "redirect_on_completion", "setup_intent", "shipping_address_collection",
    "shipping_cost", "subscription", "tax_id_collection", "url",
)  # fmt: skip


def new_session(params: Json, line_items: list[Json], now: int) -> Json:
    total = sum(item["amount_total"] for item in line_items)
    currency = line_items[0]["currency"]
    return {
        "id": new_id("cs_test_a1", 56),
        "object": KIND,
        **dict.fromkeys(EMPTY),
        **{name: params.get(name) for name in ECHOED},
        "adaptive_pricing": {"enabled": False},
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "created": now,
        "currency": currency,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
            **params.get("custom_text", {}),
        },
        "customer_creation": "if_required",
        "discounts": [],
        "expires_at": params.get("expires_at", now + create_rules.MAXIMUM_LIFE_SECONDS),
        "invoice_creation": {
            "enabled": False,
            "invoice_data": dict.fromkeys(
                Session.InvoiceCreation.InvoiceData.__annotations__
            ),
        },
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "mode": "payment",
        "payment_method_collection": "if_required",
        "payment_method_options": params.get("payment_method_options", {}),
        "payment_method_types": payment_methods.offered(params, currency),
        "payment_status": "unpaid" if total else "no_payment_required",
        "phone_number_collection": {"enabled": False},
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
