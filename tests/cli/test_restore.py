"""
`restore`: a table loses items, an older copy comes back, and all is as it was before.

DynamoDB restores a table as a new one with another name, so a copy of the items in a
table of that kind is what the command gets there as well.
"""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any

import pytest
from time_machine import Traveller

from checkout.domain.published_events import published_event
from checkout.domain.revenue import entries
from checkout.tables.purchase_item import purchase_of
from cli import copy_back
from cli.console import CommandError
from mocktill.faults import Fault
from tests.aws import Item, on_moto_too
from tests.cli.conftest import Operator
from tests.functional.test_disputes import close, dispute
from tests.functional.test_pending_purchases import EUROS, decide
from tests.shop import PUBLISHED, Shop
from tests.template_file import resources

START = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
HOURS = timedelta(hours=1)
MINUTES = timedelta(minutes=1)
COMPLETED = "checkout.session.completed"
CONTENT = f"content#{PUBLISHED}"
OPTIONS = {
    "OffersTable": "--offers",
    "PaymentSessionsTable": "--sessions",
    "PurchasesTable": "--purchases",
    "AuditLogTable": "--audit-log",
}
pytestmark = pytest.mark.frozen_at(START)


# --------------------------------------------------------- the shop, before and after


def pay(shop: Shop, kind: str, **changes: Any) -> Item:
    """Buy something; return its purchase."""
    answer = shop.create(kind, **changes)
    assert answer.status == 200, answer.body
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.pay(stripe_id)
    shop.deliver()
    return shop.aws.item("PurchasesTable", shop.purchase_of(stripe_id))


def pass_time(shop: Shop, clock: Traveller, duration: timedelta = 5 * MINUTES) -> None:
    clock.shift(duration)
    shop.reconcile()
    shop.work()


def busy(shop: Shop, clock: Traveller) -> tuple[Item, str, Item, Item]:
    """Let a shop have payments of every sort."""
    pay(shop, "content", buyer="user_1")
    disputed = pay(shop, "auction")
    dispute_id = dispute(shop, disputed)
    shop.deliver()
    # Of money that does not fit, and that an operator must decide about.
    shop.create("order")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    event = deepcopy(shop.stripe.events(COMPLETED)[-1])
    event["data"]["object"]["amount_subtotal"] = 5
    shop.deliver(event)
    kept = shop.aws.item(
        "PurchasesTable", shop.purchase_of(event["data"]["object"]["id"])
    )
    assert kept["status"] == "quarantined"
    pay(shop, "product", metadata={"device_id": "d-5"})
    # An abandoned one, and one whose money is on its way.
    shop.create("bid")
    shop.stripe.post(f"/v1/checkout/sessions/{shop.stripe.sessions()[0]['id']}/expire")
    shop.deliver()
    shop.change_offer(CONTENT, price=EUROS)
    shop.create("content", buyer="user_2")
    shop.stripe.pay_by_bank(shop.stripe.sessions()[0]["id"])
    under_way = shop.stripe.events(COMPLETED)[-1]
    shop.deliver()
    refunded = pay(shop, "content", buyer="user_3")
    shop.stripe.post(
        "/v1/refunds", payment_intent=refunded["stripe_payment_intent_id"], amount=100
    )
    shop.deliver()
    pass_time(shop, clock)
    return refunded, dispute_id, kept, under_way


