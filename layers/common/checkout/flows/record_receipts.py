"""The streams of Stripe's balance: write the fees and receipts that are missing."""

from datetime import timedelta
from typing import Any

from checkout.clients import aws
from checkout.clients.stripe_api import StripeApi
from checkout.clients.stripe_connection import ListPage
from checkout.domain.audit_action import AuditAction
from checkout.domain.purchase import Purchase
from checkout.domain.receipt import Receipt
from checkout.domain.stripe_object import id_of, part_of
from checkout.errors import TryAgainError
from checkout.flows import flow
from checkout.flows.change_purchase import PurchaseChanges
from checkout.flows.run import Run
from checkout.metric import Metric
from checkout.tables.purchases import Purchases

TEMPORARY = (TryAgainError, *aws.Error)


@flow
class BalanceStream:
    """
    Reads the balance transactions of one type, a hundred payments at a time.

    *entry_type* is `charge` for cards and `payment` for most other methods:
    https://docs.stripe.com/reports/balance-transaction-types
    """

    entry_type: str
    name: str
    purchases: Purchases
    changes: PurchaseChanges
    stripe: StripeApi

    lag = Metric.RECONCILE_BALANCE_LAG
    # Longer than domain.next_check.RECORDED_LATE, and as short as can be: a busy shop
    # reads it anew in each run.
    overlap = timedelta(minutes=20)

    def page(self, since: int, until: int, after: str | None) -> ListPage:
        return self.stripe.balance_page(self.entry_type, since, until, after)

    def process(self, run: Run, members: list[dict[str, Any]]) -> None:
        """Write each purchase's receipt, unless it has one."""
        payment_intent_ids = {
            found for entry in members if (found := _payment_intent_of(entry))
        }
        purchases = self.purchases.by_payment_intents(payment_intent_ids)
        for entry in members:
            purchase = purchases.get(_payment_intent_of(entry) or "")
            if purchase and purchase.receipt is None:
                # What is temporary ends the stream: the page is read again.
                with run.guard(item_id=purchase.id, passing=TEMPORARY):
                    receipt = Receipt.from_balance(entry)
                    record_receipt(self.changes, purchase, receipt)


def balance_streams(
    purchases: Purchases, changes: PurchaseChanges, stripe: StripeApi
) -> tuple[BalanceStream, ...]:
    """Return the streams of all that a payment can be booked as."""
    return tuple(
        BalanceStream(
            entry_type=entry_type,
            name=f"balance_{entry_type}",
            purchases=purchases,
            changes=changes,
            stripe=stripe,
        )
        for entry_type in ("charge", "payment")
    )


def record_receipt(
    changes: PurchaseChanges, purchase: Purchase, receipt: Receipt
) -> Purchase:
    """Write the receipt; return the purchase as it is then."""
    changed, _ = changes.change(
        purchase,
        lambda before: before if before.receipt else before.with_receipt(receipt),
        AuditAction.RECEIPT_RECEIVED,
        stripe_fee=receipt.fee,
    )
    return changed


def _payment_intent_of(entry: dict[str, Any]) -> str | None:
    return id_of(part_of(entry, "source").get("payment_intent"))
