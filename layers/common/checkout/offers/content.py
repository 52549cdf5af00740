"""Content: published with a price, sold to each buyer once; buying it opens it."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from checkout.buyer import Buyer
from checkout.errors import NotFoundError
from checkout.offers import (
    LineItem,
    Offer,
    ReturnUrls,
    Sale,
    Url,
    create_request,
    price_of,
    terms_of_sale,
)

if TYPE_CHECKING:
    from checkout.payment_session import PaymentSession
    from checkout.purchase import Purchase
    from checkout.tables.offers import Offers

UI_MODE = "hosted_page"
ANONYMOUS = False
RETURN_PATH = "/content/{id}"


@create_request
class Request:
    contentId: UUID  # noqa: N815 - this frontend's own spelling
    successUrl: Url  # noqa: N815
    cancelUrl: Url  # noqa: N815


def find(request: Request, buyer: Buyer, offers: "Offers") -> Offer:
    content_id = str(request.contentId)
    content = offers.get("content", content_id)
    if not content or content["status"] != "published" or content.get("deleted_at"):
        raise NotFoundError("There is no such content.")
    price = price_of(content, "The content is free.")
    return Offer(
        id=content_id,
        claim=_claim(content_id, buyer.id),
        title=content["title"],
        lines=(
            LineItem(
                title=content["title"],
                price=price,
                description=content.get("description"),
                image_url=content.get("image_url"),
            ),
        ),
        metadata={"contentId": content_id, "customerId": buyer.id},
        details={"slug": content["slug"]} if content.get("slug") else {},
        return_urls=ReturnUrls(
            request.successUrl, request.cancelUrl, ("successUrl", "cancelUrl")
        ),
        email=buyer.email,
        **terms_of_sale(content),
    )


def answer(session: "PaymentSession", client_secret: str | None) -> dict[str, Any]:
    return {"sessionUrl": session.url, "sessionId": session.stripe_session_id}


def _claim(content_id: str, buyer_id: str) -> str:
    return f"content#{content_id}#{buyer_id}"


def claim(offer_id: str, buyer_id: str, offers: "Offers") -> str | None:
    return _claim(offer_id, buyer_id)


def sale(purchase: "Purchase") -> Sale:
    return Sale(noun="content", id=purchase.offer_id)


def purchase_fields(purchase: "Purchase") -> dict[str, Any]:
    slug = purchase.details.get("slug")
    shown = {"title": purchase.title, "slug": slug}
    return {"contentId": purchase.offer_id, "content": shown} | (
        {"slug": slug} if slug else {}
    )
