"""
The page at /sandbox, with a button for each action of `control`, and a page for each
object.

The forms are plain, so the pages work without their script, which only refreshes them.
After a button, the result stands at the top of the page and has the focus.
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

from . import control, panel_objects, versions
from .control import Control
from .disputes import CLOSED
from .errors import ApiError
from .faults import WHENS
from .panel_objects import Payments
from .rendering import render
from .sandbox import Sandbox
from .shapes import Json
from .webhooks import MODES

# The page shows the newest objects of each kind. Stripe's API lists all of them.
SHOWN = 25
# The action of each button, and the message after it.
ACTIONS: dict[str, tuple[Control, str]] = {
    "webhooks": (control.change_webhooks, "The webhook settings are saved."),
    "release": (control.release_webhooks, "mocktill sends the held events."),
    "redeliver": (control.redeliver, "mocktill sends the event again."),
    "roll_configured": (control.roll_configured, "The endpoint has a new secret."),
    "roll_registered": (control.roll_registered, "The endpoint has a new secret."),
    "fault": (control.add_fault, "The fault is set."),
    "no_faults": (control.clear_faults, "No faults are set."),
    "rate_limit": (control.set_rate_limit, "The rate limit is set."),
    "no_rate_limit": (control.lift_rate_limit, "The rate limit is removed."),
    "account": (control.change_account, "The account has a new default version."),
    "clock": (control.advance_clock, "The clock was moved."),
    "expire": (control.expire, "The session has expired."),
    "recover": (control.recover, "The session is recovered by a new session."),
    "settle": (control.settle, "The bank has paid."),
    "fail": (control.fail, "The bank has refused the payment."),
    "refund": (control.refund, "The payment was refunded."),
    "settle_refund": (control.settle_refund, "The refund has arrived."),
    "fail_refund": (control.fail_refund, "The refund has failed."),
    "dispute": (control.dispute, "The payment is disputed."),
    "close_dispute": (control.close_dispute, "The dispute is closed."),
    "warn_of_fraud": (control.warn_of_fraud, "The bank has sent a fraud warning."),
    "clear_requests": (control.clear_requests, "The list of calls is empty."),
}


def routes() -> list[BaseRoute]:
    return [
        Route("/", home),
        Route("/sandbox", show),
        Route("/sandbox/objects/{id}", show_object),
        Route("/sandbox/panel", press, methods=["POST"]),
    ]


async def home(_: Request) -> Response:
    return RedirectResponse("/sandbox")


async def show(request: Request) -> Response:
    _, said = ACTIONS.get(request.query_params.get("done", ""), (None, None))
    return await run_in_threadpool(_page, request.app.state.sandbox, said=said)


async def show_object(request: Request) -> Response:
    object_id = str(request.path_params["id"])
    return await run_in_threadpool(_object, request.app.state.sandbox, object_id)


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
        refused = f"The form has an invalid value: {error}"
        return _page(sandbox, refused=refused, status=HTTPStatus.BAD_REQUEST)
    # After a redirect, reloading the page does not repeat the action.
    done = urlencode({"done": action})
    return RedirectResponse(f"/sandbox?{done}", HTTPStatus.SEE_OTHER)


def _typed(value: str) -> Any:  # noqa: ANN401 - JSON
    """Read a field as JSON, or as text if it is not JSON."""
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
        facts = _settings(sandbox) | _objects(sandbox)
        page = render("panel.html", status, said=said, refused=refused, **facts)
    return _for_this_machine(page)


def _object(sandbox: Sandbox, object_id: str) -> Response:
    with sandbox.lock:
        try:
            subject = panel_objects.find(sandbox, object_id)
        except ApiError as error:
            return render("missing.html", error.status)
        payments = Payments(sandbox)
        shown = panel_objects.shown(sandbox, subject)
        page = render(
            "object.html",
            subject=shown,
            about=panel_objects.described(sandbox, payments, subject),
            json=panel_objects.as_json(sandbox, shown),
            events=panel_objects.events_of(sandbox, payments, subject),
            attempts=_attempts(sandbox).get(object_id, []),
            moment=_moment,
        )
    return _for_this_machine(page)


def _for_this_machine(response: Response) -> Response:
    """Let no other page show this one, and no browser keep it."""
    response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
    response.headers["Cache-Control"] = "no-store"
    return response


def _settings(sandbox: Sandbox) -> Json:
    return {
        "now": _moment(sandbox.now()),
        "moment": _moment,
        "default_api_version": sandbox.default_api_version,
        "versions": [(each, each) for each in sorted(versions.known(), reverse=True)],
        "modes": [(mode, mode) for mode in MODES],
        "whens": [(when, f"{when} the work") for when in WHENS],
        "webhooks": control.webhooks_settings(sandbox, {}, ""),
        "endpoints": sandbox.webhooks.configured,
        "registered": [
            endpoint
            for endpoint in sandbox.store.all("webhook_endpoint")
            if endpoint["id"] in sandbox.webhooks.registered
        ],
        "faults": sandbox.faults.pending(),
        "rate_limit": sandbox.rate_limit.per_second,
    }


def _objects(sandbox: Sandbox) -> Json:
    payments = Payments(sandbox)

    def newest(kind: str) -> list[Json]:
        found = sandbox.store.all(kind)[: -SHOWN - 1 : -1]
        return [{**each, "about": about(each)} for each in found]

    def about(subject: Json) -> Json:
        subject = subject["data"]["object"] if "data" in subject else subject
        return panel_objects.described(sandbox, payments, subject)

    return {
        "sessions": [
            {**each, "path": sandbox.checkouts[each["id"]].path}
            for each in newest("checkout.session")
        ],
        "payments": newest("payment_intent"),
        "refunds": newest("refund"),
        "disputes": newest("dispute"),
        "closed_disputes": CLOSED,
        "events": newest("event"),
        "attempts": _attempts(sandbox),
        "calls": sandbox.requests[: -SHOWN - 1 : -1],
    }


def _attempts(sandbox: Sandbox) -> dict[str, list[str]]:
    """Return the status of each delivery attempt, by event."""
    found: dict[str, list[str]] = {}
    for attempt in list(sandbox.webhooks.attempts):
        status = attempt["status"] or "no answer"
        found.setdefault(attempt["event"], []).append(str(status))
    return found


def _moment(timestamp: int) -> str:
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M:%S} UTC"
