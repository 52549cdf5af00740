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
from typing import Annotated, Any

from pydantic import Field

from checkout import errors
from checkout.api.query import DEFAULT_DAYS
from checkout.api.request import LONGEST_KEY, LONGEST_VERSION, SHORTEST_KEY
from checkout.domain.offer import LONGEST_CREATOR_ID
from checkout.domain.purchase_status import PurchaseStatus
from checkout.errors import CheckoutError
from checkout.kinds import kind_named
from checkout.stripe_errors import StripeError
from openapi.models import JsonSchema, item_types, kind_names
from openapi.types import Day, Parameters, absent, one_of

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
    are the names of models; *needs_body* says whether a body must be sent. *refused*
    are the errors beside those that every such route has.
    """

    key: str
    name: str
    summary: str
    tag: str
    caller: Caller
    answer: str
    body: str | None = None
    needs_body: bool = True
    query: type[Parameters] = Parameters
    headers: type[Parameters] = Parameters
    path: Mapping[str, JsonSchema] = field(default_factory=dict)
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


class WithKey(Parameters):
    key: Annotated[
        str,
        Field(alias="Idempotency-Key", min_length=SHORTEST_KEY, max_length=LONGEST_KEY),
    ] = absent()
    """Repeated requests with the same key are one."""


class WithVersion(Parameters):
    version: Annotated[
        str,
        Field(alias="If-Match", pattern=rf'^"?[0-9]{{1,{LONGEST_VERSION}}}"?$'),
    ] = absent()
    """The version that the caller has read."""


class Signed(Parameters):
    signature: Annotated[str, Field(alias="Stripe-Signature")]
    """Stripe's signature of the body."""


class Cached(Parameters):
    etag: Annotated[str, Field(alias="If-None-Match")] = absent()
    """The `ETag` of an earlier answer."""


class OfSession(Parameters):
    session_id: Annotated[str, Field(pattern="^cs_(test|live)_[A-Za-z0-9]{1,200}$")]
    """The id of a Checkout Session."""


Limit = Annotated[int, Field(ge=1, le=100)]


class OfPurchases(Parameters):
    status: Annotated[str, one_of(PurchaseStatus)] = absent()
    page: Annotated[int, Field(ge=1, le=10_000)] = 1
    pageSize: Limit = 20


class OfPeriod(Parameters):
    first: Day = absent(
        alias="from", description=f"Default: {DEFAULT_DAYS - 1} days before `to`."
    )
    to: Day = absent()
    """The last day, included. Default: today, in UTC."""


class OfSales(OfPeriod):
    limit: Limit = 20
    cursor: Annotated[str, Field(min_length=1)] = absent()
    """The `nextCursor` before."""


class OfOffers(Parameters):
    limit: Limit = 20
    cursor: str = absent()
    """The `next_cursor` before."""


CREATOR_ID: JsonSchema = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_CREATOR_ID,
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


def creates(key: str, kind_name: str, **changes: Any) -> Route:  # noqa: ANN401
    """Return a route that creates a session of a kind; *changes* are its own fields."""
    title, fields = kind_name.title(), kind_named(kind_name).Request.model_fields
    given = parameters(key)
    described: dict[str, Any] = {
        "key": key,
        "name": f"create{title}Session",
        "summary": f"Create a session: {kind_name}",
        "tag": "Paying",
        "caller": Caller.BUYER,
        "answer": f"Created{title}",
        "body": f"Create{title}",
        "needs_body": any(
            field.is_required() for name, field in fields.items() if name not in given
        ),
        "headers": WithKey,
        "refused": OF_ANY_BUYER + OF_KIND.get(kind_name, OF_ANY_KIND),
    }
    return Route(**(described | changes))


def parameters(key: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", key)


def among(words: list[str]) -> JsonSchema:
    return {"type": "string", "enum": words}


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
        answer="ClientSecret",
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
            body=f"{title}Offer",
            answer=f"Written{title}",
            headers=WithVersion,
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
            answer=f"{title}Page",
            query=OfOffers,
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
        answer="WithdrawnOffer",
        path={"kind": among([item.name for item in item_types()])},
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
            body="Event",
            answer="Received",
            headers=Signed,
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
        path={"creatorId": CREATOR_ID},
        refused=(errors.InvalidRequestError, errors.ForbiddenError),
    )
    status = partial(
        after,
        caller=Caller.ANYBODY,
        query=OfSession,
        refused=(errors.InvalidRequestError, errors.NotFoundError, StripeError),
    )
    offer = partial(
        Route,
        tag="Paying",
        path={"kind": among(kind_names())},
        refused=(errors.NotFoundError,),
    )
    return (
        status(
            key="GET /api/checkout/session-status",
            name="getSessionStatus",
            summary="Get the status of a Checkout Session",
            answer="SessionStatus",
        ),
        status(
            key="GET /api/checkout/payment-status",
            name="getPaymentStatus",
            summary="Get the status of a payment",
            answer="PaymentStatus",
        ),
        of_buyer(
            key="GET /payments/sessions/{paymentSessionId}",
            name="getPaymentSession",
            summary="Get a payment session",
            answer="PaymentSession",
            refused=(errors.NotFoundError,),
        ),
        of_buyer(
            key="POST /payments/sessions/{paymentSessionId}/cancel",
            name="cancelPayment",
            summary="Cancel a payment",
            answer="Cancelled",
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
            answer="Purchases",
            query=OfPurchases,
            refused=(errors.InvalidRequestError,),
        ),
        of_buyer(
            key="GET /api/purchases/{id}",
            name="getPurchase",
            summary="Show a purchase",
            answer="Purchase",
            refused=(errors.NotFoundError,),
        ),
        after(
            key="POST /api/purchases/{id}/refund",
            name="refundPurchase",
            summary="Refund a purchase",
            caller=Caller.OPERATOR,
            body="RefundBody",
            needs_body=False,
            answer="Purchase",
            headers=WithKey,
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
            answer="Access",
            path={"kind": among(kind_names())},
            refused=(errors.NotFoundError,),
        ),
        of_creator(
            key="GET /api/creators/{creatorId}/revenue",
            name="getRevenue",
            summary="Show a creator's revenue",
            answer="Revenue",
            query=OfPeriod,
        ),
        of_creator(
            key="GET /api/creators/{creatorId}/purchases",
            name="listSales",
            summary="List a creator's purchases",
            answer="Sales",
            query=OfSales,
        ),
        of_buyer(
            key="GET /orders/{orderId}",
            name="getOrder",
            summary="Show an order",
            answer="Order",
            refused=(errors.NotFoundError, errors.NotPurchasableError),
        ),
        offer(
            key="GET /api/offers/{kind}/{id}",
            name="getOffer",
            summary="Show an offer",
            caller=Caller.ANYBODY,
            answer="OfferForAnybody",
        ),
        offer(
            key="GET /api/me/offers/{kind}/{id}",
            name="getOfferForMe",
            summary="Show an offer to its buyer",
            caller=Caller.BUYER,
            answer="OfferForBuyer",
        ),
        of_buyer(
            key="GET /api/rows/{rowId}",
            name="getRow",
            summary="Show a row",
            answer="Row",
            refused=(errors.NotFoundError, errors.NotPurchasableError),
        ),
    )


THIS_DOCUMENT = Route(
    key="GET /openapi.json",
    name="getOpenApi",
    summary="Get this document",
    tag="This document",
    caller=Caller.ANYBODY,
    answer="Document",
    headers=Cached,
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
