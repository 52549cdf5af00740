"""
What tests and people may do to the sandbox: no part of Stripe's API.

Bodies are JSON, and nothing is authenticated.

- POST /sandbox/faults {"method", "path_prefix", "status", "hang_seconds",
  "when": "before" | "during" | "after", "times"}: the next calls fail or hang;
  DELETE forgets the faults still to come.
- PUT /sandbox/rate_limit {"per_second"}: any call beyond so many in a second is
  answered 429, and all are with 0; DELETE lifts the limit.
- PUT /sandbox/webhook_endpoint {"url", "enabled_events"}: where events go, signed with
  the sandbox's own secret; besides, they go to the endpoints that the API has made.
- POST /sandbox/webhooks {"mode": "deliver" | "drop" | "hold"}: "deliver" does not
  release what is held.
- POST /sandbox/webhooks/release: deliver what is held, and go on delivering.
- GET /sandbox/webhooks/attempts: each delivery attempt with its status.
- POST /sandbox/events/{evt}/redeliver: deliver an event again.
- POST /sandbox/clock {"advance_seconds"}: move the clock; what is due expires.
- POST /sandbox/payment_intents/{pi}/settle and .../fail: the bank's late answer.
- POST /sandbox/refunds/{re}/settle: a pending refund succeeds (4000000000007726).
- POST /sandbox/refunds/{re}/fail {"failure_reason"}: a refund fails, also one that had
  succeeded (4000000000005126); the reason is "expired_or_canceled_card" if absent.
- POST /sandbox/charges/{ch}/dispute {"reason", "amount"}: the customer disputes it, as
  they do at once with 4000000000000259; {ch} may be a PaymentIntent, too.
- POST /sandbox/disputes/{du}/close {"status": "won" | "lost"}: the bank's decision.
- POST /sandbox/charges/{ch}/early_fraud_warning {"fraud_type"}: the bank suspects it.
- GET /sandbox/requests: the API calls so far; DELETE forgets them.
"""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import disputes, fraud_warnings, payments, refunds, sessions
from .errors import ApiError
from .faults import WHENS, Fault
from .sandbox import StripeSandbox
from .webhooks import MODES, Destination, check_url

type Json = dict[str, Any]
type Control = Callable[[StripeSandbox, Json, str], Json]


def routes() -> list[BaseRoute]:
    return [
        _route("POST", "/sandbox/faults", add_fault),
        _route("DELETE", "/sandbox/faults", clear_faults),
        _route("PUT", "/sandbox/rate_limit", set_rate_limit),
        _route("DELETE", "/sandbox/rate_limit", lift_rate_limit),
        _route("PUT", "/sandbox/webhook_endpoint", set_webhook_endpoint),
        _route("POST", "/sandbox/webhooks", set_webhook_mode),
        _route("POST", "/sandbox/webhooks/release", release_webhooks),
        _route("GET", "/sandbox/webhooks/attempts", list_attempts),
        _route("POST", "/sandbox/events/{id}/redeliver", redeliver),
        _route("POST", "/sandbox/clock", advance_clock),
        _route("POST", "/sandbox/payment_intents/{id}/settle", settle),
        _route("POST", "/sandbox/payment_intents/{id}/fail", fail),
        _route("POST", "/sandbox/refunds/{id}/settle", settle_refund),
        _route("POST", "/sandbox/refunds/{id}/fail", fail_refund),
        _route("POST", "/sandbox/charges/{id}/dispute", dispute),
        _route("POST", "/sandbox/disputes/{id}/close", close_dispute),
        _route("POST", "/sandbox/charges/{id}/early_fraud_warning", warn_of_fraud),
        _route("GET", "/sandbox/requests", list_requests),
        _route("DELETE", "/sandbox/requests", clear_requests),
    ]


