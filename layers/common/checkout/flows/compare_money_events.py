"""The stream of events about refunds, disputes and fraud warnings."""

from datetime import timedelta
from typing import Any

from checkout.clients.stripe_api import StripeApi
from checkout.clients.stripe_connection import ListPage
from checkout.domain.dispute import Dispute
from checkout.domain.purchase import Purchase, id_named_by
from checkout.domain.refund import Refund
from checkout.domain.stripe_events import (
    CHARGE_REFUNDED,
    FRAUD_WARNING,
    MONEY_STREAM,
    OF_DISPUTES,
    OF_REFUNDS,
)
from checkout.domain.stripe_object import id_of, number_of, object_of, text_of
from checkout.flows import flow
from checkout.flows.compare_events import EventComparison, StripeEvent
from checkout.flows.run import Run
from checkout.metric import Metric
from checkout.tables.purchases import Purchases
from checkout.tables.reconcile_state import ReconcileState

# Of the newest events; with more of them, the older ones are queued again, as long as
# they are within the overlap.
MOST_QUEUED_IDS = 2_000


@flow
class MoneyStream:
    """
    Finds what became of money that had arrived, and that no webhook reported.

    An event whose purchase we do not know is queued once: the worker asks Stripe whose
    payment it is.
    """

    purchases: Purchases
    stripe: StripeApi
    comparison: EventComparison
    state: ReconcileState

    name = "money"
    lag = Metric.RECONCILE_MONEY_LAG
    overlap = timedelta(hours=1)

    def page(self, since: int, until: int, after: str | None) -> ListPage:
        return self.stripe.events_page(MONEY_STREAM, since, until, after)

    def process(self, run: Run, members: list[dict[str, Any]]) -> list[str] | None:
        """Queue the events that we are behind on; return the ids of those queued."""
        payment_intent_ids = {
            found for event in members if (found := _payment_intent_of(event))
        }
        purchases = self.purchases.by_payment_intents(payment_intent_ids)
        named = {
            found
            for event in members
            if not _payment_intent_of(event)
            and (found := id_named_by(object_of(event)))
        }
        purchases |= {each.id: each for each in self.purchases.get_all(named)}
        queued_before = self.state.queued_ids(self.name)
        known = {*queued_before}

        def is_news(event: StripeEvent) -> bool:
            if _name(event) in known:
                return False
            name = _payment_intent_of(event) or id_named_by(object_of(event))
            purchase = purchases.get(name or "")
            return purchase is None or is_behind(purchase, event)

        queued = {*self.comparison.queue_news(run, members, is_news, self._retrieve)}
        if not queued:
            return None
        names = {_name(e) for e in members if str(e.get("id")) in queued}
        return sorted({*queued_before, *names})[-MOST_QUEUED_IDS:]

    def _retrieve(self, event: StripeEvent) -> dict[str, Any] | None:
        """Return the object as it is now; a charge has only the sum of its refunds."""
        event_type, stripe_id = event["type"], object_of(event)["id"]
        if event_type in OF_DISPUTES:
            return self.stripe.dispute(stripe_id)
        if event_type in OF_REFUNDS and event_type != CHARGE_REFUNDED:
            return self.stripe.refund(stripe_id)
        return None


def _name(event: StripeEvent) -> str:
    """Return the event's id after its time, so that such texts sort by time."""
    created = number_of(event, "created") or 0
    return f"{created:010}#{event.get('id')}"


def is_behind(purchase: Purchase, event: StripeEvent) -> bool:
    """Return whether *event* would change *purchase*; raises ValueError and others."""
    event_type, stripe_object = event["type"], object_of(event)
    if event_type in OF_DISPUTES:
        return purchase.with_dispute(Dispute.from_stripe(stripe_object)) != purchase
    if event_type == FRAUD_WARNING:
        return text_of(stripe_object, "id") not in purchase.fraud_warnings
    if event_type == CHARGE_REFUNDED:
        # Refunds that failed were once part of the charge's sum.
        known = sum(refund.amount for refund in purchase.refunds.values())
        reported = number_of(stripe_object, "amount_refunded")
        return reported is None or reported > known
    return purchase.with_refund(Refund.from_stripe(stripe_object)) != purchase


def _payment_intent_of(event: StripeEvent) -> str | None:
    return id_of(object_of(event).get("payment_intent"))
