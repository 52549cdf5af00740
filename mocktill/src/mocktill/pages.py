"""The payment page: hosted on its own, or embedded in a frame of the shop's page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from . import forms, payment_methods, payments, sessions
from .create_rules import is_email
from .errors import ApiError, invalid
from .rendering import render
from .sandbox import Sandbox
from .sessions import Checkout

type Json = dict[str, Any]

HERE = Path(__file__).parent


@dataclass
class Page:
    """One customer's view of a session."""

    sandbox: Sandbox
    checkout: Checkout

    @property
    def path(self) -> str:
        return self.checkout.path

    @property
    def embedded(self) -> bool:
        return self.checkout.client_secret is not None

    @property
    def session(self) -> Json:
        return self.checkout.session

    @property
    def shop_name(self) -> str:
        branding = self.session["branding_settings"] or {}
        return str(branding.get("display_name") or "the shop")


METHOD_NAMES = {
    "card": "Card",
    "us_bank_account": "US bank account",
    "sepa_debit": "SEPA Direct Debit",
}
# Which field a parameter of Stripe's is typed into.
FIELDS = {
    "email": "email",
    "holder": "holder",
    "number": "number",
    "expiry": "expiry",
    "exp_month": "expiry",
    "exp_year": "expiry",
    "cvc": "cvc",
    "us_bank_account[account_number]": "account_number",
    "sepa_debit[iban]": "iban",
}
# Which field a declined card has wrong, if not the whole card.
DECLINED_FIELDS = {"expired_card": "expiry", "incorrect_cvc": "cvc"}


type View = Callable[[Page, Json], Response]


def routes() -> list[BaseRoute]:
    return [
        Route("/stripe.js", stripe_js),
        *_pair("/c/pay/{id}"),
        *_pair("/c/embedded/{id}"),
        Route("/receipts/{id}", receipt),
    ]


async def stripe_js(_: Request) -> Response:
    return FileResponse(HERE / "static" / "stripe.js", media_type="text/javascript")


async def receipt(request: Request) -> Response:
    """A charge as it now is: whoever knows its id has paid it or owns the shop."""
    sandbox: Sandbox = request.app.state.sandbox
    try:
        charge = sandbox.store.get("charge", str(request.path_params["id"]))
    except ApiError:
        return render("missing.html", HTTPStatus.NOT_FOUND)
    if not charge["receipt_url"]:
        return render("missing.html", HTTPStatus.NOT_FOUND)
    return render("receipt.html", charge=charge)


def _pair(path: str) -> list[BaseRoute]:
    challenge = f"{path}/authenticate"
    return [
        _route(path, "GET", show),
        _route(path, "POST", pay),
        _route(challenge, "GET", show_challenge),
        _route(challenge, "POST", answer_challenge),
    ]


def _route(path: str, method: str, view: View) -> Route:
    async def endpoint(request: Request) -> Response:
        sandbox: Sandbox = request.app.state.sandbox
        form = forms.decode((await request.body()).decode(errors="replace"))
        name = str(request.path_params["id"])
        return await run_in_threadpool(_answer, sandbox, name, form)

    def _answer(sandbox: Sandbox, name: str, form: Json) -> Response:
        try:
            checkout = sessions.find(sandbox, name.partition("_secret_")[0])
        except ApiError:
            return render("missing.html", HTTPStatus.NOT_FOUND)
        # An embedded session shows itself to whoever knows its secret only.
        if (checkout.client_secret or checkout.session["id"]) != name:
            return render("missing.html", HTTPStatus.NOT_FOUND)
        page = Page(sandbox, checkout)
        closed = page.session["status"] != "open"
        response = _closed(page) if closed else view(page, form)
        # A shop frames the embedded page and nobody frames the other.
        ancestors = "*" if page.embedded else "'none'"
        response.headers["Content-Security-Policy"] = f"frame-ancestors {ancestors}"
        return response

    return Route(path, endpoint, methods=[method])


def show(page: Page, _: Json) -> Response:
    return _form(page)


def pay(page: Page, form: Json) -> Response:
    try:
        payments.confirm(page.sandbox, page.checkout, _method(page, form))
    except ApiError as error:
        return _refused(page, form, error)
    if payments.is_challenged(page.sandbox, page.checkout):
        return RedirectResponse(f"{page.path}/authenticate", HTTPStatus.SEE_OTHER)
    return _paid(page)


