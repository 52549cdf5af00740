"""The shop: its functions and routes, called as buyers, Stripe and the queue do."""

import hashlib
import importlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local.samples import SAMPLE, sample_offers
from tests import template_file
from tests.audit import AuditLog
from tests.aws import REGION, Aws
from tests.contract import contract
from tests.lambda_events import Context, http_event, sqs_event
from tests.stripe_side import WEBHOOK_SECRET, StripeInProcess, sign

STACK_ID = f"arn:aws:cloudformation:{REGION}:123456789012:stack/checkout/0d6b1f9e"
WEBHOOK_URL = "http://webhook.example.test/"
ORIGIN = "https://shop.example.test"
PUBLISHED = "5f0c2b1e-6c1d-4b57-9f5e-2a3d8c7e9b10"
FREE = "8a4d7c3f-1b2e-4f60-a9c8-6d5e4f3a2b11"
QUOTE: str = SAMPLE["quote_id"]
UNPUBLISHED = "c3e1f5a7-9d8b-4c26-b7a4-1f0e2d3c4b12"

# What the samples give access to, once it is bought.
ACCESS = {
    "bid": "42",
    "quote": QUOTE,
    "auction": "auction_1",
    "order": "order_1",
    "content": PUBLISHED,
}


def first_key(
    kind: str, offer: str, buyer: str | None, request: str | None = None
) -> str:
    """Return the key under which Stripe is asked first, as the design describes it."""
    whole = {
        "stack": STACK_ID,
        "kind": kind,
        "offer": offer,
        "buyer": buyer,
        "request": request,
    }
    digest = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
    return f"{kind}:{offer}:{digest}"


# The samples' keys; that of an auction is what its frontend's contract asks for.
FIRST_KEYS = {
    "bid": first_key("bid", "42", "user_1"),
    "quote": first_key("quote", QUOTE, "user_1"),
    "auction": "auction_1:user_1",
    "order": first_key("order", "order_1", "user_1"),
    "content": first_key("content", PUBLISHED, "user_1"),
}


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]
    headers: dict[str, str]


