"""The door to Stripe's API; the only module that imports its SDK, on first use."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from checkout.domain.stripe_object import id_of
from checkout.errors import (
    IdempotencyKeyTakenError,
    StripeBrokenError,
    StripeBusyError,
    StripeError,
    StripeRefusedError,
)
from checkout.telemetry import logger

if TYPE_CHECKING:
    from stripe import StripeClient

CONNECT_SECONDS = 3.05
READ_SECONDS = 9
# One retry by the SDK, under the same idempotency key: twice the time above must fit
# into the function's timeout, and that into API Gateway's thirty seconds.
RETRIES = 1

SERVER_ERROR = 500
LARGEST_PAGE = 100
UNAVAILABLE = "The payment provider did not answer; please try again."
REFUSED = "The payment provider could not start this payment; please try again."


class StripeApi:
    """
    What we ask Stripe. Every method raises StripeError when Stripe does not deliver.

    *api_key* is called for each use, so that a rotated key is picked up. Who asks much
    says how many *calls_per_second*: Stripe's limits are shared with the buyers.
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

    def _v1(self) -> Any:  # noqa: ANN401 - the SDK's class is not public
        # A third of a second that some requests never need.
        import stripe  # noqa: PLC0415

        from checkout.clients.stripe_transport import Transport  # noqa: PLC0415

        key = self._api_key()
        if self._client is None or key != self._client_key:
            stripe.enable_telemetry = False
            self._client = stripe.StripeClient(
                key,
                base_addresses={"api": self._api_base},
                http_client=Transport(CONNECT_SECONDS, READ_SECONDS),
                max_network_retries=RETRIES,
            )
            self._client_key = key
        self._pace.wait()
        return self._client.v1

    def create_session(
        self, request: dict[str, Any], idempotency_key: str
    ) -> dict[str, Any]:
        """
        Create the Checkout Session, or return the one that this key made before.

        Raises StripeRefusedError when this key can lead to no session any more,
        StripeBusyError when another request under it is being worked on.
        https://docs.stripe.com/api/checkout/sessions/create
        """
        with _our_errors():
            session = self._v1().checkout.sessions.create(
                params=request, options={"idempotency_key": idempotency_key}
            )
        return _plain(session)

    def session(self, stripe_session_id: str) -> dict[str, Any]:
        """Return the session as it is now, with its payment intent."""
        params = {"expand": ["payment_intent"]}
        with _our_errors():
            return _plain(
                self._v1().checkout.sessions.retrieve(stripe_session_id, params)
            )

    def expire_session(self, stripe_session_id: str) -> dict[str, Any]:
        """
        Expire the session if it is open, and return it as it is then.

        Its status is expired, or complete if it was paid a moment ago. Raises
        StripeError unless Stripe has said so: then it may still be paid.
        https://docs.stripe.com/api/checkout/sessions/expire
        """
        try:
            with _our_errors():
                session = _plain(self._v1().checkout.sessions.expire(stripe_session_id))
        except StripeBrokenError:
            # Unknown whether Stripe has expired it: the next attempt asks again.
            raise
        except StripeRefusedError:
            # Stripe expires only open sessions, so it should be open no more.
            session = self.session(stripe_session_id)
        if session.get("status") not in ("expired", "complete"):
            raise StripeError(UNAVAILABLE)
        return session

    def session_paid_by(self, payment_intent_id: str) -> dict[str, Any] | None:
        """Return the session that the payment intent belongs to, if there is one."""
        with _our_errors():
            found = self._v1().checkout.sessions.list(
                {"payment_intent": payment_intent_id}
            )
            sessions = [_plain(session) for session in found.data]
        return sessions[0] if sessions else None

    def payment_intent(self, payment_intent_id: str) -> dict[str, Any]:
        """Return the payment intent with its charge and what Stripe booked for it."""
        params = {"expand": ["latest_charge.balance_transaction"]}
        with _our_errors():
            return _plain(
                self._v1().payment_intents.retrieve(payment_intent_id, params)
            )

    def payment_intent_of(self, charge_id: str) -> str | None:
        """Return the id of the payment intent that the charge belongs to, if any."""
        with _our_errors():
            charge = _plain(self._v1().charges.retrieve(charge_id))
        return id_of(charge.get("payment_intent"))

    def create_refund(
        self, request: dict[str, Any], idempotency_key: str
    ) -> dict[str, Any]:
        """
        Give money back, or return the refund that this key made before.

        Raises StripeRefusedError when Stripe will not, and StripeBrokenError when it
        failed: then only `refunds()` can tell whether it gave the money back.
        https://docs.stripe.com/api/refunds/create
        """
        with _our_errors():
            refund = self._v1().refunds.create(
                params=request, options={"idempotency_key": idempotency_key}
            )
        return _plain(refund)

    def refunds(self, payment_intent_id: str) -> list[dict[str, Any]]:
        """Return every refund of the payment, whoever made it."""
        params = {"payment_intent": payment_intent_id, "limit": LARGEST_PAGE}
        with _our_errors():
            found = self._v1().refunds.list(params)
            return [_plain(refund) for refund in found.auto_paging_iter()]

    def disputes(self, payment_intent_id: str) -> list[dict[str, Any]]:
        """Return every dispute of the payment."""
        params = {"payment_intent": payment_intent_id, "limit": LARGEST_PAGE}
        with _our_errors():
            found = self._v1().disputes.list(params)
            return [_plain(dispute) for dispute in found.auto_paging_iter()]

    def webhook_endpoints(self) -> list[dict[str, Any]]:
        """Return every endpoint of the account; their secrets are not shown again."""
        with _our_errors():
            found = self._v1().webhook_endpoints.list({"limit": LARGEST_PAGE})
            return [_plain(endpoint) for endpoint in found.auto_paging_iter()]

    def create_webhook_endpoint(
        self, url: str, events: Iterable[str]
    ) -> dict[str, Any]:
        """
        Let Stripe send *events* to *url*, in the version of its API that we speak.

        The answer has the signing secret, which Stripe shows only this once.
        https://docs.stripe.com/api/webhook_endpoints/create
        """
        params = {
            "url": url,
            "api_version": api_version(),
            "enabled_events": sorted(events),
        }
        with _our_errors():
            return _plain(self._v1().webhook_endpoints.create(params))

    def delete_webhook_endpoint(self, endpoint_id: str) -> None:
        with _our_errors():
            self._v1().webhook_endpoints.delete(endpoint_id)

    def event(self, event_id: str) -> dict[str, Any]:
        with _our_errors():
            return _plain(self._v1().events.retrieve(event_id))

    def events(
        self, since: int, until: int, types: Iterable[str], *, undelivered: bool
    ) -> Iterator[dict[str, Any]]:
        """
        Yield Stripe's events from *since* to before *until*, in Unix seconds.

        Only those of *types*, twenty at most, and with *undelivered* only those that an
        endpoint has yet to take. Stripe keeps events for thirty days.
        https://docs.stripe.com/webhooks/process-undelivered-events
        """
        params: dict[str, Any] = {
            "created": {"gte": since, "lt": until},
            "types": sorted(types),
            "limit": LARGEST_PAGE,
        }
        if undelivered:
            params["delivery_success"] = False
        with _our_errors():
            for event in self._v1().events.list(params).auto_paging_iter():
                yield _plain(event)


