"""
The routes of the API: who may call them, what they take, answer and refuse.

A route of template.yaml that is missing here fails a test, and so does every answer of
the functional tests that is not as described. To describe another route, add a `Route`;
the schema of its answer goes into `answers.py`, its example into docs/api.md.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any

from checkout import errors
from checkout.api.query import DEFAULT_DAYS
from checkout.api.refund_body import RefundBody
from checkout.api.request import LONGEST_KEY, LONGEST_VERSION, SHORTEST_KEY
from checkout.domain.purchase_status import PurchaseStatus
from checkout.errors import CheckoutError
from checkout.kinds import kind_named
from checkout.stripe_errors import StripeError
from openapi.models import all_kinds, item_types, kind_names, schema_of, without
from openapi.schema import COUNT, DAY, Schema, component, one_of, text

type Errors = tuple[type[CheckoutError], ...]


class Caller(Enum):
    """Who may call a route."""

    ANYBODY = "without authentication"
    BUYER = "as a buyer"
    OPERATOR = "as an operator"
    CREATOR = "as the creator or an operator"
    WRITER = "as a writer"
    STRIPE = "as Stripe"

    @property
    def has_token(self) -> bool:
        return self not in {Caller.ANYBODY, Caller.STRIPE}


@dataclass(frozen=True, kw_only=True)
class Route:
    """
    One route, or one for each kind of offer: *each* says what {kind} stands for.

    *name* is the operation's id, with the kind's name after it. *body* and *answer*
    are schemas; *needs_body* says whether a body must be sent. *refused* are the errors
    beside those that every such route has.
    """

    key: str
    name: str
    summary: str
    tag: str
    caller: Caller
    answer: Schema
    body: Schema | None = None
    needs_body: bool = True
    query: Mapping[str, Schema] = field(default_factory=dict)
    headers: Mapping[str, Schema] = field(default_factory=dict)
    path: Mapping[str, Schema] = field(default_factory=dict)
    refused: Errors = ()
    may_create: bool = False
    is_static: bool = False
    each: str | None = None

    @property
    def method(self) -> str:
        return self.key.partition(" ")[0].lower()

    @property
    def url(self) -> str:
        """The path, with the kind in its place."""
        path = self.key.partition(" ")[2]
        return path.replace("{kind}", self.each) if self.each else path


IDEMPOTENCY_KEY = {
    "Idempotency-Key": text(
        "Repeated requests with the same key are one.",
        minLength=SHORTEST_KEY,
        maxLength=LONGEST_KEY,
    )
}
IF_MATCH = {
    "If-Match": text(
        "The version that the caller has read.",
        pattern=rf'^\s*"?[0-9]{{1,{LONGEST_VERSION}}}"?\s*$',
    )
}
SESSION_ID = {
    "session_id": text(
        "The id of a Checkout Session.",
        pattern="^cs_(test|live)_[A-Za-z0-9]{1,200}$",
    )
}
LIMIT = {**COUNT, "minimum": 1, "maximum": 100, "default": 20}
PERIOD = {
    "from": {**DAY, "description": f"Default: {DEFAULT_DAYS - 1} days before `to`."},
    "to": {**DAY, "description": "The last day, included. Default: today, in UTC."},
}
OF_ANY_BUYER: Errors = (
    errors.InvalidRequestError,
    errors.NotPurchasableError,
    errors.ForbiddenError,
    errors.NotFoundError,
    errors.AlreadyPurchasedError,
    errors.PaymentInProgressError,
    errors.TooManyRequestsError,
    StripeError,
)
# Beside these, what a kind has of its own; a kind that is not here may have any.
OF_KIND: dict[str, Errors] = {
    "auction": (errors.NotAcceptedError, errors.PaymentWindowClosedError),
    "bid": (),
    "content": (),
    "order": (),
    "product": (errors.IdempotencyKeyReusedError,),
    "quote": (errors.PaymentWindowClosedError,),
}
OF_ANY_KIND: Errors = tuple(each for some in OF_KIND.values() for each in some)


def create_schemas() -> dict[str, Schema]:
    """Return the schemas of all create requests, by name."""
    return {create_name(name): schema_of(kind.Request) for name, kind in all_kinds()}


def create_name(kind_name: str) -> str:
    return f"Create{kind_name.title()}"


def creates(key: str, kind_name: str, **changes: Any) -> Route:  # noqa: ANN401
    """Return a route that creates a session of a kind; *changes* are its own fields."""
    kind = kind_named(kind_name)
    given = [name for name in parameters(key) if name != "kind"]
    body = without(schema_of(kind.Request), given)
    described: dict[str, Any] = {
        "key": key,
        "name": f"create{kind_name.title()}Session",
        "summary": f"Create a session: {kind_name}",
        "tag": "Paying",
        "caller": Caller.BUYER,
        "answer": component(f"Created{kind_name.title()}"),
        "body": body if given else component(create_name(kind_name)),
        "needs_body": bool(body["required"]),
        "headers": IDEMPOTENCY_KEY,
        "refused": OF_ANY_BUYER + OF_KIND.get(kind_name, OF_ANY_KIND),
    }
    return Route(**(described | changes))


def parameters(key: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", key)


def of_one_kind() -> Iterator[Route]:
    """Yield the create routes that the documents' frontends have."""
    yield creates(
        "POST /api/checkout/create-session", "bid", summary="Pay for a bid of a row"
    )
    yield creates(
        "POST /payments/checkout/create", "auction", summary="Pay for an auction"
    )
    yield creates("POST /orders/{orderId}/checkout", "order", summary="Pay an order")
    yield creates(
        "POST /api/checkout/embedded-session",
        "product",
        summary="Pay for a product on an embedded page",
        caller=Caller.ANYBODY,
        answer=component("ClientSecret"),
    )
    yield creates("POST /api/checkout", "content", summary="Pay for content")
    yield creates(
        "POST /api/checkout/quote",
        "quote",
        summary="Pay a quote",
        caller=Caller.ANYBODY,
    )


