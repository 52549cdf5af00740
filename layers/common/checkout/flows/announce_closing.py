"""Announce the windows that close soon: their offers are for sale, and nobody pays."""

import random
from datetime import timedelta

from checkout import clock
from checkout.domain.audit_action import AuditAction
from checkout.domain.closing_window import ClosingWindow
from checkout.domain.offer import is_there
from checkout.domain.offer_item import OfferItem
from checkout.domain.payment_session import UNDECIDED
from checkout.domain.sale import sale_key
from checkout.errors import BrokenOfferError
from checkout.flows import flow
from checkout.flows.run import Run
from checkout.tables import transaction
from checkout.tables.audit_log import AuditLog
from checkout.tables.closing_offers import ClosingOffers
from checkout.tables.due import PARTITIONS
from checkout.tables.payment_sessions import PaymentSessions
from checkout.tables.readable import report_unreadable
from checkout.telemetry import logger

# Of one partition in one run; the next run continues where this one stopped.
MOST_AT_ONCE = 100


@flow
class ClosingWindows:
    """
    Announces each window once, *ahead* of its end; never if that is None.

    One transaction writes the audit entry and takes the offer out of the index. The
    entry's key names the window, so that an offer that is written again, or a second
    run, cannot announce it again.
    """

    offers: ClosingOffers
    sessions: PaymentSessions
    audit_log: AuditLog
    ahead: timedelta | None

    def announce(self, run: Run) -> None:
        """Announce what closes soon, as long as there is time."""
        if self.ahead is None:
            return
        until = clock.now() + self.ahead
        # A run that is cut short must not always omit the same ones.
        for partition in random.sample(PARTITIONS, len(PARTITIONS)):
            if not run.has_time():
                return
            with run.guard(table="Offers", partition=partition):
                due = self.offers.due(partition, until, MOST_AT_ONCE)
                for item_id in due:
                    if not run.has_time():
                        return
                    with run.guard(item_id=item_id):
                        self._announce(item_id)
                    run.checked += 1
                run.unfinished |= len(due) == MOST_AT_ONCE

    def _announce(self, item_id: str) -> None:
        item = self.offers.get(item_id)
        if item is None:
            return
        window = self._awaited(item)
        if window is None:
            transaction.execute_alone(self.offers.unmarked(item))
            return
        failures = transaction.execute(
            {
                "offer": self.offers.announced(item),
                "audit": self.audit_log.closing(window),
            }
        )
        if not failures:
            logger.info(AuditAction.WINDOW_CLOSING, offer=item_id)
        elif "offer" not in failures:
            # It was announced before, and the offer has been written again since.
            transaction.execute_alone(self.offers.unmarked(item))

    def _awaited(self, item: OfferItem) -> ClosingWindow | None:
        """Return the window if its offer can be paid, and nobody is paying it."""
        status = item.get("status")
        if not is_there(item) or status is None or status != item.get("closing_status"):
            return None
        try:
            window = ClosingWindow.of(item)
        except BrokenOfferError as mistake:
            report_unreadable(item["id"], mistake)
            return None
        if clock.now() >= window.closes_at or self._is_under_way(window):
            return None
        return window

    def _is_under_way(self, window: ClosingWindow) -> bool:
        """Return whether the buyer is done, and the bank or a person decides."""
        # What has a deadline is sold once, and its own key is its sale key.
        live = self.sessions.live(sale_key(window.kind, window.offer_id))
        session = self.sessions.get(live.payment_session_id) if live else None
        return session is not None and session.status in UNDECIDED
