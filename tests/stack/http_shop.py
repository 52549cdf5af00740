"""The deployed shop, driven over HTTP as frontends and Stripe drive it."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import requests

from checkout import clock
from local.sam import ALIAS
from tests.aws import Aws
from tests.shop import ANONYMOUS
from tests.stripe_side import StripeSide, sign

WITHIN_SECONDS = int(os.environ.get("WITHIN_SECONDS", "60"))
# Twenty cold starts at once on two cores take their time.
TIMEOUT = 120


def eventually[T](look: Callable[[], T]) -> T:
    """Return what *look* sees once it is true; work on the queue takes a moment."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not (seen := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
    return seen


@dataclass(frozen=True)
class Offer:
    """One thing for sale, and how its frontend asks for it."""

    kind: str
    id: str
    route: str
    body: dict[str, Any]
    stored: str
    sold_status: str | None


GROUPS = {"operator": "payments-admin", "writer": "offers-admin"}


class HttpShop:
    """What `tests.shop.Shop` is for the functions, with HTTP in between."""

    def __init__(self, stack: Any) -> None:
        self.stack = stack
        self.aws = Aws(stack.aws, stack.outputs, stack.outputs["PaymentEventsQueueUrl"])
        self.stripe = StripeSide(self._ask_stripe, stack.stripe_url)
        self._tokens: dict[str, str] = {}

    # ------------------------------------------------------------ what is for sale

    def put(self, item_type: str, item_id: str, **facts: Any) -> str:
        stored = f"{item_type}#{item_id}"
        item = {"id": stored, f"{item_type}_id": item_id, **facts}
        self.aws.put("OffersTable", item)
        return stored

    def offer(self, kind: str, buyer: str) -> Offer:
        """Put a new offer of *kind*, with an id of its own, on sale to *buyer*."""
        offer_id = uuid4().hex[:12]
        urls = self.urls()
        price = {"amount": 2500, "currency": "usd"}
        if kind == "bid":
            row_id = f"row-{offer_id}"
            row = self.put("row", row_id, owner_id=buyer, status="open", title="A row")
            self.put(
                "bid",
                offer_id,
                row_id=row_id,
                title="A tile",
                offer_type="retail",
                price=price,
            )
            body = {"bid_id": offer_id, "row_id": row_id, **urls}
            route = "/api/checkout/create-session"
            return Offer(kind, offer_id, route, body, row, "purchased")
        if kind == "quote":
            quote_id = uuid4().hex
            row_id = f"row-{quote_id}"
            self.put("row", row_id, owner_id=buyer, status="open", title="A row")
            bid = {"row_id": row_id, "title": "A repair"}
            self.put("bid", offer_id, offer_type="service_provider", **bid)
            quote = self.put(
                "quote",
                quote_id,
                row_id=row_id,
                bid_id=offer_id,
                title="A repair, as agreed",
                status="open",
                price=price,
                expires_at=clock.iso(clock.now() + timedelta(days=1)),
            )
            body = {"quote_id": quote_id, **urls}
            return Offer(kind, quote_id, "/api/checkout/quote", body, quote, "paid")
        if kind == "auction":
            stored = self.put(
                "auction",
                offer_id,
                winner_id=buyer,
                status="accepted",
                accepted_at=clock.iso(clock.now()),
                title="An auction",
                price=price,
            )
            route = "/payments/checkout/create"
            return Offer(
                kind, offer_id, route, {"auction_id": offer_id}, stored, "paid"
            )
        if kind == "order":
            items = [{"name": "A seat", "quantity": 2, "unit_price_cents": 1250}]
            stored = self.put(
                "order",
                offer_id,
                owner_id=buyer,
                status="CREATED",
                currency="usd",
                items=items,
            )
            route = f"/orders/{offer_id}/checkout"
            return Offer(kind, offer_id, route, {}, stored, "PAID")
        if kind == "product":
            stored = self.put(
                "product", offer_id, title="A thing", status="active", price=price
            )
            route = "/api/checkout/embedded-session"
            return Offer(kind, offer_id, route, {"product_id": offer_id}, stored, None)
        content_id = str(uuid4())
        stored = self.put(
            "content",
            content_id,
            creator_id="creator_1",
            status="published",
            title="A film",
            slug="a-film",
            price=price,
        )
        body = {
            "contentId": content_id,
            "successUrl": urls["success_url"],
            "cancelUrl": urls["cancel_url"],
        }
        return Offer(kind, content_id, "/api/checkout", body, stored, None)

    def urls(self) -> dict[str, str]:
        home = self.stack.storefront_url
        return {
            "success_url": f"{home}/done?session_id={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{home}/",
        }

    # ------------------------------------------------------------ the buyer

    def call(
        self, method: str, path: str, buyer: str | None = None, **kwargs: Any
    ) -> requests.Response:
        """Call a route; `operator` and `writer` carry their groups."""
        headers = kwargs.pop("headers", {})
        if buyer:
            if buyer not in self._tokens:
                group = GROUPS.get(buyer)
                facts = {"groups": [group]} if group else {}
                email = f"{buyer}@example.test"
                self._tokens[buyer] = self.stack.token(buyer, email=email, **facts)
            headers = {"Authorization": f"Bearer {self._tokens[buyer]}", **headers}
        return requests.request(
            method,
            f"{self.stack.api_url}{path}",
            headers=headers,
            timeout=TIMEOUT,
            **kwargs,
        )

    def get(self, path: str, buyer: str | None = None) -> Any:
        return self.call("GET", path, buyer).json()

    def create(self, offer: Offer, buyer: str, **kwargs: Any) -> requests.Response:
        who = None if offer.kind in ANONYMOUS else buyer
        return self.call("POST", offer.route, who, json=offer.body, **kwargs)

    # ------------------------------------------------------------ Stripe

    def _ask_stripe(self, method: str, path: str, query: Any, form: Any) -> Any:
        answer = requests.request(
            method,
            f"{self.stack.stripe_url}{path}",
            auth=(self.stack.stripe_secret_key, ""),
            params=query,
            data=form,
            timeout=TIMEOUT,
        )
        answer.raise_for_status()
        return answer.json()

    def stripe_sessions_of(self, offer: Offer) -> list[dict[str, Any]]:
        """Return the sessions that Stripe has for an offer."""
        kept = self.sessions_of(offer)
        ours = {session["id"] for session in kept}
        listed = self.stripe.sessions()
        return [s for s in listed if s["client_reference_id"] in ours]

    @contextmanager
    def webhook_dead(self) -> Iterator[None]:
        """Lose every event that Stripe would send meanwhile."""
        self.stripe.control("webhooks", mode="drop")
        try:
            yield
        finally:
            self.stripe.control("webhooks", mode="deliver")

    def send(self, payload: bytes, url: str | None = None) -> requests.Response:
        """Post an event as Stripe does, signed with the stack's own secret."""
        signature = sign(payload, self.stack.stripe_webhook_secret)
        return requests.post(
            url or self.stack.webhook_url,
            data=payload,
            headers={
                "Stripe-Signature": signature,
                "Content-Type": "application/json",
            },
            timeout=TIMEOUT,
        )

    # ------------------------------------------------------------ what was written

    def sessions_of(self, offer: Offer) -> list[dict[str, Any]]:
        return [
            item
            for item in self.aws.items("PaymentSessionsTable")
            if item.get("offer_id") == offer.id and "kind" in item
        ]

    def purchases_of(self, offer: Offer) -> list[dict[str, Any]]:
        return [
            item
            for item in self.aws.items("PurchasesTable")
            if item.get("offer_id") == offer.id and item["id"].startswith("pur_")
        ]

    def make_due(self, payment_session_id: str, *, is_over: bool = False) -> None:
        """Let reconcile look at a session now, and its time be over if asked."""
        now = clock.iso(clock.now())
        over = {"expires_at": now} if is_over else {}
        self.aws.change("PaymentSessionsTable", payment_session_id, due_at=now, **over)

    def forget_stripes_answer(self, payment_session_id: str) -> None:
        """Leave a session as a crash right after Stripe's answer leaves it."""
        state = {"status": "prepared", "rank": 0}
        answer = {"stripe_session_id": None, "url": None}
        self.aws.change("PaymentSessionsTable", payment_session_id, **state, **answer)

    def reconcile(self) -> dict[str, Any]:
        """Run reconcile, as its schedule does; the schedule's own run comes first."""
        return eventually(self._reconciled)

    def _reconciled(self) -> dict[str, Any] | None:
        """Return what a run did, None if another one was in progress."""
        client = self.stack.aws("lambda")
        [name] = [
            function["FunctionName"]
            for function in client.list_functions()["Functions"]
            if "ReconcileFunction" in function["FunctionName"]
        ]
        answer = client.invoke(FunctionName=name, Qualifier=ALIAS, Payload=b"{}")
        assert "FunctionError" not in answer
        result: dict[str, Any] = json.loads(answer["Payload"].read())
        # What it may not read, it queues as it is, and counts.
        assert result["is_second"] or not result["failed"]
        return None if result["is_second"] else result

    def purchase(self, purchase_id: str) -> dict[str, Any]:
        return self.aws.item("PurchasesTable", purchase_id)

    @contextmanager
    def nobody_owning(self, sale_key: str) -> Iterator[None]:
        """Let a sale key be paid for again: what its ownership forbids."""
        ownership = self.aws.item("PurchasesTable", f"owns#{sale_key}")
        self.aws.delete("PurchasesTable", ownership)
        try:
            yield
        finally:
            self.aws.put("PurchasesTable", ownership)

    @contextmanager
    def stripe_clock_behind(self, seconds: int) -> Iterator[None]:
        """Let what happens at Stripe meanwhile have happened some time ago."""
        self.stripe.control("clock", advance_seconds=-seconds)
        try:
            yield
        finally:
            self.stripe.control("clock", advance_seconds=seconds)

    def rewind_reconcile(self, seconds: int) -> None:
        """Let reconcile read again what happened in the last *seconds*."""
        until = int(time.time()) - seconds
        streams = ("money", "sessions", "balance_charge", "balance_payment")
        cursors = {stream: {"until": until} for stream in streams}
        self.aws.put("PaymentSessionsTable", {"id": "reconcile#state", **cursors})

    def make_purchase_due(self, purchase: dict[str, Any]) -> None:
        """Let the time have come at which reconcile checks the purchase."""
        long_ago = "2000-01-01T00:00:00.000Z"
        self.aws.change("PurchasesTable", purchase["id"], due_at=long_ago)

    def set_offer_status(self, offer: Offer, status: str) -> None:
        """Change an offer as the host application does."""
        self.aws.change("OffersTable", offer.stored, status=status)

    def offer_status(self, offer: Offer) -> str:
        return str(self.aws.item("OffersTable", offer.stored)["status"])


def buy(shop: HttpShop, buyer: str) -> tuple[Offer, str]:
    """Start an order and pay it; return it and the payment session's id."""
    offer = shop.offer("order", buyer)
    assert shop.create(offer, buyer).status_code == 200
    [session] = shop.sessions_of(offer)
    shop.stripe.pay(session["stripe_session_id"])
    return offer, session["id"]
