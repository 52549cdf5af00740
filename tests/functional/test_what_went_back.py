"""
What went back is a sum: refunds that succeeded, and disputes that were lost.

The sale is undone when together they reach the amount paid, and not before.
"""

import json
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from time_machine import Traveller

from checkout.clients.stripe_api import StripeApi
from checkout.domain.published_events import published_event
from checkout.flows import review_quarantine
from checkout.stripe_errors import StripeInvalidRequestError
from tests import flows
from tests.functional.test_disputes import bought, close, dispute
from tests.functional.test_refunds import counts, refund, refund_in_dashboard
from tests.output import captured_log, metrics_in
from tests.shop import PUBLISHED, Shop, has_access

CONTENT = f"content#{PUBLISHED}"
ORDER = ("order#order_1", "PAID", "REFUNDED")


def stored(shop: Shop) -> dict[str, Any]:
    [purchase] = shop.purchases()
    return purchase


def shown(shop: Shop) -> dict[str, Any]:
    [purchase] = shop.call("GET /api/purchases", buyer="user_1").body["data"]
    return dict(purchase)


def revenue(shop: Shop) -> dict[str, int]:
    path = {"creatorId": "creator_1"}
    answer = shop.call(
        "GET /api/creators/{creatorId}/revenue", buyer="creator_1", path=path
    )
    [totals] = answer.body["totals"]
    return dict(totals)


def status_of_order(shop: Shop) -> str:
    return str(shop.aws.item("OffersTable", "order#order_1")["status"])


def sell_in(shop: Shop, currency: str, amount: int, **item: Any) -> dict[str, Any]:
    price = {"amount": amount, "currency": currency}
    shop.change_offer(CONTENT, price=price, **item)
    return bought(shop)


# ------------------------------------------------------------------ disputes of a part


def test_a_part_that_is_lost_takes_no_access(shop: Shop) -> None:
    """Invariant 3: nobody loses what most of the money is still here for."""
    dispute_id = dispute(shop, bought(shop, "order"), amount=4000)
    shop.deliver()
    assert (shown(shop)["status"], has_access(shop, "order")) == ("disputed", False)
    assert "lostAmountCents" not in shown(shop)

    close(shop, dispute_id, "lost")
    shop.deliver()

    assert (shown(shop)["status"], has_access(shop, "order")) == ("completed", True)
    assert shown(shop)["lostAmountCents"] == 4000
    assert status_of_order(shop) == "PAID"
    assert counts(shop) == {"total": 1, "completed": 1}


def test_lost_parts_and_refunds_undo_the_sale_together(shop: Shop) -> None:
    """Invariant 3: in any order, with the last part and not before."""
    purchase = bought(shop, "order")
    first = dispute(shop, purchase, amount=4000)
    second = dispute(shop, purchase, amount=5000)
    for each in (first, second):
        close(shop, each, "lost")
    lost = shop.stripe.events("charge.dispute.closed")
    refunds = _refunded(shop, purchase, 6000)
    shop.deliver(*shop.stripe.events("charge.dispute.created"))
    before = shop.aws.snapshot()

    for events in permutations([*lost, *refunds]):
        shop.aws.restore(before)
        for event in events[:-1]:
            shop.deliver(event)
            assert status_of_order(shop) == "PAID"
        shop.deliver(events[-1])

        assert (shown(shop)["status"], has_access(shop, "order")) == ("disputed", False)
        assert shown(shop)["lostAmountCents"] == 9000
        assert shown(shop)["refundedAmountCents"] == 6000
        assert status_of_order(shop) == "REFUNDED"
        assert shop.ownerships() == []
        assert counts(shop) == {"total": 1, "disputed": 1}


def _refunded(
    shop: Shop, purchase: dict[str, Any], amount: int
) -> list[dict[str, Any]]:
    """Let Stripe refund what was not disputed, and return the event."""
    for found in shop.stripe.sandbox.store.all("dispute"):
        found["is_charge_refundable"] = True
    refund_in_dashboard(shop, purchase["id"], amount=amount)
    return shop.stripe.events("refund.created")


