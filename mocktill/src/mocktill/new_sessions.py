"""Create Checkout Sessions."""

from stripe.params.checkout import SessionCreateParams

from . import (
    create_rules,
    option_rules,
    products,
    promotions,
    sessions,
    shipping_rates,
    totals,
    versions,
)
from .checkouts import Checkout
from .discounts import COUPON, discount
from .errors import invalid
from .sandbox import Sandbox
from .session_object import customer_details, new_session
from .shapes import Json, PathParams
from .store import new_id


def create(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    raw = versions.with_current_ui_mode(raw)
    params = versions.validate_new(raw, SessionCreateParams)
    _look_up_prices(sandbox, params.get("line_items", []))
    create_rules.check(
        params, sandbox.now(), settled_in_dollars=sandbox.settled_in_dollars
    )
    with sandbox.lock:
        option_rules.check(sandbox, params)
        checkout = make(sandbox, params)
        # A wrong expansion must leave no session.
        answer = sessions.shown(sandbox, checkout, params.get("expand", []))
        add(sandbox, checkout)
        return answer


def make(sandbox: Sandbox, params: Json) -> Checkout:
    """Make a session from parameters that are checked. It is not yet in the store."""
    now = sandbox.now()
    customer = None
    if "customer" in params:
        customer = sandbox.store.get("customer", params["customer"], "customer")
    parts: list[Json] = []
    lines = [_line_item(sandbox, line, now, parts) for line in params["line_items"]]
    session = new_session(params, lines, now)
    if customer:
        session["customer"] = customer["id"]
        session["customer_details"] = customer_details(customer)
    checkout = Checkout(session, lines, params)
    _set_totals(sandbox, checkout, parts)
    # What was made for this session alone. A refused session leaves nothing.
    for part in parts:
        sandbox.store.add(part)
    if session["ui_mode"] == "embedded_page":
        session["redirect_on_completion"] = params.get(
            "redirect_on_completion", "always"
        )
        checkout.client_secret = new_id(f"{session['id']}_secret_")
        session["client_secret"] = checkout.client_secret
    else:
        # Stripe's addresses have a long fragment.
        session["url"] = f"{sandbox.base_url}{checkout.path}#{new_id('fid', 96)}"
    return checkout


def add(sandbox: Sandbox, checkout: Checkout) -> None:
    sandbox.store.add(checkout.session)
    sandbox.checkouts[checkout.session["id"]] = checkout


def _set_totals(sandbox: Sandbox, checkout: Checkout, parts: list[Json]) -> None:
    """Apply the session's own discount, and the first of its shipping rates."""
    session, params = checkout.session, checkout.params
    rates = shipping_rates.of_session(sandbox, params, session["currency"])
    option_rules.check_rates(sandbox, params, rates)
    given = promotions.of_new_session(sandbox, params)
    if given:
        promotions.check(sandbox, session, *given, "discounts[0]")
        checkout.discount = discount(session, *given, sandbox.now())
        # Stripe names the promotion code, or else the coupon.
        coupon_id, code_id = given
        shown = None if code_id else coupon_id
        session["discounts"] = [{"coupon": shown, "promotion_code": code_id}]
    coupon = sandbox.store.get(COUPON, given[0]) if given else None
    choices = totals.Choices(coupon, rates[0] if rates else None)
    found = totals.of(sandbox, session, checkout.line_items, choices)
    found.put(session, checkout.line_items)
    session["shipping_options"] = [shipping_rates.option(rate) for rate in rates]
    parts += rates


def _look_up_prices(sandbox: Sandbox, lines: list[Json]) -> None:
    """Add the data of its price to each line that names a price."""
    for index, line in enumerate(lines):
        if "price" not in line:
            continue
        name = f"line_items[{index}][price]"
        if "price_data" in line:
            raise invalid(
                name, "You may only specify one of these parameters: price, price_data."
            )
        price = sandbox.store.get(products.PRICE, line["price"], name)
        if not price["active"]:
            raise invalid(
                name,
                f"The price specified is inactive. This field only accepts active "
                f"prices. (`{price['id']}`)",
            )
        product = sandbox.store.get(products.PRODUCT, price["product"])
        line["price_data"] = {
            "currency": price["currency"],
            "unit_amount": price["unit_amount"],
            "product_data": {"name": product["name"]},
            "tax_behavior": price["tax_behavior"],
        }


def _line_item(sandbox: Sandbox, line: Json, now: int, parts: list[Json]) -> Json:
    price_data = line["price_data"]
    amount = create_rules.line_amount(line)
    return {
        "id": new_id("li_1"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price_data["currency"],
        "description": price_data["product_data"]["name"],
        "metadata": line.get("metadata", {}),
        "price": _price_of(sandbox, line, now, parts),
        "quantity": line["quantity"],
    }


def _price_of(sandbox: Sandbox, line: Json, now: int, parts: list[Json]) -> Json:
    """Return the price of the line, and make it if the line does not name one."""
    if "price" in line:
        return sandbox.store.get(products.PRICE, line["price"])
    price_data = line["price_data"]
    product = products.product(price_data["product_data"], now, active=False)
    price = products.price(price_data, product["id"], now, active=False)
    parts += [product, price]
    return price
