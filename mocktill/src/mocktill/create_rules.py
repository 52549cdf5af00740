"""Refuse a new session where Stripe does, beyond names and types."""

import re

from .errors import invalid, missing, no_such, unsupported
from .money import check_amount, check_currency, check_total
from .parameters import too_long
from .shapes import Json
from .tax_codes import check_tax_code

MINIMUM_LIFE_SECONDS = 30 * 60
MAXIMUM_LIFE_SECONDS = 24 * 60 * 60
MAX_LINE_ITEMS = 100
MAX_REFERENCE = 200
MAX_IMAGES = 8
MAX_IMAGE_URL = 2048
MAX_URL = 5000
MAX_QUANTITY = 999_999
MAX_EMAIL = 254

# The sandbox does not imitate these. To accept them would promise wrong results.
UNSUPPORTED = (
    "adaptive_pricing", "customer_account", "customer_update", "managed_payments",
    "optional_items", "payment_method_configuration", "payment_method_data",
    "setup_intent_data", "subscription_data",
)  # fmt: skip
UNSUPPORTED_INTENT_DATA = (
    "application_fee_amount", "capture_method", "on_behalf_of", "transfer_data",
)  # fmt: skip
SWITCHED_OFF = ({"enabled": False},)
# Stripe does not publish its rules. These are stricter than those of most shops, so
# that a shop meets the refusal here first.
_EMAIL = re.compile(
    r"(?!.{65,}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_URL = re.compile(r"https?://[^\s/?#\\]+([/?#]\S*)?")
_NOT_IN_A_SUFFIX = frozenset("<>\\'\"*")


def check(params: Json, now: int, *, settled_in_dollars: bool = False) -> None:
    """Check the values of *params*, which have the right names and types."""
    _check_mode(params)
    _check_urls(params)
    _check_customer(params)
    _check_expiry(params, now)
    for name in UNSUPPORTED:
        if params.get(name) not in (None, *SWITCHED_OFF):
            raise unsupported(name)
    for name in UNSUPPORTED_INTENT_DATA:
        if name in params.get("payment_intent_data", {}):
            raise unsupported(f"payment_intent_data[{name}]")
    if "statement_descriptor" in params.get("payment_intent_data", {}):
        raise invalid(
            "payment_intent_data[statement_descriptor]",
            "The `statement_descriptor` parameter is not supported for card charges. "
            "Use `statement_descriptor_suffix` instead.",
        )
    if not {"allowed_payment_method_types", "excluded_payment_method_types"} - set(
        params
    ):
        raise invalid(
            "excluded_payment_method_types",
            "You may only specify one of these parameters: "
            "allowed_payment_method_types, excluded_payment_method_types.",
        )
    _check_intent_data(params.get("payment_intent_data", {}))
    _check_lines(params, settled_in_dollars)


def _check_intent_data(intent: Json) -> None:
    name = "payment_intent_data[statement_descriptor_suffix]"
    if _NOT_IN_A_SUFFIX & set(intent.get("statement_descriptor_suffix", "")):
        raise invalid(
            name, "The statement descriptor suffix must not contain <>, \\, ', \" or *."
        )
    if "receipt_email" in intent:
        _check_email(intent["receipt_email"], "payment_intent_data[receipt_email]")


def _check_mode(params: Json) -> None:
    if "mode" not in params:
        raise missing("mode")
    if params["mode"] != "payment":
        raise unsupported(f"mode={params['mode']}")
    if params.get("ui_mode", "hosted_page") not in ("hosted_page", "embedded_page"):
        raise unsupported(f"ui_mode={params['ui_mode']}")


def _check_urls(params: Json) -> None:
    ui_mode = params.get("ui_mode", "hosted_page")
    if ui_mode == "embedded_page":
        refused: tuple[str, ...] = ("success_url", "cancel_url")
        redirects = params.get("redirect_on_completion") != "never"
        required = ["return_url"] if redirects else []
    else:
        refused = ("return_url", "redirect_on_completion")
        required = ["success_url"]
    for name in refused:
        if name in params:
            raise invalid(name, f"`{name}` is not allowed if `ui_mode` is `{ui_mode}`.")
    for name in required:
        if name not in params:
            raise missing(name)
    for name in ("success_url", "cancel_url", "return_url"):
        if name in params:
            _check_url(params[name], name, MAX_URL)


def _check_url(url: str, name: str, longest: int) -> None:
    if len(url) > longest:
        raise invalid(name, f"Invalid URL: URL must be {longest} characters or less.")
    if not _URL.fullmatch(url):
        raise invalid(name, "Not a valid URL", "url_invalid")


def _check_customer(params: Json) -> None:
    for name in ("customer_email", "customer_creation"):
        if "customer" in params and name in params:
            raise invalid(
                "customer",
                f"You may only specify one of these parameters: customer, {name}.",
            )
    if "customer_email" in params:
        _check_email(params["customer_email"], "customer_email")
    reference = params.get("client_reference_id", "")
    if len(reference) > MAX_REFERENCE:
        raise too_long("client_reference_id", reference, MAX_REFERENCE)


def _check_email(email: str, name: str) -> None:
    if not is_email(email):
        raise invalid(name, f"Invalid email address: {email}", "email_invalid")


def _check_expiry(params: Json, now: int) -> None:
    life = params.get("expires_at", now + MAXIMUM_LIFE_SECONDS) - now
    if life < MINIMUM_LIFE_SECONDS:
        raise invalid(
            "expires_at",
            "The `expires_at` timestamp must be at least 30 minutes from Checkout "
            "Session creation.",
        )
    if life > MAXIMUM_LIFE_SECONDS:
        raise invalid(
            "expires_at",
            "The `expires_at` timestamp must be less than 24 hours from Checkout "
            "Session creation.",
        )


def _check_lines(params: Json, settled_in_dollars: bool) -> None:
    lines = params.get("line_items", [])
    if not lines:
        raise missing("line_items")
    if len(lines) > MAX_LINE_ITEMS:
        raise invalid(
            "line_items",
            f"Array line_items exceeded maximum {MAX_LINE_ITEMS} elements.",
        )
    for index, line in enumerate(lines):
        _check_line(line, f"line_items[{index}]")
    currencies = {line["price_data"]["currency"] for line in lines}
    if "currency" in params:
        currencies.add(check_currency(params["currency"], "currency"))
    if len(currencies) > 1:
        raise invalid(
            "line_items",
            "All line items must have the same currency; "
            f"found {', '.join(sorted(currencies))}.",
        )
    total = sum(line_amount(line) for line in lines)
    check_total(total, currencies.pop(), settled_in_dollars)


def _check_line(line: Json, name: str) -> None:
    for part in ("tax_rates", "adjustable_quantity"):
        if part in line:
            raise unsupported(f"{name}[{part}]")
    if "price_data" not in line:
        raise missing(f"{name}[price_data]")
    if "quantity" not in line:
        raise missing(f"{name}[quantity]")
    if line["quantity"] < 1:
        raise invalid(
            f"{name}[quantity]",
            "This value must be greater than or equal to 1.",
            "parameter_invalid_integer",
        )
    if line["quantity"] > MAX_QUANTITY:
        raise invalid(
            f"{name}[quantity]",
            f"This value must be less than or equal to {MAX_QUANTITY}.",
            "parameter_invalid_integer",
        )
    _check_price(line["price_data"], f"{name}[price_data]")


def _check_price(price: Json, name: str) -> None:
    price["currency"] = check_currency(price["currency"], f"{name}[currency]")
    if "product" in price:
        raise no_such("product", price["product"], f"{name}[product]")
    if "product_data" not in price:
        raise missing(f"{name}[product_data]")
    for part in ("recurring", "unit_amount_decimal"):
        if part in price:
            raise unsupported(f"{name}[{part}]")
    if "unit_amount" not in price:
        raise missing(f"{name}[unit_amount]")
    check_amount(price["unit_amount"], price["currency"], f"{name}[unit_amount]")
    _check_product(price["product_data"], f"{name}[product_data]")


def _check_product(product: Json, name: str) -> None:
    if "tax_details" in product:
        raise unsupported(f"{name}[tax_details]")
    if "tax_code" in product:
        check_tax_code(product["tax_code"], f"{name}[tax_code]")
    if not product["name"].strip():
        raise invalid(
            f"{name}[name]", "The name must not be blank.", "parameter_invalid_empty"
        )
    images = product.get("images", [])
    if len(images) > MAX_IMAGES:
        raise invalid(
            f"{name}[images]", f"Array images exceeded maximum {MAX_IMAGES} elements."
        )
    for index, image in enumerate(images):
        _check_url(image, f"{name}[images][{index}]", MAX_IMAGE_URL)


def line_amount(line: Json) -> int:
    amount: int = line["price_data"]["unit_amount"] * line["quantity"]
    return amount


def is_email(text: str) -> bool:
    return len(text) <= MAX_EMAIL and _EMAIL.fullmatch(text) is not None
