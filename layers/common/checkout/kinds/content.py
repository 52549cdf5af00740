"""Content: published with a price; each buyer buys it once and gets access."""

from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, Literal, NotRequired, TypedDict
from uuid import UUID

from checkout.api.fields import RequestBody, Url
from checkout.api.offer_body import SHOWN, OfferBody, Statuses
from checkout.api.offer_fields import Price, Text
from checkout.domain.buyer import Buyer
from checkout.domain.offer import (
    WITHDRAWN,
    Offer,
    ReturnUrls,
    is_there,
    revenue_split,
    single_line,
)
from checkout.domain.offer_item import OfferItem
from checkout.domain.payment_session import PaymentSession
from checkout.domain.sale import Sale, sale_key
from checkout.errors import NotFoundError
from checkout.kinds import Items
from checkout.tables.offers import Offers

ANONYMOUS = False


class Content(OfferBody):
    """Something that each buyer buys once, such as a course; its id is a UUID."""

    STATUSES = Statuses(for_sale="published", withdrawn=WITHDRAWN)
    PUBLIC = (*SHOWN, "slug")

    ID_SCHEMA: ClassVar[dict[str, Any]] = {
        "format": "uuid",
        "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    }

    status: Literal["draft", "published", "withdrawn"]
    """`published`: can be bought."""
    price: Price
    slug: Text | None = None
    """The last part of its page's address. Copied to the purchase."""

    @classmethod
    def id_problem(cls, item_id: str) -> str | None:
        with suppress(ValueError):
            if str(UUID(item_id)) == item_id:
                return None
        return "must be a UUID in lower case"


ITEMS: Items = {"content": Content}


class Request(RequestBody):
    contentId: UUID  # noqa: N815 - this frontend's own spelling
    successUrl: Url  # noqa: N815
    cancelUrl: Url  # noqa: N815


class ShownContent(TypedDict):
    title: str
    slug: str | None


class PurchaseFields(TypedDict):
    contentId: str
    content: ShownContent
    slug: NotRequired[str]


class CreateFields(TypedDict):
    sessionUrl: str
    sessionId: str


def find_offer(request: Request, buyer: Buyer, offers: Offers) -> Offer:
    content_id = str(request.contentId)
    content = offers.get("content", content_id)
    if not is_there(content):
        raise NotFoundError("There is no such content.")
    if content.text("status") != Content.STATUSES.for_sale:
        raise NotFoundError("There is no such content.")
    lines = single_line(content, "The content is free.")
    slug = content.recorded("slug")
    offer = Offer(
        id=content_id,
        sale_key=sale_key("content", content_id, buyer.id),
        title=content.text("title"),
        lines=lines,
        sale=Sale(
            requires={content["id"]: {"status": Content.STATUSES.for_sale}},
            priced=content["id"],
        ),
        metadata={"contentId": content_id, "customerId": buyer.id},
        return_path="/content/{id}",
        return_urls=ReturnUrls(
            request.successUrl, request.cancelUrl, ("successUrl", "cancelUrl")
        ),
        email=buyer.email,
        options=Content.options_of(content),
        **revenue_split(content),
    )
    shown = {"title": offer.recorded_title, "slug": slug.get("slug")}
    return replace(offer, shown={"contentId": content_id, "content": shown} | slug)


def request_for(content_id: str, item: OfferItem, url: str) -> dict[str, Any]:
    return {"contentId": content_id, "successUrl": url, "cancelUrl": url}


def requested_key(request: Request, buyer: Buyer) -> str | None:
    return sale_key("content", str(request.contentId), buyer.id)


def create_response(
    session: PaymentSession, client_secret: str | None
) -> dict[str, Any]:
    return {"sessionUrl": session.url, "sessionId": session.stripe_session_id}
