"""An order: several ticket lines, paid by its owner while it is CREATED."""

from typing import Annotated, Any, Literal, TypedDict

from pydantic import Field, ValidationInfo, field_validator

from checkout.api.fields import Identifier, RequestBody, Url
from checkout.api.offer_body import OfferBody, Statuses
from checkout.api.offer_fields import (
    Currency,
    OwnerId,
    Title,
    charged_currency,
    check_charge,
)
from checkout.domain import stripe_limits
from checkout.domain.buyer import Buyer
from checkout.domain.offer import (
    Offer,
    ReturnUrls,
    is_there,
    order_line,
    revenue_split,
)
from checkout.domain.offer_item import OfferItem, shown
from checkout.domain.payment_session import PaymentSession
from checkout.domain.sale import Move, Sale, sale_key
from checkout.errors import NotFoundError, NotPurchasableError
from checkout.kinds import Items
from checkout.tables.offers import Offers

ANONYMOUS = False


class Line(RequestBody):
    name: Title
    quantity: Annotated[int, Field(ge=1, le=stripe_limits.LARGEST_QUANTITY)]
    unit_price_cents: Annotated[int, Field(ge=0)]
    """In the currency's minor unit. The whole order may be free, or is an amount that
    Stripe charges."""


class Order(OfferBody):
    """An order of one buyer, of one or several lines."""

    STATUSES = Statuses("CREATED", "CANCELLED", sold="PAID", returned="REFUNDED")

    title: Title | None = None  # type: ignore[assignment]  # its lines have names
    """What the list of purchases shows. Default: `Order` and the id."""
    owner_id: OwnerId
    """The buyer: only the owner sees and pays the order."""
    status: Literal["CREATED", "CANCELLED"]
    """`CREATED`: can be paid."""
    currency: Currency
    """One that Stripe charges, in lower case."""
    items: Annotated[
        list[Line], Field(min_length=1, max_length=stripe_limits.MOST_LINES)
    ]

    @field_validator("currency")
    @classmethod
    def _is_charged(cls, currency: str) -> str:
        return charged_currency(currency)

    @field_validator("items")
    @classmethod
    def _can_be_charged(cls, lines: list[Line], given: ValidationInfo) -> list[Line]:
        priced = [(line.unit_price_cents, line.quantity) for line in lines]
        check_charge(given.data.get("currency"), priced)
        return lines


ITEMS: Items = {"order": Order}


class Request(RequestBody):
    orderId: Identifier  # noqa: N815 - the route's own spelling
    success_url: Url | None = None
    """Default: `/orders/{id}?session_id={CHECKOUT_SESSION_ID}` of the frontend."""
    cancel_url: Url | None = None
    """Default: `/orders/{id}?checkout=cancel` of the frontend."""


class PurchaseFields(TypedDict):
    orderId: str


class CreateFields(TypedDict):
    url: str


def find_offer(request: Request, buyer: Buyer, offers: Offers) -> Offer:
    order_id = str(request.orderId)
    order = offers.get("order", order_id)
    refusal = "There is no such order of yours."
    if not is_there(order):
        raise NotFoundError(refusal)
    order.check_owner("owner_id", buyer.id, refusal)
    status = order.text("status")
    if status != "CREATED":
        raise NotPurchasableError(
            f"The order is {shown(status)}; only a CREATED order can be paid."
        )
    currency = order.currency("currency")
    lines = tuple(order_line(line, currency) for line in order.members("items"))
    if not any(line.price.amount for line in lines):
        raise NotPurchasableError("The order has nothing to pay.")
    return Offer(
        id=order_id,
        sale_key=sale_key("order", order_id),
        title=order.decoration("title") or f"Order {order_id}",
        lines=lines,
        sale=Sale(
            moves=(Move(order["id"], "CREATED", sold="PAID", returned="REFUNDED"),),
            requires={order["id"]: {"owner_id": buyer.id}},
            priced=order["id"],
        ),
        metadata={"orderId": order_id, "userId": buyer.id},
        shown=PurchaseFields(orderId=order_id),
        return_path="/orders/{id}",
        return_urls=ReturnUrls(request.success_url, request.cancel_url),
        email=buyer.email,
        options=Order.options_of(order),
        **revenue_split(order),
    )


def request_for(order_id: str, item: OfferItem, url: str) -> dict[str, Any]:
    return {"orderId": order_id}


def requested_key(request: Request, buyer: Buyer) -> str | None:
    return sale_key("order", str(request.orderId))


def create_response(
    session: PaymentSession, client_secret: str | None
) -> dict[str, Any]:
    return {"url": session.url}