def of_all_kinds() -> Iterator[Route]:
    """Yield the route of any kind for each that has no route of its own there."""
    own = {route.url for route in of_one_kind()}
    for name in kind_names():
        if f"/api/checkout/{name}" in own:
            continue
        yield creates(
            "POST /api/checkout/{kind}",
            name,
            name=f"createAny{name.title()}Session",
            summary=f"Pay for an offer of the kind {name}",
            each=name,
        )


def of_writers() -> Iterator[Route]:
    """Yield the routes of writers, for each item type."""
    of_writer = partial(Route, tag="Selling", caller=Caller.WRITER)
    for item in item_types():
        title = item.title
        yield of_writer(
            key="PUT /api/offers/{kind}/{id}",
            name=f"put{title}",
            summary=f"Write an offer: {item.name}",
            body=component(f"{title}Offer"),
            answer=component(f"Written{title}"),
            headers=IF_MATCH,
            path={"id": item.id_schema},
            refused=(
                errors.InvalidRequestError,
                errors.ForbiddenError,
                errors.NotFoundError,
                errors.AlreadyPurchasedError,
                errors.VersionConflictError,
                StripeError,
            ),
            may_create=True,
            each=item.name,
        )
        yield of_writer(
            key="GET /api/offers/{kind}",
            name=f"list{title}Offers",
            summary=f"List offers: {item.name}",
            answer=component(f"{title}Page"),
            query={"limit": LIMIT, "cursor": text("The `next_cursor` before.")},
            refused=(
                errors.InvalidRequestError,
                errors.ForbiddenError,
                errors.NotFoundError,
            ),
            each=item.name,
        )
    yield of_writer(
        key="POST /api/offers/{kind}/{id}/withdraw",
        name="withdrawOffer",
        summary="Withdraw an offer",
        answer=component("WithdrawnOffer"),
        path={"kind": one_of(item.name for item in item_types())},
        refused=(
            errors.ForbiddenError,
            errors.NotFoundError,
            errors.AlreadyPurchasedError,
            errors.VersionConflictError,
            StripeError,
        ),
    )


def webhooks() -> Iterator[Route]:
    for path in WEBHOOKS:
        yield Route(
            key=f"POST {path}",
            name="receiveEvent" + "".join(w.title() for w in re.findall(r"\w+", path)),
            summary="Receive an event of Stripe",
            tag="Webhooks",
            caller=Caller.STRIPE,
            body={
                "type": "object",
                "description": "An event of Stripe, as it signed it.",
            },
            answer=component("Received"),
            headers={"Stripe-Signature": text("Stripe's signature of the body.")},
            refused=(errors.InvalidSignatureError, errors.UnreadableEventError),
        )


WEBHOOKS = (
    "/api/webhooks/stripe",
    "/payments/webhooks/stripe",
    "/webhooks/stripe",
    "/webhook",
)


