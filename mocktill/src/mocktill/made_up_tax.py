"""
The tax of mocktill: ten percent, whoever buys whatever and wherever.

It is not the tax of any country. A shop learns from it how a session looks with tax.
"""

from .money import to_unit
from .shapes import Json
from .store import new_id

PERCENTAGE = 10.0
NAME = "Made-up tax"
# The behaviour that says nothing. Stripe then asks the account's settings.
UNSPECIFIED = (None, "unspecified")


def of(amount: int, currency: str, *, inclusive: bool) -> int:
    """Return the tax on *amount*, or the tax that *amount* includes."""
    percent = int(PERCENTAGE)
    whole = 100 + percent if inclusive else 100
    return to_unit(amount * percent, whole, currency)


def rate(now: int, *, inclusive: bool) -> Json:
    return {
        "id": new_id("txr_1"),
        "object": "tax_rate",
        "active": False,
        "country": None,
        "created": now,
        "description": None,
        "display_name": NAME,
        "effective_percentage": PERCENTAGE,
        "flat_amount": None,
        "inclusive": inclusive,
        "jurisdiction": None,
        "jurisdiction_level": None,
        "livemode": False,
        "metadata": {},
        "percentage": PERCENTAGE,
        "rate_type": "percentage",
        "state": None,
        "tax_type": "sales_tax",
    }
