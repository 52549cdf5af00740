"""An auction: its winner pays within a day of its acceptance."""

from datetime import timedelta
from typing import Any, Literal, TypedDict

from pydantic import ValidationInfo, field_validator

from checkout import clock
from checkout.api.fields import Identifier, RequestBody, Url
from checkout.api.offer_body import OfferBody, Statuses
from checkout.api.offer_fields import Moment, OwnerId, Price
from checkout.domain.buyer import Buyer
from checkout.domain.closing_window import Deadline
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
from checkout.domain.sale import Move, Sale, sale_key
from checkout.errors import (
    AlreadyPurchasedError,
    NotAcceptedError,
    NotFoundError,
    PaymentWindowClosedError,
)
from checkout.kinds import Items
from checkout.tables.offers import Offers

ANONYMOUS = False


class Auction(OfferBody):
    """An auction; once it is accepted, its winner has a day to pay."""

    STATUSES = Statuses("accepted", WITHDRAWN, sold="paid", returned="refunded")

    status: Literal["open", "accepted", "withdrawn"]
    """`accepted`: the winner can pay."""
    price: Price | None = None
    """Required once accepted."""
    winner_id: OwnerId | None = None
    """The buyer who may pay. Required once accepted."""
    accepted_at: Moment | None = None
    """The winner can pay for 24 hours from then on. Required once accepted."""

    @field_validator("price", "winner_id", "accepted_at")
    @classmethod
    def _is_given_once_accepted[T](cls, value: T, given: ValidationInfo) -> T:
        if value is None and given.data.get("status") == cls.STATUSES.for_sale:
            raise ValueError("is missing")
        return value

    @property
    def deadline(self) -> Deadline | None:
        if self.status != self.STATUSES.for_sale or self.accepted_at is None:
            return None
        return Deadline(self.accepted_at + PAYMENT_WINDOW, self.winner_id)


ITEMS: Items = {"auction": Auction}

PAYMENT_WINDOW = timedelta(hours=24)


class Request(RequestBody):
    auction_id: Identifier
    success_url: Url | None = None
    """Default: `/auctions/{id}?session_id={CHECKOUT_SESSION_ID}` of the frontend."""
    cancel_url: Url | None = None
    """Default: `/auctions/{id}?checkout=cancel` of the frontend."""


class PurchaseFields(TypedDict):
    auctionId: str


class PaymentWindow(TypedDict):
    opens_at: str
    closes_at: str
    seconds_remaining: int


class CreateFields(TypedDict):
    session_id: str
    expires_at: str
    payment_window: PaymentWindow


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
        sale_key=sale_key("auction", auction_id),
        title=auction.text("title"),
        lines=lines,
        sale=Sale(
            moves=(Move(auction["id"], "accepted", sold="paid", returned="refunded"),),
            requires={auction["id"]: {"winner_id": buyer.id}},
            priced=auction["id"],
        ),
        metadata={"auction_id": auction_id, "buyer_id": buyer.id},
        return_path="/auctions/{id}",
        details={"opens_at": clock.iso(opens_at), "closes_at": clock.iso(closes_at)},
        shown=PurchaseFields(auctionId=auction_id),
        readable_key=(auction_id, buyer.id),
        return_urls=ReturnUrls(request.success_url, request.cancel_url),
        email=buyer.email,
        pay_by=closes_at,
        options=Auction.options_of(auction),
        **revenue_split(auction),
    )


def request_for(auction_id: str, item: OfferItem, url: str) -> dict[str, Any]:
    return {"auction_id": auction_id}


def requested_key(request: Request, buyer: Buyer) -> str | None:
    return sale_key("auction", str(request.auction_id))


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
