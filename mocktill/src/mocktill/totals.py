"""
What a session costs: its lines, less a discount, with shipping and the made-up tax.

A discount is shared among the lines, and does not lower the shipping. A tax is on what
is left of a line, and on the shipping. An inclusive tax is a part of the amount, so it
does not raise the total.
"""

from dataclasses import dataclass

from . import discounts, made_up_tax
from .money import check_total, to_unit
from .sandbox import Sandbox
from .shapes import Json


@dataclass(frozen=True)
class Choices:
    """What decides the total, beside the lines."""

    coupon: Json | None = None
    rate: Json | None = None
    taxed: bool = False


@dataclass(frozen=True)
class Totals:
    session: Json
    lines: list[Json]

    def put(self, session: Json, lines: list[Json]) -> None:
        session.update(self.session)
        for line, amounts in zip(lines, self.lines, strict=True):
            line.update(amounts)


def of(sandbox: Sandbox, session: Json, lines: list[Json], choices: Choices) -> Totals:
    """Compute the totals, or refuse a total that Stripe would not charge."""
    currency = session["currency"]
    subtotals = [line["amount_subtotal"] for line in lines]
    subtotal = sum(subtotals)
    coupon = choices.coupon
    off = discounts.amount_off(coupon, subtotal, currency) if coupon else 0
    amounts = [
        _amounts(
            line["amount_subtotal"],
            share,
            currency,
            is_inclusive(sandbox, line["price"]) if choices.taxed else None,
        )
        for line, share in zip(lines, _shares(off, subtotals, currency), strict=True)
    ]
    shipping = _shipping(sandbox, choices, currency)
    total = sum(line["amount_total"] for line in amounts)
    tax = sum(line["amount_tax"] for line in amounts)
    if shipping:
        total += shipping["amount_total"]
        tax += shipping["amount_tax"]
    check_total(total, currency, sandbox.settled_in_dollars)
    return Totals(
        {
            "amount_subtotal": subtotal,
            "amount_total": total,
            "payment_status": "unpaid" if total else "no_payment_required",
            "shipping_cost": shipping,
            "total_details": {
                "amount_discount": off,
                "amount_shipping": shipping["amount_subtotal"] if shipping else 0,
                "amount_tax": tax,
            },
        },
        amounts,
    )


def is_inclusive(sandbox: Sandbox, taxed: Json) -> bool:
    """Return whether a price or a shipping rate includes its tax."""
    behavior = taxed["tax_behavior"]
    if behavior in made_up_tax.UNSPECIFIED:
        behavior = sandbox.default_tax_behavior
    return bool(behavior == "inclusive")


def _amounts(
    subtotal: int, discount: int, currency: str, inclusive: bool | None
) -> Json:
    """Return the amounts of a line; without *inclusive*, there is no tax on it."""
    left = subtotal - discount
    tax = 0
    if inclusive is not None:
        tax = made_up_tax.of(left, currency, inclusive=inclusive)
    return {
        "amount_discount": discount,
        "amount_subtotal": subtotal,
        "amount_tax": tax,
        "amount_total": left if inclusive else left + tax,
    }


def _shipping(sandbox: Sandbox, choices: Choices, currency: str) -> Json | None:
    rate = choices.rate
    if rate is None:
        return None
    inclusive = is_inclusive(sandbox, rate) if choices.taxed else None
    amounts = _amounts(rate["fixed_amount"]["amount"], 0, currency, inclusive)
    del amounts["amount_discount"]
    return {**amounts, "shipping_rate": rate["id"]}


def _shares(whole: int, parts: list[int], currency: str) -> list[int]:
    """Share *whole* among the *parts*, by their size, so that the sum is exact."""
    total = sum(parts)
    if not total:
        return [0 for _ in parts]
    shares, running, given = [], 0, 0
    for part in parts:
        running += part
        upto = to_unit(whole * running, total, currency)
        shares.append(upto - given)
        given = upto
    return shares
