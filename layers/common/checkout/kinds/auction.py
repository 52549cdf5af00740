"""An auction: its winner pays within a day of its acceptance."""

from datetime import timedelta
from typing import Any

from checkout import clock
from checkout.api.fields import Identifier, Url, request_body
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
from checkout.errors import (
    AlreadyPurchasedError,
    NotAcceptedError,
    NotFoundError,
    PaymentWindowClosedError,
)
from checkout.tables.offers import Offers

ANONYMOUS = False

ITEM_FIELDS = {
    "auction": {
        "winner_id": "text",
        "status": ("accepted", "paid", "refunded"),
        "title": "text",
        "price": "price",
        "accepted_at": "time",
    }
}

PAYMENT_WINDOW = timedelta(hours=24)


@request_body
class Request:
    auction_id: Identifier
    success_url: Url | None = None
    cancel_url: Url | None = None


def find_offer(request: Request, buyer: Buyer, offers: Offers) -> Offer:
    auction_id = str(request.auction_id)
    auction = offers.get("auction", auction_id)
    refusal = "There is no such auction that you have won."
    if not is_there(auction):
        raise NotFoundError(refusal)
    if auction.get("winner_id") is None and auction.get("status") != "accepted":
        raise NotFoundError(refusal)  # it has no winner yet
    auction.check_owner("winner_id", buyer.id, refusal)
    status = auction.text("status")
    if status == "paid":
        raise AlreadyPurchasedError("The auction has been paid already.")
    if status != "accepted":
        raise NotAcceptedError("The auction has not been accepted.")
    opens_at = auction.moment("accepted_at")
    closes_at = opens_at + PAYMENT_WINDOW
    if clock.now() >= closes_at:
        raise PaymentWindowClosedError("The time to pay for this auction is over.")
    lines = single_line(auction, "The auction has no price.")
    return Offer(
        id=auction_id,
        sale_key=sale_key(auction_id, buyer.id, offers),
        title=auction.text("title"),
        lines=lines,
        metadata={"auction_id": auction_id, "buyer_id": buyer.id},
        return_path="/auctions/{id}",
        details={"opens_at": clock.iso(opens_at), "closes_at": clock.iso(closes_at)},
        readable_key=(auction_id, buyer.id),
        return_urls=ReturnUrls(request.success_url, request.cancel_url),
        email=buyer.email,
        pay_by=closes_at,
        **revenue_split(auction),
    )


def requested_key(request: Request, buyer: Buyer) -> str | None:
    return f"auction#{request.auction_id}"


def create_response(
    session: PaymentSession, client_secret: str | None
) -> dict[str, Any]:
    return {
        "payment_session_id": session.id,
        "session_id": session.stripe_session_id,
        "checkout_url": session.url,
        "expires_at": session.expires_at,
        "payment_window": session.payment_window,
    }


def sale_key(offer_id: str, buyer_id: str, offers: Offers) -> str | None:
    return f"auction#{offer_id}"


def sale(purchase: Purchase) -> Sale:
    return Sale(
        item_type="auction",
        id=purchase.offer_id,
        sellable="accepted",
        sold="paid",
        returned="refunded",
        of_buyer={"winner_id": purchase.buyer_id},
    )


def withdrawn(purchase: Purchase, offers: Offers) -> QuarantineReason | None:
    auction = offers.get("auction", purchase.offer_id)
    return withdrawal(auction, has_price, winner_id=purchase.buyer_id)


def purchase_fields(purchase: Purchase) -> dict[str, Any]:
    return {"auctionId": purchase.offer_id}
