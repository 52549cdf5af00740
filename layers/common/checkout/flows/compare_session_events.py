"""The stream of events about Checkout Sessions."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from checkout.clients.stripe_api import StripeApi
from checkout.clients.stripe_connection import ListPage
from checkout.domain.checkout_session import (
    CheckoutSession,
    payment_session_id_of,
    status_after,
)
from checkout.domain.payment_session import PAYMENT_WORDS, RANK, PaymentSession, Status
from checkout.domain.purchase import Purchase, id_for
from checkout.domain.stack import is_of_stack
from checkout.domain.stripe_events import SESSION_EXPIRED, SESSION_STREAM
from checkout.domain.stripe_object import object_of, word_of
from checkout.flows import flow
from checkout.flows.compare_events import EventComparison, StripeEvent
from checkout.flows.run import Run
from checkout.flows.watch_delivery import DeliveryWatch
from checkout.metric import Metric
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import count


@flow
class SessionStream:
    """
    Finds the payments, failures and expiries that no webhook reported.

    *stack_id* tells our sessions from those of other stacks and applications with the
    same Stripe account.
    """

    sessions: PaymentSessions
    purchases: Purchases
    stripe: StripeApi
    comparison: EventComparison
    deliveries: DeliveryWatch
    stack_id: str

    name = "sessions"
    lag = Metric.RECONCILE_SESSIONS_LAG
    overlap = timedelta(seconds=120)

    def page(self, since: int, until: int, after: str | None) -> ListPage:
        return self.stripe.events_page(SESSION_STREAM, since, until, after)

    def process(self, run: Run, members: list[dict[str, Any]]) -> None:
        """Queue the events that we are behind on."""
        recovered = self._recovered(members)

        def session_id_of(event: StripeEvent) -> str | None:
            about = object_of(event)
            earlier = word_of(about, "recovered_from") or ""
            return payment_session_id_of(about) or recovered.get(earlier)

        ids = {found for event in members if (found := session_id_of(event))}
        sessions = self.sessions.get_all(ids)

        def separate_purchase(event: StripeEvent) -> str | None:
            return _separate_purchase(event, session_id_of(event), sessions)

        separate = {each for event in members if (each := separate_purchase(event))}
        recorded = self.purchases.existing(separate)
        unknown = self._of_unknown_status(sessions.values())

        def is_news(event: StripeEvent) -> bool:
            about, session_id = object_of(event), session_id_of(event)
            session = sessions.get(session_id or "")
            # A pointer of ours names a session that the metadata does not.
            led_by_us = session_id and not payment_session_id_of(about)
            is_ours = led_by_us or is_of_stack(about, self.stack_id)
            if session is None and not is_ours:
                count(Metric.EVENTS_FOREIGN)
                return False
            checkout = CheckoutSession.from_stripe(object_of(event), event["type"])
            status = status_after(event["type"], checkout)
            if status is None:
                return False
            if separate_id := separate_purchase(event):
                return status is Status.COMPLETE and separate_id not in recorded
            if session is None or RANK[status] > RANK[session.status]:
                return True
            purchase = unknown.get(session.id)
            return purchase is not None and purchase.is_decided_by(
                is_paid=checkout.is_paid, is_refused=status is Status.FAILED
            )

        queued = {*self.comparison.queue_news(run, members, is_news, self._retrieve)}
        ours = [event for event in members if session_id_of(event) in sessions]
        self.deliveries.note(run, ours, queued)
        payments = [
            event["created"]
            for event in members
            if str(event.get("id")) in queued
            and event.get("type") != SESSION_EXPIRED
            and isinstance(event.get("created"), int)
        ]
        if payments:
            known = [] if run.oldest_payment is None else [run.oldest_payment]
            run.oldest_payment = min([*payments, *known])

    def _recovered(self, members: list[dict[str, Any]]) -> dict[str, str]:
        """
        Return by their Checkout Sessions the sessions of ours that were recovered.

        Whether Stripe copies our metadata to the new one is not documented.
        """
        earlier = {
            found
            for event in members
            if not payment_session_id_of(object_of(event))
            and (found := word_of(object_of(event), "recovered_from"))
        }
        ids = ((each, self.sessions.id_by_stripe_id(each)) for each in earlier)
        return {stripe_id: found for stripe_id, found in ids if found}

    def _of_unknown_status(
        self, sessions: Iterable[PaymentSession]
    ) -> dict[str, Purchase]:
        """Return by session what Stripe's word has yet to decide about."""
        ids = [
            id_for(session.id)
            for session in sessions
            if session.status is Status.QUARANTINED
            or session.payment_status not in PAYMENT_WORDS
        ]
        return {
            purchase.payment_session_id: purchase
            for purchase in self.purchases.get_all(ids)
            if purchase.is_of_unknown_status
        }

    def _retrieve(self, event: StripeEvent) -> dict[str, Any]:
        return self.stripe.session(object_of(event)["id"])


def _separate_purchase(
    event: StripeEvent,
    session_id: str | None,
    sessions: Mapping[str, PaymentSession],
) -> str | None:
    """
    Return the id of the purchase that a payment of its own makes.

    A payment has one if the session is unknown, or has another Checkout Session.
    """
    stripe_session_id = object_of(event).get("id")
    if session_id is None or not isinstance(stripe_session_id, str):
        return None
    session = sessions.get(session_id)
    if session and session.stripe_session_id in {None, stripe_session_id}:
        return None
    return id_for(stripe_session_id)
