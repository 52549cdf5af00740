"""A quote: a negotiated price, paid once by whoever holds its link, until its date."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, TypedDict

from pydantic import Field, ValidationInfo, field_validator

from checkout import clock
from checkout.api.fields import RequestBody, Url
from checkout.api.offer_body import GetItem, OfferBody, Statuses
from checkout.api.offer_fields import Moment, Price
from checkout.domain import stripe_request
from checkout.domain.buyer import Buyer
from checkout.domain.money import Money
from checkout.domain.offer import (
    WITHDRAWN,
    Offer,
    ReturnUrls,
    is_there,
    revenue_split,
    single_line,
)
from checkout.domain.offer_item import OfferItem, shown
from checkout.domain.payment_session import PaymentSession
from checkout.domain.sale import NO_VALUE, Move, Sale, sale_key
from checkout.errors import (
    AlreadyPurchasedError,
    CheckoutError,
    NotFoundError,
    NotPurchasableError,
    PaymentWindowClosedError,
)
from checkout.kinds import Items
from checkout.tables.offers import Offers

ANONYMOUS = True

# Whoever knows the id can pay. Of a UUID's 32 hexadecimal digits, 122 bits are random.
SHORTEST_ID, LONGEST_ID = 32, 128
UNGUESSABLE = rf"[A-Za-z0-9_-]{{{SHORTEST_ID},{LONGEST_ID}}}"
REFUSAL = "There is no such quote."
OTHER_BID = "must be a service provider's bid on this row"

ItemId = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]


class Quote(OfferBody):
    """A negotiated price; of a bid and its row, if it was negotiated for one."""

    STATUSES = Statuses("open", WITHDRAWN, sold="paid", returned="refunded")
    ID_SCHEMA: ClassVar[dict[str, Any]] = {"pattern": f"^{UNGUESSABLE}$"}

    price: Annotated[
        Price, Field(json_schema_extra={"properties": {"amount": {"minimum": 1}}})
    ]
    """Above zero."""
    expires_at: Moment
    """Until then it can be paid."""
    status: Literal["open", "withdrawn"] = "open"
    """`open`: can be paid."""
    bid_id: ItemId | None = None
    """The service provider's bid for which it was negotiated, with its `row_id`."""
    row_id: ItemId | None = None
    """The row of that bid, which is sold with it."""

    @field_validator("price")
    @classmethod
    def _is_not_free(cls, price: Price) -> Price:
        if not price.amount:
            raise ValueError("must be above zero")
        return price

    @field_validator("row_id")
    @classmethod
    def _comes_with_a_bid(cls, row_id: str | None, given: ValidationInfo) -> str | None:
        known = given.data
        if "bid_id" in known and (known["bid_id"] is None) != (row_id is None):
            raise ValueError("must be given together with bid_id, or neither")
        return row_id

    @classmethod
    def id_problem(cls, item_id: str) -> str | None:
        if re.fullmatch(UNGUESSABLE, item_id):
            return None
        return (
            f"must be random, of {SHORTEST_ID} to {LONGEST_ID} letters, digits, - and "
            "_, such as secrets.token_urlsafe(32)"
        )

    def reference_problems(self, get: GetItem) -> dict[str, str]:
        if self.status != "open" or self.bid_id is None or self.row_id is None:
            return {}
        problems = {}
        if not is_there(get("row", self.row_id)):
            problems["row_id"] = "must be a row"
        if not _is_negotiable(get("bid", self.bid_id), self.row_id):
            problems["bid_id"] = OTHER_BID
        return problems


ITEMS: Items = {"quote": Quote}


class Request(RequestBody):
    quote_id: Annotated[str, Field(min_length=SHORTEST_ID, max_length=LONGEST_ID)]
    success_url: Url
    cancel_url: Url


class PurchaseFields(TypedDict, total=False):
    quoteId: str
    bidId: str
    rowId: str


def find_offer(request: Request, buyer: Buyer | None, offers: Offers) -> Offer:
    quote = offers.get("quote", request.quote_id)
    bid, row = (
        offers.get(name, quote.decoration(f"{name}_id") or "") if quote else None
        for name in ("bid", "row")
    )
    return replace(
        offer_of(quote, bid, row),
        return_urls=ReturnUrls(request.success_url, request.cancel_url),
    )


