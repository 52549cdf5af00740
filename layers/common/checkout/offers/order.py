"""An order: several ticket lines, paid by its owner while it is CREATED."""

from typing import TYPE_CHECKING, Any

from checkout.buyer import Buyer
from checkout.errors import NotFoundError, NotPurchasableError
from checkout.offers import (
    Identifier,
    LineItem,
    Offer,
    ReturnUrls,
    Sale,
    Url,
    chargeable,
    create_request,
    terms_of_sale,
)

if TYPE_CHECKING:
    from checkout.payment_session import PaymentSession
    from checkout.purchase import Purchase
    from checkout.tables.offers import Offers

UI_MODE = "hosted_page"
ANONYMOUS = False
RETURN_PATH = "/orders/{id}"


@create_request
class Request:
    orderId: Identifier  # noqa: N815 - the route's own spelling
    success_url: Url | None = None
    cancel_url: Url | None = None


def find(request: Request, buyer: Buyer, offers: "Offers") -> Offer:
    order_id = str(request.orderId)
    order = offers.get("order", order_id)
    if not order or order["owner_id"] != buyer.id:
        raise NotFoundError("There is no such order of yours.")
    if order["status"] != "CREATED":
        raise NotPurchasableError(
            f"The order is {order['status']}; only a CREATED order can be paid."
        )
    lines = tuple(
        LineItem(
            title=item["name"],
            price=chargeable(item["unit_price_cents"], order["currency"]),
            quantity=item["quantity"],
        )
        for item in order["items"]
    )
    if any(line.quantity < 1 for line in lines):
        raise NotPurchasableError("The order has a line with nothing in it.")
    if not any(line.price.amount for line in lines):
        raise NotPurchasableError("The order has nothing to pay.")
    return Offer(
        id=order_id,
        claim=_claim(order_id),
        title=order.get("title", f"Order {order_id}"),
        lines=lines,
        metadata={"orderId": order_id, "userId": buyer.id},
        return_urls=ReturnUrls(request.success_url, request.cancel_url),
        email=buyer.email,
        **terms_of_sale(order),
    )


def answer(session: "PaymentSession", client_secret: str | None) -> dict[str, Any]:
    return {"url": session.url}


def _claim(order_id: str) -> str:
    return f"order#{order_id}"


def claim(offer_id: str, buyer_id: str, offers: "Offers") -> str | None:
    return _claim(offer_id)


def sale(purchase: "Purchase") -> Sale:
    return Sale(
        noun="order",
        id=purchase.offer_id,
        sellable="CREATED",
        sold="PAID",
        returned="REFUNDED",
        facts={"purchase_id": purchase.id},
    )


def purchase_fields(purchase: "Purchase") -> dict[str, Any]:
    return {"orderId": purchase.offer_id}
