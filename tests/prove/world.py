"""
A whole shop in one process, with its outside in memory, which can be killed.

The functions are those that are deployed, called by their handlers. AWS is
`tests.in_memory_dynamodb`, a list and a dict for queue and secrets; Stripe is the
sandbox, which the real SDK calls without a server between them. Time moves only when
it is told to, and what is random comes from a seed, so that a history can be told
again word for word.
"""

import json
import os
import random
import re
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import time_machine

from checkout.clients import aws, stripe_sdk
from checkout.flows import fetch_events
from checkout.telemetry import logger
from mocktill import Sandbox
from mocktill.sessions import expire_due
from tests.aws import Aws
from tests.crashes import Crash, restart
from tests.in_memory_dynamodb.dynamodb import DynamoDB
from tests.lambda_events import Context
from tests.prove.at_stripe import AtStripe
from tests.prove.outside import Client, Process, Queue, Secrets, Transport
from tests.shop import PUBLISHED, Shop
from tests.stripe_side import StripeInProcess

START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
STRIPE_URL = "https://stripe.test"
WEBHOOK_URL = "https://shop.test/webhook"
STRIPE_SESSION_ID = re.compile(r"cs_test_[A-Za-z0-9]+")

# After so many attempts a message goes to the dead letters; as in the template.
MOST_ATTEMPTS = 8
# A session cannot be paid for as long as the first pause; what is found then is looked
# at again an hour later at most.
PAUSES_AT_THE_END = (timedelta(hours=24), *[timedelta(minutes=61)] * 3)

type Json = dict[str, Any]


@dataclass(frozen=True)
class Trouble:
    """What happens to a function after so many of its calls to the outside."""

    after: int
    what: str


TROUBLES = ("it dies", "a worker is quicker", "reconcile is quicker")

# What is for sale, in the words of a history, and how it is asked for.
OFFERS: dict[str, Json] = {
    "bid 42": {"kind": "bid"},
    "bid 45": {"kind": "bid", "bid_id": 45},
    "auction": {"kind": "auction"},
    "order": {"kind": "order"},
    "content": {"kind": "content"},
    "content for another": {"kind": "content", "buyer": "user_2"},
    "product": {"kind": "product"},
}
# What of it is sold only once.
CLAIMS = {
    "bid 42": "row#7",
    "bid 45": "row#7",
    "auction": "auction#auction_1",
    "order": "order#order_1",
    "content": f"content#{PUBLISHED}#user_1",
    "content for another": f"content#{PUBLISHED}#user_2",
}
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


