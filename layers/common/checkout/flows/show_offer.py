"""Show an order to its owner, and a row with its bids, in the shape of docs/api.md."""

from collections.abc import Iterable, Mapping
from typing import Any

from checkout.domain.purchase import Purchase
from checkout.domain.purchase_status import PurchaseStatus
from checkout.kinds.bid import buy_now

PURCHASED = "purchased"
# The attribute of an earlier sale stays on a row that the host application opens again.
SOLD = frozenset([PURCHASED, "refunded"])


def show_order(
    order: Mapping[str, Any], purchases: Iterable[Purchase]
) -> dict[str, Any]:
    """Show an order with every payment for it, the newest first."""
    items = [
        {name: item[name] for name in ("name", "quantity", "unit_price_cents")}
        for item in order["items"]
    ]
    return {
        "id": order["order_id"],
        "status": order["status"],
        "currency": order["currency"],
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
    row: Mapping[str, Any],
    bids: Iterable[Mapping[str, Any]],
    live: Purchase | None,
) -> dict[str, Any]:
    """
    Show a row with its bids; `buy_now` says which can be bought through checkout.

    *live* is the purchase of the row's live session, if that has one. As long as its
    money is on its way, no other bid of the row can be bought.
    """
    pending = live is not None and live.status is PurchaseStatus.PENDING
    sold = row["status"] in SOLD
    return {
        "row_id": row["row_id"],
        "title": row.get("title"),
        "status": row["status"],
        "purchased_bid_id": row.get("purchased_bid_id") if sold else None,
        "pending_bid_id": live.offer_id if live and pending else None,
        "bids": [_bid(bid, row) for bid in bids],
    }


def _bid(bid: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    price = bid.get("price") or {}
    return {
        "bid_id": bid["bid_id"],
        "title": bid["title"],
        "price_cents": price.get("amount"),
        "currency": price.get("currency"),
        "image_url": bid.get("image_url"),
        "buy_now": buy_now(bid, row),
        "clickout_url": bid.get("clickout_url"),
        "purchased": row["status"] == PURCHASED
        and row.get("purchased_bid_id") == bid["bid_id"],
    }
