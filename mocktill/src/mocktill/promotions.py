"""Coupons and promotion codes: made by the shop, and redeemed by customers."""

import re
from decimal import Decimal

from stripe.params import CouponCreateParams, PromotionCodeCreateParams

from . import discounts, money
from .discounts import COUPON, PROMOTION_CODE
from .errors import invalid, missing, refuse_unsupported, unsupported
from .parameters import too_long, validate
from .sandbox import Sandbox
from .shapes import Json, PathParams

UNSUPPORTED = ("applies_to", "currency_options")
UNSUPPORTED_OF_CODES = ("customer_account",)
MAX_NAME = 40
MAX_CODE = 500
MAX_REDEEM_SECONDS = 5 * 366 * 24 * 60 * 60
_CODE = re.compile(r"[A-Za-z0-9-]+")


def create_coupon(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    params = validate(raw, CouponCreateParams)
    refuse_unsupported(params, UNSUPPORTED)
    _check_value(params)
    _check_duration(params)
    _check_limits(sandbox, params, "redeem_by")
    if len(params.get("name", "")) > MAX_NAME:
        raise too_long("name", params["name"], MAX_NAME)
    if any(params.get("id") == each["id"] for each in sandbox.store.all(COUPON)):
        raise invalid("id", "Coupon already exists.", "resource_already_exists")
    return _add(sandbox, discounts.coupon(params, sandbox.now()), params)


def create_promotion_code(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    params = validate(raw, PromotionCodeCreateParams)
    refuse_unsupported(params, UNSUPPORTED_OF_CODES)
    refresh(sandbox)
    if "coupon" not in params["promotion"]:
        raise missing("promotion[coupon]")
    coupon = sandbox.store.get(
        COUPON, params["promotion"]["coupon"], "promotion[coupon]"
    )
    if not coupon["valid"]:
        raise invalid("promotion[coupon]", "This coupon is no longer valid.")
    if "customer" in params:
        sandbox.store.get("customer", params["customer"], "customer")
    _check_code(sandbox, params)
    _check_limits(sandbox, params, "expires_at")
    _check_against(coupon, params)
    _check_restrictions(params.get("restrictions", {}))
    made = discounts.promotion_code(params, coupon["id"], sandbox.now())
    return _add(sandbox, made, params)


def refresh(sandbox: Sandbox) -> None:
    """Note which coupons and codes can no longer be redeemed."""
    now = sandbox.now()
    for coupon in sandbox.store.all(COUPON):
        if _is_over(coupon, coupon["redeem_by"], now):
            coupon["valid"] = False
    for code in sandbox.store.all(PROMOTION_CODE):
        coupon = sandbox.store.get(COUPON, code["promotion"]["coupon"])
        if _is_over(code, code["expires_at"], now) or not coupon["valid"]:
            code["active"] = False


def of_new_session(sandbox: Sandbox, params: Json) -> tuple[str, str | None] | None:
    """Return the coupon and the promotion code of a new session's `discounts`."""
    refresh(sandbox)
    for given in params.get("discounts", []):
        if "promotion_code" in given:
            name = "discounts[0][promotion_code]"
            code = sandbox.store.get(PROMOTION_CODE, given["promotion_code"], name)
            _check_active(code, name)
            return code["promotion"]["coupon"], code["id"]
        coupon = sandbox.store.get(COUPON, given["coupon"], "discounts[0][coupon]")
        if not coupon["valid"]:
            raise invalid("discounts[0][coupon]", "This coupon is no longer valid.")
        return coupon["id"], None
    return None


def named(sandbox: Sandbox, text: str) -> Json:
    """Return the promotion code that a customer types, in any case of letters."""
    refresh(sandbox)
    same = [
        code
        for code in sandbox.store.all(PROMOTION_CODE)
        if code["code"].lower() == text.strip().lower()
    ]
    # An inactive code may have the same text as an active one.
    active = [code for code in same if code["active"]]
    if not same:
        raise invalid("promotion_code", "This code is invalid.")
    return (active or same)[-1]


def check(
    sandbox: Sandbox, session: Json, coupon_id: str, code_id: str | None, name: str
) -> None:
    """Refuse a discount that this session cannot have."""
    coupon = sandbox.store.get(COUPON, coupon_id)
    if coupon["amount_off"] and coupon["currency"] != session["currency"]:
        raise invalid(name, "This code cannot be used with this currency.")
    if code_id is None:
        return
    code = sandbox.store.get(PROMOTION_CODE, code_id)
    _check_active(code, name)
    if code["customer"] not in (None, session["customer"]):
        raise invalid(name, "This code is invalid.")
    limits = code["restrictions"]
    least, currency = limits["minimum_amount"], limits["minimum_amount_currency"]
    if least is not None and (
        currency != session["currency"] or session["amount_subtotal"] < least
    ):
        raise invalid(
            name,
            "This code needs a purchase of at least "
            f"{money.format_amount(least, currency)}.",
        )
    if limits["first_time_transaction"] and not _is_first(sandbox, session):
        raise invalid(name, "This code is only for a customer's first purchase.")


def redeem(sandbox: Sandbox, coupon_id: str, code_id: str | None) -> None:
    sandbox.store.get(COUPON, coupon_id)["times_redeemed"] += 1
    if code_id:
        sandbox.store.get(PROMOTION_CODE, code_id)["times_redeemed"] += 1
    refresh(sandbox)


def _is_first(sandbox: Sandbox, session: Json) -> bool:
    """Return whether a known customer has paid nothing yet. Guests are not known."""
    if session["customer"] is None and session["customer_creation"] != "always":
        return False
    return not any(
        intent["customer"] == session["customer"] and intent["status"] == "succeeded"
        for intent in sandbox.store.all("payment_intent")
        if intent["customer"]
    )


def _check_active(code: Json, name: str) -> None:
    if not code["active"]:
        raise invalid(name, "This code has expired, or is not active.")


def _is_over(limited: Json, until: int | None, now: int) -> bool:
    most = limited["max_redemptions"]
    return (until is not None and until <= now) or (
        most is not None and limited["times_redeemed"] >= most
    )


def _add(sandbox: Sandbox, made: Json, params: Json) -> Json:
    shown = sandbox.store.expanded(made, params.get("expand", []))
    sandbox.store.add(made)
    sandbox.emit(f"{made['object']}.created", made)
    return shown


def _check_value(params: Json) -> None:
    if ("percent_off" in params) == ("amount_off" in params):
        raise invalid("percent_off", "Must provide either percent_off or amount_off.")
    if "percent_off" in params:
        percent = Decimal(params["percent_off"])
        if not 0 < percent <= 100:  # noqa: PLR2004 - a percentage
            raise invalid("percent_off", "Invalid percent_off: between 0 and 100.")
        return
    if "currency" not in params:
        raise missing("currency")
    params["currency"] = money.check_currency(params["currency"], "currency")
    _check_positive(params, "amount_off")
    money.check_amount(params["amount_off"], params["currency"], "amount_off")


def _check_duration(params: Json) -> None:
    repeats = params.get("duration") == "repeating"
    if repeats and "duration_in_months" not in params:
        raise missing("duration_in_months")
    if "duration_in_months" in params and not repeats:
        raise invalid(
            "duration_in_months", "Only a repeating coupon has duration_in_months."
        )
    _check_positive(params, "duration_in_months")


def _check_limits(sandbox: Sandbox, params: Json, until: str) -> None:
    _check_positive(params, "max_redemptions")
    moment, now = params.get(until), sandbox.now()
    if moment is not None and not now < moment <= now + MAX_REDEEM_SECONDS:
        raise invalid(until, f"`{until}` must be in the next five years.")


def _check_code(sandbox: Sandbox, params: Json) -> None:
    code = params.get("code", "A")
    if len(code) > MAX_CODE or not _CODE.fullmatch(code):
        raise invalid(
            "code", "A promotion code consists of letters, digits and dashes."
        )
    for other in sandbox.store.all(PROMOTION_CODE):
        if other["active"] and other["code"].lower() == code.lower():
            raise invalid("code", "An active promotion code with this code exists.")


def _check_against(coupon: Json, params: Json) -> None:
    """Refuse a code that outlives its coupon."""
    for name, limit in (
        ("expires_at", coupon["redeem_by"]),
        ("max_redemptions", coupon["max_redemptions"]),
    ):
        if name in params and limit is not None and params[name] > limit:
            raise invalid(name, f"`{name}` exceeds that of the coupon ({limit}).")


def _check_restrictions(limits: Json) -> None:
    if "currency_options" in limits:
        raise unsupported("restrictions[currency_options]")
    names = ("minimum_amount", "minimum_amount_currency")
    for one, other in (names, names[::-1]):
        if one in limits and other not in limits:
            raise missing(f"restrictions[{other}]")
    if "minimum_amount" in limits:
        name = "restrictions[minimum_amount_currency]"
        currency = money.check_currency(limits["minimum_amount_currency"], name)
        limits["minimum_amount_currency"] = currency
        _check_positive(limits, "minimum_amount", "restrictions[minimum_amount]")


def _check_positive(params: Json, name: str, param: str | None = None) -> None:
    if params.get(name, 1) < 1:
        raise invalid(
            param or name,
            "This value must be greater than or equal to 1.",
            "parameter_invalid_integer",
        )