class World(Shop):
    """
    Does what the outside does: buyers, the host, the queue, the schedule, the clock.

    What happens `at_stripe`, and the deeds from `start` on, change what is true; from
    `hear` on, only what we know of it.
    """

    def __init__(self) -> None:
        self._clients = {
            "dynamodb": DynamoDB(),
            "sqs": Queue(),
            "secretsmanager": Secrets(),
        }
        # Of the functions that run now, one inside the other, the innermost last.
        self._processes: list[Process] = []
        self._next = Process()
        self._patches = ExitStack()
        self._enter()
        super().__init__(
            Aws.from_template(self._clients.__getitem__),
            StripeInProcess(
                Sandbox(base_url=STRIPE_URL, webhook_urls=[WEBHOOK_URL]), STRIPE_URL
            ),
        )
        # Stripe sends nothing by itself; what nobody has taken, it knows.
        self.stripe.sandbox.webhooks.mode = "drop"
        self.at_stripe = AtStripe(self.stripe.sandbox)
        self.values |= {
            "AnonymousRequestsPerMinute": "1000",
            "ReconcileCallsPerSecond": "1000000000",
        }
        self.load_samples()
        self.put_offer(BID_45)
        self.note_a_reconcile_run()
        self.queue: list[str] = self.aws.sqs.waiting
        # Stripe's sessions in the order in which buyers were sent to them.
        self.handed_out: list[str] = []
        self.withdrawn: set[str] = set()
        self._clicks = 0

    def _enter(self) -> None:
        enter = self._patches.enter_context
        self._time = enter(time_machine.travel(START, tick=False))
        randomness = random.Random(0).randbytes  # noqa: S311 - so that it can be told again
        enter(patch.object(os, "urandom", randomness))
        enter(patch.object(random, "_urandom", randomness))
        # Nobody waits for a time that does not pass by itself.
        enter(patch.object(time, "sleep", lambda _: None))
        # As for the reconcile's hours with nothing in them: a day of events at once.
        enter(patch.object(fetch_events, "WINDOW", timedelta(days=1)))
        enter(patch.object(aws, "client", self._client_of_functions))
        enter(patch.object(stripe_sdk, "Transport", self._transport))
        self._patches.callback(logger.setLevel, logger.log_level)
        logger.setLevel("CRITICAL")
        restart()

    def close(self) -> None:
        self._patches.close()

    def _client_of_functions(self, service: str, _config: object = None) -> Client:
        return Client(self._clients[service], self._called)

    def _transport(self, *_: float) -> Transport:
        return Transport(self.stripe.sandbox, self._called)

    def _called(self) -> None:
        self._processes[-1].called()

    def invoke(
        self, function: str, event: Json, context: Context | None = None
    ) -> Json:
        """Call a function, as a process of its own; raises Crash if it is killed."""
        process, self._next = self._next, Process()
        self._processes.append(process)
        try:
            return super().invoke(function, event, context)
        except Crash:
            restart()
            raise
        finally:
            self._processes.pop()

    def trouble_next(self, trouble: Trouble | None) -> None:
        """Let something happen to the next function that is called."""
        self._next = Process()
        if trouble:
            happens = {
                "it dies": self._die,
                "a worker is quicker": self._work_meanwhile,
                "reconcile is quicker": self.reconcile,
            }[trouble.what]
            self._next = Process(trouble.after, happens)

    def _die(self) -> None:
        raise Crash

    def _work_meanwhile(self) -> None:
        batch = self.queue[:10]
        del self.queue[:10]
        self.work_on(batch)

    # ----------------------------------------------------- buyers, banks and the host

    def start(self, offer: str) -> str | None:
        """Start a purchase, twice if the first request is killed."""
        self._clicks += offer == "product"
        with suppress(Crash):
            return self._started(OFFERS[offer])
        return self._started(OFFERS[offer])

    def _started(self, offer: Json) -> str | None:
        """Return Stripe's session that the buyer was sent to, None if refused."""
        if offer["kind"] == "product":
            # As a careful frontend does: a key for each click, kept for its retry.
            key = f"the-click-of-number-{self._clicks}"
            offer = offer | {"headers": {"idempotency-key": key}}
        answer = self.create(**offer)
        if answer.status != 200:
            return None
        [stripe_id] = set(STRIPE_SESSION_ID.findall(json.dumps(answer.body)))
        if stripe_id not in self.handed_out:
            self.handed_out.append(stripe_id)
        return str(stripe_id)

    def refund_by_operator(self, stripe_id: str, part: str, key: str) -> bool:
        """Refund through our own API, again if killed; say whether that was done."""
        with suppress(Crash):
            return self._refunded_by_operator(stripe_id, part, key)
        return self._refunded_by_operator(stripe_id, part, key)

    def _refunded_by_operator(self, stripe_id: str, part: str, key: str) -> bool:
        ours = self.at_stripe.checkout(stripe_id).session["client_reference_id"]
        amount = {"amountCents": self.at_stripe.paid_amount(stripe_id) // 3}
        answer = self.call(
            "POST /api/purchases/{id}/refund",
            amount if part == "some" else {},
            buyer="operator_1",
            groups="payments-admin",
            path={"id": ours.replace("ps_", "pur_")},
            headers={"idempotency-key": key},
        )
        return answer.status == 200

    def withdraw(self, offer: str) -> None:
        """Let the host take back an offer, for whatever reason."""
        item, status = WITHDRAWALS[offer]
        self.change_offer(item, status=status)
        self.withdrawn.add(item)

    def pass_time(self, pause: timedelta) -> None:
        self._time.shift(pause)
        expire_due(self.stripe.sandbox)

    def is_being_paid(self, offer: str) -> bool:
        """Whether anybody has paid, or tries to."""
        sale_key, _ = WITHDRAWALS[offer]
        return any(
            self.at_stripe.checkout(stripe_id).session["status"] == "complete"
            for stripe_id in self.at_stripe.of_sale_key(sale_key)
        )

    def is_in_vain(self, stripe_id: str) -> bool:
        """Whether what it pays for had been taken back before it was paid."""
        return self.at_stripe.sale_key(stripe_id) in self.withdrawn

    def is_sold(self, stripe_id: str) -> bool:
        return self.at_stripe.is_paid(stripe_id) and not self.is_in_vain(stripe_id)

    # -------------------------------------------------------------- what we hear of it

    def hear(self, event: Json, trouble: Trouble | None = None) -> bool:
        """Let Stripe send an event; say whether it was answered 200."""
        self.trouble_next(trouble)
        with suppress(Crash):
            if self.webhook(event).status == 200:
                event["pending_webhooks"] = 0
                return True
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
        with suppress(Crash):
            # It goes on whatever fails, and nothing here may.
            assert self.invoke("ReconcileFunction", {})["failed"] == 0

    def look(self, stripe_id: str, trouble: Trouble | None = None) -> None:
        """Let the shopper come back to the return page."""
        self.trouble_next(trouble)
        with suppress(Crash):
            self.call(
                "GET /api/checkout/session-status", query={"session_id": stripe_id}
            )

    def come_to_rest(self) -> None:
        """Let the banks decide, and time pass, until there is nothing left to do."""
        self.work_off()
        for pause in PAUSES_AT_THE_END:
            for stripe_id in self.at_stripe.sessions():
                if self.at_stripe.is_processing(stripe_id):
                    self.at_stripe.decide(stripe_id, pays=True)
                self.at_stripe.settle_refunds(stripe_id)
            self.pass_time(pause)
            self.reconcile()
            self.work_off()


# The status that the host gives to an offer that it takes back.
WITHDRAWALS = {
    "bid 42": ("row#7", "closed"),
    "auction": ("auction#auction_1", "cancelled"),
    "order": ("order#order_1", "CANCELLED"),
}
