"""Show an order to its owner, and a row with its bids, in the shape of docs/api.md."""

from collections.abc import Iterable, Mapping
from typing import Any

from checkout.domain.purchase import Purchase
from checkout.kinds.bid import buy_now


def show_order(order: Mapping[str, Any], purchase: Purchase | None) -> dict[str, Any]:
    """Show an order with the payment that it was sold by, None if there is none."""
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


def show_row(
    row: Mapping[str, Any], bids: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Show a row with its bids; `buy_now` says which can be bought through checkout."""
    return {
        "row_id": row["row_id"],
        "title": row.get("title"),
        "status": row["status"],
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
    }
