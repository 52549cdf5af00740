"""
What the API answers, as models. Only the document is made from them: no function loads
them, and the tests validate every answer by the document.

What depends on the kinds of offer is in `models.py`.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, create_model

from checkout.domain.payment_session import PAYMENT_WORDS
from checkout.domain.payment_session import Status as StatusOfSession
from checkout.domain.purchase_status import PurchaseStatus
from checkout.domain.revenue import SHOWN
from checkout.errors import CheckoutError, RefusedEventError
from checkout.stripe_errors import StripeError
from openapi.types import Count, Currency, Day, Described, Time, absent, one_of

StripeStatus = Literal["open", "complete", "expired"]
StatusOfPurchase = Annotated[str, one_of(PurchaseStatus)]


class SessionStatus(Described):
    status: StripeStatus


class PaymentStatus(Described):
    status: StripeStatus
    payment_status: Literal["unpaid", "processing", "paid", "failed", "refunded"]
    code: Literal["under_review", "refunding", "dismissed"] = absent()


class PaymentWindow(Described):
    opens_at: Time
    closes_at: Time
    seconds_remaining: Count


class PaymentSession(Described):
    payment_session_id: str
    status: Annotated[str, one_of(StatusOfSession)]
    payment_status: Annotated[str, one_of(sorted(PAYMENT_WORDS))]
    expires_at: Time
    seconds_remaining: Count
    payment_window: PaymentWindow = absent()


class Cancelled(Described):
    status: Literal["expired"]


class Access(Described):
    hasAccess: bool


class ClientSecret(Described):
    client_secret: str
    """For Stripe.js alone."""


class Received(Described):
    received: Literal[True]


class Event(Described):
    """An event of Stripe, as it signed it."""

    model_config = ConfigDict(extra="allow")


class Document(Described):
    """An OpenAPI document."""

    model_config = ConfigDict(extra="allow")

    openapi: str


class GatewayMessage(Described):
    """An answer of API Gateway itself."""

    message: str


def error_codes(of: type[CheckoutError]) -> set[str]:
    """Return the codes of all errors that are answered."""
    own = {of.code} if of is not RefusedEventError else set()
    return own.union(*(error_codes(each) for each in of.__subclasses__()))


class Problem(Described):
    field: str
    problem: str


class Error(Described):
    error: str
    """A sentence for people; it may change."""
    code: Annotated[
        str, one_of(sorted(error_codes(CheckoutError) | {StripeError.code}))
    ]
    request_id: str
    fields: list[Problem] = absent()
    """What is refused, field by field."""


# ---------------------------------------------------------------- sessions


class CreatedSession(Described):
    """Beside these, every kind has fields of its own."""

    payment_session_id: str
    """The id of the payment session, `ps_…`."""


class CreatedPage(CreatedSession):
    checkout_url: str
    """Stripe's page, to which the buyer goes."""


# ---------------------------------------------------------------- purchases


class Address(Described):
    line1: str = absent()
    line2: str = absent()
    postal_code: str = absent()
    city: str = absent()
    state: str = absent()
    country: str = absent()


class ShippingDetails(Described):
    name: str = absent()
    address: Address = absent()


class TaxId(Described):
    type: str = absent()
    value: str = absent()


class Consent(Described):
    terms_of_service: str = absent()
    promotions: str = absent()


class Entered(Described):
    shipping_details: ShippingDetails = absent()
    billing_address: Address = absent()
    phone: str = absent()
    tax_ids: list[TaxId] = absent()
    custom_fields: dict[str, str] = absent()
    consent: Consent = absent()


class PurchaseOfAnyKind(Described):
    """What both its buyer and its creator see of a purchase."""

    id: Annotated[str, Field(pattern="^pur_")]
    """`pur_…`"""
    kind: str
    itemId: str
    """The id of the offer."""
    title: str
    """The title of the offer at the time."""
    amountPaidCents: Count
    currency: Currency
    status: StatusOfPurchase
    paymentMethod: Literal["stripe_checkout"]
    stripeSessionId: str
    stripePaymentIntentId: str | None
    """`null` when nothing was due."""
    platformFeeCents: Count
    organizationFeeCents: Count
    creatorPayoutCents: Count
    refundedAmountCents: Count
    purchasedAt: Time
    discountCents: Count = absent()
    """What a promotion code took off the price."""
    taxCents: Count = absent()
    """The tax in the amount paid."""
    shippingCents: Count = absent()
    """The shipping in the amount paid, without tax."""
    entered: Entered = absent()
    """What the buyer entered on Stripe's page; absent without any."""
    metadata: dict[str, str] = absent()
    """What the caller of the create request sent; absent without it."""
    lostAmountCents: Count = absent()
    """What lost disputes took; absent without any."""
    refundedAt: Time = absent()
    refundReason: str = absent()


