"""A payment status that we do not know: a known one decides, whichever comes first."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from time_machine import Traveller

from tests.functional.test_disputes import bought
from tests.functional.test_pending_purchases import decide, pay_by_bank
from tests.functional.test_quarantine import accept, dismiss, listed
from tests.functional.test_refunds import counts
from tests.output import metrics_in
from tests.shop import Shop, has_access

pytestmark = pytest.mark.frozen_at(datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC))

type Event = dict[str, Any]


def odd(event: Event) -> Event:
    found = deepcopy(event)
    found["id"] += "_odd"
    found["data"]["object"]["payment_status"] = "partially_funded"
    return found


def outcome(shop: Shop) -> list[Any]:
    """Return what remains, but for the times and the versions."""
    [purchase], [session] = shop.purchases(), shop.sessions()
    statuses = [purchase["status"], purchase.get("quarantine_reason")]
    return [
        *statuses,
        session["status"],
        session["payment_status"],
        len(shop.ownerships()),
        has_access(shop),
        listed(shop),
    ]


@pytest.mark.parametrize(
    ("pays", "expected"),
    [
        (True, ["completed", None, "complete", "paid", 1, True, []]),
        (False, ["failed", None, "failed", "failed", 0, False, []]),
    ],
)
def test_a_known_word_decides_in_any_order(
    shop: Shop, pays: bool, expected: list[Any]
) -> None:
    """Invariants 3 and 4: the events are the same, and so is the result."""
    began = pay_by_bank(shop)
    decided = decide(shop, began, pays=pays)
    before = shop.aws.snapshot()
    for events in permutations([began, odd(began), decided, odd(began)]):
        shop.aws.restore(before)

        shop.deliver(*events)

        assert outcome(shop) == expected


@pytest.mark.parametrize("accepted", [False, True])
@pytest.mark.parametrize(("pays", "status"), [(True, "completed"), (False, "failed")])
def test_a_known_word_decides_without_a_webhook(
    shop: Shop, clock: Traveller, pays: bool, status: str, accepted: bool
) -> None:
    """Invariants 3 and 12: only Stripe's log has it; a person may have accepted."""
    began = pay_by_bank(shop)
    shop.deliver(odd(began))
    if accepted:
        accept(shop, shop.purchases()[0]["id"])
    decide(shop, began, pays=pays)
    clock.shift(timedelta(minutes=5))

    shop.invoke("ReconcileFunction", {})
    shop.work()

    assert (outcome(shop)[0], has_access(shop)) == (status, pays)
    clock.shift(timedelta(minutes=1))
    again = shop.invoke("ReconcileFunction", {})
    assert again["queued"] == 0


def test_a_known_word_with_another_amount_stays_in_quarantine(shop: Shop) -> None:
    began = pay_by_bank(shop)
    began["data"]["object"]["amount_total"] = 500
    decided = decide(shop, began)
    decided["data"]["object"]["amount_total"] = 500
    before = shop.aws.snapshot()
    for events in permutations([odd(began), decided]):
        shop.aws.restore(before)

        shop.deliver(*events)

        [purchase] = shop.purchases()
        assert purchase["quarantine_reason"] == "another_amount"
        assert purchase["status"] == "quarantined"


def test_money_that_did_not_come_ends_what_a_person_accepted(shop: Shop) -> None:
    """Invariant 3: there is no access without money."""
    began = pay_by_bank(shop)
    shop.deliver(odd(began))
    assert accept(shop, shop.purchases()[0]["id"]) == "completed"
    assert has_access(shop)

    shop.deliver(decide(shop, began, pays=False))

    assert outcome(shop)[0] == "failed"
    assert not has_access(shop)
    assert shop.ownerships() == []
    assert shop.create("content").status == 200


def test_what_a_person_accepted_stands_when_the_money_comes(shop: Shop) -> None:
    began = pay_by_bank(shop)
    shop.deliver(odd(began))
    accept(shop, shop.purchases()[0]["id"])
    before = shop.purchases()

    shop.deliver(decide(shop, began))

    assert shop.purchases() == before


def test_the_money_of_an_unknown_payment_can_be_unfulfillable(shop: Shop) -> None:
    began = pay_by_bank(shop, "order")
    shop.deliver(odd(began))
    shop.change_offer("order#order_1", status="CANCELLED")

    shop.deliver(decide(shop, began))

    [purchase] = shop.purchases()
    assert purchase["quarantine_reason"] == "offer_not_sellable"
    assert purchase["status"] == "refunded"
    assert shop.sessions()[0]["status"] == "complete"


def test_a_sale_is_not_undone_by_an_unknown_word(shop: Shop) -> None:
    purchase = bought(shop)
    [event] = shop.stripe.events("checkout.session.completed")

    shop.deliver(odd(event))

    assert shop.purchases() == [purchase]
    assert counts(shop)["completed"] == 1


def test_money_that_comes_after_a_dismissal_waits_for_a_person_again(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invariant 2: the buyer may have paid again meanwhile."""
    began = pay_by_bank(shop)
    shop.deliver(odd(began))
    purchase_id = shop.purchases()[0]["id"]
    dismiss(shop, purchase_id)
    assert listed(shop) == []
    capsys.readouterr()

    shop.deliver(decide(shop, began))

    assert listed(shop) == [purchase_id]
    assert shop.purchases()[0]["quarantine_reason"] == "paid_after_dismissal"
    assert metrics_in(capsys.readouterr().out)["payments.checkout.quarantined"] == 1
    assert shop.create("content").body["code"] == "payment_in_progress"


def test_a_refusal_after_a_dismissal_changes_little(shop: Shop) -> None:
    began = pay_by_bank(shop)
    shop.deliver(odd(began))
    dismiss(shop, shop.purchases()[0]["id"])

    shop.deliver(decide(shop, began, pays=False))

    assert outcome(shop)[0] == "failed"
    assert listed(shop) == []
