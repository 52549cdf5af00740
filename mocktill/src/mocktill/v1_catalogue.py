"""The routes for what exists before a payment: products, coupons and the like."""

from starlette.routing import BaseRoute
from stripe.params import (
    CouponListParams,
    CouponRetrieveParams,
    CustomerListParams,
    CustomerRetrieveParams,
    PriceListParams,
    PriceRetrieveParams,
    ProductListParams,
    ProductRetrieveParams,
    PromotionCodeListParams,
    PromotionCodeRetrieveParams,
    ShippingRateListParams,
    ShippingRateRetrieveParams,
)

from . import customers, products, promotions, shipping_rates
from .api import route
from .reading import reads


def routes() -> list[BaseRoute]:
    return [*_sold(), *_reductions_and_shipping()]


def _sold() -> list[BaseRoute]:
    """Return the routes for products, prices and customers."""
    return [
        route("POST", "/v1/customers", customers.create),
        route("POST", "/v1/prices", products.create_price),
        route("POST", "/v1/products", products.create),
        *reads(
            "customer",
            "/v1/customers",
            CustomerRetrieveParams,
            CustomerListParams,
            filters=("email",),
        ),
        *reads(
            "price",
            "/v1/prices",
            PriceRetrieveParams,
            PriceListParams,
            filters=("active", "currency", "product", "type"),
            param="price",
        ),
        *reads(
            "product",
            "/v1/products",
            ProductRetrieveParams,
            ProductListParams,
            filters=("active", "shippable", "url"),
        ),
    ]


def _reductions_and_shipping() -> list[BaseRoute]:
    """Return the routes for coupons, promotion codes and shipping rates."""
    return [
        route("POST", "/v1/coupons", promotions.create_coupon),
        route("POST", "/v1/promotion_codes", promotions.create_promotion_code),
        route("POST", "/v1/shipping_rates", shipping_rates.create),
        *reads(
            "coupon",
            "/v1/coupons",
            CouponRetrieveParams,
            CouponListParams,
            param="coupon",
            before=promotions.refresh,
        ),
        *reads(
            "promotion_code",
            "/v1/promotion_codes",
            PromotionCodeRetrieveParams,
            PromotionCodeListParams,
            filters=("active", "code", "customer"),
            param="promotion_code",
            before=promotions.refresh,
        ),
        *reads(
            "shipping_rate",
            "/v1/shipping_rates",
            ShippingRateRetrieveParams,
            ShippingRateListParams,
            filters=("active",),
            param="shipping_rate_token",
        ),
    ]