def api_version() -> str:
    """Return the version of Stripe's API that its SDK is made for."""
    import stripe  # noqa: PLC0415

    return stripe.api_version


class Pace:
    """Lets no more than so many calls through in a second, one after the other."""

    def __init__(self, per_second: float) -> None:
        self._pause = 1 / per_second
        self._last = -math.inf

    def wait(self) -> None:
        time.sleep(max(0, self._last + self._pause - time.monotonic()))
        self._last = time.monotonic()


def _plain(stripe_object: Any) -> dict[str, Any]:  # noqa: ANN401 - a StripeObject
    """Leave the SDK's world at once: its objects look like dicts, and are not."""
    plain: dict[str, Any] = stripe_object.to_dict(for_json=True)
    return plain


@contextmanager
def _our_errors() -> Iterator[None]:
    import stripe  # noqa: PLC0415

    try:
        yield
    except stripe.StripeError as error:
        status = error.http_status or 0
        details = error.error
        code = getattr(details, "code", None) or ""
        logger.warning(
            "stripe_request_failed",
            error=type(error).__name__,
            status=status,
            stripe_code=code,
            stripe_request_id=error.request_id,
        )
        if code in {"idempotency_key_in_use", "lock_timeout"}:
            raise StripeBusyError(UNAVAILABLE) from error
        if status >= SERVER_ERROR:
            raise StripeBrokenError(REFUSED, code) from error
        if isinstance(error, stripe.IdempotencyError):
            raise IdempotencyKeyTakenError(REFUSED, code) from error
        if isinstance(error, stripe.InvalidRequestError):
            raise StripeRefusedError(REFUSED, code) from error
        raise StripeError(UNAVAILABLE) from error
