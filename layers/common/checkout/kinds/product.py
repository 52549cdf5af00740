"""A product at a fixed price: anybody can buy it, any number of times."""

import json
from typing import Annotated, Any, Literal, TypedDict

from pydantic import Field, field_validator

from checkout.api.fields import RequestBody
from checkout.api.offer_body import SHOWN, OfferBody, Statuses
from checkout.api.offer_fields import Price
from checkout.domain.buyer import EMAIL, Buyer, is_email
from checkout.domain.offer import (
    Offer,
    is_there,
    revenue_split,
    single_line,
)
from checkout.domain.offer_item import OfferItem
from checkout.domain.payment_session import PaymentSession
from checkout.domain.sale import Sale
from checkout.errors import InvalidRequestError, NotFoundError
from checkout.kinds import Items
from checkout.tables.offers import Offers

ANONYMOUS = True


class Product(OfferBody):
    """Something at a fixed price, which anybody may buy any number of times."""

    STATUSES = Statuses(for_sale="active", withdrawn="inactive")
    SOLD_ONCE = False
    PUBLIC = SHOWN

    status: Literal["active", "inactive"]
    """`active`: can be bought."""
    price: Price


ITEMS: Items = {"product": Product}

DEFAULT_PRODUCT = "hero-me-feelings"

# Stripe takes fifty keys of forty characters, with values of five hundred
# (https://docs.stripe.com/metadata). We add some of our own.
MOST_METADATA = 20
# In bytes, as JSON. Events have the metadata, and Segment takes 32 KB of each.
LARGEST_METADATA = 12_000
MetadataKey = Annotated[str, Field(min_length=1, max_length=40)]
EmailAddress = Annotated[
    str,
    Field(
        min_length=3,
        max_length=254,
        title="e-mail address",
        json_schema_extra={"pattern": f"^{EMAIL}$"},
    ),
]
MetadataValue = Annotated[str, Field(max_length=500)]

Metadata = Annotated[
    dict[MetadataKey, MetadataValue],
    Field(
        max_length=MOST_METADATA,
        title="object",
        json_schema_extra={
            "propertyNames": {
                "minLength": 1,
                "maxLength": 40,
                "pattern": r"^[^\[\]]*$",
            }
        },
    ),
]


class Request(RequestBody):
    product_id: Annotated[str, Field(min_length=1, max_length=128)] = DEFAULT_PRODUCT
    customer_email: EmailAddress | None = None
    """Up to 254 characters. Prefills Stripe's page."""
    metadata: Metadata | None = None
    """
    Up to 20 texts of up to 500 characters, with keys of 1 to 40 characters without
    square brackets. The stack's own keys take precedence.
    """

    @field_validator("metadata")
    @classmethod
    def _fits_into_events(
        cls, metadata: dict[MetadataKey, MetadataValue] | None
    ) -> dict[MetadataKey, MetadataValue] | None:
        written = json.dumps(metadata, ensure_ascii=False).encode()
        if len(written) > LARGEST_METADATA:
            raise ValueError(f"must have at most {LARGEST_METADATA} bytes as JSON")
        return metadata


class PurchaseFields(TypedDict):
    productId: str


class CreateFields(TypedDict):
    client_secret: str


def find_offer(request: Request, buyer: Buyer | None, offers: Offers) -> Offer:
    product = offers.get("product", request.product_id)
    if not is_there(product) or product.text("status") != Product.STATUSES.for_sale:
        raise NotFoundError("There is no such product.")
    lines = single_line(product, "The product has no price.")
    if request.customer_email and not is_email(request.customer_email):
        raise InvalidRequestError(
            "The e-mail address is refused.", customer_email="is not an e-mail address"
        )
    metadata = request.metadata or {}
    if any("[" in name or "]" in name for name in metadata):
        raise InvalidRequestError(
            "The metadata is refused.", metadata="a key has a square bracket"
        )
    return Offer(
        id=request.product_id,
        sale_key=None,
        title=product.text("title"),
        lines=lines,
        sale=Sale(
            requires={product["id"]: {"status": Product.STATUSES.for_sale}},
            priced=product["id"],
        ),
        metadata=metadata,
        caller_metadata=metadata,
        shown=PurchaseFields(productId=request.product_id),
        return_path="/hero-me",
        ui_mode="embedded_page",
        email=request.customer_email or (buyer.email if buyer else None),
        options=Product.options_of(product),
        **revenue_split(product),
    )


def request_for(product_id: str, item: OfferItem, url: str) -> dict[str, Any]:
    return {"product_id": product_id}


def requested_key(request: Request, buyer: Buyer) -> str | None:
    return None


def create_response(
    session: PaymentSession, client_secret: str | None
) -> dict[str, Any]:
    return {"client_secret": client_secret}
