"""Show an order to its owner, and a row with its bids, in the shape of docs/api.md."""

from collections.abc import Iterable
from typing import Any

from checkout.domain.offer_item import OfferItem
from checkout.domain.purchase import Purchase
from checkout.domain.purchase_status import PurchaseStatus
from checkout.errors import NotPurchasableError
from checkout.kinds.bid import buy_now

PURCHASED = "purchased"
# The attribute of an earlier sale stays on a row that the host application opens again.
SOLD = frozenset([PURCHASED, "refunded"])


def show_order(order: OfferItem, purchases: Iterable[Purchase]) -> dict[str, Any]:
    """
    Show an order with every payment for it, the newest first.

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


def show_row(
    row: OfferItem, bids: Iterable[OfferItem], live: Purchase | None
) -> dict[str, Any]:
    """
    Show a row with its bids; `buy_now` says which can be bought through checkout.

    *live* is the purchase of the row's live session, if that has one. As long as its
    money is on its way, no other bid of the row can be bought. What cannot be read of a
    bid is null, so that one mistake does not hide the others.
    """
    pending = live is not None and live.status is PurchaseStatus.PENDING
    status = row.text("status")
    purchased = row.decoration("purchased_bid_id") if status in SOLD else None
    return {
        "row_id": row.item_id,
        "title": row.decoration("title"),
        "status": status,
        "purchased_bid_id": purchased,
        "pending_bid_id": live.offer_id if live and pending else None,
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
        "purchased": row["status"] == PURCHASED
        and row.get("purchased_bid_id") == bid.item_id,
    }
