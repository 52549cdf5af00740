"""The fields that the payment page has for a session's options."""

from dataclasses import dataclass, replace
from typing import Any

from . import requirements
from .checkouts import Checkout
from .money import format_amount
from .sandbox import Sandbox
from .shapes import Json

ADDRESS = {
    "line1": ("Address", "address-line1"),
    "line2": ("Address line 2 (optional)", "address-line2"),
    "postal_code": ("Postal code", "postal-code"),
    "city": ("City", "address-level2"),
    "state": ("State (if there is one)", "address-level1"),
    "country": ("Country (two letters)", "country"),
}
NEEDED = ("line1", "city", "country")
TERMS = "I agree to the terms of service"
PROMOTIONS = "Send me news and offers"
# What the page offers; Stripe has more.
TAX_ID_TYPES = ("eu_vat", "gb_vat", "ch_vat", "us_ein", "au_abn", "ca_bn", "in_gst")


@dataclass(frozen=True)
class Field:
    name: str
    label: str
    kind: str = "text"
    value: str = ""
    required: bool = False
    autocomplete: str = "off"
    # The value and the words of each choice.
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Section:
    legend: str
    fields: list[Field]
    note: str | None = None


def sections(sandbox: Sandbox, checkout: Checkout, form: Json) -> list[Section]:
    """Return the fields that the session asks for, with what was entered."""
    session = checkout.session
    values = form or _values(sandbox, checkout)
    made = [
        _contact(session, values),
        _shipping(session, values),
        _rates(sandbox, session),
        _billing(session, values),
        _tax_id(session, values),
        _questions(session, values),
        _promotion(session, values),
    ]
    return [section for section in made if section.fields]


def consents(checkout: Checkout, form: Json) -> list[Field]:
    """Return the boxes to tick, which stand beside the button."""
    session, values = checkout.session, form or checkout.entered
    asked = session["consent_collection"] or {}
    found = []
    for name, wanted, label, ticked in (
        ("terms_of_service", "required", TERMS, "accepted"),
        ("promotions", "auto", PROMOTIONS, "opt_in"),
    ):
        if asked.get(name) == wanted:
            chosen = _at(values, f"consent[{name}]") == ticked
            found.append(
                Field(
                    f"consent[{name}]",
                    label,
                    "checkbox",
                    ticked if chosen else "",
                    required=wanted == "required",
                    choices=((ticked, label),),
                )
            )
    return found


def _values(sandbox: Sandbox, checkout: Checkout) -> Json:
    """Return what was entered before, in the form of a form."""
    values = dict(checkout.entered)
    answers = values.pop("answers", {})
    values["custom_fields"] = {
        str(index): {"value": answers[field["key"]]}
        for index, field in enumerate(checkout.session["custom_fields"])
        if field["key"] in answers
    }
    if checkout.discount and checkout.discount["promotion_code"]:
        code = sandbox.store.get("promotion_code", checkout.discount["promotion_code"])
        values["promotion_code"] = code["code"]
    return values


def _contact(session: Json, values: Json) -> Section:
    found = []
    for kind, label in (("individual", "Full name"), ("business", "Business name")):
        asked = (session["name_collection"] or {}).get(kind, {})
        if asked.get("enabled"):
            found.append(
                _field(
                    values,
                    f"customer_details[{kind}_name]",
                    f"{label} (optional)" if asked["optional"] else label,
                    required=not asked["optional"],
                    autocomplete="name" if kind == "individual" else "organization",
                )
            )
    if session["phone_number_collection"]["enabled"]:
        name, label = "customer_details[phone]", "Phone, such as +4930123456"
        found.append(
            _field(values, name, label, "tel", required=True, autocomplete="tel")
        )
    return Section("About you", found)


def _shipping(session: Json, values: Json) -> Section:
    if not session["shipping_address_collection"]:
        return Section("Shipping address", [])
    name = "shipping_details[name]"
    countries = session["shipping_address_collection"]["allowed_countries"]
    found = [
        _field(values, name, "Recipient", required=True, autocomplete="shipping name"),
        *_address(values, "shipping_details[address]", "shipping", countries),
    ]
    text = session["custom_text"]["shipping_address"]
    return Section("Shipping address", found, text and text["message"])


