"""A receipt: Stripe's fee and its receipt page, known once the payment is booked."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """
    *fee* and *net* are in the minor unit of *currency*, the currency of our account,
    which may differ from the buyer's. They are None if Stripe never booked the payment.
    """

    payment_intent_status: str
    url: str | None
    fee: int | None
    net: int | None
    currency: str | None

    @classmethod
    def from_stripe(cls, payment_intent: Mapping[str, Any]) -> Self:
        """Read a payment intent with its latest charge's balance transaction."""
        charge = payment_intent.get("latest_charge") or {}
        booked = charge.get("balance_transaction") or {}
        return cls(
            payment_intent_status=payment_intent["status"],
            url=charge.get("receipt_url"),
            fee=booked.get("fee"),
            net=booked.get("net"),
            currency=booked.get("currency"),
        )

    @classmethod
    def from_balance(cls, entry: Mapping[str, Any]) -> Self:
        """Read a payment's balance transaction, its `source` (the charge) expanded."""
        charge = entry["source"]
        return cls(
            payment_intent_status=charge["status"],
            url=charge.get("receipt_url"),
            fee=entry.get("fee"),
            net=entry.get("net"),
            currency=entry.get("currency"),
        )

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**{f.name: stored.get(f.name) for f in fields(cls)})  # type: ignore[arg-type]
