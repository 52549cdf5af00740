"""Refuse what a customer enters that the session does not ask for, or is not valid."""

import re

from stripe.checkout import Session

from . import custom_fields
from .create_rules import is_email
from .errors import invalid
from .parameters import choices
from .session_object import known_email
from .shapes import Json

TAX_ID_TYPES = choices(Session.CustomerDetails.TaxId.__annotations__["type"])
MAX_TAX_ID = 40
_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_TAX_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]*")


def check(session: Json, given: Json) -> None:
    for param, asked in _asked(session, given).items():
        if not asked:
            raise invalid(param, f"This Checkout Session does not take `{param}`.")
    details = given.get("customer_details", {})
    if "email" in details and not is_email(details["email"]):
        raise invalid("customer_details[email]", "Your email is incomplete.")
    if "phone" in details and not _PHONE.fullmatch(details["phone"]):
        raise invalid(
            "customer_details[phone]",
            "Your phone number is incomplete: it begins with + and the country's code.",
        )
    _check_tax_ids(details.get("tax_ids", []))
    _check_address(details.get("address", {}), "customer_details[address]")
    address = given.get("shipping_details", {}).get("address", {})
    _check_address(address, "shipping_details[address]")
    allowed = (session["shipping_address_collection"] or {}).get("allowed_countries")
    if "country" in address and address["country"] not in (allowed or ()):
        raise invalid(
            "shipping_details[address][country]",
            f"The shop does not ship to {address['country']}.",
        )
    rates = [option["shipping_rate"] for option in session["shipping_options"]]
    if "shipping_rate" in given and given["shipping_rate"] not in rates:
        raise invalid("shipping_rate", "This shipping rate is not among the options.")
    _check_answers(session["custom_fields"], given.get("custom_fields", []))


def _asked(session: Json, given: Json) -> dict[str, bool]:
    """Return for each given parameter whether the session asks for it."""
    names = session["name_collection"] or {}
    consent = session["consent_collection"] or {}
    tax_ids = (session["tax_id_collection"] or {}).get("enabled", False)
    asks = {
        "consent[promotions]": consent.get("promotions") == "auto",
        "consent[terms_of_service]": consent.get("terms_of_service") == "required",
        "custom_fields": bool(session["custom_fields"]),
        "customer_details[business_name]": tax_ids
        or bool(names.get("business", {}).get("enabled")),
        "customer_details[individual_name]": bool(
            names.get("individual", {}).get("enabled")
        ),
        "customer_details[email]": known_email(session) is None,
        "customer_details[phone]": session["phone_number_collection"]["enabled"],
        "customer_details[tax_ids]": tax_ids,
        "promotion_code": bool(session["allow_promotion_codes"]),
        "shipping_details": bool(session["shipping_address_collection"]),
        "shipping_rate": bool(session["shipping_options"]),
    }
    named = [
        f"{head}[{part}]" if head in ("consent", "customer_details") else head
        for head, value in given.items()
        for part in (value if isinstance(value, dict) else [""])
    ]
    return {name: asks.get(name, True) for name in named}


def _check_address(address: Json, param: str) -> None:
    if "country" in address and not _COUNTRY.fullmatch(address["country"]):
        raise invalid(
            f"{param}[country]", f"Country '{address['country']}' is unknown."
        )


def _check_tax_ids(tax_ids: list[Json]) -> None:
    param = "customer_details[tax_ids]"
    if len(tax_ids) > 1:
        raise invalid(param, "The page takes one tax ID.")
    for given in tax_ids:
        if given["type"] not in TAX_ID_TYPES:
            raise invalid(
                f"{param}[0][type]", f"Stripe has no tax ID of type {given['type']}."
            )
        if len(given["value"]) > MAX_TAX_ID or not _TAX_ID.fullmatch(given["value"]):
            raise invalid(f"{param}[0][value]", "Your tax ID is invalid.")


def _check_answers(fields: list[Json], answers: list[Json]) -> None:
    by_key = {field["key"]: field for field in fields}
    for index, answer in enumerate(answers):
        if answer["key"] not in by_key:
            raise invalid(
                f"custom_fields[{index}][key]", f"There is no field {answer['key']}."
            )
        if answer["value"]:
            field = by_key[answer["key"]]
            param = f"custom_fields[{index}][value]"
            custom_fields.check_answer(field, answer["value"], param)
