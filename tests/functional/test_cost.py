"""What a purchase and reconcile cost: pinned, so that a change of it is a decision."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from time_machine import Traveller

from local import costs
from tests.aws import on_moto_too
from tests.aws_calls import observed
from tests.functional.test_write_offers import put
from tests.output import metric_lines_in
from tests.request_units import counted
from tests.shop import Shop
from tests.template_file import ROOT

# On demand, us-east-1: https://aws.amazon.com/dynamodb/pricing/on-demand/
DOLLARS_PER_MILLION_WRITES = 0.625
DOLLARS_PER_MILLION_READS = 0.125

START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)
# As long as the longest overlap, and a little more: nobody reads the payment again.
RUNS_UNTIL_FORGOTTEN = 6
KNOWN = 10_000
READS = frozenset(["Query", "GetItem", "BatchGetItem"])
STATE = "reconcile#state"
pytestmark = pytest.mark.frozen_at(START)


class Cost(NamedTuple):
    """Request units of DynamoDB, and requests to Stripe."""

    write: float = 0
    read: float = 0
    stripe: int = 0

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(*(mine - its for mine, its in zip(self, other, strict=True)))

    def times(self, number: int) -> "Cost":
        return Cost(self.write * number, self.read * number, self.stripe * number)

    @property
    def dollars_per_million(self) -> float:
        writes = self.write * DOLLARS_PER_MILLION_WRITES
        return writes + self.read * DOLLARS_PER_MILLION_READS


NOTHING = Cost()


@dataclass
class Measured:
    cost: Cost = NOTHING


@contextmanager
def measured(shop: Shop) -> Iterator[Measured]:
    """Measure what the functions do inside; what Stripe does itself costs nothing."""
    result = Measured()
    before = len(shop.stripe.sandbox.requests)
    with counted(shop) as units:
        yield result
    asked = len(shop.stripe.sandbox.requests) - before
    result.cost = Cost(units.write, units.read + units.listed, asked)


def told(row: str) -> Cost:
    """Return what the operations page says in the row of this name."""
    page = (ROOT / "docs/operations.md").read_text()
    number = r" ([\d.,]+) \|"
    [found] = re.findall(rf"^\| {row} \|{number * 3}", page, re.MULTILINE)
    write, read, stripe = (float(text.replace(",", "")) for text in found)
    return Cost(write, read, int(stripe))


def is_told_in_dollars(costs: list[Cost], of_what: str) -> bool:
    dollars = sum(cost.dollars_per_million for cost in costs)
    page = (ROOT / "docs/operations.md").read_text()
    return f"{dollars:.2f} USD for a million {of_what}" in page


def in_reconcile(shop: Shop, clock: Traveller, runs: int) -> Cost:
    """Return the cost of *runs* that read what is new, beyond that of idle runs."""
    with measured(shop) as busy:
        for _ in range(runs):
            clock.shift(5 * MINUTES)
            shop.invoke("ReconcileFunction", {})
    clock.shift(5 * MINUTES)
    with measured(shop) as idle:
        shop.invoke("ReconcileFunction", {})
    return busy.cost - idle.cost.times(runs)


@on_moto_too
def test_a_purchase_costs_what_the_operations_page_says(
    shop: Shop, clock: Traveller
) -> None:
    """From the first click to the receipt, of content that a creator sells."""
    with measured(shop) as created:
        shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    events = shop.stripe.events()
    with measured(shop) as fulfilled:
        shop.deliver(*events)
    received = in_reconcile(shop, clock, RUNS_UNTIL_FORGOTTEN)

    [purchase] = shop.purchases()
    assert purchase["receipt"]["fee"] > 0
    assert created.cost == told("create")
    assert fulfilled.cost == told("fulfill")
    assert received == told("reconcile, receipt included")
    assert is_told_in_dollars([created.cost, fulfilled.cost, received], "purchases")


def test_an_abandoned_checkout_costs_what_the_operations_page_says(
    shop: Shop, clock: Traveller
) -> None:
    """However long the buyer could have paid: nobody asks about it meanwhile."""
    with measured(shop) as created:
        shop.create("content")
    clock.shift(2 * HOURS)
    shop.note_a_reconcile_run()
    waiting = in_reconcile(shop, clock, 2)
    clock.shift(21 * HOURS)
    shop.note_a_reconcile_run()
    shop.stripe.expire_due()
    events = shop.stripe.events()
    with measured(shop) as expired:
        shop.deliver(*events)
    reconciled = in_reconcile(shop, clock, 2)

    assert [session["status"] for session in shop.sessions()] == ["expired"]
    assert waiting == NOTHING
    assert created.cost == told("create")
    assert expired.cost == told("expire")
    assert reconciled == told("reconcile, expired")
    costs = [created.cost, expired.cost, reconciled]
    assert is_told_in_dollars(costs, "abandoned checkouts")


def test_a_window_that_closes_costs_what_the_operations_page_says(
    shop: Shop, clock: Traveller
) -> None:
    """Of an auction that nobody has begun to pay."""
    clock.shift(5 * MINUTES)
    fields = {
        "title": "A lamp",
        "status": "accepted",
        "accepted_at": "2031-05-06T07:08:09Z",
        "winner_id": "user_1",
        "price": {"amount": 4000, "currency": "usd"},
    }
    with measured(shop) as unmarked:
        put(shop, "auction", "auction_8", fields | {"status": "open"})
    with measured(shop) as marked:
        put(shop, "auction", "auction_9", fields)
    clock.shift(22 * HOURS)
    shop.note_a_reconcile_run()
    announced = in_reconcile(shop, clock, 1)

    assert shop.audit.count("window_closing") == 1
    assert marked.cost - unmarked.cost == told("mark an offer with a deadline")
    assert announced == told("reconcile, window announced")


def test_a_run_with_nothing_new_costs_what_the_operations_page_says(
    shop: Shop, clock: Traveller
) -> None:
    clock.shift(5 * MINUTES)
    with observed() as calls, measured(shop) as idle:
        shop.invoke("ReconcileFunction", {})

    assert idle.cost == told("a run with nothing new")
    queries = sum(call.operation == "Query" for call in calls)
    page = (ROOT / "docs/operations.md").read_text()
    assert f"queries its indexes {queries} times" in page


def known_events(shop: Shop, number: int) -> None:
    """
    Let Stripe have made *number* events now, of which we know everything.

    A tenth of them are about refunds; the others are each about another session that
    has been paid, whose purchase is recorded.
    """
    [session] = shop.sessions()
    store = shop.stripe.sandbox.store
    now = int(datetime.now(UTC).timestamp())
    [completed] = map(json.dumps, shop.stripe.events("checkout.session.completed"))
    [refunded] = map(json.dumps, shop.stripe.events("refund.created"))
    sessions = []
    for count in range(number):
        made = {"id": f"evt_known{count}", "created": now}
        if count % 10 == 0:
            store.add(json.loads(refunded) | made)
            continue
        event = json.loads(completed) | made
        session_id, stripe_id = f"ps_known{count}", f"cs_test_known{count}"
        stripe_object = event["data"]["object"]
        stripe_object |= {"id": stripe_id, "client_reference_id": session_id}
        stripe_object["metadata"]["payment_session_id"] = session_id
        store.add(event)
        sessions.append(session | {"id": session_id, "stripe_session_id": stripe_id})
    shop.aws.put("PaymentSessionsTable", *sessions)


@pytest.mark.slow
def test_ten_thousand_known_events_cost_what_the_operations_page_says(
    shop: Shop, clock: Traveller
) -> None:
    """A hundred calls and one for each list; no write but the cursors and the lease."""
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    [purchase] = shop.purchases()
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent, amount=100)
    shop.deliver()
    # Later than the overlap: only what is known is read.
    clock.shift(2 * HOURS)
    for _ in range(2):
        clock.shift(5 * MINUTES)
        shop.invoke("ReconcileFunction", {})
    known_events(shop, KNOWN)
    clock.shift(5 * MINUTES)
    before = shop.purchases(), shop.sessions()
    shop.stripe.sandbox.requests.clear()
    with observed() as calls, measured(shop) as run:
        result = shop.invoke("ReconcileFunction", {})

    assert (result["checked"], result["queued"]) == (KNOWN, 0)
    assert (shop.purchases(), shop.sessions()) == before
    asked = [request["path"] for request in shop.stripe.sandbox.requests]
    assert asked.count("/v1/events") <= 101
    assert {*asked} == {"/v1/events", "/v1/balance_transactions"}
    writes = [c for c in calls if c.operation not in READS]
    assert {call.operation for call in writes} == {"UpdateItem"}
    assert {call.parameters["Key"]["id"]["S"] for call in writes} == {STATE}
    assert run.cost == told("a run with 10,000 known events")


def test_an_idle_run_has_as_many_metrics_as_the_pages_say(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """CloudWatch charges for each metric that had data in an hour."""
    shop.reconcile()
    capsys.readouterr()
    shop.reconcile()

    names = {
        metric["Name"]
        for line in metric_lines_in(capsys.readouterr().out)
        for directive in line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    }
    assert len(names) == costs.METRICS_OF_IDLE, names
