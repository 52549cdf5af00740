"""A buyer's bank asks for the money back; it decides, and we follow."""

from copy import deepcopy
from itertools import permutations
from typing import Any

import pytest

from checkout.domain.dispute import Dispute
from checkout.flows.record_dispute import record_dispute
from checkout.telemetry import metrics
from tests import flows
from tests.aws import on_moto_too
from tests.output import metrics_in
from tests.shop import Shop, has_access
from tests.stripe_side import CARD

DISPUTED_CARD = "4000000000000259"
REFUND = "POST /api/purchases/{id}/refund"
DISPUTE_EVENTS = (
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
)


def bought(shop: Shop, kind: str = "content", card: str = CARD) -> dict[str, Any]:
    """Buy something; return the purchase."""
    assert shop.create(kind).status == 200
    shop.stripe.pay(shop.stripe.sessions()[0]["id"], card)
    shop.deliver()
    return shop.purchases()[-1]


def dispute(shop: Shop, purchase: dict[str, Any], **facts: Any) -> str:
    """Let the buyer's bank dispute the payment; return the dispute's id."""
    intent = purchase["stripe_payment_intent_id"]
    return str(shop.stripe.control("charges", intent, "dispute", **facts)["id"])


def close(shop: Shop, dispute_id: str, status: str) -> None:
    shop.stripe.control("disputes", dispute_id, "close", status=status)


def status(shop: Shop) -> str:
    [purchase] = shop.purchases()
    return str(purchase["status"])


@on_moto_too
@pytest.mark.parametrize("kind", ["bid", "auction", "order", "content"])
def test_a_dispute_suspends_access_until_it_is_won(shop: Shop, kind: str) -> None:
    dispute_id = dispute(shop, bought(shop, kind))

    shop.deliver()
    assert (status(shop), has_access(shop, kind)) == ("disputed", False)
    assert shop.create(kind).status in {400, 409}, "what is disputed is not sold again"
    close(shop, dispute_id, "won")
    shop.deliver()

    assert (status(shop), has_access(shop, kind)) == ("completed", True)
    assert "suspended" not in shop.ownerships()[0]
    assert shop.audit.has_exactly("dispute_opened", "dispute_won")


@pytest.mark.parametrize(
    ("kind", "offer_id", "returned"),
    [
        ("bid", "row#7", "refunded"),
        ("auction", "auction#auction_1", "refunded"),
        ("order", "order#order_1", "REFUNDED"),
        ("content", None, None),
    ],
)
def test_a_lost_dispute_ends_access_for_good(
    shop: Shop, kind: str, offer_id: str | None, returned: str | None
) -> None:
    """Invariant 3: nobody keeps what the bank took the money back for."""
    dispute_id = dispute(shop, bought(shop, kind))
    close(shop, dispute_id, "lost")

    shop.deliver()

    assert (status(shop), has_access(shop, kind)) == ("disputed", False)
    assert shop.ownerships() == []
    if offer_id:
        assert shop.aws.item("OffersTable", offer_id)["status"] == returned


def test_access_is_kept_where_the_stack_says_so(shop: Shop) -> None:
    shop.values["DisputedAccess"] = "kept"
    dispute_id = dispute(shop, bought(shop))
    shop.deliver()
    assert (status(shop), has_access(shop)) == ("disputed", True)

    close(shop, dispute_id, "lost")
    shop.deliver()

    assert not has_access(shop)


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_any_order_of_a_dispute_s_events_ends_the_same(
    shop: Shop, outcome: str
) -> None:
    close(shop, dispute(shop, bought(shop)), outcome)
    events = shop.stripe.events(*DISPUTE_EVENTS)
    assert len(events) == {"won": 4, "lost": 3}[outcome]
    before = shop.aws.snapshot()

    ends = set()
    for first, *others in permutations(events):
        shop.aws.restore(before)
        shop.deliver(first, *others, first)

        [purchase] = shop.purchases()
        [known] = purchase["disputes"].values()
        money = sum(known["balance"].values())
        counts = shop.aws.item("PurchasesTable", "buyer#user_1")
        counted = tuple(sorted((n, v) for n, v in counts.items() if n != "id" and v))
        ends.add(
            (purchase["status"], known["status"], money, has_access(shop), counted)
        )
    assert len(ends) == 1
    [(ended, _, money, access, _)] = ends
    assert (ended, access) == {"won": ("completed", True), "lost": ("disputed", False)}[
        outcome
    ]
    assert money < 0, "a dispute costs a fee, whoever wins it"


def test_a_dispute_that_overtakes_its_purchase_fulfills_it_first(shop: Shop) -> None:
    """A fraudulent card: Stripe disputes the charge before it reports the session."""
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"], DISPUTED_CARD)
    created = shop.stripe.events("charge.dispute.created")

    shop.deliver(*created, *shop.stripe.events())

    assert (status(shop), has_access(shop)) == ("disputed", False)


def test_a_disputed_payment_is_not_refunded_as_well(shop: Shop) -> None:
    """Invariant 5: the buyer would have the money twice."""
    purchase = bought(shop)
    dispute(shop, purchase)
    shop.deliver()

    answer = shop.call(
        REFUND,
        {},
        buyer="operator_1",
        groups="[payments-admin]",
        path={"id": purchase["id"]},
    )

    assert (answer.status, answer.body["code"]) == (409, "not_refundable")
    assert shop.stripe.get("/v1/refunds")["data"] == []


