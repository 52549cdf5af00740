"""Buys the sample content on the running stack, to use its ids in the events."""

from __future__ import annotations

import base64
import json
import time
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

from local.settings import StackError

if TYPE_CHECKING:
    from collections.abc import Mapping

CARD = {
    "type": "card",
    "card[number]": "4242424242424242",
    "card[exp_month]": "12",
    "card[exp_year]": "2034",
    "card[cvc]": "123",
}
TIMEOUT_SECONDS = 60
POLL_SECONDS = 0.2

type Json = dict[str, Any]


def token(stack: Mapping[str, Any], buyer: str) -> str:
    """Return an access token for *buyer* from the local identity provider."""
    answer = call(f"{stack['issuer_url']}/token", {}, urlencode({"sub": buyer}))
    return str(answer["access_token"])


def buy(stack: Mapping[str, Any], buyer: str) -> dict[str, str]:
    """Buy the sample content as *buyer*; return the ids, by placeholder."""
    home = stack["storefront_url"]
    wanted = {
        "contentId": stack["sample"]["contents"]["published"],
        "successUrl": f"{home}/done",
        "cancelUrl": f"{home}/",
    }
    log_in = {"Authorization": f"Bearer {token(stack, buyer)}"}
    started = call(f"{stack['api_url']}/api/checkout", log_in, json.dumps(wanted))
    session = pay(stack, started["sessionId"])
    return {
        "buyer_id": buyer,
        "payment_session_id": session["metadata"]["payment_session_id"],
        "stripe_session_id": session["id"],
        "payment_intent_id": session["payment_intent"],
        "purchase_id": purchase_of(stack, log_in)["id"],
    }


def pay(stack: Mapping[str, Any], stripe_session_id: str) -> Json:
    """Pay as the sandbox's payment page does; return the paid Checkout Session."""
    stripe = f"{stack['stripe_url']}/v1"
    key = base64.b64encode(f"{stack['stripe_secret_key']}:".encode()).decode()
    with_key = {"Authorization": f"Basic {key}"}
    session = call(f"{stripe}/checkout/sessions/{stripe_session_id}", with_key)
    method = call(f"{stripe}/payment_methods", with_key, urlencode(CARD))
    confirmation = {
        "payment_method": method["id"],
        "expected_amount": session["amount_total"],
    }
    confirm = f"{stripe}/payment_pages/{stripe_session_id}/confirm"
    call(confirm, with_key, urlencode(confirmation))
    return call(f"{stripe}/checkout/sessions/{stripe_session_id}", with_key)


def purchase_of(stack: Mapping[str, Any], log_in: Mapping[str, str]) -> Json:
    """Wait until the payment is fulfilled; return the buyer's purchase."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if found := call(f"{stack['api_url']}/api/purchases", log_in)["data"]:
            purchase: Json = found[0]
            return purchase
        time.sleep(POLL_SECONDS)
    raise StackError("The running stack does not fulfill payments: read its logs.")


def new_buyer() -> str:
    return f"sam-local-{uuid4().hex[:8]}"


def call(url: str, headers: Mapping[str, str], body: str | None = None) -> Json:
    """Get *url*, or post *body* to it; return the JSON response."""
    data = None if body is None else body.encode()
    request = urllib.request.Request(url, data, dict(headers))  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            found: Json = json.load(answer)
    except OSError as error:
        raise StackError(f"The running stack, {url}: {error}") from error
    return found
