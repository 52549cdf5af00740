"""
A whole shop in one process, with its outside in memory, which can be killed.

The functions are those that are deployed, called by their handlers. AWS is
`tests.in_memory_dynamodb`, a list and a dict for queue and secrets; Stripe is the
sandbox, which the real SDK calls without a server between them. Time moves only when
it is told to, and what is random comes from a seed, so that a history can be told
again word for word.

Pages are small here, so that a history of some payments has several: of Stripe's lists,
of DynamoDB's queries and of its batches.
"""

import json
import os
import random
import re
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from unittest.mock import patch

import time_machine

from checkout.clients import aws, stripe_connection, stripe_sdk
from checkout.domain.sale import sale_key
from checkout.domain.stack import stack_name
from checkout.flows import read_stream
from checkout.tables.reconcile_state import STATE
from checkout.telemetry import logger
from mocktill import Sandbox
from mocktill.sessions import expire_due
from mocktill.shown_fields import How, nullable
from tests.aws import Aws
from tests.crashes import Crash, restart
from tests.in_memory_dynamodb import dynamodb
from tests.lambda_events import Context
from tests.prove.at_stripe import AtStripe
from tests.prove.faults import Call
from tests.prove.outside import (
    LATE,
    Client,
    Process,
    Queue,
    Secrets,
    Transport,
    Trouble,
)
from tests.shop import PUBLISHED, QUOTE, STACK_ID, Answer, Shop
from tests.stripe_side import StripeInProcess

START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
STRIPE_URL = "https://stripe.test"
WEBHOOK_URL = "https://shop.test/webhook"
STRIPE_SESSION_ID = re.compile(r"cs_test_[A-Za-z0-9]+")

# After so many attempts a message goes to the dead letters; as in the template.
MOST_ATTEMPTS = 8
# Stripe's log has an event after a minute. Reconcile runs every five.
LISTED = timedelta(seconds=101)
BETWEEN_RUNS = timedelta(minutes=5)
# A session can be paid for a day. After another day at most, reconcile asks for the
# receipt of a payment that was recorded late.
PAUSE_AT_THE_END = timedelta(hours=25)
LARGEST_STRIPE_PAGE = 4
LARGEST_PAGE_BYTES = 4000
LARGEST_BATCH_BYTES = 5000
REFUSED, BROKEN = 400, 500

type Json = dict[str, Any]


# What happens to a function, but for the faults of the outside.
TROUBLES = (
    "it dies",
    "a worker is quicker",
    "reconcile is quicker",
    "another run takes over",
    LATE,
)


@dataclass(frozen=True)
class Setting:
    """
    What differs between histories from the beginning.

    *name* is a part of the ids of offers and buyers. With *options*, every offer lets
    its buyers enter a promotion code, and has a tax and shipping. *sparse* says how
    Stripe sends the fields that its types call nullable, unless it is None; *lag* for
    how many seconds it does not list an event. In the world that is told well, it sends
    them all.
    """

    name: str = "1"
    options: bool = False
    sparse: How | None = None
    lag: int = 0

    @property
    def well(self) -> "Setting":
        return Setting(self.name, self.options)


class ForSale(NamedTuple):
    """
    What is for sale: how it is asked for, and the ways in which it is withdrawn.

    *facts* are what the metadata of a session says of it. Each way is the item and its
    changes, None if it is deleted.
    """

    request: Json
    facts: dict[str, str]
    withdrawals: tuple[tuple[str, Json | None], ...] = ()
    sale_key: str | None = None
    priced: str | None = None


# A quote that was not made for a bid.
LONE_QUOTE = {
    "id": "quote#c5f1a07b9e3d4c6f8a2b1d0e7f6a5b4c",
    "quote_id": "c5f1a07b9e3d4c6f8a2b1d0e7f6a5b4c",
    "title": "A day's work, as agreed",
    "status": "open",
    "expires_at": "2032-05-06T07:08:09Z",
    "price": {"amount": 41999, "currency": "usd"},
    "creator_id": "creator_2",
    "platform_fee_bps": 250,
}