def after_payment() -> tuple[Route, ...]:
    after = partial(Route, tag="After the payment")
    of_buyer = partial(after, caller=Caller.BUYER)
    of_creator = partial(
        after,
        caller=Caller.CREATOR,
        refused=(errors.InvalidRequestError, errors.ForbiddenError),
    )
    status = partial(
        after,
        caller=Caller.ANYBODY,
        query=SESSION_ID,
        refused=(errors.InvalidRequestError, errors.NotFoundError, StripeError),
    )
    offer = partial(
        Route,
        tag="Paying",
        path={"kind": one_of(kind_names())},
        refused=(errors.NotFoundError,),
    )
    return (
        status(
            key="GET /api/checkout/session-status",
            name="getSessionStatus",
            summary="Get the status of a Checkout Session",
            answer=component("SessionStatus"),
        ),
        status(
            key="GET /api/checkout/payment-status",
            name="getPaymentStatus",
            summary="Get the status of a payment",
            answer=component("PaymentStatus"),
        ),
        of_buyer(
            key="GET /payments/sessions/{paymentSessionId}",
            name="getPaymentSession",
            summary="Get a payment session",
            answer=component("PaymentSession"),
            refused=(errors.NotFoundError,),
        ),
        of_buyer(
            key="POST /payments/sessions/{paymentSessionId}/cancel",
            name="cancelPayment",
            summary="Cancel a payment",
            answer=component("Cancelled"),
            refused=(
                errors.NotFoundError,
                errors.AlreadyPurchasedError,
                errors.PaymentInProgressError,
                StripeError,
            ),
        ),
        of_buyer(
            key="GET /api/purchases",
            name="listPurchases",
            summary="List purchases",
            answer=component("Purchases"),
            query={
                "status": one_of(PurchaseStatus),
                "page": {**COUNT, "minimum": 1, "maximum": 10_000, "default": 1},
                "pageSize": LIMIT,
            },
            refused=(errors.InvalidRequestError,),
        ),
        of_buyer(
            key="GET /api/purchases/{id}",
            name="getPurchase",
            summary="Show a purchase",
            answer=component("Purchase"),
            refused=(errors.NotFoundError,),
        ),
        after(
            key="POST /api/purchases/{id}/refund",
            name="refundPurchase",
            summary="Refund a purchase",
            caller=Caller.OPERATOR,
            body=schema_of(RefundBody),
            needs_body=False,
            answer=component("Purchase"),
            headers=IDEMPOTENCY_KEY,
            refused=(
                errors.InvalidRequestError,
                errors.ForbiddenError,
                errors.NotFoundError,
                errors.NotRefundableError,
                errors.IdempotencyKeyReusedError,
                StripeError,
            ),
        ),
        of_buyer(
            key="GET /api/access/{kind}/{id}",
            name="checkAccess",
            summary="Check access",
            answer=component("Access"),
            path={"kind": one_of(kind_names())},
            refused=(errors.NotFoundError,),
        ),
        of_creator(
            key="GET /api/creators/{creatorId}/revenue",
            name="getRevenue",
            summary="Show a creator's revenue",
            answer=component("Revenue"),
            query=PERIOD,
        ),
        of_creator(
            key="GET /api/creators/{creatorId}/purchases",
            name="listSales",
            summary="List a creator's purchases",
            answer=component("Sales"),
            query={
                **PERIOD,
                "limit": LIMIT,
                "cursor": text("The `nextCursor` before."),
            },
        ),
        of_buyer(
            key="GET /orders/{orderId}",
            name="getOrder",
            summary="Show an order",
            answer=component("Order"),
            refused=(errors.NotFoundError, errors.NotPurchasableError),
        ),
        offer(
            key="GET /api/offers/{kind}/{id}",
            name="getOffer",
            summary="Show an offer",
            caller=Caller.ANYBODY,
            answer=component("OfferForAnybody"),
        ),
        offer(
            key="GET /api/me/offers/{kind}/{id}",
            name="getOfferForMe",
            summary="Show an offer to its buyer",
            caller=Caller.BUYER,
            answer=component("OfferForBuyer"),
        ),
        of_buyer(
            key="GET /api/rows/{rowId}",
            name="getRow",
            summary="Show a row",
            answer=component("Row"),
            refused=(errors.NotFoundError, errors.NotPurchasableError),
        ),
    )


THIS_DOCUMENT = Route(
    key="GET /openapi.json",
    name="getOpenApi",
    summary="Get this document",
    tag="This document",
    caller=Caller.ANYBODY,
    answer={"type": "object", "required": ["openapi"], "additionalProperties": True},
    headers={"If-None-Match": text("The `ETag` of an earlier answer.")},
    is_static=True,
)


def all_routes() -> list[Route]:
    """Return each operation of the API, in the order of docs/api.md."""
    return [
        *of_one_kind(),
        *of_all_kinds(),
        *after_payment(),
        *of_writers(),
        *webhooks(),
        THIS_DOCUMENT,
    ]
