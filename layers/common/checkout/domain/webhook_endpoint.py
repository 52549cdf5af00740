"""A webhook endpoint at Stripe: what it must be, so that no event stays with Stripe."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from checkout.domain.stripe_events import FROM_STRIPE

DEFAULT_PORTS = {"http": 80, "https": 443}


def problems(endpoint: Mapping[str, Any], api_version: str) -> Iterator[str]:
    """
    Yield, in words for an operator, what of *endpoint* loses events or changes them.

    https://docs.stripe.com/api/webhook_endpoints/object
    """
    sent = {*(endpoint.get("enabled_events") or [])}
    if (status := endpoint.get("status")) != "enabled":
        yield f"it is {status or 'without a status'}"
    if (version := endpoint.get("api_version")) != api_version:
        yield f"its API version is {version or 'the default'}, not {api_version}"
    if "*" not in sent and (missing := FROM_STRIPE - sent):
        yield f"it does not send {', '.join(sorted(missing))}"


def best_of(
    endpoints: list[dict[str, Any]], urls: tuple[str, ...], api_version: str
) -> tuple[dict[str, Any] | None, list[str]]:
    """
    Return the endpoint with one of *urls* that has the fewest problems, and these.

    An address of ours is enough: during a change of addresses there may be two. One of
    *urls* that ends with a slash, as the Lambda URL does, leads here with any path.
    """
    ours = [e for e in endpoints if _is_of(str(e.get("url")), urls)]
    checked = [(endpoint, [*problems(endpoint, api_version)]) for endpoint in ours]
    if not checked:
        return None, ["Stripe has no endpoint with an address of this stack"]
    return min(checked, key=lambda each: len(each[1]))


def _is_of(url: str, urls: tuple[str, ...]) -> bool:
    found = _normal(url)
    return any(
        found.rstrip("/") == _normal(ours).rstrip("/")
        or (ours.endswith("/") and found.startswith(_normal(ours)))
        for ours in urls
    )


def _normal(url: str) -> str:
    """Return the URL without what leads nowhere else: case of the host, port, query."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    host = parts.hostname or ""
    shown_port = "" if port in {None, DEFAULT_PORTS.get(parts.scheme)} else f":{port}"
    return f"{parts.scheme}://{host}{shown_port}{parts.path}"