def for_sale(name: str) -> dict[str, ForSale]:
    """Return the offers in the words of a history; *name* is a part of their ids."""
    buyer, free, gone = f"user_{name}", {"price": None}, None
    auction, order, row = f"auction_{name}", f"order_{name}", "row#7"
    content, product = f"content#{PUBLISHED}", "product#hero-me-feelings"
    of_row = ((row, {"status": "closed"}), (row, gone))
    of_content = (
        (content, {"status": "draft"}),
        (content, {"deleted_at": "2031-05-06T07:08:09Z"}),
        (content, free),
        (content, gone),
    )
    return {
        "bid 42": ForSale(
            {"kind": "bid"}, {"row_id": "7"}, of_row, "row#7", priced="bid#42"
        ),
        "bid 45": ForSale(
            {"kind": "bid", "bid_id": 45}, {"row_id": "7"}, of_row, "row#7"
        ),
        "quote": ForSale(
            {"kind": "quote"},
            {"quote_id": QUOTE},
            (
                (f"quote#{QUOTE}", {"status": "withdrawn"}),
                ("bid#43", {"status": "withdrawn"}),
                (f"quote#{QUOTE}", free),
                (f"quote#{QUOTE}", gone),
            ),
            "row#7",
            priced=f"quote#{QUOTE}",
        ),
        "quote of no bid": ForSale(
            {"kind": "quote", "quote_id": LONE_QUOTE["quote_id"]},
            {"quote_id": LONE_QUOTE["quote_id"]},
            (
                (LONE_QUOTE["id"], {"status": "withdrawn"}),
                (LONE_QUOTE["id"], free),
                (LONE_QUOTE["id"], gone),
            ),
            sale_key("quote", LONE_QUOTE["quote_id"]),
            priced=LONE_QUOTE["id"],
        ),
        "auction": ForSale(
            {"kind": "auction", "buyer": buyer, "auction_id": auction},
            {"auction_id": auction},
            (
                (f"auction#{auction}", {"status": "cancelled"}),
                (f"auction#{auction}", free),
                (f"auction#{auction}", gone),
            ),
            sale_key("auction", auction),
            priced=f"auction#{auction}",
        ),
        "order": ForSale(
            {"kind": "order", "buyer": buyer, "path": {"orderId": order}},
            {"orderId": order},
            (
                (f"order#{order}", {"status": "CANCELLED"}),
                (f"order#{order}", {"items": []}),
                (f"order#{order}", gone),
            ),
            sale_key("order", order),
        ),
        "content": ForSale(
            {"kind": "content"},
            {"contentId": PUBLISHED},
            of_content,
            f"content#{PUBLISHED}#user_1",
            priced=content,
        ),
        "content for another": ForSale(
            {"kind": "content", "buyer": buyer},
            {"contentId": PUBLISHED},
            of_content,
            sale_key("content", PUBLISHED, buyer),
        ),
        "product": ForSale(
            {"kind": "product"},
            {"kind": "product"},
            (
                (product, {"status": "inactive"}),
                (product, free),
                (product, gone),
            ),
            priced=product,
        ),
    }


OPTIONS: Json = {
    "allow_promotion_codes": True,
    "automatic_tax": {"enabled": True},
    "tax_behavior": "exclusive",
    "shipping_address_collection": {"allowed_countries": ["GB"]},
    "shipping_options": [
        {
            "shipping_rate_data": {
                "type": "fixed_amount",
                "display_name": "Parcel",
                "tax_behavior": "exclusive",
                "fixed_amount": {"amount": 700, "currency": "usd"},
            }
        }
    ],
}
OFFERS = tuple(for_sale(""))
PRICED = tuple(name for name, offer in for_sale("").items() if offer.priced)
# No more than these fields tell how much was paid, when, for what and in what way; all
# others that Stripe's types call nullable may be missing.
NEEDED = {
    "checkout.session": (
        "amount_subtotal", "amount_total", "client_secret", "collected_information",
        "currency", "metadata", "payment_intent", "status", "total_details", "url",
    ),
    "refund": ("charge", "failure_reason", "metadata", "reason", "status"),
    "dispute": (),
    "charge": ("balance_transaction", "payment_intent", "receipt_url"),
    "payment_intent": ("latest_charge",),
    "balance_transaction": ("source",),
    "radar.early_fraud_warning": (),
}  # fmt: skip
# A second bid of the row that bid 42 is of: the two are one sale key.
BID_45 = {
    "id": "bid#45",
    "bid_id": "45",
    "row_id": "7",
    "title": "Hush 500 over-ear headphones",
    "offer_type": "retail",
    "price": {"amount": 15999, "currency": "usd"},
    "creator_id": "creator_2",
    "platform_fee_bps": 333,
    "organization_fee_bps": 1250,
}


