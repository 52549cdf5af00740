"""
Balance transactions: how each payment, refund and dispute changes the balance.

The fees follow a simple rule that is not Stripe's. A payment costs 2.9 % and 30 of the
currency's smallest units. A dispute costs 1500 of these units. The country, the card
and the currency do not matter. mocktill never gives a fee back, and makes all money
available at once.
"""

from .sandbox import Sandbox
from .shapes import Json
from .store import new_id

KIND = "balance_transaction"
FEE_PER_MILLE = 29
FIXED_FEE = 30
DISPUTE_FEE = 1500


def payment_fee(amount: int) -> int:
    """Return the fee of a payment, where a half is rounded up."""
    return (amount * FEE_PER_MILLE + 500) // 1000 + FIXED_FEE


def record_payment(sandbox: Sandbox, charge: Json) -> Json:
    kind = "charge" if _by_card(charge) else "payment"
    fee = payment_fee(charge["amount"]), "Stripe processing fees"
    return _record(sandbox, charge, charge["amount"], (kind, "charge"), fee)


def record_refund(sandbox: Sandbox, charge: Json, refund: Json) -> Json:
    kind = "refund" if _by_card(charge) else "payment_refund"
    return _record(sandbox, refund, -refund["amount"], (kind, "refund"))


def record_failed_refund(sandbox: Sandbox, refund: Json) -> Json:
    kinds = "refund_failure", "refund_failure"
    return _record(sandbox, refund, refund["amount"], kinds)


def record_withdrawal(sandbox: Sandbox, dispute: Json) -> Json:
    fee = DISPUTE_FEE, "Dispute fee"
    kinds = "adjustment", "dispute"
    return _record(sandbox, dispute, -dispute["amount"], kinds, fee)


def record_reinstatement(sandbox: Sandbox, dispute: Json) -> Json:
    kinds = "adjustment", "dispute_reversal"
    return _record(sandbox, dispute, dispute["amount"], kinds)


def _by_card(charge: Json) -> bool:
    return bool(charge["payment_method_details"]["type"] == "card")


def _record(
    sandbox: Sandbox,
    source: Json,
    amount: int,
    kinds: tuple[str, str],
    fee: tuple[int, str] | None = None,
) -> Json:
    """Record an entry; *kinds* are its type and its category in reports."""
    kind, category = kinds
    details = [
        {
            "amount": cost,
            "application": None,
            "currency": source["currency"],
            "description": description,
            "type": "stripe_fee",
        }
        for cost, description in ([fee] if fee else [])
    ]
    costs = sum(detail["amount"] for detail in details)
    now = sandbox.now()
    return sandbox.store.add(
        {
            "id": new_id("txn_3"),
            "object": KIND,
            "amount": amount,
            "available_on": now,
            "balance_type": "payments",
            "created": now,
            "currency": source["currency"],
            "description": source.get("description"),
            "exchange_rate": None,
            "fee": costs,
            "fee_details": details,
            "net": amount - costs,
            "reporting_category": category,
            "source": source["id"],
            "status": "available",
            "type": kind,
        }
    )
