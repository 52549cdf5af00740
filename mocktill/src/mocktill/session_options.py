"""The options of a new session, as the session shows them."""

from stripe.checkout import Session

from . import custom_fields
from .shapes import Json

TEXTS = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")


def shown(params: Json) -> Json:
    texts = params.get("custom_text", {})
    return {
        "after_expiration": _after_expiration(params),
        "automatic_tax": _automatic_tax(params),
        "billing_address_collection": params.get("billing_address_collection"),
        "consent_collection": _consent_collection(params),
        "custom_fields": [
            custom_fields.shown(field) for field in params.get("custom_fields", [])
        ],
        "custom_text": {name: texts.get(name) or None for name in TEXTS},
        "customer_creation": params.get("customer_creation", "if_required"),
        "invoice_creation": _invoice_creation(params),
        "name_collection": _name_collection(params),
        "phone_number_collection": {
            "enabled": params.get("phone_number_collection", {}).get("enabled", False)
        },
        "shipping_address_collection": params.get("shipping_address_collection"),
        "tax_id_collection": _tax_id_collection(params),
    }


def _after_expiration(params: Json) -> Json | None:
    if "after_expiration" not in params:
        return None
    recovery = params["after_expiration"]["recovery"]
    return {
        "recovery": {
            "allow_promotion_codes": recovery.get("allow_promotion_codes", False),
            "enabled": recovery["enabled"],
            "expires_at": None,
            "url": None,
        }
    }


def _automatic_tax(params: Json) -> Json:
    enabled = params.get("automatic_tax", {}).get("enabled", False)
    return {
        "enabled": enabled,
        "liability": {"type": "self"} if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": "requires_location_inputs" if enabled else None,
    }


def _consent_collection(params: Json) -> Json | None:
    if "consent_collection" not in params:
        return None
    given = params["consent_collection"]
    return {
        "payment_method_reuse_agreement": given.get("payment_method_reuse_agreement"),
        "promotions": given.get("promotions", "none"),
        "terms_of_service": given.get("terms_of_service", "none"),
    }


def _invoice_creation(params: Json) -> Json:
    given = params.get("invoice_creation", {})
    names = Session.InvoiceCreation.InvoiceData.__annotations__
    data = dict.fromkeys(names) | given.get("invoice_data", {})
    rendering = data["rendering_options"]
    if rendering:
        data["rendering_options"] = {
            "amount_tax_display": rendering.get("amount_tax_display") or None,
            "template": None,
        }
    return {
        "enabled": given.get("enabled", False),
        # An empty text means that nothing is set.
        "invoice_data": {name: data[name] or None for name in names},
    }


def _name_collection(params: Json) -> Json | None:
    if "name_collection" not in params:
        return None
    return {
        kind: {"enabled": given["enabled"], "optional": given.get("optional", False)}
        for kind, given in params["name_collection"].items()
    }


def _tax_id_collection(params: Json) -> Json | None:
    if "tax_id_collection" not in params:
        return None
    given = params["tax_id_collection"]
    return {
        "enabled": given["enabled"],
        "required": given.get("required", "never"),
    }
