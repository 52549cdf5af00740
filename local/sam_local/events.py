"""The events in `tests/events`, with the ids of a payment on the running stack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stripe import WebhookSignature

from local.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

EVENTS = ROOT / "tests/events"
SIGNATURE = "stripe-signature"
# The placeholders in the events.
SAMPLES = {
    "buyer_id": "buyer_sample",
    "payment_session_id": "ps_sample",
    "stripe_session_id": "cs_test_sample",
    "payment_intent_id": "pi_sample",
    "purchase_id": "pur_sample",
    "storefront_url": "http://localhost:3000",
}


def sample_events() -> Iterator[Path]:
    """Yield the files of the events; each is in a folder named after its function."""
    return EVENTS.glob("*/*.json")


def filled(text: str, names: Mapping[str, str]) -> dict[str, Any]:
    """Replace the placeholders in *text* by *names*; return the event."""
    for placeholder, name in names.items():
        text = text.replace(SAMPLES[placeholder], name)
    event: dict[str, Any] = json.loads(text)
    return event


def signed(event: dict[str, Any], secret: str) -> dict[str, Any]:
    """Sign the body if the event is from Stripe; valid for five minutes."""
    if SIGNATURE not in event.get("headers", {}):
        return event
    signature = WebhookSignature.generate_signature_header(event["body"], secret)
    return {**event, "headers": {**event["headers"], SIGNATURE: signature}}
