"""What the API answers, written by hand: the tests validate every answer by it."""

from checkout.api.offer_body import SHOWN as SHOWN_OF_OFFER
from checkout.domain.entered import ADDRESS as ADDRESS_PARTS
from checkout.domain.entered import CONSENT as CONSENT_PARTS
from checkout.domain.payment_session import PAYMENT_WORDS, Status
from checkout.domain.purchase_status import PurchaseStatus
from checkout.domain.revenue import SHOWN
from checkout.kinds import kind_named
from openapi.models import (
    WITHDRAWN,
    all_kinds,
    item_types,
    stored,
    typed_fields,
    written,
)
from openapi.schema import (
    COUNT,
    CURRENCY,
    DAY,
    FLAG,
    TEXT,
    TIME,
    WHOLE,
    Schema,
    component,
    fields,
    list_of,
    one_of,
    or_null,
    text,
)


def amount_of(description: str) -> Schema:
    return {**COUNT, "description": description}


STRIPE_STATUSES = ("open", "complete", "expired")

# Beside them, every kind has fields of its own.
CREATED = {
    "payment_session_id": text("The id of the payment session, `ps_…`."),
    "checkout_url": text("Stripe's page, to which the buyer goes."),
}

PAYMENT_WINDOW = fields(
    {"opens_at": TIME, "closes_at": TIME, "seconds_remaining": COUNT}
)

PURCHASE_REQUIRED = {
    "id": text("`pur_…`", pattern="^pur_"),
    "kind": TEXT,
    "itemId": text("The id of the offer."),
    "title": text("The title of the offer at the time."),
    "amountPaidCents": COUNT,
    "currency": CURRENCY,
    "status": one_of(PurchaseStatus),
    "paymentMethod": {"const": "stripe_checkout"},
    "stripeSessionId": TEXT,
    "stripePaymentIntentId": or_null(text("`null` when nothing was due.")),
    "platformFeeCents": COUNT,
    "organizationFeeCents": COUNT,
    "creatorPayoutCents": COUNT,
    "refundedAmountCents": COUNT,
    "purchasedAt": TIME,
}
ADDRESS = fields({}, dict.fromkeys(ADDRESS_PARTS, TEXT))
ENTERED = {
    **fields(
        {},
        {
            "shipping_details": fields({}, {"name": TEXT, "address": ADDRESS}),
            "billing_address": ADDRESS,
            "phone": TEXT,
            "tax_ids": list_of(fields({}, {"type": TEXT, "value": TEXT})),
            "custom_fields": {"type": "object", "additionalProperties": TEXT},
            "consent": fields({}, dict.fromkeys(CONSENT_PARTS, TEXT)),
        },
    ),
    "description": "What the buyer entered on Stripe's page; absent without any.",
}
PURCHASE_OPTIONAL = {
    "discountCents": amount_of("What a promotion code took off the price."),
    "taxCents": amount_of("The tax in the amount paid."),
    "shippingCents": amount_of("The shipping in the amount paid, without tax."),
    "entered": ENTERED,
    "metadata": {
        "type": "object",
        "additionalProperties": TEXT,
        "description": "What the caller of the create request sent; absent without it.",
    },
    "lostAmountCents": {
        **COUNT,
        "description": "What lost disputes took; absent without any.",
    },
    "refundedAt": TIME,
    "refundReason": TEXT,
}
RECEIPT_URL = {"receiptUrl": text("Stripe's receipt; absent during the first minutes.")}
OF_CREATORS = {
    "buyerId": text("Absent for an anonymous buyer."),
    "paymentIntentStatus": or_null(text("Stripe's status of the payment intent.")),
    "stripeFeeCents": WHOLE,
    "netAmountCents": WHOLE,
    "settlementCurrency": CURRENCY,
}

ORDER = fields(
    {
        "id": TEXT,
        "status": TEXT,
        "currency": text("As the host application wrote it, in lower case."),
        "total_cents": COUNT,
        "items": list_of(
            fields({"name": TEXT, "quantity": COUNT, "unit_price_cents": COUNT})
        ),
        "payments": list_of(
            fields(
                {
                    "id": TEXT,
                    "provider": {"const": "stripe"},
                    "provider_ref": TEXT,
                    "status": one_of(PurchaseStatus),
                    "created_at": TIME,
                }
            )
        ),
    }
)

PRICE = {"price_cents": or_null(COUNT), "currency": or_null(CURRENCY)}

QUOTE = or_null(
    fields(
        {
            "quote_id": TEXT,
            "price_cents": COUNT,
            "currency": CURRENCY,
            "expires_at": TIME,
        }
    )
)

