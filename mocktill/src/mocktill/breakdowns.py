"""What is discounted and taxed, one by one. Stripe shows it only when expanded."""

from . import made_up_tax, totals
from .checkouts import Checkout
from .sandbox import Sandbox
from .shapes import Json


def of_session(sandbox: Sandbox, checkout: Checkout, expand: list[str]) -> Json:
    """Return the session, with the breakdowns that *expand* asks for."""
    session = checkout.session
    if _asks(expand, "total_details.breakdown"):
        details = session["total_details"]
        parts = [*_taxed_lines(sandbox, checkout), *_taxed_shipping(sandbox, checkout)]
        breakdown = {
            "discounts": _discounts(checkout, details["amount_discount"]),
            "taxes": _taxes(sandbox, checkout, parts),
        }
        session = {**session, "total_details": {**details, "breakdown": breakdown}}
    if _asks(expand, "shipping_cost.taxes") and session["shipping_cost"]:
        taxes = _taxes(sandbox, checkout, _taxed_shipping(sandbox, checkout))
        cost = {**session["shipping_cost"], "taxes": taxes}
        session = {**session, "shipping_cost": cost}
    return session


def of_line(
    sandbox: Sandbox, checkout: Checkout, line: Json, expand: list[str]
) -> Json:
    shown = dict(line)
    if _asks(expand, "discounts"):
        shown["discounts"] = _discounts(checkout, line["amount_discount"])
    if _asks(expand, "taxes"):
        part = totals.is_inclusive(sandbox, line["price"]), line
        shown["taxes"] = _taxes(sandbox, checkout, [part])
    return shown


type _Taxed = tuple[bool, Json]


def _taxed_lines(sandbox: Sandbox, checkout: Checkout) -> list[_Taxed]:
    return [
        (totals.is_inclusive(sandbox, line["price"]), line)
        for line in checkout.line_items
    ]


def _taxed_shipping(sandbox: Sandbox, checkout: Checkout) -> list[_Taxed]:
    cost = checkout.session["shipping_cost"]
    if cost is None:
        return []
    rate = sandbox.store.get("shipping_rate", cost["shipping_rate"])
    return [(totals.is_inclusive(sandbox, rate), cost)]


def _discounts(checkout: Checkout, amount: int) -> list[Json]:
    if checkout.discount is None:
        return []
    return [{"amount": amount, "discount": checkout.discount}]


def _taxes(sandbox: Sandbox, checkout: Checkout, parts: list[_Taxed]) -> list[Json]:
    """Return one tax for each rate: the exclusive one, the inclusive one, or both."""
    if checkout.session["automatic_tax"]["status"] != "complete":
        return []
    found = []
    for inclusive in (False, True):
        amounts = [each for is_inclusive, each in parts if is_inclusive == inclusive]
        if amounts:
            tax = sum(each["amount_tax"] for each in amounts)
            total = sum(each["amount_total"] for each in amounts)
            found.append(
                {
                    "amount": tax,
                    "rate": _rate(sandbox, checkout, inclusive=inclusive),
                    "taxability_reason": "standard_rated",
                    "taxable_amount": total - tax,
                }
            )
    return found


def _rate(sandbox: Sandbox, checkout: Checkout, *, inclusive: bool) -> Json:
    """Return the rate, which is the same each time that this session shows it."""
    if inclusive not in checkout.tax_rates:
        rate = made_up_tax.rate(sandbox.now(), inclusive=inclusive)
        checkout.tax_rates[inclusive] = rate
    return checkout.tax_rates[inclusive]


def _asks(expand: list[str], path: str) -> bool:
    return any(each == path or each.startswith(f"{path}.") for each in expand)