def show_challenge(page: Page, _: Json) -> Response:
    if not payments.is_challenged(page.sandbox, page.checkout):
        return RedirectResponse(page.path, HTTPStatus.SEE_OTHER)
    return render(
        "challenge.html", page=page, session=page.session, shop_name=page.shop_name
    )


def answer_challenge(page: Page, form: Json) -> Response:
    passed = form.get("outcome") == "complete"
    try:
        payments.authenticate(page.sandbox, page.checkout, passed=passed)
    except ApiError as error:
        return _refused(page, form, error)
    return _paid(page)


def _method(page: Page, form: Json) -> Json:
    """The payment method that the customer typed in; any, when nothing is due."""
    email = page.session["customer_email"] or form.get("email", "").strip()
    if not is_email(email):
        raise invalid("email", "Your email is incomplete.")
    kind = form.get("method", "card")
    if kind in payment_methods.DELAYED:
        return _debit(page, kind, form, email)
    return _card(page, form, email)


def _debit(page: Page, kind: str, form: Json, email: str) -> Json:
    name = form.get("holder", "").strip()
    if not name:
        raise invalid("holder", "The account holder's name is incomplete.")
    details = {
        "account_number": form.get("account_number", "").strip() or "?",
        "iban": form.get("iban", "").strip() or "?",
    }
    billing = {"email": email, "name": name}
    return payment_methods.create_debit(
        page.sandbox, kind, {kind: details, "billing_details": billing}
    )


def _card(page: Page, form: Json, email: str) -> Json:
    month, _, year = form.get("expiry", "").partition("/")
    card: Json = {"number": form.get("number", ""), "cvc": form.get("cvc", "").strip()}
    if page.session["amount_total"] == 0:
        card = {"token": "tok_visa"}
    elif not (month.strip().isdecimal() and year.strip().isdecimal()):
        raise invalid("expiry", "Your card's expiration date is incomplete.")
    else:
        card |= {"exp_month": int(month), "exp_year": int(year)}
    billing = {"email": email, "name": form.get("name") or None}
    return payment_methods.create_card(
        page.sandbox, {"card": card, "billing_details": billing}
    )


def _refused(page: Page, form: Json, error: ApiError) -> Response:
    if page.session["status"] != "open":
        return _closed(page)
    return _form(page, form, error)


def _form(
    page: Page, form: Json | None = None, error: ApiError | None = None
) -> Response:
    return render(
        "pay.html",
        error.status if error else HTTPStatus.OK,
        page=page,
        session=page.session,
        shop_name=page.shop_name,
        line_items=page.checkout.line_items,
        form=form or {},
        message=str(error) if error else None,
        problem=_problem(error) if error else None,
        expires=datetime.fromtimestamp(page.session["expires_at"], UTC),
        method_names=METHOD_NAMES,
    )


def _problem(error: ApiError) -> str | None:
    """The field to which *error* sends the customer back, if it is about one."""
    param = error.error.get("param")
    if param in FIELDS:
        return FIELDS[param]
    if error.error["type"] == "card_error":
        return DECLINED_FIELDS.get(error.error["code"], "number")
    return None


def _paid(page: Page) -> Response:
    if page.embedded:
        return _closed(page)
    completed = page.checkout.completed_event
    # Stripe keeps the customer a moment, so that the shop hears of the payment before
    # they come back.
    if completed and page.sandbox.webhooks.mode == "deliver":
        page.sandbox.webhooks.wait_until_answered(
            completed, page.sandbox.redirect_hold_seconds
        )
    url = sessions.with_id(page.session["success_url"], page.session)
    return RedirectResponse(url, HTTPStatus.SEE_OTHER)


def _closed(page: Page) -> Response:
    session = page.session
    after = session["success_url"] or session["return_url"]
    complete = session["status"] == "complete"
    redirects = page.embedded and session["redirect_on_completion"] == "always"
    return render(
        "closed.html",
        page=page,
        session=session,
        after=sessions.with_id(after, session) if after and complete else None,
        redirects=redirects,
    )
