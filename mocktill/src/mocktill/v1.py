"""The routes of Stripe's API that the sandbox answers."""

from starlette.routing import BaseRoute
from stripe.params import (
    BalanceTransactionListParams,
    BalanceTransactionRetrieveParams,
    ChargeListParams,
    ChargeRetrieveParams,
    DisputeListParams,
    DisputeRetrieveParams,
    PaymentIntentRetrieveParams,
    PaymentMethodRetrieveParams,
    RefundListParams,
    RefundRetrieveParams,
    WebhookEndpointListParams,
    WebhookEndpointRetrieveParams,
)
from stripe.params.checkout import SessionExpireParams, SessionRetrieveParams
from stripe.params.radar import (
    EarlyFraudWarningListParams,
    EarlyFraudWarningRetrieveParams,
)

from . import (
    account,
    disputes,
    events,
    new_sessions,
    payment_intents,
    payment_methods,
    payment_pages,
    refunds,
    sessions,
    updates,
    v1_catalogue,
    webhook_endpoints,
)
from .api import not_answered, route, searches
from .parameters import validate
from .reading import reads
from .sandbox import Sandbox
from .shapes import Json, PathParams

OF_CHARGE = ("charge", "payment_intent")


def routes() -> list[BaseRoute]:
    session = "/v1/checkout/sessions/{id}"
    payment_page = "/v1/payment_pages/{id}"
    endpoints = "/v1/webhook_endpoints"
    intent = "/v1/payment_intents/{id}"
    return [
        *searches(),
        *updates.routes(),
        route("GET", "/v1/account", account.retrieve_own),
        route("GET", "/v1/accounts/{id}", account.retrieve),
        route("POST", "/v1/checkout/sessions", new_sessions.create),
        route("GET", "/v1/checkout/sessions", list_sessions),
        route("GET", session, retrieve_session),
        route("POST", f"{session}/expire", expire_session),
        route("GET", f"{session}/line_items", list_line_items),
        route("GET", "/v1/payment_intents", list_intents),
        route("POST", "/v1/payment_intents", payment_intents.create),
        route("GET", intent, retrieve_intent),
        route("POST", f"{intent}/confirm", payment_intents.confirm),
        route("POST", f"{intent}/cancel", payment_intents.cancel),
        route("POST", "/v1/payment_methods", create_method, publishable=True),
        route("GET", "/v1/payment_methods/{id}", retrieve_method),
        route("GET", payment_page, payment_pages.retrieve, publishable=True),
        route("POST", payment_page, payment_pages.update, publishable=True),
        route(
            "POST", f"{payment_page}/confirm", payment_pages.confirm, publishable=True
        ),
        *v1_catalogue.routes(),
        *_after_payment(),
        *reads(
            "webhook_endpoint",
            endpoints,
            WebhookEndpointRetrieveParams,
            WebhookEndpointListParams,
            param="webhook_endpoint",
            before=webhook_endpoints.list_configured,
        ),
        route("POST", endpoints, webhook_endpoints.create),
        route("POST", f"{endpoints}/{{id}}", webhook_endpoints.update),
        route("DELETE", f"{endpoints}/{{id}}", webhook_endpoints.delete),
        route("GET", "/v1/events", events.list_events),
        route("GET", "/v1/events/{id}", events.retrieve),
        route("POST", "/v1/events/{id}/retry", events.retry),
        *not_answered(),
    ]


def _after_payment() -> list[BaseRoute]:
    """Return the routes for charges, refunds, disputes and the balance."""
    refund = "/v1/refunds/{id}"
    return [
        *reads(
            "charge",
            "/v1/charges",
            ChargeRetrieveParams,
            ChargeListParams,
            filters=("customer", "payment_intent", "transfer_group"),
        ),
        *reads(
            "balance_transaction",
            "/v1/balance_transactions",
            BalanceTransactionRetrieveParams,
            BalanceTransactionListParams,
            filters=("currency", "source", "type"),
        ),
        *reads(
            "refund",
            "/v1/refunds",
            RefundRetrieveParams,
            RefundListParams,
            filters=OF_CHARGE,
            param="refund",
        ),
        *reads(
            "dispute",
            "/v1/disputes",
            DisputeRetrieveParams,
            DisputeListParams,
            filters=OF_CHARGE,
            param="dispute",
        ),
        *reads(
            "radar.early_fraud_warning",
            "/v1/radar/early_fraud_warnings",
            EarlyFraudWarningRetrieveParams,
            EarlyFraudWarningListParams,
            filters=OF_CHARGE,
        ),
        route("POST", "/v1/disputes/{id}", disputes.update),
        route("POST", "/v1/disputes/{id}/close", disputes.accept),
        route("POST", "/v1/refunds", refunds.create),
        route("POST", refund, refunds.update),
        route("POST", f"{refund}/cancel", refunds.cancel),
    ]


def list_sessions(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    return sessions.list_sessions(sandbox, raw)


def retrieve_session(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    expand = validate(raw, SessionRetrieveParams).get("expand", [])
    return sessions.shown(sandbox, sessions.find(sandbox, path["id"]), expand)


def expire_session(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    expand = validate(raw, SessionExpireParams).get("expand", [])
    checkout = sessions.find(sandbox, path["id"])
    sessions.expire(sandbox, checkout)
    return sessions.shown(sandbox, checkout, expand)


def list_line_items(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    return sessions.list_line_items(sandbox, path["id"], raw)


def list_intents(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    return payment_intents.list_intents(sandbox, raw)


def retrieve_intent(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    expand = validate(raw, PaymentIntentRetrieveParams).get("expand", [])
    intent = sandbox.store.get("payment_intent", path["id"], "intent")
    return sandbox.store.expanded(intent, expand)


def create_method(sandbox: Sandbox, raw: Json, _: PathParams) -> Json:
    return payment_methods.create(sandbox, raw)


def retrieve_method(sandbox: Sandbox, raw: Json, path: PathParams) -> Json:
    expand = validate(raw, PaymentMethodRetrieveParams).get("expand", [])
    return sandbox.store.expanded(payment_methods.get(sandbox, path["id"]), expand)
