"""
Thin events: they name the object that has changed, and do not contain it.

Stripe has them for the event types that the SDK lists, under names such as
`v1.checkout.session.completed`.
"""

from datetime import UTC, datetime
from functools import cache

from stripe.events._event_classes import get_v2_event_notification_class
from stripe.v2.core._event import UnknownEventNotification

from .shapes import Json

# The URL of each kind of object. The id of the object follows.
URLS = {
    "charge": "/v1/charges",
    "checkout.session": "/v1/checkout/sessions",
    "customer": "/v1/customers",
    "dispute": "/v1/disputes",
    "payment_intent": "/v1/payment_intents",
    "payment_method": "/v1/payment_methods",
    "price": "/v1/prices",
    "product": "/v1/products",
    "radar.early_fraud_warning": "/v1/radar/early_fraud_warnings",
    "refund": "/v1/refunds",
}


def thin_type(kind: str) -> str:
    return f"v1.{kind}"


@cache
def exists(kind: str) -> bool:
    """Return whether Stripe has a thin event for an event type."""
    named = get_v2_event_notification_class(thin_type(kind))
    return named is not UnknownEventNotification


def thin(event: Json) -> Json:
    """Return the thin form of an event. Its id differs from that of the event."""
    subject = event["data"]["object"]
    cause = event["request"]
    by_call = {"type": "request", "request": cause} if cause["id"] else None
    created = datetime.fromtimestamp(event["created"], UTC)
    return {
        "id": f"evt_test_{event['id'].removeprefix('evt_')}",
        "object": "v2.core.event",
        "type": thin_type(event["type"]),
        "created": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "livemode": False,
        "context": None,
        "related_object": {
            "id": subject["id"],
            "type": subject["object"],
            "url": f"{URLS[subject['object']]}/{subject['id']}",
        },
        "reason": by_call,
    }
