"""Compare a Checkout Session with the payment session that was prepared for it."""

from checkout.domain.checkout_options import Agreed, agreed
from checkout.domain.checkout_session import CheckoutSession
from checkout.domain.payment_session import PaymentSession
from checkout.domain.quarantine_reason import QuarantineReason


def mismatch(
    checkout: CheckoutSession, session: PaymentSession
) -> QuarantineReason | None:
    """
    Return why the Checkout Session is not what we prepared and can fulfill.

    None if it is. A field that is null or absent differs from what we prepared.
    """
    paid = checkout.status == "complete" and checkout.is_paid
    allowed = agreed(session.request)
    differences = {
        QuarantineReason.ANOTHER_STRIPE_SESSION: (
            session.stripe_session_id not in {None, checkout.id}
            and not (allowed.recovery and checkout.recovered_from)
        ),
        # Before what else may differ: a word that we know decides in its place.
        QuarantineReason.UNKNOWN_STATUS: not paid,
        QuarantineReason.ANOTHER_MODE: checkout.livemode != session.livemode,
        QuarantineReason.ANOTHER_CURRENCY: checkout.currency != session.currency,
        QuarantineReason.ANOTHER_AMOUNT: (
            checkout.amount_subtotal != session.amount
            or not _is_agreed_total(checkout, allowed)
        ),
        # Neither a refund nor a dispute could find the purchase.
        QuarantineReason.NO_PAYMENT_INTENT: (
            checkout.payment_status == "paid"
            and checkout.amount_total != 0
            and not checkout.payment_intent
        ),
    }
    return next((reason for reason, differs in differences.items() if differs), None)


def _is_agreed_total(checkout: CheckoutSession, allowed: Agreed) -> bool:
    """
    Return whether the total follows from the subtotal by what the options allow.

    The price, or that of shipping, may contain its tax: then the tax is not added.
    """
    amounts = (
        (checkout.amount_discount, allowed.discount),
        (checkout.amount_shipping, allowed.shipping),
        (checkout.amount_tax, allowed.tax),
    )
    if any(amount and not (is_agreed and amount > 0) for amount, is_agreed in amounts):
        return False
    if checkout.amount_subtotal is None or checkout.amount_total is None:
        return False
    added = checkout.amount_total - (
        checkout.amount_subtotal - checkout.amount_discount + checkout.amount_shipping
    )
    return 0 <= added <= checkout.amount_tax
