"""What the customer enters on the payment page, and what it does to the session."""

from . import custom_fields, entry_rules, promotions, requirements, totals
from .checkouts import Checkout
from .discounts import COUPON, discount
from .errors import missing
from .payment_intents import UNPAID
from .requirements import billing_address
from .sandbox import Sandbox
from .session_object import customer_details, known_email
from .shapes import Json

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def enter(sandbox: Sandbox, checkout: Checkout, before: Json, given: Json) -> None:
    """
    Take what the customer enters, or refuse all of it.

    What was entered *before* stays, unless *given* has the same field.
    """
    session = checkout.session
    entry_rules.check(session, given)
    entered = _merged(before, given)
    code = _discount(sandbox, checkout, given)
    rate_id = given.get("shipping_rate", _rate_id(session))
    choices = totals.Choices(
        coupon=sandbox.store.get(COUPON, code["source"]["coupon"]) if code else None,
        rate=sandbox.store.get("shipping_rate", rate_id) if rate_id else None,
        taxed=_is_taxed(session, entered),
    )
    found = totals.of(sandbox, session, checkout.line_items, choices)
    found.put(session, checkout.line_items)
    checkout.entered = entered
    if "promotion_code" in given:
        checkout.discount = code
        named = code["promotion_code"] if code else None
        session["discounts"] = (
            [{"coupon": None, "promotion_code": named}] if named else []
        )
    if session["automatic_tax"]["enabled"]:
        session["automatic_tax"]["status"] = (
            "complete" if choices.taxed else "requires_location_inputs"
        )
    _change_amount(sandbox, session)


def require(sandbox: Sandbox, checkout: Checkout) -> None:
    """Refuse the payment if something required is missing, or a code is used up."""
    for param in requirements.missing(checkout.session, checkout.entered):
        raise missing(param)
    code = checkout.discount
    # The customer cannot remove a discount of the shop, so it stays.
    if code and checkout.session["allow_promotion_codes"]:
        coupon = code["source"]["coupon"]
        promotions.check(
            sandbox, checkout.session, coupon, code["promotion_code"], "promotion_code"
        )


def _merged(before: Json, given: Json) -> Json:
    """Return what is entered now; answers are by the keys of their fields."""
    now = dict(before)
    for name in ("consent", "customer_details"):
        if name in given:
            now[name] = {**before.get(name, {}), **given[name]}
    if "shipping_details" in given:
        now["shipping_details"] = given["shipping_details"]
    answers = {each["key"]: each["value"] for each in given.get("custom_fields", [])}
    now["answers"] = {**before.get("answers", {}), **answers}
    return now


def _discount(sandbox: Sandbox, checkout: Checkout, given: Json) -> Json | None:
    if "promotion_code" not in given:
        return checkout.discount
    if not given["promotion_code"].strip():
        return None
    session = checkout.session
    code = promotions.named(sandbox, given["promotion_code"])
    coupon = code["promotion"]["coupon"]
    promotions.check(sandbox, session, coupon, code["id"], "promotion_code")
    return discount(session, coupon, code["id"], sandbox.now())


def _rate_id(session: Json) -> str | None:
    cost: Json = session["shipping_cost"] or {}
    return cost.get("shipping_rate")


def _is_taxed(session: Json, entered: Json) -> bool:
    """Return whether there is a tax, and the place is known whose tax is due."""
    enabled: bool = session["automatic_tax"]["enabled"]
    return enabled and not requirements.missing_place(session, entered)


def _change_amount(sandbox: Sandbox, session: Json) -> None:
    """Let an attempt that has failed, or was not finished, begin again."""
    if session["payment_intent"] is None:
        return
    intent = sandbox.store.get("payment_intent", session["payment_intent"])
    if intent["status"] in UNPAID and intent["amount"] != session["amount_total"]:
        intent.update(
            amount=session["amount_total"],
            next_action=None,
            payment_method=None,
            status="requires_payment_method",
        )


def put(checkout: Checkout, billing: Json) -> None:
    """Show on the completed session what was entered, with the method's *billing*."""
    session, entered = checkout.session, checkout.entered
    details: Json = entered.get("customer_details", {})
    session["customer_details"] = details_of(checkout, billing)
    session["custom_fields"] = custom_fields.answered(
        session["custom_fields"], entered.get("answers", {})
    )
    if session["consent_collection"]:
        session["consent"] = _consent(session, entered.get("consent", {}))
    if session["shipping_address_collection"] or session["name_collection"]:
        session["collected_information"] = {
            "business_name": details.get("business_name"),
            "individual_name": details.get("individual_name"),
            "shipping_details": shipping_details(entered),
        }


def details_of(checkout: Checkout, billing: Json) -> Json:
    """Return what is known of the customer: what was entered, or the billing data."""
    session, entered = checkout.session, checkout.entered
    details: Json = entered.get("customer_details", {})
    shown: Json = customer_details(billing)
    for name in ("business_name", "individual_name", "name", "phone", "tax_ids"):
        shown[name] = details.get(name) or shown[name]
    shown["email"] = known_email(session) or details.get("email") or shown["email"]
    if address := billing_address(entered):
        shown["address"] = whole(address)
    return shown


def shipping_details(entered: Json) -> Json | None:
    given = entered.get("shipping_details")
    return given and {"address": whole(given["address"]), "name": given["name"]}


def whole(address: Json) -> Json:
    return {name: address.get(name) for name in ADDRESS}


def _consent(session: Json, given: Json) -> Json:
    asked = session["consent_collection"]["promotions"] == "auto"
    return {
        "promotions": given.get("promotions", "opt_out") if asked else None,
        "terms_of_service": given.get("terms_of_service"),
    }