class ForBuyer(PurchaseOfAnyKind):
    receiptUrl: str = absent()
    """Stripe's receipt; absent during the first minutes."""


class ForCreator(PurchaseOfAnyKind):
    buyerId: str = absent()
    """Absent for an anonymous buyer."""
    paymentIntentStatus: str | None = absent()
    """Stripe's status of the payment intent."""
    stripeFeeCents: int = absent()
    netAmountCents: int = absent()
    settlementCurrency: Currency = absent()


class Pagination(Described):
    page: Count
    pageSize: Count
    totalCount: Count
    totalPages: Count


class Numbered(Described):
    pagination: Pagination


class Period(Described):
    creatorId: str
    first: Day = Field(alias="from")
    to: Day


class SalesPage(Period):
    nextCursor: str | None
    """`null` on the last page."""


# A refund counts on its own day: a sum may be less than zero.
OF_REVENUE: dict[str, Any] = dict.fromkeys(SHOWN, int)
Sums = create_model("Sums", __base__=Described, currency=Currency, **OF_REVENUE)
DaysSums = create_model("DaysSums", __base__=Sums, date=Day)
Revenue = create_model(
    "Revenue",
    __base__=Period,
    totals=list[Sums],  # type: ignore[valid-type]
    days=list[DaysSums],  # type: ignore[valid-type]
)

# ---------------------------------------------------------------- offers


class OrderLine(Described):
    name: str
    quantity: Count
    unit_price_cents: Count


class OrderPayment(Described):
    id: str
    provider: Literal["stripe"]
    provider_ref: str
    status: StatusOfPurchase
    created_at: Time


class Order(Described):
    id: str
    status: str
    currency: str
    """As the host application wrote it, in lower case."""
    total_cents: Count
    items: list[OrderLine]
    payments: list[OrderPayment]


class AgreedQuote(Described):
    quote_id: str
    price_cents: Count
    currency: Currency
    expires_at: Time


class RowBid(Described):
    bid_id: str
    title: str | None
    price_cents: Count | None
    currency: Currency | None
    image_url: str | None
    buy_now: bool
    clickout_url: str | None
    purchased: bool
    quote: AgreedQuote | None


class Row(Described):
    row_id: str
    title: str | None
    status: str
    purchased_bid_id: str | None
    """The bid through which the row was sold."""
    pending_bid_id: str | None
    """The bid whose payment is undecided."""
    bids: list[RowBid]


class ShownOffer(Described):
    kind: str
    id: str
    price_cents: Count | None = absent()
    currency: Currency | None = absent()


class NotBuyable(Described):
    code: str
    error: str


class BuyableOffer(ShownOffer):
    buyable: bool
    reason: NotBuyable = absent()
    """What create would answer; absent if it is buyable."""
    payment_window: PaymentWindow = absent()


class Page(Described):
    next_cursor: str | None
    """`null` on the last page."""


class Expired(Described):
    expired_sessions: Count
    """How many were expired at Stripe."""
    open_sessions: bool
    """Whether others are open: repeat the request."""


class WithdrawnOffer(Expired):
    """What the host application wrote itself may have other fields, of other types."""

    model_config = ConfigDict(extra="allow")

    kind: str
    id: str
    status: str
    version: Count
    updated_at: Time


# Those that are the same for all kinds, and are no part of another.
ALL = (
    Access,
    Cancelled,
    ClientSecret,
    Document,
    Error,
    Event,
    GatewayMessage,
    Order,
    PaymentSession,
    PaymentStatus,
    Received,
    Revenue,
    Row,
    SessionStatus,
    WithdrawnOffer,
)
