"""The sweep: ask Stripe about all that is due, until each thing has come to its end."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from checkout import clock
from checkout.errors import AlreadyPurchasedError, CheckoutError, PaymentInProgressError
from checkout.payable import PayableSessions
from checkout.payment_events import FROM_STRIPE, PaymentEvents
from checkout.payment_session import UNRESOLVED, PaymentSession, Status
from checkout.purchase import Purchase
from checkout.receipt import Receipt
from checkout.refund import Refund
from checkout.refunds import Refunds
from checkout.stripe_session import is_ahead
from checkout.tables.due import PARTITIONS
from checkout.tables.payment_sessions import FIRST_LOOK, PaymentSessions
from checkout.tables.purchases import Purchases
from checkout.telemetry import count, logger

LONGEST_PAUSE = timedelta(hours=1)
# Of one partition in one run; the next run goes on where this one stopped.
MOST_AT_ONCE = 100

# An event younger than this may still be on its first way to the webhook.
DELIVERED_BY = timedelta(minutes=10)
# Stripe itself tries for three days; what is older, somebody has looked at by now.
FURTHEST_BACK = timedelta(days=3)
WINDOW = timedelta(hours=1)
# Stripe books a payment within minutes, with some methods within days.
BOOKED_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """
    Brings everything to an end that no event has brought there.

    Its work grows with what is unresolved, never with what has been. It settles no
    payment itself: what it finds of a session, and every event that Stripe could not
    deliver, goes on the queue as the webhook's events do.
    """

    payable: PayableSessions
    payment_events: PaymentEvents
    refunds: Refunds

    def run(self, has_time: Callable[[], bool]) -> int:
        """Look at what is due while *has_time* says yes; return how many that were."""
        # Money that is not recorded comes first, receipts can wait.
        looked_at = self._look_at_due(
            self.payable.sessions, self._look_at_session, has_time
        )
        self._fetch_undelivered(has_time)
        return looked_at + self._look_at_due(
            self.refunds.changes.purchases, self._look_at_purchase, has_time
        )

    def _look_at_due(
        self,
        table: PaymentSessions | Purchases,
        look_at: Callable[[str], None],
        has_time: Callable[[], bool],
    ) -> int:
        looked_at = 0
        # In any order, so that a run cut short does not always cut off the same.
        for partition in random.sample(PARTITIONS, len(PARTITIONS)):
            for due in table.due(partition, clock.now(), MOST_AT_ONCE):
                if not has_time():
                    return looked_at
                look_at(due)
                looked_at += 1
        return looked_at

    # ------------------------------------------------------------ sessions

    def _look_at_session(self, payment_session_id: str) -> None:
        session = self.payable.sessions.get(payment_session_id)
        if session is None or session.status not in UNRESOLVED:
            return
        # First of all: a session that fails here must not be the first to fail again.
        self.payable.sessions.postpone(session.id, _next_look(session))
        try:
            self._resolve_session(session)
        except (AlreadyPurchasedError, PaymentInProgressError):
            # It had been paid when we closed it; its settlement is on the queue.
            logger.info("settlement_queued", payment_session_id=session.id)
        except CheckoutError as error:
            count("payments.sweep.failed")
            logger.warning(
                "sweep_failed", payment_session_id=session.id, code=error.code
            )

    def _resolve_session(self, session: PaymentSession) -> None:
        over = clock.now() >= clock.from_iso(session.expires_at)
        if session.status is Status.INTENT or (session.status is Status.OPEN and over):
            self.payable.close(session)
            return
        assert session.stripe_session_id  # noqa: S101 - Stripe has it by now
        found = self.refunds.stripe.session(session.stripe_session_id)
        if is_ahead(found, session):
            self.payment_events.send_observed(found)
            logger.info("settlement_queued", payment_session_id=session.id)

    # ------------------------------------------------------------ events

    def _fetch_undelivered(self, has_time: Callable[[], bool]) -> None:
        """Queue the events that Stripe could not deliver, an hour of them at a time."""
        end = clock.now() - DELIVERED_BY
        since = self.payable.sessions.undelivered_until() or end - FURTHEST_BACK
        try:
            while since < end and has_time():
                until = min(since + WINDOW, end)
                self._fetch_window(since, until)
                self.payable.sessions.note_undelivered_until(until)
                since = until
        except CheckoutError as error:
            count("payments.sweep.failed")
            logger.warning(
                "sweep_failed", events_since=clock.iso(since), code=error.code
            )

    def _fetch_window(self, since: datetime, until: datetime) -> None:
        first, last = int(since.timestamp()), int(until.timestamp())
        for event in self.refunds.stripe.events(
            first, last, FROM_STRIPE, undelivered=True
        ):
            self.payment_events.send(json.dumps(event))
            count("payments.events.fetched")
            logger.info("event_fetched", event_id=event["id"], event_type=event["type"])

    # ------------------------------------------------------------ purchases

    def _look_at_purchase(self, purchase_id: str) -> None:
        purchase = self.refunds.changes.purchases.get(purchase_id)
        if purchase is None or not purchase.is_unresolved:
            return
        self.refunds.changes.purchases.postpone(
            purchase.id, _later(purchase.purchased_at)
        )
        try:
            self._resolve_purchase(purchase)
        except CheckoutError as error:
            count("payments.sweep.failed")
            logger.warning("sweep_failed", purchase_id=purchase.id, code=error.code)

    def _resolve_purchase(self, purchase: Purchase) -> None:
        for request in purchase.open_requests:
            purchase = self.refunds.execute(purchase, request)
        assert purchase.stripe_payment_intent_id  # noqa: S101 - or all would be known
        if purchase.pending_refunds:
            for found in self.refunds.stripe.refunds(purchase.stripe_payment_intent_id):
                self.refunds.record(purchase.id, Refund.from_stripe(found))
        if purchase.receipt is None:
            self._fetch_receipt(purchase, purchase.stripe_payment_intent_id)

    def _fetch_receipt(self, purchase: Purchase, payment_intent_id: str) -> None:
        receipt = Receipt.from_stripe(
            self.refunds.stripe.payment_intent(payment_intent_id)
        )
        age = clock.now() - clock.from_iso(purchase.purchased_at)
        if receipt.fee is not None or age > BOOKED_WITHIN:
            self.refunds.changes.apply(
                purchase.id,
                lambda before: before.with_receipt(receipt),
                "receipt_received",
                stripe_fee=receipt.fee,
            )


def _next_look(session: PaymentSession) -> datetime:
    """Look less and less often, but once when the time to pay is over."""
    later = _later(session.created_at)
    end = clock.from_iso(session.expires_at)
    return end if clock.now() < end < later else later


def _later(begun_at: str) -> datetime:
    """Wait as long as it has taken so far: ten minutes at least, an hour at most."""
    now = clock.now()
    age = now - clock.from_iso(begun_at)
    return now + min(max(age, FIRST_LOOK), LONGEST_PAUSE)