class Shop:
    """
    The template's functions, with the outside that they have: `aws` and `stripe`.

    Time passes only where a test says so: events stay with Stripe until `deliver`,
    messages on the queue until `work`.
    """

    def __init__(self, aws: Aws, stripe: StripeInProcess) -> None:
        self.aws = aws
        self.stripe = stripe
        # What references of the template stand for.
        self.values = {
            **aws.tables,
            "AWS::StackId": STACK_ID,
            "AWS::StackName": "shop",
            "AWS::Region": REGION,
            "AWS::URLSuffix": "amazonaws.com",
            "LogLevel": "INFO",
            "Configuration": "1",
            "PaymentEventsQueue": aws.queue_url,
            "StripeMode": "test",
            "StripeApiBase": stripe.url,
            "StripeSecretKeyName": "stripe/secret-key",
            "StripeWebhookSecretName": "stripe/webhook-secret",
            "DomainName": "",
            "Edge": "off",
            "EdgeSecretName": "checkout/edge-secret",
            "FrontendUrl": ORIGIN,
            "AllowedOrigins": f"{ORIGIN},http://localhost:3000",
            "AllowLoopbackOrigins": "off",
            "AnonymousRequestsPerMinute": "10",
            "JwtIssuer": "",
            # No test of something else meets it: most tests stop the clock.
            "CheckoutsPerBuyerPerMinute": "1000",
            "OperatorClaim": "cognito:groups",
            "OperatorGroup": "payments-admin",
            "WriterGroup": "offers-admin",
            "WriterScope": "offers/write",
            "DisputedAccess": "suspended",
            "ReconcileCallsPerSecond": "1000",
            "WebhookEndpointCheck": "on",
            "OtherWebhookUrls": WEBHOOK_URL,
            "StripeWebhookFunctionUrl.FunctionUrl": "https://url.example.test/",
            "HttpApi": "api",
            "MetricsFormat": "cloudwatch",
            "EventBus": "payments",
            "UsdRates": "",
            "WindowReminderHours": "3",
            "SegmentWriteKeyName": "segment/write-key",
            "SegmentApiBase": "http://127.0.0.1:1",
        }
        aws.set_secret("stripe/secret-key", stripe.sandbox.secret_key)
        aws.set_secret("stripe/webhook-secret", WEBHOOK_SECRET)
        self._delivered: set[str] = set()

    # ------------------------------------------------------------ calling functions

    @contextmanager
    def environment(self, function: str) -> Iterator[Any]:
        """Run a function's own module with the variables that the template gives it."""
        properties = template_file.functions()[function]
        module = importlib.import_module(template_file.module_of(properties))
        variables = template_file.environment_of(properties, self.values)
        os.environ.update(variables)
        yield module

    def invoke(
        self, function: str, event: dict[str, Any], context: Context | None = None
    ) -> dict[str, Any]:
        """Call a function of the template by its logical id."""
        with self.environment(function) as module:
            answer: dict[str, Any] = module.lambda_handler(event, context or Context())
        if "routeKey" in event and event["routeKey"] != "$default":
            contract().check(event, answer)
        return answer

    def call(
        self,
        route: str,
        body: Any = None,
        *,
        buyer: str | None = None,
        email: str | None = None,
        groups: str | None = None,
        path: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        ip: str = "203.0.113.7",
    ) -> Answer:
        """Call a route; *body* is sent as JSON unless it is text or bytes."""
        event = http_event(route, body, path, query, headers, ip=ip)
        if buyer:
            claims = {"sub": buyer} | ({"email": email} if email else {})
            claims |= {"cognito:groups": groups} if groups else {}
            event["requestContext"]["authorizer"] = {
                "jwt": {"claims": claims, "scopes": None}
            }
        answer = self.invoke(template_file.routes()[route], event)
        return Answer(
            answer["statusCode"], json.loads(answer["body"]), answer["headers"]
        )

    # ------------------------------------------------------------ the six purchases

    def create(self, kind: str, buyer: str | None = "user_1", **changes: Any) -> Answer:
        """Start the sample purchase of a kind, as its frontend does."""
        urls = {
            "success_url": f"{ORIGIN}/done?session_id={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{ORIGIN}/cancelled",
        }
        route, path, body = {
            "bid": (
                "POST /api/checkout/create-session",
                {},
                {"bid_id": 42, "row_id": 7, **urls},
            ),
            "auction": (
                "POST /payments/checkout/create",
                {},
                {"auction_id": "auction_1"},
            ),
            "order": ("POST /orders/{orderId}/checkout", {"orderId": "order_1"}, {}),
            "product": ("POST /api/checkout/embedded-session", {}, {}),
            "quote": ("POST /api/checkout/quote", {}, {"quote_id": QUOTE, **urls}),
            "content": (
                "POST /api/checkout",
                {},
                {
                    "contentId": PUBLISHED,
                    "successUrl": urls["success_url"],
                    "cancelUrl": urls["cancel_url"],
                },
            ),
        }[kind]
        who = None if kind in ANONYMOUS else buyer
        call = {name: changes.pop(name) for name in CALL if name in changes}
        return self.call(route, body | changes, buyer=who, **{"path": path, **call})

    # ------------------------------------------------------------ Stripe's events

    def deliver(self, *events: dict[str, Any]) -> None:
        """Let Stripe send *events*, by default all unsent ones, and apply them."""
        for event in events or self.stripe.events():
            if events or event["id"] not in self._delivered:
                self._delivered.add(event["id"])
                assert self.webhook(event).status == 200
        assert not self.work()

    def webhook(
        self, event: dict[str, Any] | bytes, signature: str | None = None
    ) -> Answer:
        """Post an event to the Lambda URL, signed as Stripe does unless told how."""
        payload = event if isinstance(event, bytes) else json.dumps(event).encode()
        headers = {"stripe-signature": signature or sign(payload)}
        return self.webhook_event(
            http_event("POST /", payload, headers=headers, url=True)
        )

    def webhook_event(self, event: dict[str, Any]) -> Answer:
        answer = self.invoke("StripeWebhookFunction", event)
        return Answer(
            answer["statusCode"], json.loads(answer["body"]), answer["headers"]
        )

    def work(self, *bodies: str) -> list[str]:
        """Apply *bodies*, by default what is on the queue; return those that failed."""
        waiting = [*bodies] or [message["Body"] for message in self.aws.messages()]
        if not waiting:
            return []
        event = sqs_event(*waiting)
        answer = self.invoke("FulfillmentFunction", event)
        failed = {f["itemIdentifier"] for f in answer["batchItemFailures"]}
        return [r["body"] for r in event["Records"] if r["messageId"] in failed]

    # ------------------------------------------------------------ what is for sale

    def load_samples(self) -> None:
        from checkout import clock  # noqa: PLC0415 - frozen time is read late

        self.aws.put("OffersTable", *sample_offers(clock.now()))

    def put_offer(self, offer: dict[str, Any]) -> None:
        self.aws.put("OffersTable", offer)

    def change_offer(self, offer_id: str, **changes: Any) -> None:
        self.aws.change("OffersTable", offer_id, **changes)

    # ------------------------------------------------------------ what was written

    def sessions(self) -> list[dict[str, Any]]:
        found = [i for i in self.aws.items("PaymentSessionsTable") if "kind" in i]
        return sorted(found, key=lambda session: session["created_at"])

    def purchases(self) -> list[dict[str, Any]]:
        items = self.aws.items("PurchasesTable")
        return [item for item in items if item["id"].startswith("pur_")]

    def purchase_of(self, stripe_session_id: str) -> str:
        """Return the id of the purchase that Stripe's session has led to."""
        [found] = [
            purchase["id"]
            for purchase in self.purchases()
            if purchase["stripe_session_id"] == stripe_session_id
        ]
        return str(found)

    def refund_of(self, purchase_id: str) -> str:
        """Return Stripe's id of the purchase's one refund."""
        [refund_id] = self.aws.item("PurchasesTable", purchase_id)["refunds"]
        return str(refund_id)

    def ownerships(self) -> list[dict[str, Any]]:
        items = self.aws.items("PurchasesTable")
        # Others of that name only lead to an ownership.
        owned = (item for item in items if item["id"].startswith("owns#"))
        return [item for item in owned if "purchase_id" in item]

    @property
    def audit(self) -> AuditLog:
        return AuditLog(self.aws.items("AuditLogTable"))

    # ------------------------------------------------------------ reconcile

    def reconcile(self) -> dict[str, Any]:
        """Run reconcile as if all that is unresolved had become due."""
        for table in ("PaymentSessionsTable", "PurchasesTable"):
            for item in self.aws.items(table):
                if "due_at" in item:
                    self.aws.put(table, item | {"due_at": "2000-01-01T00:00:00.000Z"})
        return self.invoke("ReconcileFunction", {})

    # ------------------------------------------------------------ what it remembers

    def note_a_reconcile_run(self) -> None:
        """As it does every few minutes: it need not read the events of three days."""
        from checkout import clock  # noqa: PLC0415 - frozen time is read late
        from checkout.tables.reconcile_state import STATE  # noqa: PLC0415 - once the environment is set

        until = int(clock.now().timestamp())
        cursors = {stream: {"until": until} for stream in STREAMS}
        # Only tests of the endpoint have one.
        checked = {"endpoint_checked_at": "2099-01-01T00:00:00.000Z"}
        self.aws.put("PaymentSessionsTable", {"id": STATE, **cursors, **checked})

    def forget_reconcile_runs(self) -> None:
        """The next one is the first."""
        from checkout.tables.reconcile_state import STATE  # noqa: PLC0415

        self.aws.delete("PaymentSessionsTable", {"id": STATE})

    def forget_live_session(self, sale_key: str) -> None:
        """Let a sale key be paid through a second session: what must never happen."""
        gone = {"payment_session_id": "ps_gone", "attempt": 7}
        self.aws.put("PaymentSessionsTable", {"id": f"live#{sale_key}", **gone})
        self.aws.delete("PurchasesTable", {"id": f"undecided#{sale_key}"})


def has_access(shop: Shop, kind: str = "content", buyer: str = "user_1") -> bool:
    """Ask the route whether *buyer* may use the sample of a kind."""
    answer = shop.call(
        "GET /api/access/{kind}/{id}",
        buyer=buyer,
        path={"kind": kind, "id": ACCESS[kind]},
    )
    return bool(answer.body["hasAccess"])


STREAMS = ("money", "sessions", "balance_charge", "balance_payment")
ANONYMOUS = ("product", "quote")
CALL = ("headers", "ip", "email", "path")
