"""Checkout Sessions: create, show, list and expire them."""

from stripe.params.checkout import (
    SessionCreateParams,
    SessionListLineItemsParams,
    SessionListParams,
)

from . import create_rules, payment_intents, products, versions
from .checkouts import Checkout
from .errors import conflict_of_state, invalid, no_such
from .parameters import validate
from .sandbox import Sandbox
from .session_object import KIND, customer_details, new_session
from .shapes import Json
from .store import new_id, page, within


def create(sandbox: Sandbox, raw: Json) -> Json:
    raw = versions.with_current_ui_mode(raw)
    params = versions.validate_new(raw, SessionCreateParams)
    _look_up_prices(sandbox, params.get("line_items", []))
    now = sandbox.now()
    create_rules.check(params, now, settled_in_dollars=sandbox.settled_in_dollars)
    with sandbox.lock:
        customer = None
        if "customer" in params:
            customer = sandbox.store.get("customer", params["customer"], "customer")
        line_items = [_line_item(sandbox, line, now) for line in params["line_items"]]
        session = new_session(params, line_items, now)
        if customer:
            session["customer"] = customer["id"]
            session["customer_details"] = customer_details(customer)
        checkout = Checkout(session, line_items, params.get("payment_intent_data", {}))
        if session["ui_mode"] == "embedded_page":
            session["redirect_on_completion"] = params.get(
                "redirect_on_completion", "always"
            )
            checkout.client_secret = new_id(f"{session['id']}_secret_")
            session["client_secret"] = checkout.client_secret
        else:
            # Stripe's addresses have a long fragment.
            session["url"] = f"{sandbox.base_url}{checkout.path}#{new_id('fid', 96)}"
        # A wrong expansion must leave no session.
        answer = shown(sandbox, checkout, params.get("expand", []))
        sandbox.store.add(session)
        sandbox.checkouts[session["id"]] = checkout
        return answer


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
        }


def _line_item(sandbox: Sandbox, line: Json, now: int) -> Json:
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
        "price": _price_of(sandbox, line, now),
        "quantity": line["quantity"],
    }


def _price_of(sandbox: Sandbox, line: Json, now: int) -> Json:
    """Return the price of the line, and make it if the line does not name one."""
    if "price" in line:
        return sandbox.store.get(products.PRICE, line["price"])
    price_data = line["price_data"]
    product = products.product(price_data["product_data"], now, active=False)
    sandbox.store.add(product)
    price = products.price(price_data, product["id"], now, active=False)
    return sandbox.store.add(price)


def find(sandbox: Sandbox, session_id: str) -> Checkout:
    try:
        checkout = sandbox.checkouts[session_id]
    except KeyError:
        raise no_such(KIND, session_id, "session") from None
    expire_if_due(sandbox, checkout)
    return checkout


def shown(sandbox: Sandbox, checkout: Checkout, expand: list[str]) -> Json:
    session = checkout.session
    if any(path.split(".")[0] == "line_items" for path in expand):
        session = {**session, "line_items": line_items(checkout, {})}
    shown = sandbox.store.expanded(session, expand)
    return versions.shown(shown, versions.current_version.get())


def line_items(checkout: Checkout, params: Json) -> Json:
    url = f"/v1/checkout/sessions/{checkout.session['id']}/line_items"
    return page(checkout.line_items, params, url)


def list_line_items(sandbox: Sandbox, session_id: str, raw: Json) -> Json:
    params = validate(raw, SessionListLineItemsParams)
    found = line_items(find(sandbox, session_id), params)
    return sandbox.store.expanded(found, params.get("expand", []))


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
