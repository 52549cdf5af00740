"""The statuses of a purchase, and of its money."""

from enum import StrEnum


class PurchaseStatus(StrEnum):
    """What a buyer's purchases can be filtered by (docs/api.md)."""

    PENDING = "pending"
    COMPLETED = "completed"
    REFUNDED = "refunded"
    FAILED = "failed"
    REFUNDING = "refunding"
    DISPUTED = "disputed"
    QUARANTINED = "quarantined"


class Arrival(StrEnum):
    """Whether the money has arrived: a bank debit, for example, takes days."""

    UNDER_WAY = "under_way"
    ARRIVED = "arrived"
    REFUSED = "refused"


# The status of a purchase whose money has not arrived.
UNPAID: dict[str, PurchaseStatus] = {
    Arrival.UNDER_WAY: PurchaseStatus.PENDING,
    Arrival.REFUSED: PurchaseStatus.FAILED,
}
