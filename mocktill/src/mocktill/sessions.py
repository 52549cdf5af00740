"""Checkout Sessions: show, list and expire them."""

from stripe.params.checkout import SessionListLineItemsParams, SessionListParams

from . import breakdowns, payment_intents, versions
from .checkouts import Checkout
from .errors import conflict_of_state, invalid, no_such
from .parameters import validate
from .sandbox import Sandbox
from .session_object import KIND
from .shapes import Json
from .store import new_id, page, within

RECOVERABLE_SECONDS = 30 * 24 * 60 * 60


def find(sandbox: Sandbox, session_id: str) -> Checkout:
    try:
        checkout = sandbox.checkouts[session_id]
    except KeyError:
        raise no_such(KIND, session_id, "session") from None
    expire_if_due(sandbox, checkout)
    return checkout


def shown(sandbox: Sandbox, checkout: Checkout, expand: list[str]) -> Json:
    session = breakdowns.of_session(sandbox, checkout, expand)
    if any(path.split(".")[0] == "line_items" for path in expand):
        inner = [path.removeprefix("line_items.") for path in expand]
        session = {**session, "line_items": line_items(sandbox, checkout, {}, inner)}
    shown = sandbox.store.expanded(session, expand)
    return versions.shown(shown, versions.current_version.get())


def line_items(
    sandbox: Sandbox, checkout: Checkout, params: Json, expand: list[str]
) -> Json:
    url = f"/v1/checkout/sessions/{checkout.session['id']}/line_items"
    found = page(checkout.line_items, params, url)
    inner = [path.removeprefix("data.") for path in expand]
    found["data"] = [
        breakdowns.of_line(sandbox, checkout, line, inner) for line in found["data"]
    ]
    return found


def list_line_items(sandbox: Sandbox, session_id: str, raw: Json) -> Json:
    params = validate(raw, SessionListLineItemsParams)
    expand = params.get("expand", [])
    found = line_items(sandbox, find(sandbox, session_id), params, expand)
    return sandbox.store.expanded(found, expand)


def list_sessions(sandbox: Sandbox, raw: Json) -> Json:
    params = validate(raw, SessionListParams)
    expire_due(sandbox)
    email = params.get("customer_details", {}).get("email")

    def matches(session: Json) -> bool:
        details = session["customer_details"] or {}
        names = ("customer", "payment_intent", "payment_link", "status", "subscription")
        return (
            all(session[name] == params[name] for name in names if name in params)
            and within(session["created"], params.get("created"))
            and (email is None or details.get("email") == email)
        )

    newest_first = sandbox.store.all(KIND)[::-1]
    found = page(newest_first, params, "/v1/checkout/sessions", matches)
    expand: list[str] = params.get("expand", [])
    for path in expand:
        if not path.startswith("data."):
            raise invalid("expand", f"This property cannot be expanded ({path}).")
    inner = [path.removeprefix("data.") for path in expand]
    found["data"] = [
        shown(sandbox, sandbox.checkouts[session["id"]], inner)
        for session in found["data"]
    ]
    return found


def expire(sandbox: Sandbox, checkout: Checkout) -> None:
    """Expire an open session."""
    with sandbox.lock:
        session = checkout.session
        if session["status"] != "open":
            raise conflict_of_state(
                'Only Checkout Sessions with a status in ["open"] can be expired. '
                f"This Checkout Session has a status of {session['status']}.",
            )
        session.update(status="expired", url=None, client_secret=None)
        recovery = (session["after_expiration"] or {}).get("recovery")
        if recovery and recovery["enabled"]:
            checkout.recovery_token = new_id(f"{session['id']}_recovery_", 32)
            recovery.update(
                expires_at=sandbox.now() + RECOVERABLE_SECONDS,
                url=f"{sandbox.base_url}/c/recover/{checkout.recovery_token}",
            )
        if session["payment_intent"]:
            intent = sandbox.store.get("payment_intent", session["payment_intent"])
            payment_intents.give_up(sandbox, intent, "expired")
        sandbox.emit("checkout.session.expired", session)


def expire_if_due(sandbox: Sandbox, checkout: Checkout) -> None:
    with sandbox.lock:
        session = checkout.session
        if session["status"] == "open" and session["expires_at"] <= sandbox.now():
            expire(sandbox, checkout)


def expire_due(sandbox: Sandbox) -> None:
    """Expire all sessions that are due, also those that no call asks for."""
    for checkout in list(sandbox.checkouts.values()):
        expire_if_due(sandbox, checkout)


def with_id(url: str, session: Json) -> str:
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"])
