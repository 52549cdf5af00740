"""An auction: its winner pays within a day of its acceptance."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from checkout import clock
from checkout.buyer import Buyer
from checkout.errors import (
    AlreadyPurchasedError,
    NotAcceptedError,
    NotFoundError,
    PaymentWindowClosedError,
)
from checkout.offers import (
    Identifier,
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
RETURN_PATH = "/auctions/{id}"

PAYMENT_WINDOW = timedelta(hours=24)


@create_request
class Request:
    auction_id: Identifier
    success_url: Url | None = None
    cancel_url: Url | None = None


def find(request: Request, buyer: Buyer, offers: "Offers") -> Offer:
    auction_id = str(request.auction_id)
    auction = offers.get("auction", auction_id)
    if not auction or auction.get("winner_id") != buyer.id:
        raise NotFoundError("There is no such auction that you have won.")
    if auction["status"] == "paid":
        raise AlreadyPurchasedError("The auction has been paid already.")
    if auction["status"] != "accepted":
        raise NotAcceptedError("The auction has not been accepted.")
    opens_at = clock.from_iso(auction["accepted_at"])
    closes_at = opens_at + PAYMENT_WINDOW
    if clock.now() >= closes_at:
        raise PaymentWindowClosedError("The time to pay for this auction is over.")
    price = price_of(auction, "The auction has no price.")
    return Offer(
        id=auction_id,
        claim=_claim(auction_id),
        title=auction["title"],
        lines=(
            LineItem(
                title=auction["title"],
                price=price,
                description=auction.get("description"),
                image_url=auction.get("image_url"),
            ),
        ),
        metadata={"auction_id": auction_id, "buyer_id": buyer.id},
        details={"opens_at": clock.iso(opens_at), "closes_at": clock.iso(closes_at)},
        readable_key=(auction_id, buyer.id),
        return_urls=ReturnUrls(request.success_url, request.cancel_url),
        email=buyer.email,
        pay_by=closes_at,
        **terms_of_sale(auction),
    )


def answer(session: "PaymentSession", client_secret: str | None) -> dict[str, Any]:
    closes_at = session.details["closes_at"]
    return {
        "payment_session_id": session.id,
        "session_id": session.stripe_session_id,
        "checkout_url": session.url,
        "expires_at": session.expires_at,
        "payment_window": {
            "opens_at": session.details["opens_at"],
            "closes_at": closes_at,
            "seconds_remaining": clock.seconds_until(closes_at),
        },
    }


def _claim(auction_id: str) -> str:
    return f"auction#{auction_id}"


def claim(offer_id: str, buyer_id: str, offers: "Offers") -> str | None:
    return _claim(offer_id)


def sale(purchase: "Purchase") -> Sale:
    return Sale(
        noun="auction",
        id=purchase.offer_id,
        sellable="accepted",
        sold="paid",
        returned="refunded",
    )


def purchase_fields(purchase: "Purchase") -> dict[str, Any]:
    return {"auctionId": purchase.offer_id}
