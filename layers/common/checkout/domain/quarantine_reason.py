"""Why a payment is quarantined."""

from enum import StrEnum


class QuarantineReason(StrEnum):
    """docs/operations.md says for each what an operator does."""

    # What we prepared and what Stripe says differ.
    ANOTHER_STRIPE_SESSION = "another_stripe_session"
    ANOTHER_MODE = "another_mode"
    ANOTHER_CURRENCY = "another_currency"
    ANOTHER_AMOUNT = "another_amount"
    # Stripe's metadata says that it is ours, and we have no record of the session.
    SESSION_LOST = "session_lost"
    # Stripe's status or payment status is a word that we do not know, or absent.
    UNKNOWN_STATUS = "unknown_status"
    # A person had dismissed it, because it was unknown whether the money would come.
    PAID_AFTER_DISMISSAL = "paid_after_dismissal"
    NO_PAYMENT_INTENT = "no_payment_intent"
    # The purchase cannot be recorded as a sale.
    OWNED_ALREADY = "owned_already"
    OFFER_NOT_SELLABLE = "offer_not_sellable"
    OFFER_VANISHED = "offer_vanished"
    PAYMENT_INTENT_RECORDED_ALREADY = "payment_intent_recorded_already"
    STRIPE_SESSION_RECORDED_ALREADY = "stripe_session_recorded_already"
    # A sale, of which a refund or a dispute is in another currency.
    RETURNED_IN_ANOTHER_CURRENCY = "returned_in_another_currency"


# Such a payment is refunded without a person: the buyer has paid for what another
# purchase holds, or for what is not for sale any more.
UNFULFILLABLE = frozenset(
    [
        QuarantineReason.OWNED_ALREADY,
        QuarantineReason.OFFER_NOT_SELLABLE,
        QuarantineReason.OFFER_VANISHED,
    ]
)
