"""
The flows, built as the functions build them: the only place where tests do.

A test calls the functions, by `Shop`. It asks for a flow where a function cannot be
called: in many threads at once, or as what operators do.
"""

from checkout.config import RefundsConfig
from checkout.domain.purchase import Purchase
from checkout.flows.apply_session_event import SessionEvents
from checkout.flows.change_purchase import PurchaseChanges
from checkout.flows.refund_purchase import Refunds
from checkout.tables.purchases import Purchases
from checkout.wiring import refunds as wiring
from checkout.wiring.stripe import stripe_api
from tests import template_file
from tests.shop import Shop


def _config(shop: Shop) -> RefundsConfig:
    function = template_file.functions()["RefundPurchaseFunction"]
    return RefundsConfig(template_file.environment_of(function, shop.values))


def purchase_changes(shop: Shop) -> PurchaseChanges:
    return wiring.purchase_changes(_config(shop))


def refunds(shop: Shop) -> Refunds:
    config = _config(shop)
    stripe = stripe_api(config)
    return wiring.refunds(config, wiring.purchase_changes(config), stripe)


def session_events(shop: Shop) -> SessionEvents:
    with shop.environment("FulfillmentFunction") as app:
        events: SessionEvents = app.flows()[0]
    return events


def purchases(shop: Shop) -> Purchases:
    return Purchases(shop.aws.tables["PurchasesTable"])


def purchase(shop: Shop, purchase_id: str) -> Purchase:
    purchase = purchases(shop).get(purchase_id)
    assert purchase
    return purchase
