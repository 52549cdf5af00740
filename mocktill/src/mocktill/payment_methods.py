"""Payment methods: cards, and bank debits that settle days later."""

from datetime import UTC, datetime

from stripe.params import PaymentMethodCreateParams

from . import cards, debits
from .errors import conflict_of_state, invalid, missing, no_such, unsupported
from .parameters import validate
from .sandbox import Sandbox
from .shapes import Json
from .store import new_id

# With these methods, the session completes at once and the money arrives days later.
DELAYED = ("us_bank_account", "sepa_debit")
# The methods of an account with default settings, each with its currencies.
OFFERED: dict[str, tuple[str, ...]] = {
    "card": (),
    "us_bank_account": ("usd",),
    "sepa_debit": ("eur",),
}


def offered(params: Json, currency: str) -> list[str]:
    """Return the methods that a session or a PaymentIntent may be paid with."""
    if "payment_method_types" in params:
        return _named(params["payment_method_types"], currency)
    allowed = params.get("allowed_payment_method_types", OFFERED)
    excluded = params.get("excluded_payment_method_types", [])
    types = [
        kind
        for kind in OFFERED
        if kind in allowed and kind not in excluded and _takes(kind, currency)
    ]
    if not types:
        raise conflict_of_state("No valid payment method types for this payment.")
    return types


def _named(types: list[str], currency: str) -> list[str]:
    """Check the methods that a version before 2026-09-30.endive names, one by one."""
    for kind in types:
        if kind not in OFFERED:
            raise unsupported(f"payment_method_types={kind}")
        if not _takes(kind, currency):
            raise invalid(
                "payment_method_types",
                f"The currency provided ({currency}) is invalid for one or more "
                f"payment method types: {kind}.",
            )
    return types


def _takes(kind: str, currency: str) -> bool:
    return not OFFERED[kind] or currency in OFFERED[kind]


def check_offered(method: Json, types: list[str]) -> None:
    if method["type"] not in types:
        raise invalid(
            "payment_method",
            f"The payment method type {method['type']} is not among those offered: "
            f"{', '.join(types)}.",
        )


def create(sandbox: Sandbox, raw: Json) -> Json:
    params = validate(raw, PaymentMethodCreateParams)
    kind = params.get("type")
    if kind is None:
        raise missing("type")
    if kind == "card":
        return create_card(sandbox, params)
    if kind not in DELAYED:
        raise unsupported(f"type={kind}")
    return create_debit(sandbox, kind, params)


def create_debit(sandbox: Sandbox, kind: str, params: Json) -> Json:
    details = params.get(kind, {})
    field = "iban" if kind == "sepa_debit" else "account_number"
    number = debits.check(kind, details.get(field) or debits.SLOW[kind])
    shown = {"last4": number[-4:], "fingerprint": new_id("", 16)}
    if kind == "sepa_debit":
        shown |= _bank(number)
    else:
        shown |= _us_bank(details)
    method = _add(sandbox, kind, shown, params)
    sandbox.outcomes[method["id"]] = debits.outcome_of(number)
    return method


def _bank(iban: str) -> Json:
    return {
        "bank_code": None,
        "branch_code": None,
        "country": iban[:2],
        "generated_from": None,
    }


def _us_bank(details: Json) -> Json:
    return {
        "account_holder_type": details.get("account_holder_type", "individual"),
        "account_type": details.get("account_type", "checking"),
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": details.get("routing_number", "110000000"),
        "status_details": {},
    }


def create_card(sandbox: Sandbox, params: Json) -> Json:
    card = params.get("card")
    if card is None:
        raise missing("card")
    if "token" in card:
        return _add_card(sandbox, _tokenised(card["token"]), params)
    for name in ("number", "exp_month", "exp_year"):
        if name not in card:
            raise missing(f"card[{name}]")
    number = "".join(card["number"].split()).replace("-", "")
    today = datetime.fromtimestamp(sandbox.now(), UTC)
    month, year = card["exp_month"], card["exp_year"]
    year += 2000 if year < 100 else 0  # noqa: PLR2004 - people write 34 for 2034
    cards.check(number, month, year, card.get("cvc"), today.year * 12 + today.month)
    return _add_card(sandbox, number, params, month=month, year=year)


def get(sandbox: Sandbox, method_id: str) -> Json:
    """Return a payment method, or make one for a name such as `pm_card_visa`."""
    number = cards.TOKENS.get(method_id.removeprefix("pm_card_"))
    if method_id.startswith("pm_card_") and number:
        return _add_card(sandbox, number, {})
    return sandbox.store.get("payment_method", method_id, "payment_method")


def _tokenised(token: str) -> str:
    number = cards.TOKENS.get(token.removeprefix("tok_"))
    if number is None:
        raise no_such("token", token, "card[token]")
    return number


def _add_card(
    sandbox: Sandbox,
    number: str,
    params: Json,
    *,
    month: int = 12,
    year: int | None = None,
) -> Json:
    today = datetime.fromtimestamp(sandbox.now(), UTC)
    brand = cards.brand_of(number)
    shown = {
        "brand": brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "unchecked",
        },
        "country": "US",
        "display_brand": brand,
        "exp_month": month,
        "exp_year": year or today.year + 3,
        "fingerprint": new_id("", 16),
        "funding": "credit",
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": [brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    method = _add(sandbox, "card", shown, params)
    sandbox.outcomes[method["id"]] = cards.outcome_of(number)
    return method


def _add(sandbox: Sandbox, kind: str, shown: Json, params: Json) -> Json:
    billing = params.get("billing_details") or {}
    address = dict.fromkeys(
        ("city", "country", "line1", "line2", "postal_code", "state")
    )
    return sandbox.store.add(
        {
            "id": new_id("pm_1"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": {
                "email": None,
                "name": None,
                "phone": None,
                "tax_id": None,
                **billing,
                "address": {**address, **(billing.get("address") or {})},
            },
            "created": sandbox.now(),
            "customer": None,
            "customer_account": None,
            "livemode": False,
            "metadata": params.get("metadata") or {},
            "type": kind,
            kind: shown,
        }
    )
