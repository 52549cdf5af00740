"""Checkout Sessions that were just retrieved: a page that polls asks Stripe less."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from checkout import clock
from checkout.stripe_errors import StripeError

KEPT_FOR = timedelta(seconds=2)
MOST_KEPT = 100

type Session = dict[str, Any]


class RecentSessions:
    """
    Retrieves each Checkout Session at most once in two seconds.

    Stripe's rate limit is for all requests of the account, and anybody who has the id
    of a session may ask for it. *retrieve* asks Stripe; its failure is kept, too.
    """

    def __init__(self, retrieve: Callable[[str], Session]) -> None:
        self._retrieve = retrieve
        # By the id, the oldest first: when Stripe was asked, and the result.
        self._kept: dict[str, tuple[datetime, Session | StripeError]] = {}

    def session(
        self, stripe_session_id: str, arrived: Callable[[Session], None] | None = None
    ) -> Session:
        """
        Return the session as it was two seconds ago or later; raises StripeError.

        An answer for which Stripe was asked now is given to *arrived*, too.
        """
        self._drop_old()
        is_kept = stripe_session_id in self._kept
        if not is_kept:
            self._kept[stripe_session_id] = clock.now(), self._asked(stripe_session_id)
        _, found = self._kept[stripe_session_id]
        if isinstance(found, StripeError):
            raise found.with_traceback(None)
        if arrived and not is_kept:
            arrived(found)
        return found

    def _asked(self, stripe_session_id: str) -> Session | StripeError:
        try:
            return self._retrieve(stripe_session_id)
        except StripeError as error:
            return error

    def _drop_old(self) -> None:
        now = clock.now()
        fresh = {
            stripe_session_id: kept
            for stripe_session_id, kept in self._kept.items()
            if timedelta(0) <= now - kept[0] < KEPT_FOR
        }
        # Room for one more.
        self._kept = dict(list(fresh.items())[-(MOST_KEPT - 1) :])
