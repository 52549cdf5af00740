"""Changes to objects that exist: their metadata and the fields that need no rules."""

from dataclasses import dataclass
from typing import Any

from starlette.routing import BaseRoute
from stripe.params import (
    ChargeUpdateParams,
    CouponUpdateParams,
    CustomerUpdateParams,
    PaymentIntentUpdateParams,
    PriceUpdateParams,
    ProductUpdateParams,
    PromotionCodeUpdateParams,
    ShippingRateUpdateParams,
)
from stripe.params.checkout import SessionUpdateParams

from .api import Handler, route
from .create_rules import is_email
from .errors import invalid, unsupported
from .parameters import updated_metadata, validate
from .sandbox import Sandbox
from .sessions import expire_due
from .shapes import Json, PathParams

EMAILS = ("email", "receipt_email")


@dataclass(frozen=True)
class Update:
    """Which fields of a kind change, and the event of it, if there is one."""

    kind: str
    params: type
    fields: tuple[str, ...] = ()
    event: str | None = None
    param: str = "id"


UPDATES = {
    "/v1/charges/{id}": Update(
        "charge",
        ChargeUpdateParams,
        ("description", "fraud_details", "receipt_email", "shipping"),
        "charge.updated",
        "charge",
    ),
    "/v1/checkout/sessions/{id}": Update(
        "checkout.session", SessionUpdateParams, param="session"
    ),
    "/v1/coupons/{id}": Update(
        "coupon", CouponUpdateParams, ("name",), "coupon.updated", "coupon"
    ),
    "/v1/customers/{id}": Update(
        "customer",
        CustomerUpdateParams,
        (
            "address", "business_name", "description", "email", "individual_name",
            "name", "phone", "preferred_locales", "shipping", "tax_exempt",
        ),
        "customer.updated",
        "customer",
    ),
    "/v1/payment_intents/{id}": Update(
        "payment_intent",
        PaymentIntentUpdateParams,
        ("description", "receipt_email", "shipping"),
        param="intent",
    ),
    "/v1/prices/{id}": Update(
        "price",
        PriceUpdateParams,
        ("active", "lookup_key", "nickname"),
        "price.updated",
        "price",
    ),
    "/v1/products/{id}": Update(
        "product",
        ProductUpdateParams,
        (
            "active", "description", "images", "marketing_features", "name",
            "shippable", "statement_descriptor", "tax_code", "unit_label", "url",
        ),
        "product.updated",
    ),
    "/v1/promotion_codes/{id}": Update(
        "promotion_code",
        PromotionCodeUpdateParams,
        ("active",),
        "promotion_code.updated",
        "promotion_code",
    ),
    "/v1/shipping_rates/{id}": Update(
        "shipping_rate",
        ShippingRateUpdateParams,
        ("active", "tax_behavior"),
        param="shipping_rate_token",
    ),
}  # fmt: skip
# An empty text empties these fields. All others become null.
EMPTY: dict[str, Any] = {"images": [], "marketing_features": []}


def routes() -> list[BaseRoute]:
    return [route("POST", url, _handler(update)) for url, update in UPDATES.items()]


def _handler(update: Update) -> Handler:
    def change(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
        params = validate(raw, update.params)
        for name in sorted(params.keys() - {*update.fields, "expand", "metadata"}):
            raise unsupported(name)
        for name in EMAILS:
            email = params.get(name)
            if email and not is_email(email):
                raise invalid(name, f"Invalid email address: {email}", "email_invalid")
        expire_due(sandbox)
        found = sandbox.store.get(update.kind, path["id"], update.param)
        after = {**found, **_changes(update, params)}
        if "metadata" in raw:
            after["metadata"] = updated_metadata(found["metadata"], raw["metadata"])
        shown = sandbox.store.expanded(after, params.get("expand", []))
        before = {name: old for name, old in found.items() if old != after[name]}
        found.update(after)
        if before and update.event:
            sandbox.emit(update.event, found, before)
        return shown

    return change


def _changes(update: Update, params: Json) -> Json:
    given = {name: params[name] for name in update.fields if name in params}
    return {
        name: EMPTY.get(name) if value == "" else value for name, value in given.items()
    }