def go_on(
    shop: Shop,
    operator: Operator,
    clock: Traveller,
    of_before: tuple[Item, str, Item, Item],
) -> None:
    """Let more happen: to payments of before, and new ones."""
    refunded, dispute_id, kept, under_way = of_before
    clock.shift(MINUTES)
    intent = refunded["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent)
    close(shop, dispute_id, "lost")
    decide(shop, under_way)
    shop.deliver()
    assert operator("quarantine", "accept", kept["id"], "--yes").exit_code == 0
    pay(shop, "bid")
    pay(shop, "product")
    pay(shop, "content", buyer="user_4")
    again = pay(shop, "content", buyer="user_5")
    shop.stripe.post("/v1/refunds", payment_intent=again["stripe_payment_intent_id"])
    shop.deliver()
    pass_time(shop, clock)
    pass_time(shop, clock, HOURS)


# ------------------------------------------------------------ loss and restore


def restored_copy(shop: Shop, table: str, items: list[Item]) -> str:
    """Make what RestoreTableToPointInTime makes: a table of its own with the items."""
    from checkout.tables.item import to_item  # noqa: PLC0415 - once the environment is set

    properties = resources("AWS::DynamoDB::Table")[table]
    name = f"restored-{shop.aws.tables[table]}-{len(items)}"
    keys = {key["AttributeName"] for key in properties["KeySchema"]}
    shop.aws.dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=properties["KeySchema"],
        AttributeDefinitions=[
            each
            for each in properties["AttributeDefinitions"]
            if each["AttributeName"] in keys
        ],
    )
    for some in batched(items, 25, strict=False):
        puts = [{"PutRequest": {"Item": to_item(item)}} for item in some]
        shop.aws.dynamodb.batch_write_item(RequestItems={name: puts})
    return name


def everything(_: int) -> bool:
    return True


def every_second(number: int) -> bool:
    return number % 2 == 0


def lose(shop: Shop, table: str, which: Callable[[int], bool]) -> None:
    lost = sorted(shop.aws.items(table), key=lambda item: json.dumps(item, default=str))
    for number, item in enumerate(lost):
        if which(number):
            shop.aws.delete(table, item)


def restore(
    operator: Operator, to_time: datetime, copies: dict[str, str], *more: str
) -> Any:
    options = [word for t, name in copies.items() for word in (OPTIONS[t], name)]
    time = to_time.isoformat()
    return operator.json("restore", "--to-time", time, *options, "--yes", *more)


def settle_down(shop: Shop, operator: Operator) -> None:
    """Let reconcile and the worker do what there is to do."""
    for _ in range(4):
        operator("reconcile")
        shop.reconcile()
        shop.work()


# ------------------------------------------------------------ what must be equal

# How often and when it was written.
PASSING = {"version", "due_at", "unresolved"}
OF_A_SESSION = (
    *("id", "kind", "offer", "offer_id", "buyer_id", "sale_key", "status", "rank"),
    *("payment_status", "stripe_session_id", "stripe_payment_intent_id", "amount"),
    *("currency", "metadata", "title", "ttl"),
)


def state(shop: Shop) -> dict[str, Any]:
    """Return what must be equal before a loss and after the restore."""
    return {
        "offers": {i["id"]: i for i in shop.aws.items("OffersTable")},
        "sessions": {
            item["id"]: (
                {name: item.get(name) for name in OF_A_SESSION}
                if "kind" in item
                else item
            )
            for item in shop.aws.items("PaymentSessionsTable")
            if not item["id"].startswith(("rate#", "reconcile#", "live#"))
        },
        "purchases": {
            item["id"]: found
            for item in shop.aws.items("PurchasesTable")
            # A counter of 0, and a mark that was taken away, say nothing.
            if (found := _lasting(item)).keys() != {"id"}
        },
    }


def _lasting(item: Item) -> Item:
    is_counter = item["id"].startswith(("buyer#", "revenue#"))
    return {
        name: value
        for name, value in item.items()
        if name not in PASSING and not (is_counter and value == 0)
    }


def check_sums(shop: Shop) -> None:
    """The counters are the sums of the purchases, whatever was lost."""
    sums: dict[str, int] = {}
    for item in shop.purchases():
        for entry, amount in entries(purchase_of(item)).items():
            name = f"{item['creator_id']} {entry.day} {entry.currency}_{entry.measure}"
            sums[name] = sums.get(name, 0) + amount
    stored: dict[str, int] = {}
    for item in shop.aws.items("PurchasesTable"):
        if item["id"].startswith("revenue#"):
            _, creator, day, _ = item["id"].split("#")
            for measure, amount in item.items():
                if measure != "id":
                    name = f"{creator} {day} {measure}"
                    stored[name] = stored.get(name, 0) + amount
    assert {n: v for n, v in stored.items() if v} == {
        n: v for n, v in sums.items() if v
    }


