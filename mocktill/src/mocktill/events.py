"""Events, as the API returns and resends them."""

from typing import NotRequired, TypedDict

from stripe.params import EventListParams, EventRetrieveParams

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
    return sandbox.store.expanded(event, expand)


def retry(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    """
    Send an event again, to one endpoint or to all, for `stripe events resend`.

    Stripe sends an event that its CLI asks for only to the CLI. mocktill sends it to
    the endpoints.
    """
    params = validate(raw, EventRetryParams)
    event = sandbox.store.get(KIND, path["id"])
    endpoint_id = params.get("webhook_endpoint")
    if endpoint_id:
        sandbox.store.get("webhook_endpoint", endpoint_id, "webhook_endpoint")
    sandbox.webhooks.deliver(event, endpoint_id)
    return sandbox.store.expanded(event, params.get("expand", []))


def list_events(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    params = validate(raw, EventListParams)
    types = _types(params)
    delivered = params.get("delivery_success")

    def matches(event: Json) -> bool:
        return (
            any(_is_type(event["type"], wanted) for wanted in types)
            and within(event["created"], params.get("created"))
            and delivered in (None, event["pending_webhooks"] == 0)
        )

    newest_first = [e for e in sandbox.store.all(KIND)[::-1] if _kept(sandbox, e)]
    found = page(newest_first, params, "/v1/events", matches)
    return sandbox.store.expanded(found, params.get("expand", []))


def _kept(sandbox: Sandbox, event: Json) -> bool:
    return bool(event["created"] > sandbox.now() - KEPT_SECONDS)


def _types(params: Json) -> list[str]:
    if "type" in params and "types" in params:
        raise invalid(
            "types", "You may only specify one of these parameters: type, types."
        )
    types: list[str] = params.get("types") or [params.get("type", "*")]
    if len(types) > MAX_TYPES:
        raise invalid("types", f"Array types exceeded maximum {MAX_TYPES} elements.")
    return types


def _is_type(kind: str, wanted: str) -> bool:
    """Return whether *kind* matches *wanted*, which may end in a star."""
    if wanted.endswith("*"):
        return kind.startswith(wanted.removesuffix("*"))
    return kind == wanted