def test_a_lost_part_that_is_won_by_an_appeal_is_given_back(shop: Shop) -> None:
    purchase = bought(shop, "order")
    dispute_id = dispute(shop, purchase)
    close(shop, dispute_id, "lost")
    shop.deliver()
    assert status_of_order(shop) == "REFUNDED"

    shop.stripe.control("disputes", dispute_id, "appeal")
    shop.deliver()
    assert (status_of_order(shop), has_access(shop, "order")) == ("REFUNDED", False)
    close(shop, dispute_id, "won")
    shop.deliver()

    assert (status_of_order(shop), has_access(shop, "order")) == ("PAID", True)
    assert "lostAmountCents" not in shown(shop)


@pytest.mark.parametrize("word", ["appeal_needs_response", "appeal_under_review"])
def test_an_appeal_that_comes_first_counts_as_lost(shop: Shop, word: str) -> None:
    dispute(shop, bought(shop))
    [created] = shop.stripe.events("charge.dispute.created")
    created["data"]["object"]["status"] = word

    shop.deliver(created)

    assert (shown(shop)["status"], has_access(shop)) == ("disputed", False)
    assert shop.ownerships() == []
    assert shop.audit.has_exactly("dispute_lost")


def test_what_was_won_stays_won(shop: Shop) -> None:
    """A late event that says lost must not take away what an appeal has won."""
    dispute_id = dispute(shop, bought(shop))
    close(shop, dispute_id, "won")
    shop.deliver()
    [closed] = shop.stripe.events("charge.dispute.closed")
    closed["data"]["object"]["status"] = "lost"

    shop.deliver(closed)

    assert (shown(shop)["status"], has_access(shop)) == ("completed", True)


def test_a_status_that_nobody_knows_returns_nothing_and_grants_nothing(
    shop: Shop,
) -> None:
    dispute_id = dispute(shop, bought(shop))
    [created] = shop.stripe.events("charge.dispute.created")
    created["data"]["object"]["status"] = "a_word_of_the_future"
    shop.deliver(created)
    assert (shown(shop)["status"], has_access(shop)) == ("disputed", False)

    close(shop, dispute_id, "lost")
    shop.deliver()
    shop.deliver(created)

    assert (shown(shop)["status"], has_access(shop)) == ("disputed", False)
    assert shop.ownerships() == []


