"""Show an order to its owner, and a row with its bids, in the shape of docs/api.md."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from checkout import clock
from checkout.domain.offer_item import OfferItem
from checkout.domain.payment_session import PaymentSession, Status
from checkout.domain.purchase import Purchase
from checkout.errors import BrokenOfferError, NotPurchasableError
from checkout.kinds.bid import buy_now
from checkout.kinds.quote import agreed_price
from checkout.tables.offers import RowOffers
from checkout.tables.ownerships import Ownership

# While its session is in one of these, nothing else of the row can be bought.
UNDECIDED = frozenset([Status.PROCESSING, Status.QUARANTINED])
PURCHASED = "purchased"
# The attribute of an earlier sale stays on a row that the host application opens again.
SOLD = frozenset([PURCHASED, "refunded"])


@contextmanager
def _for_a_reader(item_type: str) -> Iterator[None]:
    """Say of a mistake in an item that it cannot be shown: nobody wants to buy here."""
    try:
        yield
    except BrokenOfferError as error:
        problem = f"its {error.field} {error.problem}"
        raise NotPurchasableError(
            f"This {item_type} cannot be shown: {problem}."
        ) from error


@_for_a_reader("order")
def show_order(order: OfferItem, purchases: Iterable[Purchase]) -> dict[str, Any]:
    """
    Show an order with every payment for it, the newest first.

    Raises NotPurchasableError if the order cannot be read. An order that can be read
    and not be paid is shown: it may have been paid elsewhere.
    """
    items: list[dict[str, Any]] = [
        {
            "name": item.text("name"),
            "quantity": item.number("quantity"),
            "unit_price_cents": item.number("unit_price_cents"),
        }
        for item in order.members("items")
    ]
    return {
        "id": order.item_id,
        "status": order.text("status"),
        "currency": order.text("currency").lower(),
        "total_cents": sum(
            item["quantity"] * item["unit_price_cents"] for item in items
        ),
        "items": items,
        "payments": [
            _payment(purchase)
            for purchase in sorted(purchases, key=_paid_at, reverse=True)
        ],
    }


def _paid_at(purchase: Purchase) -> tuple[str, str]:
    return purchase.purchased_at, purchase.id


def _payment(purchase: Purchase) -> dict[str, Any]:
    return {
        "id": purchase.id,
        "provider": "stripe",
        "provider_ref": purchase.stripe_payment_intent_id or purchase.stripe_session_id,
        "status": purchase.status,
        "created_at": purchase.purchased_at,
    }


@_for_a_reader("row")
def show_row(
    row: OfferItem,
    offers: RowOffers,
    latest: PaymentSession | None,
    ownership: Ownership | None,
    undecided: Iterable[Purchase],
) -> dict[str, Any]:
    """
    Show a row with its bids; `buy_now` says which can be bought through checkout, and
    `quote` at which price a bid can be bought that was negotiated.

    As long as the payment of *latest*, the row's latest session, or an *undecided*
    purchase waits for its end, no bid of the row can be bought. What another buyer has
    paid for, before the row was given to its owner, is not shown. What cannot be read
    of a bid is null, so that one mistake does not hide the others.
    """
    status = row.text("status")
    bought = row.decoration("purchased_bid_id") if status in SOLD else None
    if _is_of_another(row, latest, ownership):
        bought = None
    under_way: list[PaymentSession | Purchase] = [*undecided]
    if latest and latest.status in UNDECIDED:
        under_way.insert(0, latest)
    pending = [_bid_of(each) for each in under_way if _is_own(row, each)]
    return {
        "row_id": row.item_id,
        "title": row.decoration("title"),
        "status": status,
        "purchased_bid_id": bought,
        "pending_bid_id": next(iter(pending), None),
        "bids": [
            _bid(bid, row, bought if status == PURCHASED else None)
            | (
                {"buy_now": False, "quote": None}
                if under_way
                else {"quote": _quote(offers.quotes, bid, row)}
            )
            for bid in offers.bids
        ],
    }


def _is_of_another(
    row: OfferItem, latest: PaymentSession | None, ownership: Ownership | None
) -> bool:
    """Return whether another buyer has bought the row; a refund ends an ownership."""
    if ownership:
        return not _is_own(row, ownership)
    paid = latest is not None and latest.status is Status.COMPLETE
    return bool(latest and paid and not _is_own(row, latest))


def _is_own(row: OfferItem, record: PaymentSession | Purchase | Ownership) -> bool:
    return record.buyer_id == row.get("owner_id")


def _bid_of(payment: PaymentSession | Purchase) -> str:
    """Return the bid that is paid for, which may be by a quote."""
    return str(payment.details.get("bid_id", payment.offer_id))


def _quote(
    quotes: Iterable[OfferItem], bid: OfferItem, row: OfferItem
) -> dict[str, Any] | None:
    """Return the latest quote by which the bid can be paid now, None without one."""
    found = {
        (str(quote.get("created_at", "")), quote["id"]): (quote, price)
        for quote in quotes
        if quote.get("bid_id") == bid.item_id
        if (price := agreed_price(quote, bid, row))
    }
    if not found:
        return None
    quote, price = found[max(found)]
    return {
        "quote_id": quote.item_id,
        "price_cents": price.amount,
        "currency": price.currency,
        "expires_at": clock.iso(quote.moment("expires_at")),
    }


def _bid(bid: OfferItem, row: OfferItem, bought: str | None) -> dict[str, Any]:
    try:
        price = bid.price()
    except NotPurchasableError:
        price = None
    return {
        "bid_id": bid.item_id,
        "title": bid.decoration("title"),
        "price_cents": price and price.amount,
        "currency": price and price.currency,
        "image_url": bid.decoration("image_url"),
        "buy_now": buy_now(bid, row),
        "clickout_url": bid.decoration("clickout_url"),
        "purchased": bought == bid.item_id,
    }
