"""Build what writes offers, for `PUT /api/offers` and for other Lambdas."""

from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.config import WriteOffersConfig
from checkout.flows.write_offer import EXPIRING_SECONDS, OfferWriter
from checkout.tables.offers import Offers
from checkout.tables.payment_sessions import PaymentSessions
from checkout.wiring.sessions import stripe_checkout
from checkout.wiring.stripe import stripe_api


def offer_writer(
    config: WriteOffersConfig | None = None,
    expiring_seconds: float = EXPIRING_SECONDS,
) -> OfferWriter:
    """
    Return what writes, lists and withdraws offers.

    Without *config*, the settings come from the environment. docs/api.md (Write
    offers from another Lambda) lists the variables and the permissions.
    """
    c = config or WriteOffersConfig()
    queue = PaymentEventsQueue(c.payment_events_queue_url)
    # The writer repeats the request; a retry of a slow call would not end in time.
    stripe = stripe_api(c, retries=0)
    return OfferWriter(
        offers=Offers(c.offers_table),
        sessions=PaymentSessions(c.payment_sessions_table),
        stripe_checkout=stripe_checkout(c, queue, stripe),
        expiring_seconds=expiring_seconds,
    )
