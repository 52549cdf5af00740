"""
The flows, built as the functions build them: the only place where tests do.

A test calls the functions, by `Shop`. It asks for a flow where a function cannot be
called: in many threads at once, or as what operators do.
"""

from typing import Any

from checkout.config import RefundsConfig
from checkout.flows.fulfill import Fulfillment
from checkout.flows.refund_purchase import Refunds
from tests import template_file
from tests.shop import Shop


def refunds(shop: Shop) -> Any:
    """Return the flow that the worker, reconcile and operators share."""
    function = template_file.functions()["RefundPurchaseFunction"]
    variables = template_file.environment_of(function, shop.values)
    return Refunds.of(RefundsConfig(variables))


def fulfillment(shop: Shop) -> Fulfillment:
    shared = refunds(shop)
    return Fulfillment(changes=shared.changes, refunds=shared)
