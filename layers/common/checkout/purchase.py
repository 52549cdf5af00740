"""A purchase: the record that money arrived, and how it is split and shown."""

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

from checkout.offers import BASIS_POINTS, kind_named
from checkout.payment_session import PaymentSession
from checkout.stripe_session import StripeSession


class PurchaseStatus(StrEnum):
    """What a history can be filtered by; the contract names them all."""

    PENDING = "pending"
    COMPLETED = "completed"
    REFUNDED = "refunded"
    FAILED = "failed"
    REFUNDING = "refunding"
    DISPUTED = "disputed"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Amounts are in the currency's minor unit; the three shares add up to *amount*."""

    id: str
    payment_session_id: str
    kind: str
    offer_id: str
    buyer_id: str | None
    creator_id: str | None
    title: str
    details: dict[str, Any] = field(default_factory=dict)
    amount: int
    currency: str
    platform_fee: int
    organization_fee: int
    creator_payout: int
    refunded_amount: int = 0
    status: PurchaseStatus
    quarantine_reason: str | None = None
    stripe_session_id: str
    stripe_payment_intent_id: str | None
    purchased_at: str

    @classmethod
    def of(
        cls,
        session: PaymentSession,
        found: StripeSession,
        purchased_at: str,
        quarantine_reason: str | None = None,
    ) -> Self:
        """Record what Stripe *found* paid for *session*, split by its basis points."""
        amount = session.amount if found.amount_total is None else found.amount_total
        platform, organization, creator = split(
            amount, session.platform_fee_bps, session.organization_fee_bps
        )
        return cls(
            id=id_for(session.id),
            payment_session_id=session.id,
            kind=session.kind,
            offer_id=session.offer_id,
            buyer_id=session.buyer_id,
            creator_id=session.creator_id,
            title=session.title,
            details=session.details,
            amount=amount,
            currency=found.currency or session.currency,
            platform_fee=platform,
            organization_fee=organization,
            creator_payout=creator,
            status=(
                PurchaseStatus.QUARANTINED
                if quarantine_reason
                else PurchaseStatus.COMPLETED
            ),
            quarantine_reason=quarantine_reason,
            stripe_session_id=found.id,
            stripe_payment_intent_id=found.payment_intent,
            purchased_at=purchased_at,
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        known = {f.name: stored.get(f.name) for f in fields(cls)}
        return cls(**known | {"status": PurchaseStatus(stored["status"])})  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Any]:
        """Show the purchase to its buyer, in the shape of docs/api.md."""
        return {
            "id": self.id,
            "kind": self.kind,
            "itemId": self.offer_id,
            "title": self.title,
            **kind_named(self.kind).purchase_fields(self),
            "amountPaidCents": self.amount,
            "currency": self.currency,
            "status": self.status,
            "paymentMethod": "stripe_checkout",
            "stripeSessionId": self.stripe_session_id,
            "stripePaymentIntentId": self.stripe_payment_intent_id,
            "platformFeeCents": self.platform_fee,
            "organizationFeeCents": self.organization_fee,
            "creatorPayoutCents": self.creator_payout,
            "refundedAmountCents": self.refunded_amount,
            "purchasedAt": self.purchased_at,
        }


def id_for(payment_session_id: str) -> str:
    """One purchase for a payment session at most: its id says so."""
    return payment_session_id.replace("ps_", "pur_", 1)


def split(
    amount: int, platform_bps: int, organization_bps: int
) -> tuple[int, int, int]:
    """Split *amount* into the platform's, organization's and creator's share."""
    if min(platform_bps, organization_bps) < 0 or (
        platform_bps + organization_bps > BASIS_POINTS
    ):
        raise ValueError("the fees take more than there is")
    platform = amount * platform_bps // BASIS_POINTS
    organization = amount * organization_bps // BASIS_POINTS
    return platform, organization, amount - platform - organization