# ------------------------------------------------------------ the losses


LOST = [
    ["PurchasesTable"],
    ["PaymentSessionsTable"],
    ["OffersTable"],
    ["AuditLogTable"],
    ["PurchasesTable", "OffersTable"],
    ["PaymentSessionsTable", "OffersTable"],
]


def losses() -> Iterator[Any]:
    """Yield each loss in memory, and on moto's tables one of each kind."""
    for lost in LOST:
        name = "+".join(lost)
        half = f"{name}-every second"
        yield pytest.param(lost, everything, False, id=f"{name}-everything")
        yield pytest.param(lost, every_second, False, id=half, marks=pytest.mark.slow)
    for lost, which in ((LOST[1], everything), (LOST[4], every_second)):
        name = "+".join(lost)
        yield pytest.param(lost, which, True, id=f"{name}-moto", marks=pytest.mark.slow)


@pytest.mark.parametrize(("lost", "which", "on_moto"), [*losses()])
def test_a_lost_table_is_as_it_was_after_a_restore_from_an_older_copy(
    shop: Shop,
    operator: Operator,
    clock: Traveller,
    lost: list[str],
    which: Callable[[int], bool],
) -> None:
    """What came after the copy is repaired from the other tables and from Stripe."""
    of_before = busy(shop, clock)
    copies = {t: restored_copy(shop, t, shop.aws.items(t)) for t in lost}
    restored_to = datetime.now(UTC)
    go_on(shop, operator, clock, of_before)
    before, audit = state(shop), shop.aws.items("AuditLogTable")
    check_sums(shop)
    for table in lost:
        lose(shop, table, which)
    assert state(shop) != before or lost == ["AuditLogTable"]

    done = restore(operator, restored_to, copies)
    settle_down(shop, operator)

    assert done["rebuilt"]["problems"] == []
    after = state(shop)
    for part in before:
        assert after[part] == before[part], part
    check_sums(shop)
    if lost == ["AuditLogTable"]:
        kept = {entry["entry_id"] for entry in shop.aws.items("AuditLogTable")}
        old = [e["entry_id"] for e in audit if e["at"] < restored_to.isoformat()]
        assert old
        assert kept.issuperset(old)


@pytest.fixture
def loss(shop: Shop, operator: Operator, clock: Traveller) -> "Loss":
    return Loss(shop, operator, clock)


class Loss:
    """A shop with some payments, whose purchases are copied, and go on."""

    def __init__(self, shop: Shop, operator: Operator, clock: Traveller) -> None:
        self.shop, self.operator = shop, operator
        self.first = pay(shop, "content")
        self.at = datetime.now(UTC)
        self.copies = {
            table: restored_copy(shop, table, shop.aws.items(table))
            for table in ("PurchasesTable", "PaymentSessionsTable")
        }
        clock.shift(MINUTES)
        self.second = pay(shop, "bid")
        pass_time(shop, clock)
        pass_time(shop, clock, HOURS)

    def purchases(self, *more: str, **copies: str) -> Any:
        wanted = copies or {"PurchasesTable": self.copies["PurchasesTable"]}
        return restore(self.operator, self.at, wanted, *more)


@on_moto_too
def test_a_restore_where_nothing_is_lost_changes_nothing(
    loss: Loss, shop: Shop
) -> None:
    before = state(shop), shop.aws.items("AuditLogTable")

    done = restore(loss.operator, loss.at, loss.copies)

    assert (state(shop), shop.aws.items("AuditLogTable")) == before
    assert {each["copied"] for each in done["tables"].values()} == {0}
    assert {n: v for n, v in done["rebuilt"].items() if v} == {}


def test_a_restore_can_be_tried_and_is_asked_about(loss: Loss, shop: Shop) -> None:
    lose(shop, "PurchasesTable", everything)
    before = shop.aws.snapshot()
    options = ("--purchases", loss.copies["PurchasesTable"])
    command = ("restore", "--to-time", loss.at.isoformat(), *options)

    tried = loss.operator.json(*command, "--dry-run")
    refused = loss.operator(*command, answer="n\n")

    counts = tried["tables"]["PurchasesTable"]["counts"]
    assert (counts["missing"], counts["same"]) == (1, 0)
    assert counts["not_copied"] > 0
    assert refused.exit_code == 1
    assert "Copy 1 items" in refused.stderr
    assert shop.aws.snapshot() == before


