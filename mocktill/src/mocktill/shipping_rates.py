"""Shipping rates: made by the shop on their own, or for one session."""

from stripe.params import ShippingRateCreateParams

from . import money
from .errors import invalid, missing, unsupported
from .parameters import validate
from .sandbox import Sandbox
from .shapes import Json, PathParams
from .store import new_id
from .tax_codes import check_tax_code

KIND = "shipping_rate"
MAX_OPTIONS = 5
HOURS = {"hour": 1, "day": 24, "business_day": 24, "week": 168, "month": 720}


def create(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    params = validate(raw, ShippingRateCreateParams)
    check(params, "")
    made = _rate(params, sandbox.now())
    shown = sandbox.store.expanded(made, params.get("expand", []))
    sandbox.store.add(made)
    return shown


def check(params: Json, under: str) -> None:
    """Check the values of a new rate, and put its currency in lower case."""

    def name(*parts: str) -> str:
        head, *rest = (under, *parts) if under else parts
        return head + "".join(f"[{part}]" for part in rest)

    if "fixed_amount" not in params:
        raise missing(name("fixed_amount"))
    fixed = params["fixed_amount"]
    if "currency_options" in fixed:
        raise unsupported(name("fixed_amount", "currency_options"))
    currency = money.check_currency(fixed["currency"], name("fixed_amount", "currency"))
    fixed["currency"] = currency
    money.check_amount(fixed["amount"], currency, name("fixed_amount", "amount"))
    if "tax_code" in params:
        check_tax_code(params["tax_code"], name("tax_code"))
    estimate = params.get("delivery_estimate", {})
    for bound, limit in estimate.items():
        if limit["value"] < 1:
            raise invalid(
                name("delivery_estimate", bound, "value"),
                "This value must be greater than or equal to 1.",
                "parameter_invalid_integer",
            )
    hours = {bound: at["value"] * HOURS[at["unit"]] for bound, at in estimate.items()}
    if hours.get("minimum", 0) > hours.get("maximum", float("inf")):
        raise invalid(
            name("delivery_estimate", "minimum"),
            "The minimum delivery estimate is longer than the maximum.",
        )


def of_session(sandbox: Sandbox, params: Json, currency: str) -> list[Json]:
    """Return the rates of a new session, and make those that it does not name."""
    rates = []
    for index, option in enumerate(params.get("shipping_options", [])):
        name = f"shipping_options[{index}]"
        if "shipping_rate" in option:
            name += "[shipping_rate]"
            rate = sandbox.store.get(KIND, option["shipping_rate"], name)
            if not rate["active"]:
                raise invalid(name, f"The shipping rate {rate['id']} is not active.")
        else:
            name += "[shipping_rate_data][fixed_amount][currency]"
            rate = _rate(option["shipping_rate_data"], sandbox.now())
        if rate["fixed_amount"]["currency"] != currency:
            raise invalid(
                name,
                "The shipping rate's currency "
                f"({rate['fixed_amount']['currency']}) does not match the session's "
                f"({currency}).",
            )
        rates.append(rate)
    return rates


def option(rate: Json) -> Json:
    """Return the rate as a session offers it."""
    return {
        "shipping_amount": rate["fixed_amount"]["amount"],
        "shipping_rate": rate["id"],
    }


def _rate(params: Json, now: int) -> Json:
    estimate = params.get("delivery_estimate")
    return {
        "id": new_id("shr_1"),
        "object": KIND,
        "active": True,
        "created": now,
        "delivery_estimate": estimate
        and {"maximum": estimate.get("maximum"), "minimum": estimate.get("minimum")},
        "display_name": params["display_name"],
        "fixed_amount": params["fixed_amount"],
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tax_code": params.get("tax_code"),
        "type": "fixed_amount",
    }
