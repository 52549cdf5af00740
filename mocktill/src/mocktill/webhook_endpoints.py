"""Webhook endpoints of the API, each with its own events and secret."""

from stripe.params import (
    WebhookEndpointCreateParams,
    WebhookEndpointDeleteParams,
    WebhookEndpointUpdateParams,
)

from .destinations import Destination, check_url
from .errors import invalid, unsupported
from .parameters import updated_metadata, validate
from .sandbox import Sandbox
from .shapes import Json, PathParams
from .store import new_id

KIND = "webhook_endpoint"
# Stripe's limit in test mode.
MAX_ENDPOINTS = 16


def create(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    params = validate(raw, WebhookEndpointCreateParams)
    if params.get("connect"):
        raise unsupported("connect")
    _check_url(params)
    if len(sandbox.webhooks.registered) >= MAX_ENDPOINTS:
        raise invalid(
            None,
            f"You have reached the maximum of {MAX_ENDPOINTS} test webhook endpoints.",
        )
    endpoint = {
        "id": new_id("we_1"),
        "object": KIND,
        "api_version": params.get("api_version"),
        "application": None,
        "created": sandbox.now(),
        "description": params.get("description") or None,
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "status": "enabled",
        "url": params["url"],
    }
    secret = new_id("whsec_", 32)
    # The secret is shown only in this answer. The stored object does not have it.
    shown = {**endpoint, "secret": secret}
    shown = sandbox.store.expanded(shown, params.get("expand", []))
    sandbox.store.add(endpoint)
    sandbox.webhooks.registered[endpoint["id"]] = Destination(
        endpoint["url"],
        secret,
        endpoint["enabled_events"],
        endpoint["api_version"],
    )
    return shown


def update(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    params = validate(raw, WebhookEndpointUpdateParams)
    endpoint = sandbox.store.get(KIND, path["id"], KIND)
    _check_url(params)
    changed = {**endpoint}
    for name in ("enabled_events", "url"):
        if name in params:
            changed[name] = params[name]
    if "description" in params:
        changed["description"] = params["description"] or None
    if "metadata" in raw:
        changed["metadata"] = updated_metadata(endpoint["metadata"], raw["metadata"])
    if "disabled" in params:
        changed["status"] = "disabled" if params["disabled"] else "enabled"
    shown = sandbox.store.expanded(changed, params.get("expand", []))
    endpoint.update(changed)
    destination = sandbox.webhooks.registered[endpoint["id"]]
    destination.url = endpoint["url"]
    destination.enabled_events = endpoint["enabled_events"]
    destination.enabled = endpoint["status"] == "enabled"
    return shown


def delete(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    validate(raw, WebhookEndpointDeleteParams)
    endpoint = sandbox.store.remove(KIND, path["id"], KIND)
    sandbox.webhooks.registered.pop(endpoint["id"]).enabled = False
    return {"id": endpoint["id"], "object": KIND, "deleted": True}


def _check_url(params: Json) -> None:
    if "url" not in params:
        return
    try:
        check_url(params["url"])
    except ValueError:
        raise invalid("url", "Not a valid URL", "url_invalid") from None
