"""Content: published with a price; each buyer buys it once and gets access."""

from typing import Any
from uuid import UUID

from checkout.api.fields import Url, request_body
from checkout.domain.buyer import Buyer
from checkout.domain.offer import (
    Offer,
    ReturnUrls,
    Sale,
    has_price,
    is_there,
    revenue_split,
    single_line,
    withdrawal,
)
from checkout.domain.payment_session import PaymentSession
from checkout.domain.purchase import Purchase
from checkout.domain.quarantine_reason import QuarantineReason
from checkout.errors import NotFoundError
from checkout.tables.offers import Offers

ANONYMOUS = False

ITEM_FIELDS = {
    "content": {
        "content_id": "uuid",
        "status": ("published",),
        "title": "text",
        "price": "price",
    }
}


@request_body
class Request:
    contentId: UUID  # noqa: N815 - this frontend's own spelling
    successUrl: Url  # noqa: N815
    cancelUrl: Url  # noqa: N815


def find_offer(request: Request, buyer: Buyer, offers: Offers) -> Offer:
    content_id = str(request.contentId)
    content = offers.get("content", content_id)
    if not is_there(content):
        raise NotFoundError("There is no such content.")
    if content.text("status") != "published":
        raise NotFoundError("There is no such content.")
    lines = single_line(content, "The content is free.")
    return Offer(
        id=content_id,
        sale_key=sale_key(content_id, buyer.id, offers),
        title=content.text("title"),
        lines=lines,
        metadata={"contentId": content_id, "customerId": buyer.id},
        return_path="/content/{id}",
        details=content.recorded("slug"),
        return_urls=ReturnUrls(
            request.successUrl, request.cancelUrl, ("successUrl", "cancelUrl")
        ),
        email=buyer.email,
        **revenue_split(content),
    )


def requested_key(request: Request, buyer: Buyer) -> str | None:
    return f"content#{request.contentId}#{buyer.id}"


def create_response(
    session: PaymentSession, client_secret: str | None
) -> dict[str, Any]:
    return {"sessionUrl": session.url, "sessionId": session.stripe_session_id}


def sale_key(offer_id: str, buyer_id: str, offers: Offers) -> str | None:
    return f"content#{offer_id}#{buyer_id}"


def sale(purchase: Purchase) -> Sale:
    return Sale(item_type="content", id=purchase.offer_id)


def withdrawn(purchase: Purchase, offers: Offers) -> QuarantineReason | None:
    content = offers.get("content", purchase.offer_id)
    return withdrawal(content, has_price, status="published")


def purchase_fields(purchase: Purchase) -> dict[str, Any]:
    slug = purchase.details.get("slug")
    shown = {"title": purchase.title, "slug": slug}
    return {"contentId": purchase.offer_id, "content": shown} | (
        {"slug": slug} if slug else {}
    )
