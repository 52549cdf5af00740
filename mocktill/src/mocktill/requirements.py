"""What a session requires of its customer before the payment."""

from . import custom_fields
from .shapes import Json

# In these countries, an address also has a state and a postal code.
WITH_STATE = ("AU", "CA", "US")


def missing(session: Json, entered: Json) -> list[str]:
    """Return the parameters that are required and not entered, in the page's order."""
    found = []
    if session["shipping_address_collection"]:
        shipping: Json = entered.get("shipping_details", {})
        found += [] if shipping.get("name") else ["shipping_details[name]"]
        found += _incomplete(shipping.get("address"), "shipping_details[address]")
    if session["billing_address_collection"] == "required":
        found += _incomplete(billing_address(entered), "customer_details[address]")
    if session["automatic_tax"]["enabled"]:
        found += missing_place(session, entered)
    found += _missing_details(session, entered.get("customer_details", {}))
    found += [
        f"custom_fields[{key}]"
        for key in custom_fields.missing_answers(
            session["custom_fields"], entered.get("answers", {})
        )
    ]
    wanted = (session["consent_collection"] or {}).get("terms_of_service")
    accepted = entered.get("consent", {}).get("terms_of_service") == "accepted"
    if wanted == "required" and not accepted:
        found.append("consent[terms_of_service]")
    return found


def missing_place(session: Json, entered: Json) -> list[str]:
    """Return what is missing of the place whose tax is due."""
    shipped = session["shipping_address_collection"] is not None
    name = "shipping_details" if shipped else "customer_details"
    known = {} if shipped else (session["customer_details"] or {})
    address = entered.get(name, {}).get("address") or known.get("address") or {}
    wanted = ["country", *(["postal_code"] if address.get("country") == "US" else [])]
    return [f"{name}[address][{part}]" for part in wanted if not address.get(part)]


def billing_address(entered: Json) -> Json | None:
    """Return the billing address, which is the shipping address by default."""
    details: Json = entered.get("customer_details", {})
    shipping: Json = entered.get("shipping_details", {})
    return details.get("address") or shipping.get("address")


def asks_for_billing_address(session: Json) -> bool:
    required = session["billing_address_collection"] == "required"
    return required or bool(session["automatic_tax"]["enabled"])


def requires_tax_id(session: Json) -> bool:
    collection = session["tax_id_collection"] or {}
    return bool(collection.get("enabled") and collection["required"] == "if_supported")


def _missing_details(session: Json, details: Json) -> list[str]:
    wanted = [
        f"{kind}_name"
        for kind, asked in (session["name_collection"] or {}).items()
        if asked["enabled"] and not asked["optional"]
    ]
    if session["phone_number_collection"]["enabled"]:
        wanted.append("phone")
    if requires_tax_id(session):
        wanted.append("tax_ids")
    return [f"customer_details[{name}]" for name in wanted if not details.get(name)]


def _incomplete(address: Json | None, param: str) -> list[str]:
    address = address or {}
    wanted = ["line1", "city", "country"]
    if address.get("country") in WITH_STATE:
        wanted += ["state", "postal_code"]
    return [f"{param}[{part}]" for part in wanted if not address.get(part)]
