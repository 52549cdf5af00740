"""Stripe's API: each request that checkout sends, and its response as plain dicts."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from checkout.clients.stripe_connection import (
    ListPage,
    StripeConnection,
    api_version,
    plain,
)
from checkout.domain.stripe_object import id_of
from checkout.stripe_errors import StripeBrokenError, StripeError, StripeRefusedError

if TYPE_CHECKING:
    from stripe.params import RefundCreateParams, WebhookEndpointCreateParams
    from stripe.params.checkout import SessionCreateParams

# Of a payment intent: the charge, and Stripe's booking of it. With the list of sessions
# that is four levels, Stripe's maximum: https://docs.stripe.com/expand
TAKEN = "latest_charge.balance_transaction"


class StripeApi(StripeConnection):
    """
    Sends requests to Stripe; the methods return Stripe's objects as plain dicts.

    Every method raises StripeError when Stripe refuses, fails, or does not answer.
    """

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
            return plain(
                v1.checkout.sessions.create(
                    cast("SessionCreateParams", request),
                    {"idempotency_key": idempotency_key},
                )
            )

    def session(self, stripe_session_id: str) -> dict[str, Any]:
        """Return the session, with all that says when its money was taken."""
        with self._v1("return this payment's session") as v1:
            return plain(
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
                session = plain(v1.checkout.sessions.expire(stripe_session_id))
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
            return plain(found.data[0]) if found.data else None

    def payment_intent(self, payment_intent_id: str) -> dict[str, Any]:
        """Return the payment intent, its charge and balance transaction expanded."""
        with self._v1("return this payment") as v1:
            return plain(
                v1.payment_intents.retrieve(
                    payment_intent_id,
                    {"expand": [TAKEN]},
                )
            )

    def payment_intent_of(self, charge_id: str) -> str | None:
        """Return the id of the charge's payment intent, or None if it has none."""
        with self._v1("return this charge") as v1:
            charge = plain(v1.charges.retrieve(charge_id))
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
            return plain(
                v1.refunds.create(
                    cast("RefundCreateParams", request),
                    {"idempotency_key": idempotency_key},
                )
            )

    def refunds(self, payment_intent_id: str) -> list[dict[str, Any]]:
        """Return all refunds of the payment, also those made in Stripe's dashboard."""
        of_payment = {"payment_intent": payment_intent_id}
        asked = "list this payment's refunds"
        return [*self._all(asked, lambda v1: v1.refunds.list, of_payment)]

    def refund(self, refund_id: str) -> dict[str, Any]:
        with self._v1("return this refund") as v1:
            return plain(v1.refunds.retrieve(refund_id))

    def disputes(self, payment_intent_id: str) -> list[dict[str, Any]]:
        """Return all disputes and inquiries about the payment."""
        of_payment = {"payment_intent": payment_intent_id}
        asked = "list this payment's disputes"
        return [*self._all(asked, lambda v1: v1.disputes.list, of_payment)]

    def dispute(self, dispute_id: str) -> dict[str, Any]:
        with self._v1("return this dispute") as v1:
            return plain(v1.disputes.retrieve(dispute_id))

    def webhook_endpoints(self) -> list[dict[str, Any]]:
        """Return all webhook endpoints of the account, without their secrets."""
        asked = "list the webhook endpoints"
        return [*self._all(asked, lambda v1: v1.webhook_endpoints.list, {})]

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
            return plain(
                v1.webhook_endpoints.create(cast("WebhookEndpointCreateParams", params))
            )

    def delete_webhook_endpoint(self, endpoint_id: str) -> None:
        with self._v1("delete the webhook endpoint") as v1:
            v1.webhook_endpoints.delete(endpoint_id)

    def event(self, event_id: str) -> dict[str, Any]:
        with self._v1("return this event") as v1:
            return plain(v1.events.retrieve(event_id))

    def events(
        self, since: int, until: int, types: Iterable[str], *, undelivered: bool
    ) -> Iterator[dict[str, Any]]:
        """
        Yield events from *since* to before *until*, in Unix seconds, newest first.

        *types* has at most twenty types. With *undelivered*, yield only events that an
        endpoint has not acknowledged. Stripe keeps events for thirty days.
        https://docs.stripe.com/webhooks/process-undelivered-events
        """
        wanted = _events_between(since, until, types)
        wanted |= {"delivery_success": False} if undelivered else {}
        return self._all("list the events", lambda v1: v1.events.list, wanted)

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
        wanted = _events_between(since, until, types)
        return self._page("list the events", lambda v1: v1.events.list, wanted, after)

    def balance_page(
        self, entry_type: str, since: int, until: int, after: str | None
    ) -> ListPage:
        """
        Return a page of balance transactions of one type, each with its charge.

        Times, order and *after* are as in `events_page`.
        https://docs.stripe.com/api/balance_transactions/list
        """
        wanted = {
            "type": entry_type,
            "created": {"gte": since, "lt": until},
            "expand": ["data.source"],
        }
        asked = "list the balance transactions"
        return self._page(asked, lambda v1: v1.balance_transactions.list, wanted, after)


def _events_between(since: int, until: int, types: Iterable[str]) -> dict[str, Any]:
    return {"created": {"gte": since, "lt": until}, "types": sorted(types)}
