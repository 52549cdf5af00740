"""Products and prices: from the API, or made for one line of a session."""

from stripe.params import PriceCreateParams, ProductCreateParams

from . import money
from .errors import invalid, missing, refuse_unsupported
from .parameters import validate
from .sandbox import Sandbox
from .shapes import Json, PathParams
from .store import new_id

PRODUCT = "product"
PRICE = "price"
UNSUPPORTED = ("default_price_data", "id", "package_dimensions", "tax_details", "type")
UNSUPPORTED_OF_PRICES = (
    "currency_options", "custom_unit_amount", "product_data", "recurring", "tiers",
    "tiers_mode", "transfer_lookup_key", "transform_quantity", "unit_amount_decimal",
)  # fmt: skip


def create(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    params = validate(raw, ProductCreateParams)
    refuse_unsupported(params, UNSUPPORTED)
    made = product(params, sandbox.now())
    answer = sandbox.store.expanded(made, params.pop("expand", []))
    sandbox.store.add(made)
    sandbox.emit("product.created", made)
    return answer


def create_price(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    params = validate(raw, PriceCreateParams)
    refuse_unsupported(params, UNSUPPORTED_OF_PRICES)
    if params.get("billing_scheme") == "tiered":
        raise invalid("billing_scheme", "mocktill has no tiered prices.")
    for name in ("product", "unit_amount"):
        if name not in params:
            raise missing(name)
    sandbox.store.get(PRODUCT, params["product"], "product")
    params["currency"] = money.check_currency(params["currency"], "currency")
    money.check_amount(params["unit_amount"], params["currency"], "unit_amount")
    made = price(params, params["product"], sandbox.now())
    answer = sandbox.store.expanded(made, params.get("expand", []))
    sandbox.store.add(made)
    sandbox.emit("price.created", made)
    return answer


def product(params: Json, now: int, *, active: bool = True) -> Json:
    return {
        "id": new_id("prod_", 14),
        "object": PRODUCT,
        "active": params.get("active", active),
        "created": now,
        "default_price": None,
        "description": params.get("description"),
        "images": params.get("images", []),
        "livemode": False,
        "marketing_features": params.get("marketing_features", []),
        "metadata": params.get("metadata") or {},
        "name": params["name"],
        "package_dimensions": None,
        "shippable": params.get("shippable"),
        "statement_descriptor": params.get("statement_descriptor"),
        "tax_code": params.get("tax_code"),
        "unit_label": params.get("unit_label"),
        "updated": now,
        "url": params.get("url"),
    }


def price(params: Json, product_id: str, now: int, *, active: bool = True) -> Json:
    return {
        "id": new_id("price_1"),
        "object": PRICE,
        "active": params.get("active", active),
        "billing_scheme": "per_unit",
        "created": now,
        "currency": params["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": params.get("lookup_key"),
        "metadata": params.get("metadata") or {},
        "nickname": params.get("nickname"),
        "product": product_id,
        "recurring": None,
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": params["unit_amount"],
        "unit_amount_decimal": str(params["unit_amount"]),
    }