def _route(method: str, path: str, control: Control) -> Route:
    async def endpoint(request: Request) -> Response:
        sandbox: StripeSandbox = request.app.state.sandbox
        try:
            body = json.loads(await request.body() or b"{}")
            subject = str(request.path_params.get("id", ""))
            result = await run_in_threadpool(control, sandbox, body, subject)
        except ApiError as error:
            return JSONResponse({"error": error.error}, error.status)
        except (KeyError, TypeError, ValueError) as error:
            problem = {"error": {"message": f"{type(error).__name__}: {error}"}}
            return JSONResponse(problem, HTTPStatus.BAD_REQUEST)
        return JSONResponse(result)

    return Route(path, endpoint, methods=[method])


def add_fault(sandbox: StripeSandbox, body: Json, _: str) -> Json:
    fault = Fault(**body)
    if fault.when not in WHENS:
        raise ValueError(f"when must be one of {', '.join(WHENS)}")
    if not fault.status and not fault.hang_seconds:
        raise ValueError("a fault needs a status or hang_seconds")
    sandbox.faults.add(fault)
    return body


def clear_faults(sandbox: StripeSandbox, _: Json, __: str) -> Json:
    sandbox.faults.clear()
    return {}


def set_rate_limit(sandbox: StripeSandbox, body: Json, _: str) -> Json:
    per_second = int(body["per_second"])
    if per_second < 0:
        raise ValueError("per_second must not be negative")
    sandbox.rate_limit.allow(per_second)
    return body


def lift_rate_limit(sandbox: StripeSandbox, _: Json, __: str) -> Json:
    sandbox.rate_limit.allow(None)
    return {}


def set_webhook_endpoint(sandbox: StripeSandbox, body: Json, _: str) -> Json:
    url = check_url(body["url"])
    events = list(body.get("enabled_events", ["*"]))
    secret = sandbox.webhook_secret
    sandbox.webhooks.configured = [Destination(url, secret, events)]
    return body


def set_webhook_mode(sandbox: StripeSandbox, body: Json, _: str) -> Json:
    if body["mode"] not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}")
    sandbox.webhooks.mode = body["mode"]
    return body


def release_webhooks(sandbox: StripeSandbox, _: Json, __: str) -> Json:
    return {"released": sandbox.webhooks.release()}


def list_attempts(sandbox: StripeSandbox, _: Json, __: str) -> Json:
    return {"data": list(sandbox.webhooks.attempts)}


def redeliver(sandbox: StripeSandbox, _: Json, event_id: str) -> Json:
    event = sandbox.store.get("event", event_id)
    sandbox.webhooks.deliver(event)
    return event


def advance_clock(sandbox: StripeSandbox, body: Json, _: str) -> Json:
    sandbox.advance_clock(int(body["advance_seconds"]))
    sessions.expire_due(sandbox)
    return {"now": sandbox.now()}


def settle(sandbox: StripeSandbox, _: Json, intent_id: str) -> Json:
    return payments.settle(sandbox, intent_id, succeeds=True)


def fail(sandbox: StripeSandbox, _: Json, intent_id: str) -> Json:
    return payments.settle(sandbox, intent_id, succeeds=False)


def settle_refund(sandbox: StripeSandbox, _: Json, refund_id: str) -> Json:
    return refunds.settle(sandbox, refund_id)


def fail_refund(sandbox: StripeSandbox, body: Json, refund_id: str) -> Json:
    return refunds.fail(sandbox, refund_id, **body)


def dispute(sandbox: StripeSandbox, body: Json, named: str) -> Json:
    return disputes.create(sandbox, named, **body)


def close_dispute(sandbox: StripeSandbox, body: Json, dispute_id: str) -> Json:
    return disputes.close(sandbox, dispute_id, **body)


def warn_of_fraud(sandbox: StripeSandbox, body: Json, named: str) -> Json:
    return fraud_warnings.create(sandbox, named, **body)


def list_requests(sandbox: StripeSandbox, _: Json, __: str) -> Json:
    return {"data": list(sandbox.requests)}


def clear_requests(sandbox: StripeSandbox, _: Json, __: str) -> Json:
    sandbox.requests.clear()
    return {}
