"""Refuse the options of a new session where Stripe does, beyond names and types."""

from . import custom_fields, shipping_rates
from .errors import invalid, unsupported
from .made_up_tax import UNSPECIFIED
from .sandbox import Sandbox
from .shapes import Json

MAX_INVOICE_FIELDS = 4


def check(sandbox: Sandbox, params: Json) -> None:
    """Check the options, apart from what the session's currency decides."""
    _check_discounts(params)
    _check_tax(sandbox, params)
    _check_shipping(params)
    _check_consent(sandbox, params)
    _check_texts(params)
    _check_invoice(params.get("invoice_creation", {}))
    custom_fields.check(params.get("custom_fields", []))
    if params.get("submit_type") == "subscribe":
        raise invalid("submit_type", "`subscribe` is not allowed in `payment` mode.")


def _check_discounts(params: Json) -> None:
    if "discounts" not in params:
        return
    # Stripe refuses both together even if promotion codes are not allowed.
    if "allow_promotion_codes" in params:
        raise _only_one("allow_promotion_codes", "allow_promotion_codes", "discounts")
    given = params["discounts"]
    if len(given) > 1:
        raise invalid("discounts", "Array discounts exceeded maximum 1 elements.")
    for discount in given:
        if len(discount) > 1:
            raise _only_one("discounts[0]", "coupon", "promotion_code")


def _check_tax(sandbox: Sandbox, params: Json) -> None:
    _check_self(params.get("automatic_tax", {}), "automatic_tax", "liability")
    if "customer" in params and params.get("tax_id_collection", {}).get("enabled"):
        raise invalid(
            "customer_update",
            "Tax ID collection requires updating business name on the customer. To "
            "enable tax ID collection for an existing customer, please set "
            "`customer_update[name]` to `auto`.",
        )
    if not params.get("automatic_tax", {}).get("enabled"):
        return
    _check_address_of_customer(sandbox, params)
    if sandbox.default_tax_behavior:
        return
    for index, line in enumerate(params["line_items"]):
        if line["price_data"].get("tax_behavior") in UNSPECIFIED:
            price = line.get("price", "of `price_data`")
            part = "[price]" if "price" in line else "[price_data][tax_behavior]"
            raise invalid(
                f"line_items[{index}]{part}",
                f"The price {price} does not have a `tax_behavior` set which is "
                "required for automatic tax computation.",
            )


def _check_self(given: Json, under: str, name: str) -> None:
    """Refuse another account than this one; Connect is not imitated."""
    party = given.get(name, {})
    if party.get("type") == "account" or "account" in party:
        raise unsupported(f"{under}[{name}][account]")


def _check_address_of_customer(sandbox: Sandbox, params: Json) -> None:
    if "customer" not in params:
        return
    customer = sandbox.store.get("customer", params["customer"], "customer")
    if not (customer["address"] or {}).get("country"):
        raise invalid(
            "customer_update",
            "Automatic tax calculation in Checkout requires a valid address on the "
            "Customer. Add a valid address to the Customer or set either "
            "`customer_update[address]` to `auto` or `customer_update[shipping]` to "
            "`auto` to save the address entered in Checkout to the Customer.",
            "customer_tax_location_invalid",
        )


def check_rates(sandbox: Sandbox, params: Json, rates: list[Json]) -> None:
    """Refuse rates of which the account does not know how they are taxed."""
    taxed = params.get("automatic_tax", {}).get("enabled")
    if not taxed or sandbox.default_tax_behavior:
        return
    for index, rate in enumerate(rates):
        if rate["tax_behavior"] in UNSPECIFIED:
            raise invalid(
                f"shipping_options[{index}]",
                f"The shipping rate `{rate['display_name']}` does not have a "
                "`tax_behavior` set which is required for automatic tax computation.",
            )


def _check_shipping(params: Json) -> None:
    collected = "shipping_address_collection" in params
    if collected and "shipping" in params.get("payment_intent_data", {}):
        raise invalid(
            "payment_intent_data[shipping]",
            "You may only specify one of these parameters: "
            "payment_intent_data[shipping], shipping_address_collection.",
        )
    options = params.get("shipping_options", [])
    if len(options) > shipping_rates.MAX_OPTIONS:
        raise invalid(
            "shipping_options",
            f"Array shipping_options exceeded maximum {shipping_rates.MAX_OPTIONS} "
            "elements.",
        )
    for index, option in enumerate(options):
        name = f"shipping_options[{index}]"
        if len(option) > 1:
            raise _only_one(name, "shipping_rate", "shipping_rate_data")
        if "shipping_rate_data" in option:
            shipping_rates.check(
                option["shipping_rate_data"], f"{name}[shipping_rate_data]"
            )


def _check_consent(sandbox: Sandbox, params: Json) -> None:
    wanted = params.get("consent_collection", {}).get("terms_of_service")
    if wanted == "required" and not sandbox.terms_of_service_url:
        raise invalid(
            "consent_collection[terms_of_service]",
            "You cannot collect consent to your terms of service unless a URL is set "
            "in the public details of your account.",
        )


def _check_texts(params: Json) -> None:
    texts = params.get("custom_text", {})
    consent = params.get("consent_collection", {}).get("terms_of_service")
    if texts.get("terms_of_service_acceptance") and consent != "required":
        raise invalid(
            "custom_text[terms_of_service_acceptance]",
            "This text needs `consent_collection[terms_of_service]` to be `required`.",
        )
    if texts.get("shipping_address") and "shipping_address_collection" not in params:
        raise invalid(
            "custom_text[shipping_address]",
            "This text needs `shipping_address_collection`.",
        )


def _check_invoice(invoice: Json) -> None:
    data = invoice.get("invoice_data", {})
    name = "invoice_creation[invoice_data]"
    _check_self(data, name, "issuer")
    if data.get("account_tax_ids"):
        raise unsupported(f"{name}[account_tax_ids]")
    if (data.get("rendering_options") or {}).get("template"):
        raise unsupported(f"{name}[rendering_options][template]")
    if len(data.get("custom_fields", [])) > MAX_INVOICE_FIELDS:
        raise invalid(
            f"{name}[custom_fields]",
            f"Array custom_fields exceeded maximum {MAX_INVOICE_FIELDS} elements.",
        )


def _only_one(param: str, one: str, other: str) -> Exception:
    return invalid(
        param, f"You may only specify one of these parameters: {one}, {other}."
    )
