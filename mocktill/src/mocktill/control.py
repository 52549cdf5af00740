"""
Control the sandbox over HTTP. These calls are not part of Stripe's API.

Bodies are JSON, and no call needs a key. The README lists the calls and their fields.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import (
    charges,
    disputes,
    fraud_warnings,
    payments,
    recovery,
    refunds,
    sessions,
    versions,
    webhook_endpoints,
)
from .destinations import PAYLOADS, Destination, check_url
from .errors import ApiError
from .faults import REASONS, WHENS, Fault
from .sandbox import TAX_BEHAVIORS, Sandbox
from .shapes import Json
from .store import new_id
from .webhooks import MODES

type Control = Callable[[Sandbox, Json, str], Json]

# Stripe has the same limit.
MAX_SECRET_OVERLAP_HOURS = 24


def routes() -> list[BaseRoute]:
    return [
        _route("GET", "/sandbox/account", account),
        _route("PUT", "/sandbox/account", change_account),
        _route("GET", "/sandbox/faults", list_faults),
        _route("POST", "/sandbox/faults", add_fault),
        _route("DELETE", "/sandbox/faults", clear_faults),
        _route("PUT", "/sandbox/rate_limit", set_rate_limit),
        _route("DELETE", "/sandbox/rate_limit", lift_rate_limit),
        _route("PUT", "/sandbox/webhook_endpoint", set_webhook_endpoint),
        _route("POST", "/sandbox/webhook_endpoint/roll_secret", roll_configured),
        _route("POST", "/sandbox/webhook_endpoints/{id}/roll_secret", roll_registered),
        _route("GET", "/sandbox/restricted_keys", list_keys),
        _route("POST", "/sandbox/restricted_keys", make_key),
        _route("DELETE", "/sandbox/restricted_keys", delete_keys),
        _route("GET", "/sandbox/fields", hidden_fields),
        _route("PUT", "/sandbox/fields", hide_fields),
        _route("DELETE", "/sandbox/fields", show_fields),
        _route("GET", "/sandbox/webhooks", webhooks_settings),
        _route("POST", "/sandbox/webhooks", change_webhooks),
        _route("POST", "/sandbox/webhooks/release", release_webhooks),
        _route("GET", "/sandbox/webhooks/attempts", list_attempts),
        _route("POST", "/sandbox/events/{id}/redeliver", redeliver),
        _route("POST", "/sandbox/clock", advance_clock),
        _route("POST", "/sandbox/checkout_sessions/{id}/expire", expire),
        _route("POST", "/sandbox/checkout_sessions/{id}/recover", recover),
        _route("POST", "/sandbox/payment_intents/{id}/settle", settle),
        _route("POST", "/sandbox/payment_intents/{id}/fail", fail),
        _route("POST", "/sandbox/payment_intents/{id}/refund", refund),
        _route("POST", "/sandbox/refunds/{id}/settle", settle_refund),
        _route("POST", "/sandbox/refunds/{id}/fail", fail_refund),
        _route("POST", "/sandbox/charges/{id}/dispute", dispute),
        _route("POST", "/sandbox/charges/{id}/record_fee", record_fee),
        _route("POST", "/sandbox/disputes/{id}/close", close_dispute),
        _route("POST", "/sandbox/disputes/{id}/appeal", appeal_dispute),
        _route("POST", "/sandbox/charges/{id}/early_fraud_warning", warn_of_fraud),
        _route("GET", "/sandbox/requests", list_requests),
        _route("DELETE", "/sandbox/requests", clear_requests),
    ]


def _route(method: str, path: str, control: Control) -> Route:
    async def endpoint(request: Request) -> Response:
        sandbox: Sandbox = request.app.state.sandbox
        try:
            body = json.loads(await request.body() or b"{}")
            subject = str(request.path_params.get("id", ""))
            result = await run_in_threadpool(control, sandbox, body, subject)
            if "object" in result:
                result = sandbox.store.expanded(result, ())
        except ApiError as error:
            return JSONResponse({"error": error.error}, error.status)
        except (KeyError, TypeError, ValueError) as error:
            problem = {"error": {"message": f"{type(error).__name__}: {error}"}}
            return JSONResponse(problem, HTTPStatus.BAD_REQUEST)
        return JSONResponse(result)

    return Route(path, endpoint, methods=[method])


def account(sandbox: Sandbox, _: Json, __: str) -> Json:
    return {
        "default_api_version": sandbox.default_api_version,
        "late_fees": sandbox.late_fees,
        "event_lag_seconds": sandbox.event_lag_seconds,
        "default_tax_behavior": sandbox.default_tax_behavior,
        "terms_of_service_url": sandbox.terms_of_service_url,
    }


def change_account(sandbox: Sandbox, body: Json, _: str) -> Json:
    """Change all the given settings, or none of them if one is wrong."""
    now = account(sandbox, {}, "")
    if not body or not body.keys() <= now.keys():
        raise ValueError(f"give one or more of {', '.join(now)}")
    wanted = now | body
    lag = int(wanted["event_lag_seconds"])
    if lag < 0 or not isinstance(wanted["late_fees"], bool):
        raise ValueError("late_fees is true or false, event_lag_seconds not negative")
    behavior, terms = wanted["default_tax_behavior"], wanted["terms_of_service_url"]
    if behavior not in (None, *TAX_BEHAVIORS):
        raise ValueError(f"default_tax_behavior: null, {', '.join(TAX_BEHAVIORS)}")
    if terms is not None:
        check_url(terms)
    sandbox.default_api_version = versions.check(wanted["default_api_version"])
    sandbox.late_fees, sandbox.event_lag_seconds = wanted["late_fees"], lag
    sandbox.default_tax_behavior, sandbox.terms_of_service_url = behavior, terms
    return account(sandbox, {}, "")


def list_faults(sandbox: Sandbox, _: Json, __: str) -> Json:
    return {"data": [asdict(fault) for fault in sandbox.faults.pending()]}


def add_fault(sandbox: Sandbox, body: Json, _: str) -> Json:
    fault = Fault(**body)
    if fault.when not in WHENS:
        raise ValueError(f"when must be one of {', '.join(WHENS)}")
    if fault.reason not in REASONS:
        raise ValueError(f"reason must be one of {', '.join(REASONS)}")
    if not fault.status and not fault.hang_seconds:
        raise ValueError("a fault needs a status or hang_seconds")
    sandbox.faults.add(fault)
    return body


def clear_faults(sandbox: Sandbox, _: Json, __: str) -> Json:
    sandbox.faults.clear()
    return {}


def set_rate_limit(sandbox: Sandbox, body: Json, _: str) -> Json:
    per_second = int(body["per_second"])
    if per_second < 0:
        raise ValueError("per_second must not be negative")
    sandbox.rate_limit.allow(per_second)
    return body


def lift_rate_limit(sandbox: Sandbox, _: Json, __: str) -> Json:
    sandbox.rate_limit.allow(None)
    return {}


def list_keys(sandbox: Sandbox, _: Json, __: str) -> Json:
    return {
        "data": [
            {"key": key, "permissions": sorted(granted.named)}
            for key, granted in sandbox.restricted_keys.items()
        ]
    }


def make_key(sandbox: Sandbox, body: Json, _: str) -> Json:
    return {"key": sandbox.restricted_key(body["permissions"])}


def delete_keys(sandbox: Sandbox, _: Json, __: str) -> Json:
    sandbox.restricted_keys.clear()
    return {}


def hidden_fields(sandbox: Sandbox, _: Json, __: str) -> Json:
    return {"data": sandbox.store.fields.hidden()}


def hide_fields(sandbox: Sandbox, body: Json, _: str) -> Json:
    how = body.get("how", "null")
    sandbox.store.fields.hide(body["object"], body.get("fields"), how)
    return hidden_fields(sandbox, {}, "")


def show_fields(sandbox: Sandbox, _: Json, __: str) -> Json:
    sandbox.store.fields.show()
    return {}


def set_webhook_endpoint(sandbox: Sandbox, body: Json, _: str) -> Json:
    url = check_url(body["url"])
    events = list(body.get("enabled_events", ["*"]))
    payload = body.get("payload", "snapshot")
    if payload not in PAYLOADS:
        raise ValueError(f"payload must be one of {', '.join(PAYLOADS)}")
    version = body.get("api_version")
    if version is not None:
        versions.check(version)
    with sandbox.lock:
        old = sandbox.webhooks.configured
        same = [each for each in old if (each.url, each.payload) == (url, payload)]
        secret = sandbox.webhook_secret
        new = same[0] if same else Destination(url, secret, payload=payload)
        new.enabled_events, new.api_version = events, version
        # As after a deletion, the old endpoints get no more attempts.
        for each in old:
            each.enabled = each is new
        sandbox.webhooks.configured = [new]
        webhook_endpoints.list_configured(sandbox)
    return body


def roll_configured(sandbox: Sandbox, body: Json, _: str) -> Json:
    secret, until = _new_secret(sandbox, body)
    for destination in sandbox.webhooks.configured:
        destination.roll(secret, until)
    sandbox.webhook_secret = secret
    return {"secret": secret}


def roll_registered(sandbox: Sandbox, body: Json, endpoint_id: str) -> Json:
    webhook_endpoints.find(sandbox, endpoint_id)
    if endpoint_id not in sandbox.webhooks.registered:
        return roll_configured(sandbox, body, "")
    secret, until = _new_secret(sandbox, body)
    sandbox.webhooks.registered[endpoint_id].roll(secret, until)
    return {"secret": secret}


def _new_secret(sandbox: Sandbox, body: Json) -> tuple[str, int]:
    """Return a new secret, and the time at which the old one expires."""
    hours = float(body.get("expires_in_hours", 0))
    if not 0 <= hours <= MAX_SECRET_OVERLAP_HOURS:
        raise ValueError("expires_in_hours must be between 0 and 24")
    return new_id("whsec_", 32), sandbox.now() + int(hours * 3600)


def webhooks_settings(sandbox: Sandbox, _: Json, __: str) -> Json:
    webhooks = sandbox.webhooks
    return {
        "mode": webhooks.mode,
        "copies": webhooks.copies,
        "delay_seconds": webhooks.delay_seconds,
        "api_version": webhooks.api_version,
        "held": webhooks.held,
    }


def change_webhooks(sandbox: Sandbox, body: Json, _: str) -> Json:
    """Change all the given settings, or none of them if one is wrong."""
    now = webhooks_settings(sandbox, {}, "")
    if not body or not body.keys() <= now.keys() - {"held"}:
        raise ValueError("give one or more of mode, copies, delay_seconds, api_version")
    wanted = now | body
    if wanted["mode"] not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}")
    copies, delay = int(wanted["copies"]), float(wanted["delay_seconds"])
    if copies < 1 or delay < 0:
        raise ValueError("copies must be 1 or more, delay_seconds not negative")
    if wanted["api_version"] is not None:
        versions.check(wanted["api_version"])
    webhooks = sandbox.webhooks
    webhooks.copies, webhooks.delay_seconds = copies, delay
    webhooks.mode, webhooks.api_version = wanted["mode"], wanted["api_version"]
    return webhooks_settings(sandbox, {}, "")


def release_webhooks(sandbox: Sandbox, body: Json, _: str) -> Json:
    reverse = bool(body.get("reverse", False))
    return {"released": sandbox.webhooks.release(reverse=reverse)}


def list_attempts(sandbox: Sandbox, _: Json, __: str) -> Json:
    return {"data": list(sandbox.webhooks.attempts)}


def redeliver(sandbox: Sandbox, _: Json, event_id: str) -> Json:
    event = sandbox.store.get("event", event_id)
    sandbox.webhooks.deliver(event)
    return event


def advance_clock(sandbox: Sandbox, body: Json, _: str) -> Json:
    sandbox.advance_clock(int(body["advance_seconds"]))
    sessions.expire_due(sandbox)
    return {"now": sandbox.now()}


def expire(sandbox: Sandbox, _: Json, session_id: str) -> Json:
    checkout = sessions.find(sandbox, session_id)
    sessions.expire(sandbox, checkout)
    return checkout.session


def recover(sandbox: Sandbox, _: Json, session_id: str) -> Json:
    return recovery.recover_session(sandbox, session_id)


def settle(sandbox: Sandbox, _: Json, intent_id: str) -> Json:
    return payments.settle(sandbox, intent_id, succeeds=True)


def fail(sandbox: Sandbox, _: Json, intent_id: str) -> Json:
    return payments.settle(sandbox, intent_id, succeeds=False)


def refund(sandbox: Sandbox, body: Json, intent_id: str) -> Json:
    amount = {"amount": str(body["amount"])} if "amount" in body else {}
    with sandbox.lock:
        return refunds.create(sandbox, {"payment_intent": intent_id, **amount}, {})


def settle_refund(sandbox: Sandbox, _: Json, refund_id: str) -> Json:
    return refunds.settle(sandbox, refund_id)


def fail_refund(sandbox: Sandbox, body: Json, refund_id: str) -> Json:
    return refunds.fail(sandbox, refund_id, **body)


def dispute(sandbox: Sandbox, body: Json, named: str) -> Json:
    return disputes.create(sandbox, named, **body)


def record_fee(sandbox: Sandbox, _: Json, named: str) -> Json:
    return charges.record_fee(sandbox, named)


def close_dispute(sandbox: Sandbox, body: Json, dispute_id: str) -> Json:
    return disputes.close(sandbox, dispute_id, **body)


def appeal_dispute(sandbox: Sandbox, _: Json, dispute_id: str) -> Json:
    return disputes.appeal(sandbox, dispute_id)


def warn_of_fraud(sandbox: Sandbox, body: Json, named: str) -> Json:
    return fraud_warnings.create(sandbox, named, **body)


def list_requests(sandbox: Sandbox, _: Json, __: str) -> Json:
    return {"data": list(sandbox.requests)}


def clear_requests(sandbox: Sandbox, _: Json, __: str) -> Json:
    sandbox.requests.clear()
    return {}
