"""A receipt: Stripe's fee and its receipt page, known once the payment is booked."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from checkout.domain.stripe_object import number_of, part_of, word_of

# Stripe's status of the payment, if it sends none.
UNKNOWN = "unknown"


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
        charge = part_of(payment_intent, "latest_charge")
        booked = part_of(charge, "balance_transaction")
        return cls._of(word_of(payment_intent, "status"), charge, booked)

    @classmethod
    def from_balance(cls, entry: Mapping[str, Any]) -> Self:
        """Read a payment's balance transaction, its `source` (the charge) expanded."""
        charge = part_of(entry, "source")
        return cls._of(word_of(charge, "status"), charge, entry)

    @classmethod
    def _of(
        cls, status: str | None, charge: Mapping[str, Any], booked: Mapping[str, Any]
    ) -> Self:
        fee, net = number_of(booked, "fee"), number_of(booked, "net")
        currency = word_of(booked, "currency")
        # A fee without its currency cannot be added to anything.
        whole = fee is not None and net is not None and currency is not None
        return cls(
            payment_intent_status=status or UNKNOWN,
            url=word_of(charge, "receipt_url"),
            fee=fee if whole else None,
            net=net if whole else None,
            currency=currency if whole else None,
        )

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**{f.name: stored.get(f.name) for f in fields(cls)})  # type: ignore[arg-type]