def _rates(sandbox: Sandbox, session: Json) -> Section:
    options = []
    for each in session["shipping_options"]:
        rate = sandbox.store.get("shipping_rate", each["shipping_rate"])
        price = format_amount(each["shipping_amount"], session["currency"])
        options.append((rate["id"], f"{rate['display_name']}, {price}"))
    if not options:
        return Section("Shipping", [])
    chosen = session["shipping_cost"]["shipping_rate"]
    field = Field("shipping_rate", "Shipping", "radio", chosen, choices=(*options,))
    return Section("Shipping", [field])


def _billing(session: Json, values: Json) -> Section:
    if not requirements.asks_for_billing_address(session):
        return Section("Billing address", [])
    shipped = bool(session["shipping_address_collection"])
    whole = session["billing_address_collection"] == "required"
    found = _address(values, "customer_details[address]", "billing", None)
    parts = () if shipped else NEEDED if whole else ("country",)
    required = tuple(f"[{part}]" for part in parts)
    found = [replace(field, required=field.name.endswith(required)) for field in found]
    note = "Leave it empty if it is the shipping address." if shipped else None
    return Section("Billing address", found, note)


def _tax_id(session: Json, values: Json) -> Section:
    if not (session["tax_id_collection"] or {}).get("enabled"):
        return Section("Tax ID", [])
    name = "customer_details[tax_ids][0]"
    kinds = tuple((kind, kind) for kind in TAX_ID_TYPES)
    required = requirements.requires_tax_id(session)
    label = "Tax ID" if required else "Tax ID (optional)"
    return Section(
        "Tax ID",
        [
            _field(values, f"{name}[type]", "Type of tax ID", "select", choices=kinds),
            _field(values, f"{name}[value]", label, required=required),
        ],
    )


def _questions(session: Json, values: Json) -> Section:
    found = []
    for index, field in enumerate(session["custom_fields"]):
        name, settings = f"custom_fields[{index}]", field[field["type"]]
        found.append(Field(f"{name}[key]", "", "hidden", field["key"]))
        options = [(o["value"], o["label"]) for o in settings.get("options", [])]
        label = field["label"]["custom"]
        made = _field(
            values,
            f"{name}[value]",
            f"{label} (optional)" if field["optional"] else label,
            "select" if options else field["type"],
            required=not field["optional"],
            choices=(("", "Choose"), *options) if options else (),
        )
        if _at(values, made.name) is None:
            made = replace(made, value=settings["default_value"] or "")
        found.append(made)
    return Section("More questions", found)


def _promotion(session: Json, values: Json) -> Section:
    if not session["allow_promotion_codes"]:
        return Section("Promotion code", [])
    return Section(
        "Promotion code",
        [_field(values, "promotion_code", "Promotion code (optional)")],
    )


def _address(
    values: Json, name: str, of: str, countries: list[str] | None
) -> list[Field]:
    found = []
    for part, (label, completion) in ADDRESS.items():
        choices = countries if part == "country" and countries else ()
        found.append(
            _field(
                values,
                f"{name}[{part}]",
                "Country" if choices else label,
                "select" if choices else "text",
                required=part in NEEDED,
                autocomplete=f"{of} {completion}",
                choices=tuple((each, each) for each in choices),
            )
        )
    return found


def _field(  # noqa: PLR0913 - what differs between fields
    values: Json,
    name: str,
    label: str,
    kind: str = "text",
    *,
    required: bool = False,
    autocomplete: str = "off",
    choices: tuple[tuple[str, str], ...] = (),
) -> Field:
    value = _at(values, name) or ""
    return Field(name, label, kind, value, required, autocomplete, choices)


def _at(values: Any, name: str) -> str | None:  # noqa: ANN401 - JSON
    for part in name.replace("]", "").split("["):
        if isinstance(values, list):
            values = dict(enumerate(values)).get(int(part))
        else:
            values = values.get(part) if isinstance(values, dict) else None
    return values if isinstance(values, str) else None