def test_without_a_table_there_is_nothing_to_compare(loss: Loss, shop: Shop) -> None:
    before = shop.aws.snapshot()
    command = ("restore", "--to-time", loss.at.isoformat(), "--dry-run")

    result = loss.operator(*command)

    assert result.exit_code == 0
    assert "No restored table was named" in result.stderr
    assert "Nothing was changed" in result.stderr
    assert loss.operator.json(*command)["tables"] == {}
    assert shop.aws.snapshot() == before


def test_a_restore_that_was_cut_off_is_continued(
    loss: Loss, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(shop)
    lose(shop, "PurchasesTable", everything)
    # Of what is younger than the copy, one of the two must be left.
    for item_id in (loss.first["payment_session_id"], loss.first["stripe_session_id"]):
        shop.aws.delete("PaymentSessionsTable", {"id": item_id})
    written = 0

    def killed(write: Any) -> bool:
        nonlocal written
        written += 1
        if written == 3:
            raise CommandError("killed")
        return execute_alone(write)

    from checkout.tables import transaction  # noqa: PLC0415 - once the environment is set

    execute_alone = transaction.execute_alone
    time = loss.at.isoformat()
    options = [w for t, name in loss.copies.items() for w in (OPTIONS[t], name)]
    ends: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(transaction, "execute_alone", killed)
        while 0 not in ends:
            written = 0
            command = ("restore", "--to-time", time, *options, "--yes")
            ends.append(loss.operator(*command).exit_code)
            assert len(ends) < 50, "it makes no progress"
    assert ends[:-1], "it was not cut off"
    settle_down(shop, loss.operator)

    assert state(shop) == before


def test_what_is_newer_than_the_copy_stays(
    loss: Loss, shop: Shop, clock: Traveller
) -> None:
    intent = loss.first["stripe_payment_intent_id"]
    shop.stripe.post("/v1/refunds", payment_intent=intent)
    shop.deliver()
    pass_time(shop, clock)
    before = state(shop)

    done = loss.purchases("--replace")

    assert done["tables"]["PurchasesTable"]["counts"]["newer"] == 1
    assert state(shop) == before


def test_what_changes_while_it_is_copied_stays(
    loss: Loss, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The item is compared, then written by a function, then the copy is refused."""
    purchase_id = loss.first["id"]
    item = shop.aws.item("PurchasesTable", purchase_id)
    copy = restored_copy(shop, "PurchasesTable", [item])
    shop.aws.change("PurchasesTable", purchase_id, amount=0)
    original = copy_back._put  # noqa: SLF001 - the moment between the two

    def written_meanwhile(*given: Any) -> Any:
        write = original(*given)
        shop.aws.change("PurchasesTable", purchase_id, amount=1, version=9)
        return write

    monkeypatch.setattr(copy_back, "_put", written_meanwhile)

    done = loss.purchases("--replace", PurchasesTable=copy)

    assert done["tables"]["PurchasesTable"]["counts"]["different"] == 1
    assert done["tables"]["PurchasesTable"]["replaced"] == 0
    assert shop.aws.item("PurchasesTable", purchase_id)["amount"] == 1


def test_what_was_damaged_is_replaced_on_request_only(loss: Loss, shop: Shop) -> None:
    """Functions raise the version: the same version with other values is no change."""
    before = state(shop)
    lost = shop.aws.item("PurchasesTable", loss.first["id"])
    shop.aws.change("PurchasesTable", lost["id"], amount=1, title="?")
    copy = restored_copy(shop, "PurchasesTable", [lost])

    shown = loss.purchases(PurchasesTable=copy)["tables"]["PurchasesTable"]
    assert (shown["different"], shown["replaced"]) == ([lost["id"]], 0)
    assert shop.aws.item("PurchasesTable", lost["id"])["title"] == "?"
    replaced = loss.purchases("--replace", PurchasesTable=copy)["tables"]

    assert replaced["PurchasesTable"]["replaced"] == 1
    assert state(shop) == before


def test_what_was_sold_is_not_refunded_because_it_is_sold(
    loss: Loss, shop: Shop
) -> None:
    """The row is closed and its ownership held, by the very purchase that is lost."""
    shop.aws.delete("PurchasesTable", {"id": loss.second["id"]})
    shop.change_offer("bid#42", status="withdrawn")

    loss.purchases()
    settle_down(shop, loss.operator)

    again = shop.aws.item("PurchasesTable", loss.second["id"])
    assert again["status"] == "completed"
    assert shop.stripe.events("refund.created") == []
    assert shop.audit.has("checkout_completed", "purchase_recorded_again")


def test_a_payment_that_was_pending_in_the_copy_has_arrived(
    shop: Shop, operator: Operator, clock: Traveller
) -> None:
    """Its session knows; by the events the worker would find it fulfilled."""
    shop.change_offer(CONTENT, price=EUROS)
    shop.create("content")
    shop.stripe.pay_by_bank(shop.stripe.sessions()[0]["id"])
    [event] = shop.stripe.events(COMPLETED)
    shop.deliver()
    at = datetime.now(UTC)
    copy = restored_copy(shop, "PurchasesTable", shop.aws.items("PurchasesTable"))
    clock.shift(MINUTES)
    decide(shop, event)
    shop.deliver()
    pass_time(shop, clock, HOURS)
    before = state(shop)
    lose(shop, "PurchasesTable", everything)

    restore(operator, at, {"PurchasesTable": copy})
    settle_down(shop, operator)

    assert [purchase["status"] for purchase in shop.purchases()] == ["completed"]
    assert state(shop) == before


def test_restored_entries_are_published_again_under_their_ids(
    shop: Shop, operator: Operator
) -> None:
    """Their insertion reaches the stream; subscribers ignore ids that they know."""
    pay(shop, "content")
    audit = shop.aws.items("AuditLogTable")
    ids = [event.detail["id"] for e in audit if (event := published_event(e))]
    copy = restored_copy(shop, "AuditLogTable", audit)
    lose(shop, "AuditLogTable", everything)

    result = operator(
        *("restore", "--to-time", datetime.now(UTC).isoformat()),
        *("--audit-log", copy),
        answer="y\n",
    )

    assert f"{len(audit)} audit entries are published again" in result.stderr
    events = map(published_event, shop.aws.items("AuditLogTable"))
    assert sorted(ids) == sorted(event.detail["id"] for event in events if event)


def test_what_is_over_or_of_the_moment_is_not_copied(loss: Loss, shop: Shop) -> None:
    past = int(datetime.now(UTC).timestamp()) - 1
    session = shop.aws.item("PaymentSessionsTable", loss.first["payment_session_id"])
    items = [
        {"id": "rate#203.0.113.7#2031-05-06T07:08", "requests": 3, "ttl": past + 99},
        {"id": "reconcile#state", "money": {"until": 5}},
        session | {"id": "ps_0", "ttl": past},
    ]
    copy = restored_copy(shop, "PaymentSessionsTable", items)
    before = shop.aws.items("PaymentSessionsTable")

    done = loss.purchases(PaymentSessionsTable=copy)

    assert done["tables"]["PaymentSessionsTable"]["counts"]["not_copied"] == 3
    after = shop.aws.items("PaymentSessionsTable")
    assert {item["id"] for item in after} == {item["id"] for item in before}


def test_reconcile_begins_again_a_day_before_the_restored_time(
    loss: Loss, shop: Shop
) -> None:
    """An event is tried for a day: it may be older than what it changed."""
    queued = "reconcile#queued#money"
    shop.aws.put("PaymentSessionsTable", {"id": queued, "ids": ["1#evt_1"]})

    done = loss.purchases()

    wanted = int((loss.at - timedelta(days=1)).timestamp())
    state_of_reconcile = shop.aws.item("PaymentSessionsTable", "reconcile#state")
    for stream in ("money", "sessions", "balance_charge", "balance_payment"):
        assert state_of_reconcile[stream] == {"until": wanted}
    assert "owner" not in state_of_reconcile
    assert shop.aws.item("PaymentSessionsTable", queued)["ids"] == []
    assert datetime.fromisoformat(done["reconcile_from"]).timestamp() == wanted


def test_what_stripe_has_forgotten_is_said(
    loss: Loss, shop: Shop, clock: Traveller
) -> None:
    clock.shift(timedelta(days=33))
    shop.note_a_reconcile_run()

    result = loss.operator("restore", "--to-time", loss.at.isoformat(), "--yes")

    assert result.exit_code == 0
    assert "does not have the events before" in result.stderr
    settle_down(shop, loss.operator)


def test_a_session_that_was_lost_and_is_paid_afterwards_waits_for_a_person(
    loss: Loss, shop: Shop
) -> None:
    """What cannot be repaired: an open checkout that is younger than the copy."""
    shop.create("content", buyer="user_2")
    lose(shop, "PaymentSessionsTable", everything)
    loss.purchases(PaymentSessionsTable=loss.copies["PaymentSessionsTable"])
    settle_down(shop, loss.operator)

    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()

    [kept] = [p for p in shop.purchases() if p["status"] == "quarantined"]
    assert kept["quarantine_reason"] == "session_lost"


def test_a_payment_younger_than_both_copies_waits_for_a_person(
    loss: Loss, shop: Shop
) -> None:
    """Neither session nor purchase says who bought what: the money is all there is."""
    lose(shop, "PurchasesTable", everything)
    lose(shop, "PaymentSessionsTable", everything)

    restore(loss.operator, loss.at, loss.copies)
    settle_down(shop, loss.operator)

    found = {p["stripe_payment_intent_id"]: p for p in shop.purchases()}
    old = found[loss.first["stripe_payment_intent_id"]]
    young = found[loss.second["stripe_payment_intent_id"]]
    assert (old["id"], old["status"]) == (loss.first["id"], "completed")
    assert young["quarantine_reason"] == "session_lost"
    assert shop.stripe.events("refund.created") == []


def test_a_purchase_that_stripe_cannot_tell_of_is_named(loss: Loss, shop: Shop) -> None:
    shop.aws.delete("PurchasesTable", {"id": loss.second["id"]})
    shop.stripe.sandbox.faults.add(Fault("GET", "/v1/checkout", status=500, times=9))

    result = loss.operator("restore", "--to-time", loss.at.isoformat(), "--yes")

    assert result.exit_code == 1
    assert loss.second["payment_session_id"] in result.stdout
    assert "1 problems" in result.stderr


def test_while_reconcile_runs_nothing_is_restored(loss: Loss, shop: Shop) -> None:
    lose(shop, "PurchasesTable", everything)
    in_a_while = (datetime.now(UTC) + MINUTES).isoformat()
    held = {"owner": "run", "expires_at": in_a_while.replace("+00:00", "Z")}
    shop.aws.change("PaymentSessionsTable", "reconcile#state", **held)

    result = loss.operator("restore", "--to-time", loss.at.isoformat(), "--yes")

    assert result.exit_code == 1
    assert "Nothing was changed" in " ".join(result.stderr.split())
    assert held["expires_at"] in result.stderr
    assert shop.purchases() == []


def test_a_table_of_another_kind_is_refused(loss: Loss, shop: Shop) -> None:
    before = shop.aws.snapshot()
    time = ("--to-time", loss.at.isoformat(), "--yes")

    swapped = loss.operator("restore", *time, "--offers", loss.copies["PurchasesTable"])
    own = shop.aws.tables["PurchasesTable"]
    itself = loss.operator("restore", *time, "--purchases", own)
    future = (datetime.now(UTC) + HOURS).isoformat()
    to_come = loss.operator("restore", "--to-time", future, "--yes")

    assert (swapped.exit_code, itself.exit_code, to_come.exit_code) == (1, 2, 2)
    assert "is no copy of OffersTable" in swapped.stderr
    assert shop.aws.snapshot() == before
