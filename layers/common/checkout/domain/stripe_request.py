"""The part of Stripe's request that describes the offer: its lines and decoration."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from checkout.domain import checkout_options, stripe_limits
from checkout.domain.offer import LineItem, Offer
from checkout.domain.payment_session import EMAIL
from checkout.errors import BrokenOfferError

# What only decorates Stripe's page: a sale does without it if Stripe refuses it.
IMAGES, DESCRIPTION = "images", "description"

# prepare() adds a few keys of ours.
MOST_METADATA = stripe_limits.MOST_METADATA - 5
# A session stores the request, and an item of DynamoDB has at most 400 KB.
LARGEST_REQUEST = 300_000


def check(offer: Offer, kind_name: str) -> None:
    """Raise BrokenOfferError for what Stripe would refuse of the offer."""
    _ = offer.total  # raises the error
    metadata = dict(offer.metadata) | {"kind": kind_name}
    problem = stripe_limits.problem_of_metadata(metadata)
    if len(metadata) > MOST_METADATA:
        problem = f"must have at most {MOST_METADATA} keys"
    if problem:
        raise BrokenOfferError(offer.id, "metadata", problem)
    currency, sold_once = offer.total.currency, offer.sale_key is not None
    if found := checkout_options.problem(offer.options, currency, sold_once=sold_once):
        option, problem = found
        raise BrokenOfferError(offer.id, f"options.{option}", problem)


def line_item(line: LineItem, options: Mapping[str, Any]) -> dict[str, Any]:
    product: dict[str, Any] = {
        "name": stripe_limits.shortened(line.title, stripe_limits.LONGEST_NAME)
    }
    # Stripe refuses an empty description.
    if line.description and line.description.strip():
        longest = stripe_limits.LONGEST_DESCRIPTION
        product[DESCRIPTION] = stripe_limits.shortened(line.description, longest)
    if line.image_url and stripe_limits.is_image_url(line.image_url):
        product[IMAGES] = [line.image_url]
    return {
        "quantity": line.quantity,
        "price_data": {
            "currency": line.price.currency,
            "unit_amount": line.price.amount,
            **_those(options, checkout_options.OF_PRICE),
            "product_data": product | _those(options, checkout_options.OF_PRODUCT),
        },
    }


def session_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that Stripe takes with the session, and not with its lines."""
    return _those(options, *checkout_options.OF_SESSION)


def options_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a request to Stripe, also those of its lines."""
    price: Mapping[str, Any] = request["line_items"][0]["price_data"]
    return {
        **session_options(request),
        **_those(price, checkout_options.OF_PRICE),
        **_those(price["product_data"], checkout_options.OF_PRODUCT),
    }


def _those(options: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: options[name] for name in names if name in options}


def fitting(request: dict[str, Any], offer_id: str) -> dict[str, Any]:
    """Return the request, without descriptions if it would be too large to store."""
    for fits in (request, undecorated(request, {DESCRIPTION})):
        if len(json.dumps(fits, ensure_ascii=False).encode()) <= LARGEST_REQUEST:
            return fits
    raise BrokenOfferError(offer_id, "lines", "are too long together")


def decoration_named(param: str) -> str | None:
    """
    Return the decoration to which Stripe's parameter *param* belongs, None if none.

    A parameter of a line is, for example,
    line_items[0][price_data][product_data][images][0].
    """
    if param == EMAIL:
        return EMAIL
    inside = "[product_data]["
    if inside in param:
        name = param.partition(inside)[2].partition("]")[0]
        return name if name in {IMAGES, DESCRIPTION} else None
    return None


def undecorated(request: dict[str, Any], left_out: Collection[str]) -> dict[str, Any]:
    """Return the request without the decoration *left_out*."""
    if not left_out:
        return request
    kept = _without(request, left_out)
    lines = [
        line | {"price_data": _undecorated_price(line["price_data"], left_out)}
        for line in request["line_items"]
    ]
    return kept | {"line_items": lines}


def _undecorated_price(
    price: dict[str, Any], left_out: Collection[str]
) -> dict[str, Any]:
    return price | {"product_data": _without(price["product_data"], left_out)}


def _without(fields: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}
