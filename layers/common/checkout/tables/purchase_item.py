"""A purchase as an item of the Purchases table."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any

from checkout import clock
from checkout.domain.dispute import Dispute
from checkout.domain.next_check import purchase_check
from checkout.domain.purchase import Purchase
from checkout.domain.receipt import Receipt
from checkout.domain.refund import Refund, RefundRequest
from checkout.domain.sale import Sale
from checkout.tables import due
from checkout.tables.item import from_item, to_item
from checkout.tables.readable import UnreadableItemError, all_readable, readable

# A buyer's counts have a number named quarantined, and an attribute that an index uses
# must have one type in every item. So this one is named quarantine.
OPEN = "open"

PARTS = ("discount_amount", "tax_amount", "shipping_amount")
NULLABLE = ("buyer_id", "creator_id", "sale_key", "stripe_payment_intent_id")


def item_of(purchase: Purchase) -> dict[str, Any]:
    """
    Return all that is stored: the purchase, and what queries and indexes need of it.

    The sparse indexes contain an item while it has their attributes. Raises
    UnreadableItemError if `purchase_of` could not read the item: it would make the
    buyer's history unreadable, and every later event of the payment.
    """
    stored = _stored(purchase)
    try:
        _purchase(from_item(to_item(stored)))
    except (KeyError, TypeError, ValueError) as error:
        fault = type(error).__name__
        raise UnreadableItemError(f"{purchase.id} cannot be stored: {fault}") from None
    if due_at := purchase_check(purchase, clock.now()):
        requested = bool(purchase.open_requests)
        partitions = due.REFUND_PARTITIONS if requested else due.PARTITIONS
        stored |= due.index(purchase.id, due_at, partitions)
    if purchase.awaits_decision:
        stored["quarantine"] = OPEN
    return stored


def _stored(purchase: Purchase) -> dict[str, Any]:
    warnings = list(purchase.fraud_warnings)
    sale = purchase.sale
    return (
        asdict(purchase)
        # Most offers have no options, and every byte is paid for.
        | {name: None for name in PARTS if name not in purchase.beside_price}
        | {"fraud_warnings": warnings}
        # An offer that a sale does not change is not looked for again.
        | {"sale": sale.to_dict() if sale and sale.moves else None}
        | _computed(purchase)
    )


def _computed(purchase: Purchase) -> dict[str, Any]:
    platform, organization, creator = purchase.shares
    return {
        "status": purchase.status,
        "refunded_amount": purchase.refunded_amount,
        "lost_amount": purchase.lost_amount,
        "platform_fee": platform,
        "organization_fee": organization,
        "creator_payout": creator,
    }


def purchase_of(item: dict[str, Any]) -> Purchase:
    """Return the purchase that is stored as *item*; raises UnreadableItemError."""
    return readable(_purchase, item)


def purchases_of(items: Iterable[dict[str, Any]]) -> Iterator[Purchase]:
    """Yield the purchases that can be read."""
    return all_readable(_purchase, items)


def _purchase(item: Mapping[str, Any]) -> Purchase:
    known: dict[str, Any] = {**dict.fromkeys(NULLABLE), **_known(Purchase, item)}
    for name, shape in (
        ("refund_requests", RefundRequest),
        ("refunds", Refund),
        ("disputes", Dispute),
    ):
        members = known.get(name, {})
        known[name] = {k: shape(**_known(shape, v)) for k, v in members.items()}
    if "sale" in known:
        known["sale"] = Sale.from_dict(known["sale"])
    if "receipt" in known:
        known["receipt"] = Receipt.from_dict(known["receipt"])
    known["fraud_warnings"] = tuple(known.get("fraud_warnings", ()))
    purchase = Purchase(**known)
    # A value of another type would only be found where it is added or compared.
    _computed(purchase)
    return purchase


def _known(shape: type[Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of *shape*; one that is None is stored as no attribute."""
    return {f.name: stored[f.name] for f in fields(shape) if f.name in stored}
