"""A day without the webhook: two runs of reconcile, and nothing differs."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import Traveller

from local.samples import sample_offers
from tests.differences import differences
from tests.shop import PUBLISHED, Shop

START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)
BUYERS = 50
KINDS = ("bid", "auction", "order", "content", "product")
EACH_KIND = BUYERS // len(KINDS)
# Purchases by their number. Bank debits are for bids, orders and content: they may take
# longer than an auction, and nobody could tell an anonymous buyer of the end.
DEBITS, REFUSED_DEBITS = (25, 27, 28, 30), (32, 33, 35)
REFUNDED, PARTLY = range(10), range(7, 10)
LOST, WON, WARNED = range(10, 15), range(15, 20), range(12, 17)
pytestmark = [pytest.mark.slow, pytest.mark.frozen_at(START)]

type Json = dict[str, Any]


def offers_for_sale() -> list[Json]:
    """Return bids on ten rows, ten auctions and ten orders, each for its own buyer."""
    samples = {offer["id"]: offer for offer in sample_offers(START)}
    found = []
    for each in range(EACH_KIND):
        bid, auction, order = (
            buyer(kind, each) for kind in ("bid", "auction", "order")
        )
        row_id, bid_id = f"{700 + each}", f"{420 + each}"
        auction_id, order_id = f"auction_{100 + each}", f"order_{100 + each}"
        row = {"id": f"row#{row_id}", "row_id": row_id, "owner_id": bid}
        of_row = {"id": f"bid#{bid_id}", "bid_id": bid_id, "row_id": row_id}
        won = {"auction_id": auction_id, "winner_id": auction}
        owned = {"order_id": order_id, "owner_id": order}
        found += [
            samples["row#7"] | row,
            samples["bid#42"] | of_row,
            samples["auction#auction_1"] | {"id": f"auction#{auction_id}"} | won,
            samples["order#order_1"] | {"id": f"order#{order_id}"} | owned,
        ]
    return found


def buyer(kind: str, each: int) -> str:
    return f"buyer_{each}_of_{kind}"


class Day:
    """
    One day of a shop, the same in each: who buys, and what becomes of the money.

    *heard* is called after each of Stripe's events, as a webhook would be.
    """

    def __init__(self, shop: Shop, clock: Traveller, heard: Callable[[], Any]) -> None:
        self.shop, self.clock, self.heard = shop, clock, heard
        self.intents: list[str] = []

    def pass_by(self) -> None:
        for number in range(BUYERS):
            self.clock.shift(12 * MINUTES)
            self._buy(number)
            self.heard()
        for number in DEBITS:
            self.shop.stripe.bank_decides(self.intents[number], pays=True)
            self.heard()
        for number in REFUSED_DEBITS:
            self.shop.stripe.bank_decides(self.intents[number], pays=False)
            self.heard()
        disputes = {}
        for number in (*LOST, *WON):
            self.clock.shift(10 * MINUTES)
            part = {"amount": 150} if number % 2 else {}
            disputes[number] = self._happens(number, "dispute", **part)
            self.heard()
        for number in REFUNDED:
            self.clock.shift(10 * MINUTES)
            part = {"amount": 100} if number in PARTLY else {}
            intent = self.intents[number]
            self.shop.stripe.post("/v1/refunds", payment_intent=intent, **part)
            self.heard()
        for number in WARNED:
            self._happens(number, "early_fraud_warning")
            self.heard()
        for number, dispute in disputes.items():
            self.clock.shift(10 * MINUTES)
            end = "lost" if number in LOST else "won"
            self.shop.stripe.control("disputes", dispute["id"], "close", status=end)
            self.heard()
        self.clock.move_to(START + 24 * HOURS)

    def _buy(self, number: int) -> None:
        kind, each = KINDS[number % len(KINDS)], number // len(KINDS)
        self._create(kind, each)
        [session] = [
            found
            for found in self.shop.stripe.sessions()
            if found["status"] == "open" and found["created"] == _now()
        ]
        if number in {*DEBITS, *REFUSED_DEBITS}:
            self.shop.stripe.pay_by_bank(session["id"], "us_bank_account")
        else:
            self.shop.stripe.pay(session["id"])
        paid = self.shop.stripe.get(f"/v1/checkout/sessions/{session['id']}")
        assert paid["status"] == "complete"
        self.intents.append(paid["payment_intent"])

    def _create(self, kind: str, each: int) -> None:
        changes: Json = {
            "bid": {"bid_id": 420 + each, "row_id": 700 + each},
            "auction": {"auction_id": f"auction_{100 + each}"},
            # Without it, each key of Stripe's is random.
            "product": {"headers": {"idempotency-key": f"click_of_a_buyer_{each}"}},
            "order": {"path": {"orderId": f"order_{100 + each}"}},
        }.get(kind, {})
        answer = self.shop.create(kind, buyer(kind, each), **changes)
        assert answer.status == 200, answer.body

    def _happens(self, number: int, what: str, **facts: Any) -> Json:
        return dict(
            self.shop.stripe.control("charges", self.intents[number], what, **facts)
        )


def _now() -> int:
    return int(datetime.now(UTC).timestamp())


# ------------------------------------------------------------ what is compared

# Our own ids and Stripe's: random, and replaced by the order in which they were made.
IDS = re.compile(
    r"\b(?:ps_|pur_|rr_)?[0-9a-f]{32}\b|\b(?:cs_test|pi|ch|py|re|du|dp|txn|issfr|evt)_\w+"
)
# How and when we came to know, not what we know.
LEFT_OUT = frozenset(["version", "url", "due_at", "declines"])


def state(shop: Shop) -> Json:
    """Return all that is stored, by ids that two shops have in common."""
    names = _names(shop)
    tables = {}
    for table in ("OffersTable", "PaymentSessionsTable", "PurchasesTable"):
        items = [_named(item, names) for item in shop.aws.items(table)]
        tables[table] = {
            item["id"]: item
            for item in items
            if item["id"].split("#")[0] not in {"rate", "reconcile"}
        }
        assert tables[table]
    return tables | {"revenue": _revenue(tables["PurchasesTable"])}


def _names(shop: Shop) -> dict[str, str]:
    names: dict[str, str] = {}

    def named(stripe_id: str | None, name: str) -> None:
        if stripe_id:
            names[stripe_id] = name

    for number, session in enumerate(shop.sessions()):
        name = f"{number} {session.get('buyer_id')}"
        names[session["id"].removeprefix("ps_")] = name
        named(session["stripe_session_id"], f"checkout of {name}")
    store = shop.stripe.sandbox.store
    for kind in ("payment_intent", "charge", "refund", "dispute"):
        for number, found in enumerate(store.all(kind)):
            names[found["id"]] = f"{kind} {number}"
    for kind in ("radar.early_fraud_warning", "balance_transaction"):
        for number, found in enumerate(store.all(kind)):
            names[found["id"]] = f"{kind} {number}"
    return names


def _named(item: Json, names: dict[str, str]) -> Json:
    kept = {name: value for name, value in item.items() if name not in LEFT_OUT}
    text = IDS.sub(
        lambda found: names.get(
            found[0].removeprefix("ps_").removeprefix("pur_"), found[0]
        ),
        json.dumps(kept),
    )
    named: Json = json.loads(text)
    if named["id"].startswith("buyer#"):
        return {name: value for name, value in named.items() if value != 0}
    if "fraud_warnings" in named:
        named["fraud_warnings"] = sorted(named["fraud_warnings"])
    return named


def _revenue(purchases: dict[str, Json]) -> Json:
    """Take the sums of each creator and day out of *purchases*: shards are random."""
    sums: dict[str, dict[str, int]] = {}
    for item_id in [i for i in purchases if i.startswith("revenue#")]:
        _, creator, day, _ = item_id.split("#")
        of_day = sums.setdefault(f"{creator} {day}", {})
        for name, value in purchases.pop(item_id).items():
            if isinstance(value, int):
                of_day[name] = of_day.get(name, 0) + value
    return {
        day: {name: value for name, value in of_day.items() if value}
        for day, of_day in sums.items()
    }


def access(shop: Shop) -> Json:
    """Return what each buyer may use, by the routes."""
    ids = {
        "bid": lambda each: f"{420 + each}",
        "auction": lambda each: f"auction_{100 + each}",
        "order": lambda each: f"order_{100 + each}",
        "content": lambda _each: PUBLISHED,
    }
    return {
        buyer(kind, each): shop.call(
            "GET /api/access/{kind}/{id}",
            buyer=buyer(kind, each),
            path={"kind": kind, "id": offer_id(each)},
        ).body
        for kind, offer_id in ids.items()
        for each in range(EACH_KIND)
    }


def history(shop: Shop) -> Json:
    """Return what each buyer is shown of the own purchases."""
    names = _names(shop)
    route = "GET /api/purchases"
    return {
        who: _named({"id": who, **shop.call(route, buyer=who).body}, names)
        for kind in KINDS[:-1]
        for each in range(EACH_KIND)
        if (who := buyer(kind, each))
    }


# ------------------------------------------------------------ the tests


def run(shop: Shop) -> None:
    """Run reconcile, then the worker."""
    result = shop.invoke("ReconcileFunction", {})
    assert (result["failed"], result["unfinished"]) == (0, False)
    assert not shop.work()


def end_of_day(shop: Shop, clock: Traveller) -> tuple[Json, Json, Json]:
    """Run reconcile twice; return all that the shop knows and says."""
    for _ in range(2):
        clock.shift(5 * MINUTES)
        run(shop)
    return state(shop), access(shop), history(shop)


def a_day(
    new_shop: Callable[[], Shop], clock: Traveller, heard: Callable[[Shop], Any]
) -> tuple[Json, Json, Json]:
    clock.move_to(START)
    shop = new_shop()
    for offer in offers_for_sale():
        shop.put_offer(offer)
    shop.note_a_reconcile_run()
    Day(shop, clock, lambda: heard(shop)).pass_by()
    return end_of_day(shop, clock)


@pytest.mark.parametrize(
    "heard",
    [
        pytest.param(lambda _shop: None, id="nobody"),
        pytest.param(run, id="reconcile"),
    ],
)
def test_a_day_without_the_webhook_ends_as_one_with_it(
    new_shop: Callable[[], Shop], clock: Traveller, heard: Callable[[Shop], Any]
) -> None:
    """Invariant 12: in two runs, whether reconcile ran meanwhile or not."""
    expected = a_day(new_shop, clock, Shop.deliver)
    statuses = [
        p["status"] for p in expected[0]["PurchasesTable"].values() if "status" in p
    ]
    assert len(statuses) == BUYERS

    found = a_day(new_shop, clock, heard)

    for one, other in zip(found, expected, strict=True):
        assert "\n".join(differences(one, other)) == ""
