"""Events, as the API returns and resends them."""

from collections.abc import Callable
from typing import NotRequired, TypedDict

from stripe.params import EventListParams, EventRetrieveParams

from . import versions, webhook_endpoints
from .errors import invalid, no_such
from .parameters import validate
from .sandbox import Sandbox
from .shapes import Json, PathParams
from .store import page, within

KIND = "event"
KEPT_SECONDS = 30 * 24 * 60 * 60
MAX_TYPES = 20


class EventRetryParams(TypedDict):
    """Stripe does not document these parameters. They are what Stripe's CLI sends."""

    account: NotRequired[str]
    expand: NotRequired[list[str]]
    for_stripecli: NotRequired[bool]
    webhook_endpoint: NotRequired[str]


def retrieve(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    expand = validate(raw, EventRetrieveParams).get("expand", [])
    event = sandbox.store.get(KIND, path["id"])
    if not _kept(sandbox, event):
        raise no_such(KIND, event["id"], "id")
    return sandbox.store.expanded(_shown(event), expand)


def retry(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    """
    Send an event again, to one endpoint or to all, for `stripe events resend`.

    Stripe sends an event that its CLI asks for only to the CLI. mocktill sends it to
    the endpoints. As with Stripe, an endpoint that was not to get the event when it
    happened does not get it now.
    """
    params = validate(raw, EventRetryParams)
    event = sandbox.store.get(KIND, path["id"])
    if not _kept(sandbox, event):
        raise no_such("notification", event["id"], "id")
    endpoint_id = params.get("webhook_endpoint")
    if endpoint_id:
        webhook_endpoints.find(sandbox, endpoint_id)
    sandbox.webhooks.resend(event, endpoint_id)
    return sandbox.store.expanded(_shown(event), params.get("expand", []))


def list_events(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    params = validate(raw, EventListParams)
    is_wanted = _type_filter(params)
    delivered = params.get("delivery_success")

    def matches(event: Json) -> bool:
        return (
            is_wanted(event["type"])
            and within(event["created"], params.get("created"))
            and delivered in (None, _delivery_success(sandbox, event))
        )

    # A cursor may be any event that is kept, also one that does not match.
    newest_first = _listed(sandbox)[::-1]
    found = page(newest_first, params, "/v1/events", matches)
    found["data"] = [_shown(event) for event in found["data"]]
    return sandbox.store.expanded(found, params.get("expand", []))


def _shown(event: Json) -> Json:
    """Return the event in the version of its creation, whatever the call's version."""
    shown = versions.shown(event["data"]["object"], event["api_version"])
    return event | {"data": event["data"] | {"object": shown}}


def _delivery_success(sandbox: Sandbox, event: Json) -> bool | str:
    """Return whether all endpoints have the event, if it was meant for any."""
    if not sandbox.webhooks.addressees(event):
        return "nobody was to get it"
    return bool(event["pending_webhooks"] == 0)


def _listed(sandbox: Sandbox) -> list[Json]:
    now, lag = sandbox.now(), sandbox.event_lag_seconds
    kept = [e for e in sandbox.store.all(KIND) if e["created"] > now - KEPT_SECONDS]
    return [e for e in kept if e["created"] <= now - lag] if lag else kept


def _kept(sandbox: Sandbox, event: Json) -> bool:
    return bool(event["created"] > sandbox.now() - KEPT_SECONDS)


def _type_filter(params: Json) -> Callable[[str], bool]:
    if "type" in params and "types" in params:
        raise invalid(
            "types", "You may only specify one of these parameters: type, types."
        )
    if "types" in params:
        types: list[str] = params["types"]
        if len(types) > MAX_TYPES:
            raise invalid(
                "types", f"Array types exceeded maximum {MAX_TYPES} elements."
            )
        # Each is the name of one type. Only `type` may have a star.
        return types.__contains__
    wanted: str = params.get("type", "*")
    start, star, _ = wanted.partition("*")
    return lambda kind: kind.startswith(start) if star else kind == wanted
