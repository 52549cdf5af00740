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
    list_configured(sandbox)
    if params.get("connect"):
        raise unsupported("connect")
    _check_url(params)
    if len(sandbox.webhooks.every()) >= MAX_ENDPOINTS:
        raise invalid(
            None,
            f"You have reached the maximum of {MAX_ENDPOINTS} test webhook endpoints.",
        )
    endpoint = {
        **_endpoint(sandbox, new_id("we_1")),
        "api_version": params.get("api_version"),
        "description": params.get("description") or None,
        "enabled_events": params["enabled_events"],
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
        id=endpoint["id"],
    )
    return shown


def list_configured(sandbox: Sandbox) -> None:
    """Make the configured endpoints objects of the account, like all others."""
    # The v1 API does not know destinations that get thin events.
    configured = {
        each.id: each
        for each in sandbox.webhooks.configured
        if each.payload == "snapshot"
    }
    stored = {endpoint["id"] for endpoint in sandbox.store.all(KIND)}
    for gone in stored - configured.keys() - sandbox.webhooks.registered.keys():
        sandbox.store.remove(KIND, gone)
    for endpoint_id, destination in configured.items():
        if endpoint_id not in stored:
            made = _endpoint(sandbox, endpoint_id)
            sandbox.store.add({**made, "description": None, "metadata": {}})
        sandbox.store.get(KIND, endpoint_id).update(
            api_version=destination.api_version,
            enabled_events=destination.enabled_events,
            status="enabled" if destination.enabled else "disabled",
            url=destination.url,
        )


def find(sandbox: Sandbox, endpoint_id: str) -> Json:
    list_configured(sandbox)
    return sandbox.store.get(KIND, endpoint_id, KIND)


def _endpoint(sandbox: Sandbox, endpoint_id: str) -> Json:
    return {
        "id": endpoint_id,
        "object": KIND,
        "application": None,
        "created": sandbox.now(),
        "livemode": False,
    }


def update(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    params = validate(raw, WebhookEndpointUpdateParams)
    endpoint = find(sandbox, path["id"])
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
    destination = _destination(sandbox, endpoint["id"])
    destination.url = endpoint["url"]
    destination.enabled_events = endpoint["enabled_events"]
    destination.enabled = endpoint["status"] == "enabled"
    return shown


def delete(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    validate(raw, WebhookEndpointDeleteParams)
    endpoint = find(sandbox, path["id"])
    deleted = _destination(sandbox, endpoint["id"])
    deleted.enabled = False
    webhooks = sandbox.webhooks
    webhooks.registered.pop(deleted.id, None)
    webhooks.configured = [each for each in webhooks.configured if each is not deleted]
    sandbox.store.remove(KIND, deleted.id)
    return {"id": deleted.id, "object": KIND, "deleted": True}


def _destination(sandbox: Sandbox, endpoint_id: str) -> Destination:
    return next(each for each in sandbox.webhooks.every() if each.id == endpoint_id)


def _check_url(params: Json) -> None:
    if "url" not in params:
        return
    try:
        check_url(params["url"])
    except ValueError:
        raise invalid("url", "Not a valid URL", "url_invalid") from None
