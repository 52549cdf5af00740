"""Stripe's side: what buyers, banks and Stripe do there, with no word to the shop."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import requests
from stripe import WebhookSignature

from mocktill import Sandbox, in_process
from mocktill.destinations import Destination
from mocktill.sessions import expire_due

WEBHOOK_SECRET = "whsec_for_tests"

CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"

type Json = dict[str, Any]
# Sends a request with these method, path, query and form; returns Stripe's answer.
type Ask = Callable[[str, str, Json, Json], Any]


class StripeSide:
    """
    Stripe's API as anybody may call it, and what the sandbox adds to it.

    *ask* calls the API, *url* is where the sandbox can be reached.
    """

    def __init__(self, ask: Ask, url: str) -> None:
        self._ask = ask
        self.url = url

    # ------------------------------------------------------------ the API

    def get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", path, query, {})

    def post(self, path: str, **form: Any) -> Any:
        return self._ask("POST", path, {}, form)

    def delete(self, path: str) -> Any:
        return self._ask("DELETE", path, {}, {})

    def sessions(self) -> list[Json]:
        """Return the Checkout Sessions, newest first."""
        data: list[Json] = self.get("/v1/checkout/sessions", limit=100)["data"]
        return data

    def events(self, *types: str) -> list[Json]:
        """Return the last hundred events, oldest first; all, or those of some types."""
        of_one_type = {"type": types[0]} if len(types) == 1 else {}
        found = self.get("/v1/events", limit=100, **of_one_type)["data"][::-1]
        return [event for event in found if not types or event["type"] in types]

    def events_of(self, thing_id: str, *types: str) -> list[Json]:
        """Return the events about one thing, a Checkout Session for instance."""
        events = self.events(*types)
        return [event for event in events if event["data"]["object"]["id"] == thing_id]

    # ------------------------------------------------------------ buyers and banks

    def pay(self, stripe_session_id: str, card: str = CARD) -> Any:
        """Pay, or be declined, the way Stripe's own command line does."""
        expiry = {"card[exp_month]": "12", "card[exp_year]": "2034"}
        number = {"card[number]": card, "card[cvc]": "123"}
        method = self.post("/v1/payment_methods", type="card", **number, **expiry)
        return self._confirm(stripe_session_id, method["id"])

    def enter(self, stripe_session_id: str, **entered: Any) -> Any:
        """Fill in the page; the fields have the names of mocktill's README."""
        path = f"/v1/payment_pages/{stripe_session_id}"
        return self.post(path, **dict(_form(entered)))

    def recover(self, stripe_session_id: str) -> None:
        """Open the address by which an expired session is recovered."""
        self.control("checkout_sessions", stripe_session_id, "recover")

    def pay_by_bank(self, stripe_session_id: str, debit: str = "sepa_debit") -> Any:
        """Pay with a method whose money arrives days later, or does not."""
        method = self.post("/v1/payment_methods", type=debit)
        return self._confirm(stripe_session_id, method["id"])

    def _confirm(self, stripe_session_id: str, method: str) -> Any:
        total = self.get(f"/v1/checkout/sessions/{stripe_session_id}")
        return self.post(
            f"/v1/payment_pages/{stripe_session_id}/confirm",
            payment_method=method,
            expected_amount=total["amount_total"],
        )

    def bank_decides(self, payment_intent: str, *, pays: bool) -> None:
        self.control("payment_intents", payment_intent, "settle" if pays else "fail")

    # ------------------------------------------------------------ the sandbox's own

    def control(self, *path: str, **body: Any) -> Any:
        """Let happen at Stripe what only its other parties can do, or what is bad."""
        url = "/".join((self.url, "sandbox", *path))
        answer = requests.post(url, json=body, timeout=120)
        answer.raise_for_status()
        return answer.json() if answer.content else None


class StripeInProcess(StripeSide):
    """A *sandbox* of this process: asked without its server, and open to changes."""

    def __init__(self, sandbox: Sandbox, url: str) -> None:
        super().__init__(self._answer, url)
        self.sandbox = sandbox

    def _answer(self, method: str, path: str, query: Json, form: Json) -> Any:
        """Ask without a server, whose ways with us are tested elsewhere."""
        url = f"{path}?{urlencode(query, doseq=True)}"
        headers = {"authorization": f"Bearer {self.sandbox.secret_key}"}
        body = urlencode(form, doseq=True)
        answer = in_process.answer(self.sandbox, method, url, headers, body)
        return json.loads(bytes(answer.body))

    def expire_due(self) -> None:
        """Let Stripe expire what is over, as it does all the time."""
        expire_due(self.sandbox)

    def forget_events(self) -> None:
        """Let Stripe have made no event so far: rarely, it cannot make one."""
        store = self.sandbox.store
        for event in list(store.all("event")):
            store.remove("event", event["id"])

    def stop_webhook(self) -> None:
        """From now on Stripe's events reach nobody, and Stripe knows it."""
        url = "http://webhook.example.test/"
        self.sandbox.webhooks.configured = [Destination(url, WEBHOOK_SECRET)]
        self.sandbox.webhooks.mode = "drop"


def sign(
    payload: bytes, secret: str = WEBHOOK_SECRET, timestamp: int | None = None
) -> str:
    """Sign as Stripe does, with the SDK's own arithmetic."""
    moment = int(time.time()) if timestamp is None else timestamp
    signed = b"%d.%s" % (moment, payload)
    digest = WebhookSignature._compute_signature  # noqa: SLF001
    try:
        return f"t={moment},v1={digest(signed.decode(), secret)}"
    except UnicodeDecodeError:  # the SDK cannot sign these bytes
        mac = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return f"t={moment},v1={mac}"


def _form(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield nested fields under the names that a form has for them: a[b][0][c]."""
    match value:
        case dict():
            members = [(f"{name}[{n}]" if name else n, v) for n, v in value.items()]
        case list():
            members = [(f"{name}[{n}]", v) for n, v in enumerate(value)]
        case _:
            yield name, value
            return
    for inner, member in members:
        yield from _form(member, inner)
