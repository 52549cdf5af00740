"""Show a purchase to its buyer and to its creator, in the shape of docs/api.md."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from checkout.domain.purchase import Purchase
from checkout.tables.readable import report_unreadable

SHARES = ("platformFeeCents", "organizationFeeCents", "creatorPayoutCents")


def show_each(
    purchases: Iterable[Purchase], show: Callable[[Purchase], dict[str, Any]]
) -> list[dict[str, Any]]:
    """Show each purchase that can be shown: a bad one does not hide the others."""
    shown = []
    for purchase in purchases:
        try:
            shown.append(show(purchase))
        except Exception as error:  # noqa: BLE001 - see above
            report_unreadable(purchase.id, error)
    return shown


def show_to_buyer(purchase: Purchase) -> dict[str, Any]:
    """Show the purchase to its buyer, in the shape of docs/api.md."""
    platform, organization, creator = purchase.shares
    shown = {
        "id": purchase.id,
        "kind": purchase.kind,
        "itemId": purchase.offer_id,
        "title": purchase.title,
        **json.loads(purchase.shown),
        "amountPaidCents": purchase.amount,
        "currency": purchase.currency,
        "status": purchase.status,
        "paymentMethod": "stripe_checkout",
        "stripeSessionId": purchase.stripe_session_id,
        "stripePaymentIntentId": purchase.stripe_payment_intent_id,
        "platformFeeCents": platform,
        "organizationFeeCents": organization,
        "creatorPayoutCents": creator,
        "refundedAmountCents": purchase.refunded_amount,
        "purchasedAt": purchase.purchased_at,
    }
    if purchase.beside_price:
        shown |= {
            "discountCents": purchase.discount_amount,
            "taxCents": purchase.tax_amount,
            "shippingCents": purchase.shipping_amount,
        }
    if purchase.entered:
        shown["entered"] = json.loads(purchase.entered)
    if purchase.metadata:
        shown["metadata"] = purchase.metadata
    if purchase.lost_amount:
        shown["lostAmountCents"] = purchase.lost_amount
    if purchase.succeeded_refunds:
        latest = purchase.succeeded_refunds[-1]
        shown["refundedAt"] = latest.created_at
        if latest.reason:
            shown["refundReason"] = latest.reason
    if purchase.receipt and purchase.receipt.url:
        shown["receiptUrl"] = purchase.receipt.url
    return shown


def show_to_creator(purchase: Purchase) -> dict[str, Any]:
    """
    Show the purchase to its creator, with the buyer's id and Stripe's fee.

    The link to the receipt is left out: that page names the buyer's e-mail address. So
    is the metadata: the frontend wrote it for itself, and it may identify the buyer.
    The shares of what is no sale are 0: a creator may never get them.
    """
    shown = show_to_buyer(purchase)
    if not purchase.is_sale:
        shown |= dict.fromkeys(SHARES, 0)
    for private in ("receiptUrl", "metadata"):
        shown.pop(private, None)
    if purchase.buyer_id:
        shown["buyerId"] = purchase.buyer_id
    if purchase.receipt:
        shown["paymentIntentStatus"] = purchase.receipt.payment_intent_status
        if purchase.receipt.fee is not None:
            shown["stripeFeeCents"] = purchase.receipt.fee
            shown["netAmountCents"] = purchase.receipt.net
            shown["settlementCurrency"] = purchase.receipt.currency
    return shown
