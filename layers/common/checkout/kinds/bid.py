"""A bid: a retail offer on a buyer's row; buying it sells the row."""

from typing import Annotated, Any, Literal, TypedDict

from pydantic import Field, field_validator

from checkout.api.fields import Identifier, RequestBody, Url
from checkout.api.offer_body import OfferBody, Statuses
from checkout.api.offer_fields import OwnerId, Price, Text, Title, web_address
from checkout.domain.buyer import Buyer
from checkout.domain.checkout_options import problem
from checkout.domain.offer import (
    WITHDRAWN,
    LineItem,
    Offer,
    ReturnUrls,
    is_there,
    price_of,
    revenue_split,
)
from checkout.domain.offer_item import OfferItem, shown
from checkout.domain.payment_session import PaymentSession
from checkout.domain.sale import Move, Sale, sale_key
from checkout.domain.stripe_limits import LONGEST_URL, minimum
from checkout.errors import AlreadyPurchasedError, NotFoundError, NotPurchasableError
from checkout.kinds import Items
from checkout.tables.offers import Offers

ANONYMOUS = False


WebAddress = Annotated[
    str,
    Field(
        max_length=LONGEST_URL,
        title="URL",
        json_schema_extra={"pattern": r"^\s*[hH][tT][tT][pP][sS]?://\s*[^\s/?#]"},
    ),
]


class Row(OfferBody):
    """What a buyer looks for; buying one of its bids sells the row."""

    STATUSES = Statuses("open", WITHDRAWN, sold="purchased", returned="refunded")

    title: Title | None = None  # type: ignore[assignment]  # its bids have titles
    """What the buyer looks for."""
    owner_id: OwnerId
    """The buyer: only the owner sees the row and buys its bids."""
    status: Literal["open", "withdrawn"]
    """`open`: its retail bids can be bought."""


class Bid(OfferBody):
    """An offer of a merchant or of a service provider on a buyer's row."""

    STATUSES = Statuses(for_sale="open", withdrawn=WITHDRAWN)

    row_id: Annotated[str, Field(min_length=1, max_length=128)]
    """The id of its row."""
    offer_type: Literal["retail", "service_provider"]
    """Only `retail` can be bought."""
    price: Price | None = None
    """Without a price, the bid only links to the merchant."""
    status: Literal["open", "withdrawn"] = "open"
    clickout_url: WebAddress | None = None
    """The merchant's page."""
    merchant: Text | None = None
    """Copied to the purchase."""
    source: Text | None = None
    """Where the bid comes from. Copied to the purchase."""

    @field_validator("clickout_url")
    @classmethod
    def _is_web_address(cls, url: str | None) -> str | None:
        return web_address(url)


ITEMS: Items = {"bid": Bid, "row": Row}


class Request(RequestBody):
    bid_id: Identifier
    row_id: Identifier
    success_url: Url
    cancel_url: Url


class PurchaseFields(TypedDict):
    bidId: str
    rowId: str


def find_offer(request: Request, buyer: Buyer, offers: Offers) -> Offer:
    bid_id, row_id = str(request.bid_id), str(request.row_id)
    bid, row = offers.get("bid", bid_id), offers.get("row", row_id)
    refusal = "There is no such bid on your row."
    if not (is_there(bid) and is_there(row)) or bid.get("row_id") != row_id:
        raise NotFoundError(refusal)
    row.check_owner("owner_id", buyer.id, refusal)
    status = row.text("status")
    if status == "purchased":
        raise AlreadyPurchasedError("The row has been purchased already.")
    if status != "open":
        raise NotPurchasableError(f"The row is {shown(status)}.")
    if bid.text("offer_type") != "retail":
        raise NotPurchasableError(
            "A service provider's bid is not paid through checkout."
        )
    price = price_of(bid, "The bid has no price.")
    title = bid.text("title")
    return Offer(
        id=bid_id,
        sale_key=key_of_row(row_id),
        title=title,
        lines=(
            LineItem(title=title, price=price, image_url=bid.decoration("image_url")),
        ),
        sale=Sale(
            moves=(
                Move(
                    row["id"],
                    "open",
                    sold="purchased",
                    returned="refunded",
                    attributes={"purchased_bid_id": bid_id},
                ),
            ),
            requires={
                row["id"]: {"owner_id": buyer.id},
                bid["id"]: {"offer_type": "retail", "row_id": row_id},
            },
            priced=bid["id"],
        ),
        metadata={"bid_id": bid_id, "row_id": row_id, "user_id": buyer.id},
        return_path="/",
        details={"row_id": row_id, **bid.recorded("merchant", "source")},
        shown=PurchaseFields(bidId=bid_id, rowId=row_id),
        return_urls=ReturnUrls(request.success_url, request.cancel_url),
        email=buyer.email,
        options=Bid.options_of(bid),
        **revenue_split(bid),
    )


def buy_now(bid: OfferItem, row: OfferItem) -> bool:
    """Return whether checkout sells the bid: retail, priced, and its row is open."""
    if not is_there(bid) or bid.get("offer_type") != "retail":
        return False
    if not is_there(row) or row.get("status") != "open":
        return False
    try:
        bid.text("title")
        revenue_split(bid)
        price, options = bid.price(), Bid.options_of(bid)
    except NotPurchasableError:
        return False
    if price is None or price.amount < minimum(price.currency):
        return False
    return problem(options, price.currency, sold_once=True) is None


def request_for(bid_id: str, item: OfferItem, url: str) -> dict[str, Any]:
    row_id = item.get("row_id")
    return {
        "bid_id": bid_id,
        "row_id": row_id if isinstance(row_id, str) else None,
        "success_url": url,
        "cancel_url": url,
    }


def requested_key(request: Request, buyer: Buyer) -> str | None:
    return key_of_row(str(request.row_id))


def create_response(
    session: PaymentSession, client_secret: str | None
) -> dict[str, Any]:
    return {"checkout_url": session.url}


def key_of_row(row_id: str) -> str:
    return sale_key("row", row_id)