class Clock(Context):
    """What Lambda tells a *process* of the time that it has left."""

    def __init__(self, process: Process) -> None:
        super().__init__()
        self._process = process

    def get_remaining_time_in_millis(self) -> int:
        return 0 if self._process.is_late else 240_000


class World(Shop):
    """
    Does what the outside does: buyers, the host, the queue, the schedule, the clock.

    What happens `at_stripe`, and the deeds from `start` on, change what is true; from
    `hear` on, only what we know of it.
    """

    def __init__(self, setting: Setting = Setting()) -> None:
        self.setting = setting
        self.offers = for_sale(setting.name)
        self._clients = {
            "dynamodb": dynamodb.DynamoDB(),
            "sqs": Queue(),
            "secretsmanager": Secrets(),
        }
        # Of the functions that run now, one inside the other, the innermost last.
        self._processes: list[Process] = []
        self._next = Process()
        self._patches = ExitStack()
        self._enter()
        sandbox = Sandbox(base_url=STRIPE_URL, webhook_urls=[WEBHOOK_URL])
        super().__init__(
            Aws.from_template(self._clients.__getitem__),
            StripeInProcess(sandbox, STRIPE_URL),
        )
        # Stripe sends nothing by itself; what nobody has taken, it knows.
        sandbox.webhooks.mode = "drop"
        sandbox.event_lag_seconds = setting.lag
        if setting.sparse:
            for kind, needed in NEEDED.items():
                hidden = [n for n in nullable(kind) if n.split(".")[0] not in needed]
                sandbox.store.fields.hide(kind, hidden, setting.sparse)
        self.at_stripe = AtStripe(self.stripe, stack_name(STACK_ID))
        self.values |= {
            "AnonymousRequestsPerMinute": "1000",
            "CheckoutsPerBuyerPerMinute": "100000",
            "ReconcileCallsPerSecond": "1000000000",
        }
        self.load_samples()
        self.put_offer(BID_45)
        self.put_offer(LONE_QUOTE)
        self._name_offers(setting.name)
        self.at_stripe.offer_codes()
        if setting.options:
            for item in self.aws.items("OffersTable"):
                self.change_offer(item["id"], options=OPTIONS)
        self.note_a_reconcile_run()
        self.queue: list[str] = self.aws.sqs.waiting
        self.withdrawn: list[dict[str, str]] = []

    def _name_offers(self, name: str) -> None:
        auction = self.aws.item("OffersTable", "auction#auction_1")
        order = self.aws.item("OffersTable", "order#order_1")
        buyer, creator = f"user_{name}", f"creator_{name}"
        for offer, of in (
            (auction, {"auction_id": f"auction_{name}", "winner_id": buyer}),
            (order, {"order_id": f"order_{name}", "owner_id": buyer}),
        ):
            kind = offer["id"].split("#")[0]
            item_id = {"id": f"{kind}#{kind}_{name}", "creator_id": creator}
            self.put_offer(offer | of | item_id)

    @property
    def handed_out(self) -> list[str]:
        """Stripe's sessions in the order in which buyers were sent to them."""
        return self.at_stripe.handed_out

    def _enter(self) -> None:
        enter = self._patches.enter_context
        self._time = enter(time_machine.travel(START, tick=False))
        randomness = random.Random(0).randbytes  # noqa: S311 - so that it can be told again
        enter(patch.object(os, "urandom", randomness))
        enter(patch.object(random, "_urandom", randomness))
        # Nobody waits for a time that does not pass by itself.
        enter(patch.object(time, "sleep", lambda _: None))
        # As for the reconcile's hours with nothing in them: two days of events at once.
        enter(patch.object(read_stream, "WINDOW", timedelta(days=2)))
        enter(patch.object(stripe_connection, "LARGEST_PAGE", LARGEST_STRIPE_PAGE))
        enter(patch.object(dynamodb, "LARGEST_PAGE_BYTES", LARGEST_PAGE_BYTES))
        enter(patch.object(dynamodb, "LARGEST_BATCH_BYTES", LARGEST_BATCH_BYTES))
        enter(patch.object(aws, "client", self._client_of_functions))
        enter(patch.object(stripe_sdk, "Transport", self._transport))
        self._patches.callback(logger.setLevel, logger.log_level)
        logger.setLevel("CRITICAL")
        restart()

    def close(self) -> None:
        self._patches.close()

    def _client_of_functions(self, service: str, _config: object = None) -> Client:
        return Client(service, self._clients[service], self._called)

    def _transport(self, *_: float) -> Transport:
        return Transport(self.stripe.sandbox, self._called)

    def _called(self, call: Call) -> Any:
        return self._processes[-1].call(call)

    def invoke(
        self, function: str, event: Json, context: Context | None = None
    ) -> Json:
        """Call a function, as a process of its own; raises Crash if it is killed."""
        process, self._next = self._next, Process()
        self._processes.append(process)
        try:
            return super().invoke(function, event, context or Clock(process))
        except Crash:
            restart()
            raise
        finally:
            self._processes.pop()

    def trouble_next(self, trouble: Trouble | None) -> None:
        """Let something happen to the next function that is called."""
        self._next = Process(trouble, self._visit)

    def _visit(self, what: str) -> None:
        match what:
            case "it dies":
                raise Crash
            case "a worker is quicker":
                batch = self.queue[:10]
                del self.queue[:10]
                self.work_on(batch)
            case "another run takes over":
                self._end_lease()
                self.reconcile()
            case "reconcile is quicker":
                self.reconcile()

    def _end_lease(self) -> None:
        """Let a run of reconcile have slept for longer than it can have expected."""
        self.aws.change(
            "PaymentSessionsTable", STATE, expires_at="2000-01-01T00:00:00.000Z"
        )

    # ----------------------------------------------------- buyers, banks and the host

    def start(self, offer: str, click: str) -> str | None:
        """Start a purchase, twice if the first request is killed."""
        request = self.offers[offer].request
        if request["kind"] == "product":
            # As a careful frontend does: a key for each click, kept for its retry.
            request = request | {"headers": {"idempotency-key": click}}
        with suppress(Crash):
            return self._started(request)
        return self._started(request)

    def _started(self, request: Json) -> str | None:
        """Return Stripe's session that the buyer was sent to, None if refused."""
        answer = self.create(**request)
        if answer.status != 200:
            return None
        [stripe_id] = set(STRIPE_SESSION_ID.findall(json.dumps(answer.body)))
        if stripe_id not in self.handed_out:
            self.handed_out.append(stripe_id)
        return str(stripe_id)

    def pay(self, stripe_id: str, method: str, code: str) -> None:
        self.at_stripe.enter(code, stripe_id)
        self.at_stripe.pay(method, stripe_id)

    def cancel(self, stripe_id: str) -> bool:
        """Cancel a payment as its buyer, again if that fails; say whether it is."""
        with suppress(Crash):
            answer = self._cancelled(stripe_id)
            if answer.status < BROKEN:
                return answer.status == 200
        return self._cancelled(stripe_id).status == 200

    def _cancelled(self, stripe_id: str) -> Answer:
        session = self.session_of(stripe_id)
        return self.call(
            "POST /payments/sessions/{paymentSessionId}/cancel",
            buyer=session["buyer_id"],
            path={"paymentSessionId": session["id"]},
        )

    def session_of(self, stripe_id: str) -> Json:
        ours = self.at_stripe.checkout(stripe_id).session["client_reference_id"]
        return self.aws.item("PaymentSessionsTable", ours)

    def refund_by_operator(self, stripe_id: str, part: str, key: str) -> bool:
        """
        Refund through our own API; say whether that was done.

        Whoever is not told, asks again for the same.
        """
        with suppress(Crash):
            answer = self._refunded_by_operator(stripe_id, part, key)
            if answer.status < BROKEN:
                return answer.status == 200
        return self._refunded_by_operator(stripe_id, part, key).status == 200

    def _refunded_by_operator(self, stripe_id: str, part: str, key: str) -> Answer:
        ours = self.at_stripe.checkout(stripe_id).session["client_reference_id"]
        amount = {"amountCents": self.at_stripe.paid_amount(stripe_id) // 3}
        return self.call(
            "POST /api/purchases/{id}/refund",
            amount if part == "some" else {},
            buyer="operator_1",
            groups="payments-admin",
            path={"id": ours.replace("ps_", "pur_")},
            headers={"idempotency-key": key},
        )

    def withdraw(self, offer: str, way: int) -> None:
        """Let the host take back an offer, in one of the ways that there are."""
        for_sale = self.offers[offer]
        ways = for_sale.withdrawals
        item, changes = ways[way % len(ways)]
        if changes is None:
            self.aws.delete("OffersTable", {"id": item})
        else:
            self.change_offer(item, **changes)
        self.withdrawn.append(for_sale.facts)

    def is_withdrawn(self, offer: str) -> bool:
        return self.offers[offer].facts in self.withdrawn

    def change_price(self, offer: str) -> None:
        """Let the host raise a price; a session keeps that of its own moment."""
        item = str(self.offers[offer].priced)
        price = self.aws.item("OffersTable", item)["price"]
        raised = price | {"amount": price["amount"] + 100}
        self.change_offer(item, price=raised)

    def pass_time(self, pause: timedelta) -> None:
        self._time.shift(pause)
        expire_due(self.stripe.sandbox)

    def is_being_paid(self, offer: str) -> bool:
        """Whether anybody has paid, or tries to."""
        facts = self.offers[offer].facts
        return any(
            self.at_stripe.is_complete(stripe_id) and self._is_of(facts, stripe_id)
            for stripe_id in self.handed_out
        )

    def _is_of(self, facts: dict[str, str], stripe_id: str) -> bool:
        return facts.items() <= self.at_stripe.facts(stripe_id).items()

    def is_in_vain(self, stripe_id: str) -> bool:
        """Whether what it pays for had been taken back before it was paid."""
        return any(self._is_of(facts, stripe_id) for facts in self.withdrawn)

    def is_sold(self, stripe_id: str) -> bool:
        return self.at_stripe.is_paid(stripe_id) and not self.is_in_vain(stripe_id)

    # -------------------------------------------------------------- what we hear of it

    def hear(self, event: Json, trouble: Trouble | None = None) -> bool:
        """Let Stripe send an event; say whether it was answered 200."""
        self.trouble_next(trouble)
        with suppress(Crash):
            return self.webhook(event).status == 200
        return False

    def work_on(self, messages: list[str], trouble: Trouble | None = None) -> None:
        """Let the worker have a batch; what fails, or was being done, comes again."""
        if not messages:
            return
        self.trouble_next(trouble)
        failed = messages
        with suppress(Crash):
            failed = self.work(*messages)
        self.queue += failed

    def work_off(self) -> None:
        """Work until the queue is empty; dead letters are what it leaves there."""
        for _ in range(MOST_ATTEMPTS):
            messages, self.queue[:] = self.queue[:], []
            for start in range(0, len(messages), 10):
                self.work_on(messages[start : start + 10])

    def reconcile(self, trouble: Trouble | None = None) -> None:
        self.trouble_next(trouble)
        # Without DynamoDB there is no lease, and no run.
        with suppress(Crash, *([Exception] if trouble else [])):
            run = self.invoke("ReconcileFunction", {})
            # It goes on whatever fails, and nothing may if nothing is wrong.
            assert trouble or run["failed"] == 0

    def look(self, stripe_id: str, trouble: Trouble | None = None) -> None:
        """Let the shopper come back to the return page, which asks what happened."""
        self.trouble_next(trouble)
        for question in ("session-status", "payment-status"):
            with suppress(Crash):
                self.call(
                    f"GET /api/checkout/{question}", query={"session_id": stripe_id}
                )

    def decide(self) -> None:
        """Let the banks decide about all that they have not decided yet."""
        for stripe_id in self.at_stripe.sessions():
            if self.at_stripe.is_processing(stripe_id):
                self.at_stripe.decide(stripe_id, pays=True)
            self.at_stripe.settle_refunds(stripe_id)

    def run_twice(self) -> None:
        """Let reconcile run twice; then we know what Stripe knew before."""
        self.work_off()
        self.pass_time(LISTED)
        for _ in range(2):
            # A run that was killed has left its lease, which ends before the next one.
            self.pass_time(BETWEEN_RUNS)
            self.reconcile()
            self.work_off()

    def come_to_rest(self, rounds: int) -> None:
        """Let time pass, and the banks decide, until there is nothing left to do."""
        for _ in range(rounds):
            self.decide()
            self.pass_time(PAUSE_AT_THE_END)
            self.reconcile()
            self.work_off()
