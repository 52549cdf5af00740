"""
The page at /sandbox: everything that `control` lets one do, on buttons.

Plain forms without a script, so it works with a keyboard and with a screen reader: what
was done is said at the top, where the focus is after each button.
"""

import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from . import control, versions
from .control import Control
from .disputes import CLOSED
from .errors import ApiError
from .faults import WHENS
from .rendering import render
from .sandbox import Sandbox
from .shapes import Json
from .webhooks import MODES

# The newest of each kind; Stripe's API lists the rest.
SHOWN = 25
# What each button does, and what is said when it is done.
ACTIONS: dict[str, tuple[Control, str]] = {
    "webhooks": (control.change_webhooks, "Events are sent so from now on."),
    "release": (control.release_webhooks, "Held events are on their way."),
    "redeliver": (control.redeliver, "The event is on its way again."),
    "roll_configured": (control.roll_configured, "The endpoint has a new secret."),
    "roll_registered": (control.roll_registered, "The endpoint has a new secret."),
    "fault": (control.add_fault, "The next matching calls meet this fault."),
    "no_faults": (control.clear_faults, "No fault is to come."),
    "rate_limit": (control.set_rate_limit, "Calls are limited."),
    "no_rate_limit": (control.lift_rate_limit, "Calls are not limited any more."),
    "account": (control.change_account, "The account has another default version."),
    "clock": (control.advance_clock, "The clock was moved."),
    "expire": (control.expire, "The session has expired."),
    "settle": (control.settle, "The bank has paid."),
    "fail": (control.fail, "The bank has refused."),
    "refund": (control.refund, "The payment was refunded."),
    "settle_refund": (control.settle_refund, "The refund has arrived."),
    "fail_refund": (control.fail_refund, "The refund has failed."),
    "dispute": (control.dispute, "The payment is disputed."),
    "close_dispute": (control.close_dispute, "The dispute is closed."),
    "warn_of_fraud": (control.warn_of_fraud, "The bank has warned of fraud."),
    "clear_requests": (control.clear_requests, "The calls are forgotten."),
}


def routes() -> list[BaseRoute]:
    return [
        Route("/sandbox", show),
        Route("/sandbox/panel", press, methods=["POST"]),
    ]


async def show(request: Request) -> Response:
    _, said = ACTIONS.get(request.query_params.get("done", ""), (None, None))
    return await run_in_threadpool(_page, request.app.state.sandbox, said=said)


async def press(request: Request) -> Response:
    form = {name: str(value) for name, value in (await request.form()).items()}
    return await run_in_threadpool(_press, request.app.state.sandbox, form)


def _press(sandbox: Sandbox, form: dict[str, str]) -> Response:
    action, subject = form.pop("action", ""), form.pop("subject", "")
    body = {name: _typed(value) for name, value in form.items() if value}
    try:
        act, _ = ACTIONS[action]
        act(sandbox, body, subject)
    except ApiError as error:
        return _page(sandbox, refused=str(error), status=error.status)
    except (KeyError, TypeError, ValueError) as error:
        refused = f"That makes no sense: {error}"
        return _page(sandbox, refused=refused, status=HTTPStatus.BAD_REQUEST)
    # Loading the page again must not press the button again.
    done = urlencode({"done": action})
    return RedirectResponse(f"/sandbox?{done}", HTTPStatus.SEE_OTHER)


def _typed(value: str) -> Any:  # noqa: ANN401 - JSON
    """A field as JSON would have it: a number, true, null, or else text."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _page(
    sandbox: Sandbox,
    *,
    said: str | None = None,
    refused: str | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    with sandbox.lock:
        response = render("panel.html", status, **_facts(sandbox, said, refused))
    response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    return response


def _facts(sandbox: Sandbox, said: str | None, refused: str | None) -> Json:
    return {
        "said": said,
        "refused": refused,
        "now": _moment(sandbox.now()),
        "moment": _moment,
        "default_api_version": sandbox.default_api_version,
        "versions": sorted(versions.known(), reverse=True),
        "modes": MODES,
        "whens": WHENS,
        "webhooks": control.webhooks_settings(sandbox, {}, ""),
        "endpoints": sandbox.webhooks.configured,
        "registered": sandbox.store.all("webhook_endpoint"),
        "faults": sandbox.faults.pending(),
        "rate_limit": sandbox.rate_limit.per_second,
        "sessions": [
            {**each, "path": sandbox.checkouts[each["id"]].path}
            for each in _newest(sandbox, "checkout.session")
        ],
        "payments": _newest(sandbox, "payment_intent"),
        "refunds": _newest(sandbox, "refund"),
        "disputes": _newest(sandbox, "dispute"),
        "closed_disputes": CLOSED,
        "events": _newest(sandbox, "event"),
        "attempts": _attempts(sandbox),
        "calls": sandbox.requests[: -SHOWN - 1 : -1],
    }


def _newest(sandbox: Sandbox, kind: str) -> list[Json]:
    return sandbox.store.all(kind)[: -SHOWN - 1 : -1]


def _attempts(sandbox: Sandbox) -> dict[str, list[str]]:
    """By event, the status of each attempt to deliver it."""
    found: dict[str, list[str]] = {}
    for attempt in list(sandbox.webhooks.attempts):
        status = attempt["status"] or "no answer"
        found.setdefault(attempt["event"], []).append(str(status))
    return found


def _moment(timestamp: int) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M:%S} UTC"
