"""Stripe's API: each request that checkout sends, and its response as plain dicts."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from checkout.domain.stripe_object import id_of
from checkout.errors import StripeBrokenError, StripeError, StripeRefusedError

if TYPE_CHECKING:
    from stripe import StripeClient, StripeObject, V1Services
    from stripe.params import (
        BalanceTransactionListParams,
        EventListParams,
        RefundCreateParams,
        WebhookEndpointCreateParams,
    )
    from stripe.params.checkout import SessionCreateParams

LARGEST_PAGE = 100
# Of a payment intent: the charge, and Stripe's booking of it. With the list of sessions
# that is four levels, Stripe's maximum: https://docs.stripe.com/expand
TAKEN = "latest_charge.balance_transaction"


class ListPage(NamedTuple):
    """One page of a list of Stripe's, and whether older members follow it."""

    members: list[dict[str, Any]]
    has_more: bool


class StripeApi:
    """
    Sends requests to Stripe; the methods return Stripe's objects as plain dicts.

    Every method raises StripeError when Stripe refuses, fails, or does not answer.
    *api_key* is called before each request, so that a rotated key takes effect.
    *calls_per_second* bounds the requests of a caller that sends many: buyers share
    Stripe's rate limits, https://docs.stripe.com/rate-limits.
    """

    def __init__(
        self,
        api_key: Callable[[], str],
        api_base: str,
        calls_per_second: float = math.inf,
    ) -> None:
        self._api_key = api_key
        self._pace = Pace(calls_per_second)
        self._api_base = api_base
        self._client: StripeClient | None = None
        self._client_key = ""

    @contextmanager
    def _v1(self, asked: str) -> Iterator["V1Services"]:
        """Yield the SDK's services; *asked* says what for, in an error's message."""
        from checkout.clients import stripe_sdk  # noqa: PLC0415 - not every request needs it

        key = self._api_key()
        if self._client is None or key != self._client_key:
            self._client = stripe_sdk.client(key, self._api_base)
            self._client_key = key
        self._pace.wait()
        with stripe_sdk.our_errors(asked):
            yield self._client.v1

    def create_session(
        self, request: dict[str, Any], idempotency_key: str
    ) -> dict[str, Any]:
        """
        Create a Checkout Session, or return the one that this key created before.

        Raises StripeRefusedError when no session can be created under this key any
        more, and StripeBusyError while Stripe works on another request under it.
        https://docs.stripe.com/api/checkout/sessions/create
        """
        with self._v1("start this payment") as v1:
            return _plain(
                v1.checkout.sessions.create(
                    cast("SessionCreateParams", request),
                    {"idempotency_key": idempotency_key},
                )
            )

    def session(self, stripe_session_id: str) -> dict[str, Any]:
        """Return the session, with all that says when its money was taken."""
        with self._v1("return this payment's session") as v1:
            return _plain(
                v1.checkout.sessions.retrieve(
                    stripe_session_id, {"expand": [f"payment_intent.{TAKEN}"]}
                )
            )

    def expire_session(self, stripe_session_id: str) -> dict[str, Any]:
        """
        Expire the session if it is open, and return it.

        Its status is `expired`, or `complete` if it was paid before. After a
        StripeError the session may still be open.
        https://docs.stripe.com/api/checkout/sessions/expire
        """
        try:
            with self._v1("close this payment's session") as v1:
                session = _plain(v1.checkout.sessions.expire(stripe_session_id))
        except StripeBrokenError:
            # Whether Stripe has expired the session is unknown: the caller tries again.
            raise
        except StripeRefusedError:
            # Stripe refuses to expire a session that is no longer open.
            session = self.session(stripe_session_id)
        if session.get("status") not in ("expired", "complete"):
            raise StripeError
        return session

    def session_paid_by(self, payment_intent_id: str) -> dict[str, Any] | None:
        """Return the session of the payment intent, or None if it has none."""
        with self._v1("find this payment's session") as v1:
            found = v1.checkout.sessions.list(
                {
                    "payment_intent": payment_intent_id,
                    "expand": [f"data.payment_intent.{TAKEN}"],
                }
            )
            return _plain(found.data[0]) if found.data else None

    def payment_intent(self, payment_intent_id: str) -> dict[str, Any]:
        """Return the payment intent, its charge and balance transaction expanded."""
        with self._v1("return this payment") as v1:
            return _plain(
                v1.payment_intents.retrieve(
                    payment_intent_id,
                    {"expand": [TAKEN]},
                )
            )

    def payment_intent_of(self, charge_id: str) -> str | None:
        """Return the id of the charge's payment intent, or None if it has none."""
        with self._v1("return this charge") as v1:
            charge = _plain(v1.charges.retrieve(charge_id))
        return id_of(charge.get("payment_intent"))

    def create_refund(
        self, request: dict[str, Any], idempotency_key: str
    ) -> dict[str, Any]:
        """
        Create a refund, or return the one that this key created before.

        Raises StripeRefusedError when Stripe refuses. After a StripeBrokenError only
        `refunds()` can tell whether Stripe created the refund.
        https://docs.stripe.com/api/refunds/create
        """
        with self._v1("refund this payment") as v1:
            return _plain(
                v1.refunds.create(
                    cast("RefundCreateParams", request),
                    {"idempotency_key": idempotency_key},
                )
            )

    def refunds(self, payment_intent_id: str) -> list[dict[str, Any]]:
        """Return all refunds of the payment, also those made in Stripe's dashboard."""
        with self._v1("list this payment's refunds") as v1:
            found = v1.refunds.list(
                {"payment_intent": payment_intent_id, "limit": LARGEST_PAGE}
            )
            return [_plain(refund) for refund in found.auto_paging_iter()]

    def refund(self, refund_id: str) -> dict[str, Any]:
        with self._v1("return this refund") as v1:
            return _plain(v1.refunds.retrieve(refund_id))

    def disputes(self, payment_intent_id: str) -> list[dict[str, Any]]:
        """Return all disputes and inquiries about the payment."""
        with self._v1("list this payment's disputes") as v1:
            found = v1.disputes.list(
                {"payment_intent": payment_intent_id, "limit": LARGEST_PAGE}
            )
            return [_plain(dispute) for dispute in found.auto_paging_iter()]

    def dispute(self, dispute_id: str) -> dict[str, Any]:
        with self._v1("return this dispute") as v1:
            return _plain(v1.disputes.retrieve(dispute_id))

    def webhook_endpoints(self) -> list[dict[str, Any]]:
        """Return all webhook endpoints of the account, without their secrets."""
        with self._v1("list the webhook endpoints") as v1:
            found = v1.webhook_endpoints.list({"limit": LARGEST_PAGE})
            return [_plain(endpoint) for endpoint in found.auto_paging_iter()]

    def create_webhook_endpoint(
        self, url: str, events: Iterable[str]
    ) -> dict[str, Any]:
        """
        Create an endpoint to which Stripe sends *events* in the SDK's API version.

        Only this response has the endpoint's signing secret.
        https://docs.stripe.com/api/webhook_endpoints/create
        """
        params = {
            "url": url,
            "api_version": api_version(),
            "enabled_events": sorted(events),
        }
        with self._v1("create the webhook endpoint") as v1:
            return _plain(
                v1.webhook_endpoints.create(cast("WebhookEndpointCreateParams", params))
            )

    def delete_webhook_endpoint(self, endpoint_id: str) -> None:
        with self._v1("delete the webhook endpoint") as v1:
            v1.webhook_endpoints.delete(endpoint_id)

    def event(self, event_id: str) -> dict[str, Any]:
        with self._v1("return this event") as v1:
            return _plain(v1.events.retrieve(event_id))

    def events(
        self, since: int, until: int, types: Iterable[str], *, undelivered: bool
    ) -> Iterator[dict[str, Any]]:
        """
        Yield events from *since* to before *until*, in Unix seconds, newest first.

        *types* has at most twenty types. With *undelivered*, yield only events that an
        endpoint has not acknowledged. Stripe keeps events for thirty days.
        https://docs.stripe.com/webhooks/process-undelivered-events
        """
        params: EventListParams = {
            "created": {"gte": since, "lt": until},
            "types": sorted(types),
            "limit": LARGEST_PAGE,
        }
        if undelivered:
            params["delivery_success"] = False
        with self._v1("list the events") as v1:
            for event in v1.events.list(params).auto_paging_iter():
                yield _plain(event)

    def events_page(
        self, types: Iterable[str], since: int, until: int, after: str | None
    ) -> ListPage:
        """
        Return a page of the events from *since* to before *until*, newest first.

        The page begins after the event *after*. It has events in any state of delivery,
        also those that no endpoint receives; each is in the API version of its
        creation. Stripe keeps events for thirty days.
        https://docs.stripe.com/api/events/list
        """
        params: EventListParams = {
            "created": {"gte": since, "lt": until},
            "types": sorted(types),
            "limit": LARGEST_PAGE,
        }
        if after:
            params["starting_after"] = after
        with self._v1("list the events") as v1:
            page = v1.events.list(params)
        return ListPage([_plain(event) for event in page.data], page.has_more)

    def balance_page(
        self, entry_type: str, since: int, until: int, after: str | None
    ) -> ListPage:
        """
        Return a page of balance transactions of one type, each with its charge.

        Times, order and *after* are as in `events_page`.
        https://docs.stripe.com/api/balance_transactions/list
        """
        params: BalanceTransactionListParams = {
            "type": entry_type,
            "created": {"gte": since, "lt": until},
            "limit": LARGEST_PAGE,
            "expand": ["data.source"],
        }
        if after:
            params["starting_after"] = after
        with self._v1("list the balance transactions") as v1:
            page = v1.balance_transactions.list(params)
        return ListPage([_plain(entry) for entry in page.data], page.has_more)


def api_version() -> str:
    """Return the version of Stripe's API that the SDK is made for."""
    from checkout.clients import stripe_sdk  # noqa: PLC0415 - as above

    return stripe_sdk.API_VERSION


class Pace:
    """Spaces calls so that no more than *per_second* begin in a second."""

    def __init__(self, per_second: float) -> None:
        self._pause = 1 / per_second
        self._last = -math.inf

    def wait(self) -> None:
        time.sleep(max(0, self._last + self._pause - time.monotonic()))
        self._last = time.monotonic()


def _plain(stripe_object: "StripeObject") -> dict[str, Any]:
    """Return the object as a dict: the SDK's objects only look like one."""
    return stripe_object.to_dict(for_json=True)
