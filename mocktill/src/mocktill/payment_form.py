"""The form on the payment page: its fields, and the errors of each."""

from dataclasses import dataclass

from . import payment_methods
from .checkouts import Checkout
from .create_rules import is_email
from .errors import ApiError, invalid
from .sandbox import Sandbox
from .session_object import known_email
from .shapes import Json

# The field of the form for each of Stripe's parameters.
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
# The wrong field of a declined card, if it is not the number.
DECLINED_FIELDS = {"expired_card": "expiry", "incorrect_cvc": "cvc"}


@dataclass
class Page:
    """A session as one customer sees it."""

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
    def known_email(self) -> str | None:
        return known_email(self.session)

    @property
    def shop_name(self) -> str:
        branding = self.session["branding_settings"] or {}
        return str(branding.get("display_name") or "the shop")


def method_of(page: Page, form: Json) -> Json:
    """Make the payment method of the form, or any method if the total is zero."""
    email = page.known_email or form.get("email", "").strip()
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


def field_of(error: ApiError) -> str | None:
    """Return the field that the customer must correct, if the error is about one."""
    param = error.error.get("param")
    if param in FIELDS:
        return FIELDS[param]
    if error.error["type"] == "card_error":
        return DECLINED_FIELDS.get(error.error["code"], "number")
    return None
