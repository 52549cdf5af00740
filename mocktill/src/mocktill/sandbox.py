"""The state of the sandbox: one Stripe account in test mode."""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal, get_args

from . import discounts
from .faults import Faults
from .idempotency import IdempotencyKeys
from .permissions import Key
from .rate_limit import RateLimit
from .shapes import Json
from .store import Store, new_id
from .versions import API_VERSION
from .webhooks import Webhooks

if TYPE_CHECKING:
    from .cards import Outcome
    from .checkouts import Checkout

type TaxBehavior = Literal["exclusive", "inclusive"]
TAX_BEHAVIORS: tuple[TaxBehavior, ...] = get_args(TaxBehavior.__value__)
# An event names the API call that caused it. A payment on the page is no API call.
NO_REQUEST: Json = {"id": None, "idempotency_key": None}
current_request: ContextVar[Json] = ContextVar("current_request", default=NO_REQUEST)


class Sandbox:
    """
    The settings and the objects of one account.

    Hold `lock` to change an object. Code that holds it must not wait for the network.
    """

    def __init__(  # noqa: PLR0913 - an account's settings
        self,
        *,
        secret_key: str | None = None,
        publishable_key: str | None = None,
        webhook_secret: str | None = None,
        restricted_keys: Mapping[str, Iterable[str]] | None = None,
        webhook_urls: Sequence[str] = (),
        base_url: str | None = None,
        retry_base_seconds: float = 1.0,
        webhook_attempts: int = 6,
        redirect_hold_seconds: float = 10.0,
        default_api_version: str = API_VERSION,
        settled_in_dollars: bool = False,
        default_tax_behavior: TaxBehavior | None = None,
        terms_of_service_url: str | None = "https://shop.example/terms",
    ) -> None:
        self.secret_key = secret_key or new_id("sk_test_", 48)
        self.publishable_key = publishable_key or new_id("pk_test_", 48)
        self.webhook_secret = webhook_secret or new_id("whsec_", 32)
        self.account_id = new_id("acct_1", 15)
        self.created = int(time.time())
        # The restricted keys, with the permissions of each.
        self.restricted_keys = {
            key: Key(key, self.account_id, names)
            for key, names in (restricted_keys or {}).items()
        }
        self.base_url = base_url
        self.redirect_hold_seconds = redirect_hold_seconds
        # The version of events, and of calls that name no version.
        self.default_api_version = default_api_version
        # Stripe records the fee of a payment a moment after the payment. It may also
        # list an event a moment after it happened.
        self.late_fees = False
        self.event_lag_seconds = 0
        # Whether a payment in another currency must also be worth 50 cents.
        self.settled_in_dollars = settled_in_dollars
        # How prices are taxed that do not say it. Without a default, they must say it.
        self.default_tax_behavior = default_tax_behavior
        # Customers can accept only terms that the account has published.
        self.terms_of_service_url = terms_of_service_url
        self.lock = threading.RLock()
        self.store = Store()
        discounts.add_samples(self.store, self.created)
        self.checkouts: dict[str, Checkout] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.requests: list[Json] = []
        self.faults = Faults()
        self.rate_limit = RateLimit()
        self.idempotency = IdempotencyKeys(self.now)
        self.webhooks = Webhooks(
            self.webhook_secret,
            webhook_urls,
            now=self.now,
            fields=self.store.fields,
            retry_base_seconds=retry_base_seconds,
            attempts=webhook_attempts,
        )
        self._clock_offset = 0

    def now(self) -> int:
        return int(time.time()) + self._clock_offset

    def advance_clock(self, seconds: int) -> None:
        self._clock_offset += seconds

    def restricted_key(self, names: Iterable[str]) -> str:
        """Make a restricted key with these permissions."""
        key = new_id("rk_test_", 48)
        self.restricted_keys[key] = Key(key, self.account_id, names)
        return key

    def emit(self, kind: str, subject: Json, previous: Json | None = None) -> Json:
        """
        Record an event with the current state of *subject*, and send it.

        *previous* has the old values of the changed fields.
        """
        data = {"object": self.store.expanded(subject, ())}
        if previous is not None:
            data["previous_attributes"] = previous
        event = self.store.add(
            {
                "id": new_id("evt_1"),
                "object": "event",
                "api_version": self.default_api_version,
                "created": self.now(),
                "data": data,
                "livemode": False,
                "pending_webhooks": len(self.webhooks.subscribers(kind)),
                "request": dict(current_request.get()),
                "type": kind,
            }
        )
        self.webhooks.send(event)
        return event

    def stop(self) -> None:
        """End all that waits: hung calls, retries of webhooks, and held redirects."""
        self.faults.stop()
        self.webhooks.stop()