def offer_of(
    quote: OfferItem | None, bid: OfferItem | None, row: OfferItem | None
) -> Offer:
    """
    Return what a quote sells, with the bid and the row that it names.

    It is the same for everybody, so that all who hold the link get one page to pay.
    """
    if not is_there(quote) or Quote.id_problem(quote.item_id):
        raise NotFoundError(REFUSAL)
    status, expires_at = quote.text("status"), quote.moment("expires_at")
    if status == Quote.STATUSES.sold:
        raise AlreadyPurchasedError("The quote has been paid already.")
    if status != Quote.STATUSES.for_sale:
        raise NotPurchasableError(f"The quote is {shown(status)}.")
    if clock.now() >= expires_at:
        raise PaymentWindowClosedError("The time to pay this quote is over.")
    quote_id = quote.item_id
    offer = Offer(
        id=quote_id,
        sale_key=sale_key("quote", quote_id),
        title=quote.text("title"),
        lines=single_line(quote, "The quote has no price."),
        sale=Sale(
            moves=(_move(quote),),
            requires={quote["id"]: {"bid_id": NO_VALUE, "row_id": NO_VALUE}},
            priced=quote["id"],
        ),
        metadata={"quote_id": quote_id},
        shown={"quoteId": quote_id},
        pay_by=expires_at,
        options=Quote.options_of(quote),
        **revenue_split(quote),
    )
    if "bid_id" in quote or "row_id" in quote:
        return _on_a_row(offer, quote, bid, row)
    return offer


def _on_a_row(
    offer: Offer, quote: OfferItem, bid: OfferItem | None, row: OfferItem | None
) -> Offer:
    """Return the offer of a quote for a bid: it is sold as the bids of its row are."""
    bid_id, row_id = quote.text("bid_id"), quote.text("row_id")
    if not (is_there(bid) and is_there(row)):
        raise NotFoundError(REFUSAL)
    status, owner = row.text("status"), row.text("owner_id")
    if status == "purchased":
        raise AlreadyPurchasedError("This has been purchased already.")
    if status != "open":
        raise NotPurchasableError(f"The row is {shown(status)}.")
    if not _is_negotiable(bid, row_id):
        raise quote.broken("bid_id", OTHER_BID)
    of_row = Move(
        row["id"],
        "open",
        sold="purchased",
        returned="refunded",
        attributes={"purchased_bid_id": bid_id},
    )
    return replace(
        offer,
        # The row's own: no two of its bids and quotes are sold.
        sale_key=sale_key("row", row_id),
        buyer_id=owner,
        sale=Sale(
            moves=(_move(quote), of_row),
            requires={
                quote["id"]: {"bid_id": bid_id, "row_id": row_id},
                row["id"]: {"owner_id": owner},
                bid["id"]: {"row_id": row_id, "offer_type": "service_provider"},
            },
            priced=quote["id"],
        ),
        metadata={
            **offer.metadata,
            "bid_id": bid_id,
            "row_id": row_id,
            "user_id": owner,
        },
        details={
            "bid_id": bid_id,
            "row_id": row_id,
            **bid.recorded("merchant", "source"),
        },
        shown={**offer.shown, "bidId": bid_id, "rowId": row_id},
    )


def _move(quote: OfferItem) -> Move:
    return Move(quote["id"], "open", sold="paid", returned="refunded")


def _is_negotiable(bid: Mapping[str, Any] | None, row_id: str) -> bool:
    if not is_there(bid) or bid.get("row_id") != row_id:
        return False
    return bid.get("offer_type") == "service_provider"


def agreed_price(quote: OfferItem, bid: OfferItem, row: OfferItem) -> Money | None:
    """Return the price that can be paid now by the quote, None if it cannot."""
    with suppress(CheckoutError):
        offer = offer_of(quote, bid, row)
        stripe_request.check(offer, "quote")
        return offer.total
    return None


def request_for(quote_id: str, item: OfferItem, url: str) -> dict[str, Any]:
    return {"quote_id": quote_id, "success_url": url, "cancel_url": url}


def requested_key(request: Request, buyer: Buyer) -> str | None:
    return sale_key("quote", request.quote_id)


def create_response(
    session: PaymentSession, client_secret: str | None
) -> dict[str, Any]:
    return {"checkout_url": session.url}
