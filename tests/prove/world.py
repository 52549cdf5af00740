"""
A whole shop in one process, with its outside in memory, which can be killed.

The functions are those that are deployed, called by their handlers. AWS is
`tests.prove.dynamodb`, a list for the queue and a dict for the secrets; Stripe is the
sandbox, which the real SDK calls without a server between them. Time moves only when
it is told to, and what is random comes from a seed, so that a history can be told
again word for word.
"""

import json
import os
import random
import re
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import time_machine

from checkout import aws, payment_events, stripe_transport
from checkout.telemetry import logger
from local.stripe_sandbox import StripeSandbox, payment_methods, payments
from local.stripe_sandbox.errors import ApiError
from local.stripe_sandbox.sessions import Checkout, expire_due
from tests.crashes import Crash, restart
from tests.prove.dynamodb import DynamoDB
from tests.prove.outside import Client, Process, Queue, Secrets, Transport
from tests.shop import CARD, DECLINED_CARD, Context, Shop

START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
STRIPE_URL = "https://stripe.test"
STRIPE_SESSION_ID = re.compile(r"cs_test_[A-Za-z0-9]+")

# After so many attempts a message goes to the dead letters; as in the template.
MOST_ATTEMPTS = 8
# Longer than a session can be paid, in looks that are further apart than the sweep's.
LOOKS, PAUSE = 6, timedelta(hours=6)

type Json = dict[str, Any]

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
# A second bid of the row that bid 42 is of: the two are one claim.
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
METHODS: dict[str, Json] = {
    "card": {"type": "card", "card": {"number": CARD}},
    "declined card": {"type": "card", "card": {"number": DECLINED_CARD}},
    "bank debit": {"type": "us_bank_account"},
}