def test_an_inquiry_is_recorded_and_takes_nothing_away(shop: Shop) -> None:
    dispute(shop, bought(shop))
    [created] = shop.stripe.events("charge.dispute.created")
    created["data"]["object"] |= {
        "status": "warning_needs_response",
        "balance_transactions": [],
    }

    shop.deliver(created)

    assert (status(shop), has_access(shop)) == ("completed", True)
    assert shop.audit.has_exactly("checkout_completed", "dispute_inquiry")
    assert shop.audit.has_none_of("dispute_opened")


def test_a_lost_dispute_that_is_reversed_gives_back_what_was_taken(shop: Shop) -> None:
    dispute_id = dispute(shop, bought(shop, "order"))
    close(shop, dispute_id, "lost")
    shop.deliver()
    [closed] = shop.stripe.events("charge.dispute.closed")
    closed["data"]["object"]["status"] = "won"

    shop.deliver(closed)

    assert (status(shop), has_access(shop, "order")) == ("completed", True)
    assert shop.aws.item("OffersTable", "order#order_1")["status"] == "PAID"


def test_disputes_are_counted_once_each(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    dispute_id = dispute(shop, bought(shop))
    close(shop, dispute_id, "lost")
    shop.deliver()
    shop.deliver(*shop.stripe.events(*DISPUTE_EVENTS))

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.disputes.lost"] == 1


def test_an_early_fraud_warning_is_recorded_once_and_counted(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is taken away: the money is here, and a person may still refund it."""
    purchase = bought(shop)
    intent = purchase["stripe_payment_intent_id"]
    warning = shop.stripe.control("charges", intent, "early_fraud_warning")

    shop.deliver()
    shop.deliver(*shop.stripe.events("radar.early_fraud_warning.created"))

    [found] = shop.purchases()
    assert found["fraud_warnings"] == [warning["id"]]
    assert (status(shop), has_access(shop)) == ("completed", True)
    [entry] = shop.audit.of("fraud_warning_received")
    assert entry["fraud_warning_id"] == warning["id"]
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.fraud_warnings"] == 1


def test_a_dispute_whose_first_event_says_lost_is_counted_as_opened(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invariant 14: the alarm is on disputes that are opened, in whatever order."""
    dispute_id = dispute(shop, bought(shop))
    close(shop, dispute_id, "lost")
    capsys.readouterr()

    shop.deliver(*shop.stripe.events("charge.dispute.closed"))
    shop.deliver(*shop.stripe.events("charge.dispute.created"))

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.disputes.opened"] == 1
    assert counted["payments.disputes.lost"] == 1


def test_an_inquiry_that_is_lost_is_counted_as_opened_once(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    dispute_id = dispute(shop, bought(shop))
    [opened] = shop.stripe.events("charge.dispute.created")
    inquiry = deepcopy(opened)
    inquiry["id"] = "evt_inquiry"
    inquiry["data"]["object"]["status"] = "warning_needs_response"
    shop.deliver(inquiry)
    assert shop.audit.has_exactly("dispute_inquiry")
    close(shop, dispute_id, "lost")
    capsys.readouterr()

    shop.deliver(*shop.stripe.events("charge.dispute.closed"))
    shop.deliver(opened)

    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.disputes.opened"] == 1
    assert counted["payments.disputes.lost"] == 1


def test_an_inquiry_that_reconcile_finds_lost_is_counted_as_opened(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    dispute_id = dispute(shop, bought(shop))
    [inquiry] = shop.stripe.events("charge.dispute.created")
    inquiry["data"]["object"]["status"] = "warning_needs_response"
    shop.deliver(inquiry)
    close(shop, dispute_id, "lost")
    shop.stripe.forget_events()
    capsys.readouterr()

    shop.reconcile()

    assert metrics_in(capsys.readouterr().out)["payments.disputes.opened"] == 1


def test_what_another_worker_has_recorded_meanwhile_is_counted_once(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is counted is what became of the purchase that was changed."""
    purchase = bought(shop)
    stale = flows.purchase(shop, purchase["id"])
    dispute_id = dispute(shop, purchase)
    shop.deliver(*shop.stripe.events("charge.dispute.created"))
    close(shop, dispute_id, "lost")
    [lost] = shop.stripe.events("charge.dispute.closed")
    capsys.readouterr()
    metrics.clear_metrics()

    record_dispute(
        flows.purchase_changes(shop), stale, Dispute.from_stripe(lost["data"]["object"])
    )

    metrics.flush_metrics()
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.disputes.lost"] == 1
    assert "payments.disputes.opened" not in counted


@pytest.mark.parametrize(
    ("entries", "kept"),
    [([], True), ([-2499], False), ([-2499, 999], True)],
)
def test_a_prevented_dispute_takes_what_its_balance_says(
    shop: Shop, entries: list[int], kept: bool
) -> None:
    """Invariant 3: prevented, for the bank, may mean that the buyer was paid back."""
    purchase = bought(shop)
    dispute(shop, purchase)
    event = deepcopy(shop.stripe.events("charge.dispute.created")[-1])
    event |= {"id": "evt_prevented", "type": "charge.dispute.closed"}
    event["data"]["object"] |= {
        "status": "prevented",
        "balance_transactions": [
            {"id": f"txn_{number}", "net": net, "currency": "usd"}
            for number, net in enumerate(entries)
        ],
    }

    shop.deliver(event)

    assert has_access(shop) == kept