def test_a_dispute_that_comes_a_step_further_is_noted_and_alarms_nobody_again(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    dispute_id = dispute(shop, bought(shop))
    shop.deliver()
    capsys.readouterr()
    shop.stripe.post(f"/v1/disputes/{dispute_id}", **{"evidence[customer_name]": "Ada"})

    shop.deliver()

    [known] = stored(shop)["disputes"].values()
    assert known["status"] == "under_review"
    assert shop.audit.has_exactly("dispute_opened", "dispute_updated")
    assert "payments.disputes.opened" not in metrics_in(capsys.readouterr().out)


# ------------------------------------------------------------------ what is refundable


def test_nothing_is_refunded_while_a_part_is_disputed(shop: Shop) -> None:
    purchase = bought(shop)
    dispute(shop, purchase, amount=300)
    shop.deliver()

    answer = refund(shop, purchase["id"], {"amountCents": 100})

    assert (answer.status, answer.body["code"]) == (409, "not_refundable")
    assert stored(shop)["refund_requests"] == {}


def test_what_a_bank_kept_is_not_refunded_as_well(shop: Shop) -> None:
    """Invariant 5: refunds and losses never exceed the amount."""
    purchase = bought(shop)
    close(shop, dispute(shop, purchase, amount=300), "lost")
    shop.deliver()

    too_much = refund(shop, purchase["id"], {"amountCents": 700})

    assert (too_much.status, too_much.body["code"]) == (409, "not_refundable")
    assert stored(shop)["refund_requests"] == {}


def test_the_rest_is_refunded_if_stripe_allows_it(shop: Shop) -> None:
    purchase = bought(shop)
    close(shop, dispute(shop, purchase, amount=300), "lost")
    shop.deliver()
    [found] = shop.stripe.sandbox.store.all("dispute")
    found["is_charge_refundable"] = True

    answer = refund(shop, purchase["id"])

    assert answer.status == 200
    assert (answer.body["status"], answer.body["refundedAmountCents"]) == (
        "disputed",
        699,
    )
    assert answer.body["lostAmountCents"] == 300
    assert shop.ownerships() == []


def test_a_dispute_of_what_was_refunded_in_part_is_lost_only_for_the_rest(
    shop: Shop,
) -> None:
    """The bank may dispute the whole charge; more than was paid cannot go back."""
    purchase = bought(shop)
    refund(shop, purchase["id"], {"amountCents": 400})
    close(shop, dispute(shop, purchase, amount=999), "lost")

    shop.deliver()

    assert (shown(shop)["refundedAmountCents"], shown(shop)["lostAmountCents"]) == (
        400,
        599,
    )
    assert (shown(shop)["status"], has_access(shop)) == ("disputed", False)


# ------------------------------------------------------------------ other currencies


def in_another_currency(shop: Shop, event_type: str, **facts: Any) -> dict[str, Any]:
    [event] = shop.stripe.events(event_type)
    event["data"]["object"] |= {"currency": "eur", **facts}
    return event


@pytest.mark.parametrize("word", ["needs_response", "lost", "a_word_of_the_future"])
def test_a_dispute_in_another_currency_is_for_a_person(
    shop: Shop, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is kept and alarmed, counted nowhere, and suspends the access."""
    shop.values["DisputedAccess"] = "kept"
    dispute(shop, bought(shop, "order"))

    shop.deliver(
        in_another_currency(shop, "charge.dispute.created", amount=15000, status=word)
    )

    assert (shown(shop)["status"], has_access(shop, "order")) == ("quarantined", False)
    assert "lostAmountCents" not in shown(shop)
    assert (status_of_order(shop), len(shop.ownerships())) == ("PAID", 1)
    [known] = stored(shop)["disputes"].values()
    assert (known["amount"], known["currency"]) == (15000, "eur")
    assert metrics_in(capsys.readouterr().out)["payments.checkout.quarantined"] == 1
    [entry] = shop.audit.of("purchase_quarantined")
    assert entry["reason"] == "returned_in_another_currency"


@pytest.mark.parametrize("word", ["pending", "succeeded"])
def test_a_refund_in_another_currency_is_for_a_person(shop: Shop, word: str) -> None:
    purchase = bought(shop)
    refund_in_dashboard(shop, purchase["id"])

    event = in_another_currency(shop, "refund.created", amount=999, status=word)
    shop.deliver(event, event)

    assert (shown(shop)["status"], has_access(shop)) == ("quarantined", False)
    assert shown(shop)["refundedAmountCents"] == 0
    assert len(shop.ownerships()) == 1


@pytest.mark.parametrize(
    ("event_type", "word"),
    [
        ("refund.created", "failed"),
        ("charge.dispute.created", "won"),
        ("charge.dispute.created", "warning_needs_response"),
    ],
)
def test_what_did_not_go_back_needs_nobody(
    shop: Shop, event_type: str, word: str
) -> None:
    purchase = bought(shop)
    if event_type == "refund.created":
        refund_in_dashboard(shop, purchase["id"])
    else:
        dispute(shop, purchase)

    shop.deliver(in_another_currency(shop, event_type, status=word))

    assert (shown(shop)["status"], has_access(shop)) == ("completed", True)


def test_an_amount_without_a_currency_is_in_the_payments(shop: Shop) -> None:
    purchase = bought(shop)
    refund_in_dashboard(shop, purchase["id"])
    [event] = shop.stripe.events("refund.created")
    del event["data"]["object"]["currency"]

    shop.deliver(event)

    assert shown(shop)["status"] == "refunded"


# ------------------------------------------------------------------ units and shares


@pytest.mark.parametrize(
    ("currency", "price", "amount"),
    [("isk", 100_000, 550), ("ugx", 10_000_000, 50), ("kwd", 10_000, 5125)],
)
def test_a_refund_of_what_the_currency_does_not_have_is_refused_and_not_written(
    shop: Shop, currency: str, price: int, amount: int
) -> None:
    purchase = sell_in(shop, currency, price)

    answer = refund(shop, purchase["id"], {"amountCents": amount})

    assert (answer.status, answer.body["code"]) == (400, "invalid_request")
    assert [field["field"] for field in answer.body["fields"]] == ["amountCents"]
    assert stored(shop) == purchase
    assert shop.audit.has_none_of("refund_requested")


def test_shares_and_revenue_are_amounts_that_can_be_paid(shop: Shop) -> None:
    """Invariant 5: 7.7 % of 1,000 krónur are 77, and no aurar."""
    fees = {"platform_fee_bps": 777, "organization_fee_bps": 333}
    purchase = sell_in(shop, "isk", 100_000, **fees)
    close(shop, dispute(shop, purchase, amount=30_000), "lost")
    shop.deliver()

    assert [shown(shop)[name] for name in SHARES] == [7_700, 3_300, 89_000]
    left = revenue(shop)
    assert [left[name] for name in SHARES] == [5_400, 2_300, 62_300]
    assert (left["grossCents"], left["lostToDisputesCents"]) == (100_000, 30_000)


SHARES = ("platformFeeCents", "organizationFeeCents", "creatorPayoutCents")


# ------------------------------------------------------------------ why it failed


def test_why_a_refund_failed_is_told_to_operators(shop: Shop) -> None:
    purchase = bought(shop, card="4000000000005126")
    made = refund_in_dashboard(shop, purchase["id"])
    shop.stripe.control(
        "refunds", made["id"], "fail", failure_reason="lost_or_stolen_card"
    )

    with captured_log() as log:
        shop.deliver()

    [known] = stored(shop)["refunds"].values()
    assert known["failure_reason"] == "lost_or_stolen_card"
    [entry] = shop.audit.of("refund_failed")
    assert entry["failure_reason"] == "lost_or_stolen_card"
    lines = map(json.loads, log.getvalue().splitlines())
    [line] = [line for line in lines if line["message"] == "refund_failed"]
    assert line["failure_reason"] == "lost_or_stolen_card"


def test_a_reason_that_comes_later_is_news_once(shop: Shop) -> None:
    purchase = bought(shop, card="4000000000005126")
    made = refund_in_dashboard(shop, purchase["id"])
    shop.stripe.control("refunds", made["id"], "fail")
    told = shop.stripe.events("refund.failed")[-1]
    bare = json.loads(json.dumps(told))
    bare["data"]["object"]["failure_reason"] = None

    shop.deliver(bare, bare, told, told, bare)

    [known] = stored(shop)["refunds"].values()
    assert known["failure_reason"] == "expired_or_canceled_card"
    assert shop.audit.has_exactly("refund_failed", "refund_updated")


def test_why_stripe_refuses_a_refund_is_kept_and_told(shop: Shop) -> None:
    """An operator reads Stripe's code in the answer, the log and the history."""
    purchase = bought(shop)
    dispute(shop, purchase)  # and no event has told us of it

    with captured_log() as log:
        answers = [refund(shop, purchase["id"]) for _ in range(2)]

    for answer in answers:
        assert (answer.status, answer.body["code"]) == (409, "not_refundable")
        assert "charge_disputed" in answer.body["error"]
    [asked] = stored(shop)["refund_requests"].values()
    assert asked["refusal_code"] == "charge_disputed"
    [entry] = shop.audit.of("refund_refused")
    assert entry["reason"] == "charge_disputed"
    lines = map(json.loads, log.getvalue().splitlines())
    [line] = [line for line in lines if line["message"] == "refund_refused"]
    assert line["stripe_code"] == "charge_disputed"


def test_what_else_stripe_says_of_a_refusal_is_kept_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    purchase = bought(shop)
    refusal = StripeInvalidRequestError("No.", "card_declined", "amount", "lost_card")
    monkeypatch.setattr(StripeApi, "create_refund", _raising(refusal))

    answer = refund(shop, purchase["id"])

    assert (answer.status, "lost_card" in answer.body["error"]) == (409, True)
    [asked] = stored(shop)["refund_requests"].values()
    assert asked["refusal_param"] == "amount"
    assert asked["refusal_decline_code"] == "lost_card"
    [entry] = shop.audit.of("refund_refused")
    assert (entry["param"], entry["decline_code"]) == ("amount", "lost_card")


def _raising(error: Exception) -> Any:
    def call(*_: Any) -> None:
        raise error

    return call


def test_others_hear_that_a_sale_in_two_currencies_is_dismissed(shop: Shop) -> None:
    purchase = bought(shop)
    refund_in_dashboard(shop, purchase["id"])
    shop.deliver(in_another_currency(shop, "refund.created"))
    changes = flows.purchase_changes(shop)

    review_quarantine.dismiss(
        changes, flows.purchase(shop, purchase["id"]), "operator_1", "a private note"
    )

    assert not has_access(shop)
    event = published_event(shop.audit.of("quarantine_dismissed")[0])
    assert event
    assert event.name == "payments.quarantine.dismissed"
    assert event.detail["purchase_id"] == purchase["id"]
    assert "a private note" not in str(event)


def test_a_sale_ends_when_less_is_left_than_the_currency_has(shop: Shop) -> None:
    """A bank took a part that leaves an amount which nobody can refund."""
    purchase = sell_in(shop, "isk", 100000)
    close(shop, dispute(shop, purchase, amount=12345), "lost")
    shop.deliver()
    # Of some payment methods Stripe refunds what a dispute has left.
    for lost in shop.stripe.sandbox.store.all("dispute"):
        lost["is_charge_refundable"] = True
    assert has_access(shop)

    answer = refund(shop, purchase["id"])

    assert (answer.status, answer.body["refundedAmountCents"]) == (200, 87600)
    assert (shown(shop)["status"], has_access(shop)) == ("disputed", False)
    assert shop.ownerships() == []


def test_a_part_that_is_left_keeps_the_sale(shop: Shop) -> None:
    purchase = sell_in(shop, "isk", 100000)
    close(shop, dispute(shop, purchase, amount=12345), "lost")
    shop.deliver()
    # Of some payment methods Stripe refunds what a dispute has left.
    for lost in shop.stripe.sandbox.store.all("dispute"):
        lost["is_charge_refundable"] = True

    assert refund(shop, purchase["id"], {"amountCents": 87500}).status == 200

    assert (shown(shop)["status"], has_access(shop)) == ("completed", True)


@pytest.mark.parametrize("left_out", ["nothing", "purchase_id"])
def test_our_metadata_names_the_purchase_of_a_refund(shop: Shop, left_out: str) -> None:
    """Stripe's types allow a refund that names neither its payment nor its charge."""
    assert refund(shop, bought(shop)["id"], {"amountCents": 100}).status == 200
    [event] = shop.stripe.events("refund.created")
    event["data"]["object"] |= {"id": "re_other", "amount": 899, "status": "succeeded"}
    event["data"]["object"] |= {"payment_intent": None, "charge": None}
    event["data"]["object"]["metadata"].pop(left_out, None)

    shop.deliver(event)

    assert (shown(shop)["status"], has_access(shop)) == ("refunded", False)


@pytest.mark.frozen_at("2026-11-28T10:00:00Z")
def test_reconcile_finds_the_purchase_of_such_a_refund(
    shop: Shop, clock: Traveller
) -> None:
    purchase = bought(shop)
    assert refund(shop, purchase["id"], {"amountCents": 100}).status == 200
    for made in shop.stripe.sandbox.store.all("refund"):
        made |= {"payment_intent": None, "charge": None}
    for event in shop.stripe.sandbox.store.all("event"):
        if event["type"].startswith("refund."):
            event["data"]["object"] |= {"payment_intent": None, "charge": None}
    clock.shift(timedelta(minutes=5))

    shop.reconcile()

    assert shop.aws.messages() == [], "nothing of it is news"