class World(Shop):
    """
    Does what the outside does: buyers, banks, the host, Stripe, the queue, the clock.

    `create` and the actions after it change what is true. `deliver`, `work`, `sweep`
    and `look` only change what we know of it.
    """

    def __init__(self) -> None:
        self._clients = {
            "dynamodb": DynamoDB(),
            "sqs": Queue(),
            "secretsmanager": Secrets(),
        }
        self._process = Process()
        self._patches = ExitStack()
        self._enter()
        super().__init__(
            StripeSandbox(base_url=STRIPE_URL), STRIPE_URL, self._clients.__getitem__
        )
        self.values["AnonymousRequestsPerMinute"] = "1000"
        self.load_samples()
        self.put_offer(BID_45)
        self.queue: list[str] = self.sqs.waiting
        # Stripe's sessions in the order in which buyers were sent to them.
        self.handed_out: list[str] = []
        self._clicks = 0
        self._events_seen = 0

    def _enter(self) -> None:
        enter = self._patches.enter_context
        self._time = enter(time_machine.travel(START, tick=False))
        randomness = random.Random(0).randbytes  # noqa: S311 - so that it can be told again
        enter(patch.object(os, "urandom", randomness))
        enter(patch.object(random, "_urandom", randomness))
        enter(patch.object(aws, "client", self._client_of_functions))
        enter(patch.object(stripe_transport, "Transport", self._transport))
        self._patches.callback(logger.setLevel, logger.log_level)
        logger.setLevel("CRITICAL")
        restart()

    def close(self) -> None:
        self._patches.close()

    def _client_of_functions(self, service: str) -> Client:
        return Client(self._clients[service], self._process)

    def _transport(self, *_: float) -> Transport:
        return Transport(self.stripe, self._process)

    def invoke(
        self, function: str, event: Json, context: Context | None = None
    ) -> Json:
        """Call a function; raises Crash if it is killed on the way."""
        self._process.calls = 0
        try:
            return super().invoke(function, event, context)
        except Crash:
            restart()
            raise
        finally:
            self._process.dies_after = None

    def kill_next(self, dies_after: int | None) -> None:
        """Let the next function die after so many calls to the outside, if any."""
        self._process.dies_after = dies_after

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

    def checkout(self, stripe_id: str) -> Checkout:
        return self.stripe.checkouts[stripe_id]

    def pay_with(self, method: str, stripe_id: str) -> None:
        """Pay on Stripe's page; a card may be declined, a bank debit takes days."""
        wanted = METHODS[method]
        if "card" in wanted:
            card = {"exp_month": "12", "exp_year": "2044", "cvc": "123"}
            wanted = wanted | {"card": wanted["card"] | card}
        made = payment_methods.create(self.stripe, wanted)
        with suppress(ApiError):  # declined
            payments.confirm(self.stripe, self.checkout(stripe_id), made)

    def decide(self, stripe_id: str, *, pays: bool) -> None:
        """Let the bank decide about a debit."""
        intent = self.checkout(stripe_id).session["payment_intent"]
        payments.settle(self.stripe, intent, succeeds=pays)

    def withdraw(self, offer: str) -> None:
        """Let the host take back an offer, for whatever reason."""
        item, change = WITHDRAWALS[offer]
        self.change_offer(item, status=change)

    def pass_time(self, pause: timedelta) -> None:
        self._time.shift(pause)
        expire_due(self.stripe)

    def undecided(self) -> list[str]:
        """Return the sessions whose bank debits are on their way."""
        return [
            stripe_id
            for stripe_id in self.stripe.checkouts
            if self.intent(stripe_id).get("status") == "processing"
        ]

    def is_open(self, stripe_id: str) -> bool:
        return bool(self.checkout(stripe_id).session["status"] == "open")

    def is_paid_for(self, offer: str) -> bool:
        """Whether anybody has paid, or tries to, for what taking it back concerns."""
        item, _ = WITHDRAWALS[offer]
        return any(
            session.get("claim") == item
            and self.checkout(stripe_id).session["status"] == "complete"
            for session in self.sessions()
            if (stripe_id := session.get("stripe_session_id"))
        )

    def intent(self, stripe_id: str) -> Json:
        intent = self.checkout(stripe_id).session["payment_intent"]
        return self.stripe.store.get("payment_intent", intent) if intent else {}

    # -------------------------------------------------------------- what we hear of it

    def happened(self) -> list[Json]:
        """Return Stripe's events since the last time, of the types that we act on."""
        events = self.stripe.store.all("event")[self._events_seen :]
        self._events_seen += len(events)
        return [e for e in events if e["type"] in payment_events.FROM_STRIPE]

    def hear(self, event: Json, dies_after: int | None = None) -> bool:
        """Let Stripe send an event; say whether it was answered 200."""
        self.kill_next(dies_after)
        with suppress(Crash):
            return self.webhook(event).status == 200
        return False

    def work_on(self, messages: list[str], dies_after: int | None = None) -> None:
        """Let the worker have a batch; what fails, or was being done, comes again."""
        if not messages:
            return
        self.kill_next(dies_after)
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

    def sweep(self, dies_after: int | None = None) -> None:
        self.kill_next(dies_after)
        with suppress(Crash):
            self.invoke("ReconcileFunction", {})

    def look(self, stripe_id: str, dies_after: int | None = None) -> None:
        """Let the shopper come back to the return page."""
        self.kill_next(dies_after)
        with suppress(Crash):
            self.call(
                "GET /api/checkout/session-status", query={"session_id": stripe_id}
            )

    def come_to_rest(self) -> None:
        """Let the banks decide, and time pass, until there is nothing left to do."""
        for stripe_id in self.undecided():
            self.decide(stripe_id, pays=True)
        self.work_off()
        for _ in range(LOOKS):
            self.pass_time(PAUSE)
            self.sweep()
            self.work_off()


# The status that the host gives to an offer that it takes back.
WITHDRAWALS = {
    "bid 42": ("row#7", "closed"),
    "auction": ("auction#auction_1", "cancelled"),
    "order": ("order#order_1", "CANCELLED"),
}
