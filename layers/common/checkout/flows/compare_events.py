"""Compare Stripe's events with our records, and queue those that we are behind on."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from checkout.clients.payment_events_queue import PaymentEventsQueue
from checkout.clients.stripe_connection import api_version
from checkout.errors import TryAgainError
from checkout.flows import flow
from checkout.flows.run import Run
from checkout.metric import Metric
from checkout.stripe_errors import StripeError, StripeRefusedError
from checkout.telemetry import count, logger, report

type StripeEvent = dict[str, Any]


class OtherModeError(Exception):
    """Nothing that this API key lists is ours; the cursors must not pass it."""


@flow
class EventComparison:
    """
    Queues events for the worker; it applies nothing itself.

    *livemode* is the stack's: an event of the other mode means that the API key is the
    wrong one.
    """

    queue: PaymentEventsQueue
    livemode: bool

    def queue_news(
        self,
        run: Run,
        events: list[StripeEvent],
        is_news: Callable[[StripeEvent], bool],
        retrieve: Callable[[StripeEvent], dict[str, Any] | None],
    ) -> list[str]:
        """
        Queue the *events* that *is_news* finds to be ahead of us; return their ids.

        An event that cannot be compared is queued as it is: the worker, its retries and
        the dead-letter queue deal with it. An event in another API version than ours
        gets the object that *retrieve* returns, None to leave the event as it is.

        Raises an error if the page must be read again: TryAgainError if the queue did
        not take all events, StripeError if Stripe does not answer at all, and
        OtherModeError if the list is not that of our mode.
        """
        if any(event.get("livemode") is (not self.livemode) for event in events):
            raise OtherModeError("the API key is of the other mode than the stack")
        news: list[StripeEvent] = []
        for event in events:
            # What cannot be compared counts as news.
            is_new = comparable = True
            with run.guard(event_id=str(event.get("id"))):
                comparable = False
                is_new = is_news(event)
                comparable = True
            if is_new:
                news.append(_current(run, event, retrieve) if comparable else event)
        later, never = self.queue.send_all(news)
        for event_id in never:
            # Read again, the page would never end: a person must look.
            count(Metric.RECONCILE_UNEXPECTED)
            logger.error("event_refused_by_queue", event_id=event_id)
        ids = {str(event.get("id")): event.get("type") for event in news}
        for event_id in ids.keys() - {*later, *never}:
            event_type = ids[event_id]
            report(
                "event_queued",
                Metric.EVENTS_FETCHED,
                event_id=event_id,
                event_type=event_type,
            )
            run.queued += 1
        if later:
            raise TryAgainError("The queue did not take every event.")
        return list(ids)


def _current(
    run: Run,
    event: StripeEvent,
    retrieve: Callable[[StripeEvent], dict[str, Any] | None],
) -> StripeEvent:
    """Return the event with its object in the API version that we read."""
    if event.get("api_version") == api_version():
        return event
    stripe_object = None
    # Where Stripe does not return the object, the event is all that there is: it must
    # not keep those after it waiting.
    guard = run.guard(passing=(StripeError,), event_id=str(event.get("id")))
    with guard, suppress(StripeRefusedError):
        stripe_object = retrieve(event)
    return event | {"data": {"object": stripe_object}} if stripe_object else event
