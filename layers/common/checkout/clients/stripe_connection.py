"""The connection to Stripe: one SDK client, its pace, and its lists page by page."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from stripe import HTTPClient, StripeClient, StripeObject, V1Services

LARGEST_PAGE = 100


class ListPage(NamedTuple):
    """One page of a list of Stripe's, and whether older members follow it."""

    members: list[dict[str, Any]]
    has_more: bool


class StripeConnection:
    """
    Calls the SDK; every call raises StripeError if Stripe refuses or does not answer.

    *api_key* is called before each request, so that a rotated key takes effect.
    *calls_per_second* bounds the requests of a caller that sends many, each page of a
    list included: buyers share Stripe's rate limits,
    https://docs.stripe.com/rate-limits. *retries* is how often the SDK repeats a
    request, by default as in clients/stripe_sdk.py.
    """

    def __init__(
        self,
        api_key: Callable[[], str],
        api_base: str,
        calls_per_second: float = math.inf,
        retries: int | None = None,
    ) -> None:
        self._api_key = api_key
        self._retries = retries
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
            self._client = stripe_sdk.client(
                key, self._api_base, self._retries, self._transport()
            )
            self._client_key = key
        self._pace.wait()
        with stripe_sdk.our_errors(asked):
            yield self._client.v1

    def _transport(self) -> "HTTPClient | None":
        """Return what sends the SDK's requests; None for that of the functions."""
        return None

    def _page(
        self,
        asked: str,
        list_of: "Callable[[V1Services], Callable[..., Any]]",
        params: Mapping[str, Any],
        after: str | None = None,
    ) -> ListPage:
        """Return the page of a list that begins after the member *after*."""
        cursor = {"starting_after": after} if after else {}
        with self._v1(asked) as v1:
            page = list_of(v1)({**params, **cursor, "limit": LARGEST_PAGE})
        return ListPage([plain(member) for member in page.data], page.has_more)

    def _all(
        self,
        asked: str,
        list_of: "Callable[[V1Services], Callable[..., Any]]",
        params: Mapping[str, Any],
    ) -> Iterator[dict[str, Any]]:
        """Yield all members of a list."""
        page = self._page(asked, list_of, params)
        yield from page.members
        while page.has_more and page.members:
            page = self._page(asked, list_of, params, page.members[-1]["id"])
            yield from page.members


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


def plain(stripe_object: "StripeObject") -> dict[str, Any]:
    """Return the object as a dict: the SDK's objects only look like one."""
    return stripe_object.to_dict(for_json=True)
