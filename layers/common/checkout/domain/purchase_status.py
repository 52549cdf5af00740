"""The statuses of a purchase."""

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
