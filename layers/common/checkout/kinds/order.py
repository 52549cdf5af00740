"""An order: several ticket lines, paid by its owner while it is CREATED."""

from collections.abc import Mapping
from typing import Any

from checkout.api.fields import Identifier, Url, request_body
from checkout.domain.buyer import Buyer
from checkout.domain.offer import (
    Offer,
    ReturnUrls,
    Sale,
    costs_something,
    is_there,
    order_line,
    revenue_split,
    withdrawal,
)
from checkout.domain.offer_item import shown
from checkout.domain.payment_session import PaymentSession
from checkout.domain.purchase import Purchase
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.errors import NotFoundError, NotPurchasableError
from checkout.tables.offers import Offers

ANONYMOUS = False

ITEM_FIELDS = {
    "order": {
        "owner_id": "text",
        "status": ("CREATED", "PAID", "REFUNDED"),
        "currency": "text",
        "items": "lines",
    }
}


@request_body
class Request:
    orderId: Identifier  # noqa: N815 - the route's own spelling
    success_url: Url | None = None
    cancel_url: Url | None = None


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
        sale_key=sale_key(order_id, buyer.id, offers),
        title=order.decoration("title") or f"Order {order_id}",
        lines=lines,
        metadata={"orderId": order_id, "userId": buyer.id},
        return_path="/orders/{id}",
        return_urls=ReturnUrls(request.success_url, request.cancel_url),
        email=buyer.email,
        **revenue_split(order),
    )


def requested_key(request: Request, buyer: Buyer) -> str | None:
    return f"order#{request.orderId}"


def create_response(
    session: PaymentSession, client_secret: str | None
) -> dict[str, Any]:
    return {"url": session.url}


def sale_key(offer_id: str, buyer_id: str, offers: Offers) -> str | None:
    return f"order#{offer_id}"


def sale(purchase: Purchase) -> Sale:
    return Sale(
        item_type="order",
        id=purchase.offer_id,
        sellable="CREATED",
        sold="PAID",
        returned="REFUNDED",
        of_buyer={"owner_id": purchase.buyer_id},
        attributes={"purchase_id": purchase.id},
    )


def withdrawn(purchase: Purchase, offers: Offers) -> QuarantineReason | None:
    order = offers.get("order", purchase.offer_id)
    return withdrawal(order, _costs, owner_id=purchase.buyer_id)


def _costs(order: Mapping[str, Any]) -> bool:
    """Return whether a line has a price; the lines may be of any form by now."""
    lines = order.get("items")
    return isinstance(lines, list) and any(
        isinstance(line, Mapping) and costs_something(line.get("unit_price_cents"))
        for line in lines
    )


def purchase_fields(purchase: Purchase) -> dict[str, Any]:
    return {"orderId": purchase.offer_id}
