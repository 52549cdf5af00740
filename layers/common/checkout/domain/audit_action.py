"""What the audit log can say about a payment session."""

from enum import StrEnum


class AuditAction(StrEnum):
    """docs/operations.md explains each action."""

    CHECKOUT_CREATED = "checkout_created"
    CHECKOUT_REFUSED = "checkout_refused"
    CHECKOUT_ABANDONED = "checkout_abandoned"
    CHECKOUT_EXPIRED = "checkout_expired"
    CHECKOUT_COMPLETED = "checkout_completed"
    PAYMENT_PROCESSING = "payment_processing"
    PAYMENT_FAILED = "payment_failed"
    UNFULFILLABLE_PAYMENT = "unfulfillable_payment"
    PURCHASE_QUARANTINED = "purchase_quarantined"
    QUARANTINE_ACCEPTED = "quarantine_accepted"
    QUARANTINE_DISMISSED = "quarantine_dismissed"
    REFUND_REQUESTED = "refund_requested"
    REFUND_ATTEMPT_FAILED = "refund_attempt_failed"
    REFUND_REFUSED = "refund_refused"
    REFUND_PENDING = "refund_pending"
    REFUND_FAILED = "refund_failed"
    PURCHASE_REFUNDED = "purchase_refunded"
    DISPUTE_INQUIRY = "dispute_inquiry"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_FUNDS_MOVED = "dispute_funds_moved"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    FRAUD_WARNING_RECEIVED = "fraud_warning_received"
    RECEIPT_RECEIVED = "receipt_received"
    EVENT_HAD_NO_EFFECT = "event_had_no_effect"
