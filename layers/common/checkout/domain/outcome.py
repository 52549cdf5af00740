"""What an event of Stripe led to."""

from enum import StrEnum


class Outcome(StrEnum):
    """Every outcome completes the event."""

    FULFILLED = "fulfilled"
    QUARANTINED = "quarantined"
    UNFULFILLABLE = "unfulfillable"
    CHANGED = "changed"
    PROCESSING = "processing"
    FAILED = "failed"
    DECLINED = "declined"
    EXPIRED = "expired"
    NO_EFFECT = "no_effect"
    FOREIGN = "foreign"
