"""The payment page: on its own, or in a frame of the shop's page."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from . import (
    discounts,
    forms,
    made_up_tax,
    option_fields,
    option_form,
    payments,
    recovery,
    sessions,
)
from .errors import ApiError
from .payment_form import Page, field_of, method_of
from .rendering import render
from .sandbox import Sandbox
from .shapes import Json

HERE = Path(__file__).parent


METHOD_NAMES = {
    "card": "Card",
    "us_bank_account": "US bank account",
    "sepa_debit": "SEPA Direct Debit",
}


type View = Callable[[Page, Json], Response]


def routes() -> list[BaseRoute]:
    return [
        *(_file(name) for name in ("stripe.js", "pay.js", "panel.js", "icon.svg")),
        *_pair("/c/pay/{id}"),
        *_pair("/c/embedded/{id}"),
        Route("/c/recover/{id}", recover),
        Route("/receipts/{id}", receipt),
    ]


def _file(name: str) -> BaseRoute:
    async def endpoint(_: Request) -> Response:
        return FileResponse(HERE / "static" / name)

    return Route(f"/{name}", endpoint)


async def receipt(request: Request) -> Response:
    """
    Show a charge in its current state. Its id is known only to the customer and the
    shop.
    """
    sandbox: Sandbox = request.app.state.sandbox
    try:
        charge = sandbox.store.get("charge", str(request.path_params["id"]))
    except ApiError:
        return render("missing.html", HTTPStatus.NOT_FOUND)
    if not charge["receipt_url"]:
        return render("missing.html", HTTPStatus.NOT_FOUND)
    paid = datetime.fromtimestamp(charge["created"], UTC)
    return render("receipt.html", charge=charge, paid=paid)


async def recover(request: Request) -> Response:
    """Make the copy of an expired session, and show its page."""
    sandbox: Sandbox = request.app.state.sandbox
    token = str(request.path_params["id"])
    try:
        checkout = await run_in_threadpool(recovery.recover, sandbox, token)
    except ApiError as error:
        return render("missing.html", error.status)
    return RedirectResponse(checkout.path, HTTPStatus.SEE_OTHER)


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
        # An embedded session is shown only to a page that knows its client secret.
        if (checkout.client_secret or checkout.session["id"]) != name:
            return render("missing.html", HTTPStatus.NOT_FOUND)
        page = Page(sandbox, checkout)
        closed = page.session["status"] != "open"
        response = _closed(page) if closed else view(page, form)
        # Any shop may frame the embedded page. No page may frame the hosted one.
        ancestors = "*" if page.embedded else "'none'"
        response.headers["Content-Security-Policy"] = f"frame-ancestors {ancestors}"
        if method == "GET":
            # The back button must not show what was true before the payment. The answer
            # to a form can be kept: to load it again would send the form again.
            response.headers["Cache-Control"] = "no-store"
        return response

    return Route(path, endpoint, methods=[method])


def show(page: Page, _: Json) -> Response:
    return _form(page)


def pay(page: Page, form: Json) -> Response:
    sandbox, checkout = page.sandbox, page.checkout
    try:
        payments.enter(sandbox, checkout, option_form.entered(form), afresh=True)
        if form.get("do") == "update":
            return _form(page, form, updated=True)
        option_form.check_total(checkout, form)
        payments.confirm(sandbox, checkout, method_of(page, form))
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


def _refused(page: Page, form: Json, error: ApiError) -> Response:
    if page.session["status"] != "open":
        return _closed(page)
    return _form(page, form, error)


def _form(
    page: Page,
    form: Json | None = None,
    error: ApiError | None = None,
    *,
    updated: bool = False,
) -> Response:
    sandbox, checkout, form = page.sandbox, page.checkout, form or {}
    sections = option_fields.sections(sandbox, checkout, form)
    consents = option_fields.consents(checkout, form)
    problem = message = None
    if error:
        problem = field_of(error) or option_form.field_of(checkout, error)
        shown = [field for section in sections for field in section.fields]
        message = option_form.message_of([*shown, *consents], problem, error)
    return render(
        "pay.html",
        error.status if error else HTTPStatus.OK,
        page=page,
        session=page.session,
        shop_name=page.shop_name,
        line_items=checkout.line_items,
        form=form,
        message=message,
        problem=problem,
        updated=updated,
        sections=sections,
        consents=consents,
        terms_url=sandbox.terms_of_service_url,
        sample_code=next(iter(discounts.SAMPLES)),
        tax_percentage=made_up_tax.PERCENTAGE,
        expires=datetime.fromtimestamp(page.session["expires_at"], UTC),
        method_names=METHOD_NAMES,
    )


def _paid(page: Page) -> Response:
    if page.embedded:
        return _closed(page)
    completed = page.checkout.completed_event
    # Stripe holds the customer for a moment, so that the shop gets the event before the
    # customer returns.
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
