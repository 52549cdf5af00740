"""Buys something on the running stack, for the events to speak of."""

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
WITHIN_SECONDS = 60
POLL_SECONDS = 0.2

type Json = dict[str, Any]


def token(stack: Mapping[str, Any], buyer: str) -> str:
    """Log *buyer* in: an access token of the local identity provider."""
    answer = call(f"{stack['issuer_url']}/token", {}, urlencode({"sub": buyer}))
    return str(answer["access_token"])


def buy(stack: Mapping[str, Any], buyer: str) -> dict[str, str]:
    """Let *buyer* pay for the sample content; return what everything is called."""
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
    """Pay at the sandbox as its payment page does; return the session as it is then."""
    stripe = f"{stack['stripe_url']}/v1"
    key = base64.b64encode(f"{stack['stripe_secret_key']}:".encode()).decode()
    us = {"Authorization": f"Basic {key}"}
    session = call(f"{stripe}/checkout/sessions/{stripe_session_id}", us)
    method = call(f"{stripe}/payment_methods", us, urlencode(CARD))
    confirmation = {
        "payment_method": method["id"],
        "expected_amount": session["amount_total"],
    }
    confirm = f"{stripe}/payment_pages/{stripe_session_id}/confirm"
    call(confirm, us, urlencode(confirmation))
    return call(f"{stripe}/checkout/sessions/{stripe_session_id}", us)


def purchase_of(stack: Mapping[str, Any], log_in: Mapping[str, str]) -> Json:
    """Wait for the stack to fulfill what was paid; return the buyer's one purchase."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < deadline:
        if found := call(f"{stack['api_url']}/api/purchases", log_in)["data"]:
            purchase: Json = found[0]
            return purchase
        time.sleep(POLL_SECONDS)
    raise StackError("The running stack does not settle payments: see its logs.")


def new_buyer() -> str:
    return f"sam-local-{uuid4().hex[:8]}"


def call(url: str, headers: Mapping[str, str], body: str | None = None) -> Json:
    """Get *url*, or post *body* to it; return the JSON that it answers."""
    data = None if body is None else body.encode()
    request = urllib.request.Request(url, data, dict(headers))  # noqa: S310 - our own
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            found: Json = json.load(answer)
    except OSError as error:
        raise StackError(f"{url} of the running stack: {error}") from error
    return found