ROW = fields(
    {
        "row_id": TEXT,
        "title": or_null(TEXT),
        "status": TEXT,
        "purchased_bid_id": or_null(text("The bid through which the row was sold.")),
        "pending_bid_id": or_null(text("The bid whose payment is undecided.")),
        "bids": list_of(
            fields(
                {
                    "bid_id": TEXT,
                    "title": or_null(TEXT),
                    "price_cents": or_null(COUNT),
                    "currency": or_null(CURRENCY),
                    "image_url": or_null(TEXT),
                    "buy_now": FLAG,
                    "clickout_url": or_null(TEXT),
                    "purchased": FLAG,
                    "quote": QUOTE,
                }
            )
        ),
    }
)

SUMS = {
    "currency": CURRENCY,
    **dict.fromkeys(SHOWN, WHOLE),  # a refund counts on its own day: it may be less
}
PERIOD = {"creatorId": TEXT, "from": DAY, "to": DAY}

# By name, in the document's components.
ANSWERS: dict[str, Schema] = {
    "SessionStatus": fields({"status": one_of(STRIPE_STATUSES)}),
    "PaymentStatus": fields(
        {
            "status": one_of(STRIPE_STATUSES),
            "payment_status": one_of(
                ("unpaid", "processing", "paid", "failed", "refunded")
            ),
        },
        {"code": one_of(("under_review", "refunding", "dismissed"))},
    ),
    "PaymentWindow": PAYMENT_WINDOW,
    "PaymentSession": fields(
        {
            "payment_session_id": TEXT,
            "status": one_of(Status),
            "payment_status": one_of(sorted(PAYMENT_WORDS)),
            "expires_at": TIME,
            "seconds_remaining": COUNT,
        },
        {"payment_window": component("PaymentWindow")},
    ),
    "Cancelled": fields({"status": {"const": "expired"}}),
    "Purchases": fields(
        {
            "data": list_of(component("Purchase")),
            "pagination": fields(
                {
                    "page": COUNT,
                    "pageSize": COUNT,
                    "totalCount": COUNT,
                    "totalPages": COUNT,
                }
            ),
        }
    ),
    "Access": fields({"hasAccess": FLAG}),
    "Revenue": fields(
        {
            **PERIOD,
            "totals": list_of(fields(SUMS)),
            "days": list_of(fields({"date": DAY, **SUMS})),
        }
    ),
    "Sales": fields(
        {
            **PERIOD,
            "data": list_of(component("Sale")),
            "nextCursor": or_null(text("`null` on the last page.")),
        }
    ),
    "Order": ORDER,
    "Row": ROW,
    "WithdrawnOffer": WITHDRAWN,
    "ClientSecret": fields({"client_secret": text("For Stripe.js alone.")}),
    "Received": fields({"received": {"const": True}}),
}


def purchases() -> dict[str, Schema]:
    """Return the schemas of a purchase, with the fields of all kinds."""
    of_kinds: dict[str, Schema] = {}
    for _, kind in all_kinds():
        own = typed_fields(kind, "PurchaseFields") or fields({})
        of_kinds |= own["properties"]
    optional = {**of_kinds, **PURCHASE_OPTIONAL}
    return {
        "Purchase": fields(PURCHASE_REQUIRED, optional | RECEIPT_URL),
        "Sale": fields(PURCHASE_REQUIRED, optional | OF_CREATORS),
    }


def shown_offers() -> dict[str, Schema]:
    """Return the schemas of an offer as anybody sees it, and as its buyer does."""
    names = {
        *SHOWN_OF_OFFER,
        *(name for item in item_types() for name in item.model.PUBLIC),
    }
    texts = dict.fromkeys(sorted(names - {"price"}), or_null(TEXT))
    key = {"kind": TEXT, "id": TEXT}
    of_buyer = {
        "reason": {
            **fields({"code": TEXT, "error": TEXT}),
            "description": "What create would answer; absent if it is buyable.",
        },
        "payment_window": component("PaymentWindow"),
    }
    return {
        "OfferForAnybody": fields(key, texts | PRICE),
        "OfferForBuyer": fields({**key, "buyable": FLAG}, texts | PRICE | of_buyer),
    }


def created(kind_name: str) -> Schema:
    """Return the schema of the answer to a create request of a kind."""
    own = typed_fields(kind_named(kind_name), "CreateFields") or fields({})
    required = {name: own["properties"][name] for name in own["required"]}
    common = dict(CREATED)
    if "client_secret" in required:
        common.pop("checkout_url")  # an embedded page has no address
    return fields({**common, **required})


def stored_offers() -> dict[str, Schema]:
    """Return the schemas of offers as their writers see them, and of pages of them."""
    found: dict[str, Schema] = {}
    for item in item_types():
        page = fields(
            {
                "data": list_of(component(f"Stored{item.title}")),
                "next_cursor": or_null(text("`null` on the last page.")),
            }
        )
        found |= {
            f"Stored{item.title}": stored(item),
            f"Written{item.title}": written(item),
            f"{item.title}Page": page,
        }
    return found
