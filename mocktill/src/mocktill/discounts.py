"""Coupons, promotion codes and discounts, in the form of Stripe's objects."""

from decimal import Decimal

from .money import to_unit
from .shapes import Json
from .store import Store, new_id

COUPON = "coupon"
PROMOTION_CODE = "promotion_code"
# Every sandbox has these codes, with what each takes off in percent.
SAMPLES = {"MOCKTILL10": 10.0, "MOCKTILLFREE": 100.0}


def add_samples(store: Store, now: int) -> None:
    """Add the codes that a developer can try at once."""
    for code, percent in SAMPLES.items():
        made = {"id": code.lower(), "name": f"Sample {code}", "percent_off": percent}
        store.add(coupon(made, now))
        store.add(promotion_code({"code": code}, code.lower(), now))


def coupon(params: Json, now: int) -> Json:
    percent = params.get("percent_off")
    return {
        "id": params.get("id") or new_id("", 8),
        "object": COUPON,
        "amount_off": params.get("amount_off"),
        "created": now,
        "currency": params.get("currency"),
        "duration": params.get("duration", "once"),
        "duration_in_months": params.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": params.get("metadata") or {},
        "name": params.get("name"),
        "percent_off": None if percent is None else float(percent),
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }


def promotion_code(params: Json, coupon_id: str, now: int) -> Json:
    limits = params.get("restrictions", {})
    return {
        "id": new_id("promo_1"),
        "object": PROMOTION_CODE,
        "active": params.get("active", True),
        "code": params.get("code") or new_id("", 8).upper(),
        "created": now,
        "customer": params.get("customer"),
        "customer_account": None,
        "expires_at": params.get("expires_at"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": params.get("metadata") or {},
        "promotion": {"coupon": coupon_id, "type": "coupon"},
        "restrictions": {
            "first_time_transaction": limits.get("first_time_transaction", False),
            "minimum_amount": limits.get("minimum_amount"),
            "minimum_amount_currency": limits.get("minimum_amount_currency"),
        },
        "times_redeemed": 0,
    }


def discount(session: Json, coupon_id: str, code_id: str | None, now: int) -> Json:
    """Return the application of a coupon to a session."""
    return {
        "id": new_id("di_1"),
        "object": "discount",
        "checkout_session": session["id"],
        "customer": session["customer"],
        "customer_account": None,
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": code_id,
        "source": {"coupon": coupon_id, "type": "coupon"},
        "start": now,
        "subscription": None,
        "subscription_item": None,
    }


def amount_off(found: Json, subtotal: int, currency: str) -> int:
    """Return what a coupon takes off the subtotal, which is at most all of it."""
    if found["amount_off"]:
        return min(int(found["amount_off"]), subtotal)
    numerator, denominator = Decimal(str(found["percent_off"])).as_integer_ratio()
    off = to_unit(subtotal * numerator, 100 * denominator, currency)
    return min(off, subtotal)
