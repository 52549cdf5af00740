"""Show an order to its owner, and a row with its bids, in the shape of docs/api.md."""

from collections.abc import Iterable
from typing import Any

from checkout.domain.offer_item import OfferItem
from checkout.domain.purchase import Purchase
from checkout.errors import NotPurchasableError
from checkout.kinds.bid import buy_now


def show_order(order: OfferItem, purchase: Purchase | None) -> dict[str, Any]:
    """
    Show an order with the payment that it was sold by, None if there is none.

    Raises BrokenOfferError if the order cannot be read. An order that can be read and
    not be paid is shown: it may have been paid elsewhere.
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
        "payments": [_payment(purchase)] if purchase else [],
    }


def _payment(purchase: Purchase) -> dict[str, Any]:
    return {
        "id": purchase.id,
        "provider": "stripe",
        "provider_ref": purchase.stripe_payment_intent_id or purchase.stripe_session_id,
        "status": purchase.status,
        "created_at": purchase.purchased_at,
    }


def show_row(row: OfferItem, bids: Iterable[OfferItem]) -> dict[str, Any]:
    """
    Show a row with its bids; `buy_now` says which can be bought through checkout.

    What cannot be read of a bid is null, so that one mistake does not hide the others.
    """
    return {
        "row_id": row.item_id,
        "title": row.decoration("title"),
        "status": row.text("status"),
        "bids": [_bid(bid, row) for bid in bids],
    }


def _bid(bid: OfferItem, row: OfferItem) -> dict[str, Any]:
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
    }
