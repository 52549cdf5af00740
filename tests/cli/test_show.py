"""`show`: one payment, found by any of its ids, as one report."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from checkout import clock
from mocktill.faults import Fault
from tests.cli.conftest import Operator
from tests.functional.test_quarantine import lose
from tests.shop import PUBLISHED, Shop
from tests.stripe_side import DECLINED_CARD

INSUFFICIENT_FUNDS = "4000000000009995"
EMAIL = "ada@example.test"


def buy(shop: Shop, kind: str = "content", **changes: Any) -> dict[str, Any]:
    """Start a purchase, pay it and let everything be applied; return its session."""
    assert shop.create(kind, email=EMAIL, **changes).status == 200
    stripe_session_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.pay(stripe_session_id)
    shop.deliver()
    return newest(shop)


def newest(shop: Shop) -> dict[str, Any]:
    return shop.sessions()[-1]


def found_by(operator: Operator, given: str, *options: str) -> list[str]:
    shown = operator.json("show", given, *options)
    return [session["id"] for session in shown["found"]]


def test_a_payment_is_found_by_each_id_that_belongs_to_it(
    shop: Shop, operator: Operator
) -> None:
    session = buy(shop)
    [purchase] = shop.purchases()
    ids = [
        session["id"],
        purchase["id"],
        session["stripe_session_id"],
        session["stripe_payment_intent_id"],
        *(event["id"] for event in shop.stripe.events()),
        PUBLISHED,
        f"content#{PUBLISHED}",
    ]

    assert len(ids) > 6
    for given in ids:
        assert found_by(operator, given) == [session["id"]], given


def test_a_payment_that_has_not_arrived_is_found_by_its_payment_intent(
    shop: Shop, operator: Operator
) -> None:
    """No purchase points from it yet: Stripe knows whose it is."""
    shop.create("content")
    session = newest(shop)
    shop.stripe.pay(session["stripe_session_id"], DECLINED_CARD)
    [event] = shop.stripe.events("payment_intent.payment_failed")
    payment_intent = event["data"]["object"]["id"]

    assert found_by(operator, payment_intent) == [session["id"]]
    assert operator("show", payment_intent, "--offline").exit_code == 1


def test_a_refunds_event_leads_to_the_payment(shop: Shop, operator: Operator) -> None:
    """A charge has the metadata of no session of ours, but its payment intent."""
    session = buy(shop)
    shop.stripe.post("/v1/refunds", payment_intent=session["stripe_payment_intent_id"])
    [event] = shop.stripe.events("charge.refunded")

    assert found_by(operator, event["id"]) == [session["id"]]


def test_what_was_announced_of_the_offer_is_in_the_timeline(
    shop: Shop, operator: Operator
) -> None:
    session = buy(shop, "auction")
    entry = {"at": "2026-11-21T09:00:12.000Z", "action": "window_closing"}
    keys = {"payment_session_id": "auction#auction_1", "entry_id": "a"}
    shop.aws.put("AuditLogTable", entry | keys | {"closes_at": "2026-11-21T12:00:00Z"})

    [payment] = operator.json("show", session["id"])["payments"]

    assert payment["timeline"][0]["what"] == "window_closing"
    assert payment["timeline"][0]["details"] == {"closes_at": "2026-11-21T12:00:00Z"}


def test_the_address_of_an_abandoned_checkout_is_not_shown(
    shop: Shop, operator: Operator
) -> None:
    session = buy(shop)
    entry = {"at": "2026-11-21T09:00:12.000Z", "action": "checkout_abandoned"}
    keys = {"payment_session_id": session["id"], "entry_id": "a"}
    url = {"recovery_url": "https://buy.stripe.test/r/1"}
    shop.aws.put("AuditLogTable", entry | keys | url)

    shown = operator("show", session["id"]).stdout

    assert "checkout_abandoned" in shown
    assert (
        "buy.stripe.test"
        not in shown + operator("show", session["id"], "--json").stdout
    )


def test_the_callers_metadata_is_shown_with_the_purchase(
    shop: Shop, operator: Operator
) -> None:
    session = buy(shop, "product", metadata={"device_id": "d-5", "kind": "bid"})

    [payment] = operator.json("show", session["id"])["payments"]

    [purchase] = payment["purchases"]
    assert payment["session"]["metadata"] == {"device_id": "d-5"}
    assert purchase["metadata"] == {"device_id": "d-5"}
    assert "device_id: d-5" in operator("show", session["id"]).stdout


@pytest.mark.parametrize(
    ("kind", "ids"),
    [
        ("bid", ["42", "bid#42", "7", "row#7"]),
        ("auction", ["auction_1", "auction#auction_1"]),
        ("order", ["order_1", "order#order_1"]),
        ("product", ["hero-me-feelings", "product#hero-me-feelings"]),
    ],
)
def test_an_offers_id_leads_to_its_payment(
    shop: Shop, operator: Operator, kind: str, ids: list[str]
) -> None:
    session = buy(shop, kind)

    for given in ids:
        assert found_by(operator, given) == [session["id"]], given


def test_of_several_payments_the_newest_is_told_and_all_are_listed(
    shop: Shop, operator: Operator
) -> None:
    sessions = []
    for minutes, buyer in enumerate(["user_1", "user_2", "user_3"]):
        with time_machine.travel(clock.now() + timedelta(minutes=minutes)):
            shop.create("content", buyer)
        sessions.append(newest(shop)["id"])

    newest_first = sessions[::-1]
    one = operator.json("show", PUBLISHED)
    every = operator.json("show", PUBLISHED, "--all")

    assert [found["id"] for found in one["found"]] == newest_first
    assert [told["session"]["id"] for told in one["payments"]] == newest_first[:1]
    assert [told["session"]["id"] for told in every["payments"]] == newest_first
    printed = operator("show", PUBLISHED).stdout
    assert all(session_id in printed for session_id in sessions)


def test_the_timeline_has_what_we_did_and_what_stripe_said(
    shop: Shop, operator: Operator
) -> None:
    shop.create("content")
    stripe_session_id = newest(shop)["stripe_session_id"]
    shop.stripe.pay(stripe_session_id, DECLINED_CARD)
    shop.stripe.pay(stripe_session_id)
    shop.deliver()

    [told] = operator.json("show", stripe_session_id)["payments"]

    lines = [(entry["from"], entry["what"]) for entry in told["timeline"]]
    assert set(lines) == {
        ("us", "checkout_created"),
        ("Stripe", "payment_intent.payment_failed"),
        ("us", "payment_failed"),
        ("Stripe", "payment_intent.succeeded"),
        ("Stripe", "checkout.session.completed"),
        ("us", "checkout_completed"),
    }
    seconds = [entry["at"][:19] for entry in told["timeline"]]
    assert seconds == sorted(seconds)
    assert lines.index(("Stripe", "checkout.session.completed")) < lines.index(
        ("us", "checkout_completed")
    )
    assert [p["status"] for p in told["purchases"]] == ["completed"]
    assert told["stripe"]["payment_intent_status"] == "succeeded"
    assert told["stripe"]["amount_received"] == told["session"]["amount"] == 999


def test_a_decline_says_why(shop: Shop, operator: Operator) -> None:
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"], INSUFFICIENT_FUNDS)
    shop.deliver()

    shown = operator.json("show", newest(shop)["id"])["payments"][0]

    [entry] = [e for e in shown["timeline"] if e["what"] == "payment_failed"]
    assert entry["details"]["reason"] == "card_declined"
    assert entry["details"]["decline_code"] == "insufficient_funds"
    assert shown["stripe"]["last_error"] == "card_declined"
    assert shown["stripe"]["decline_code"] == "insufficient_funds"
    assert "insufficient_funds" in operator("show", newest(shop)["id"]).output


def test_within_a_second_an_event_precedes_what_it_did() -> None:
    """Stripe's clock tells whole seconds, and ours thousandths."""
    from cli.timeline import in_order  # noqa: PLC0415 - once the environment is set

    second = "2031-05-06T07:08:09"

    def line(source: str, at: str, what: str, **details: str) -> dict[str, Any]:
        return {"at": at, "from": source, "what": what, "details": details}

    story = [
        line("us", f"{second}.100Z", "checkout_created"),
        line("Stripe", f"{second}.000Z", "completed", event_id="evt_1"),
        line("us", f"{second}.300Z", "checkout_completed", event_id="evt_1"),
        line("Stripe", "2031-05-06T07:08:10.000Z", "refunded", event_id="evt_2"),
        line("us", "2031-05-06T07:08:11.000Z", "accepted"),
        # A queue's delay is no reason to tell it later than it was.
        line("us", "2031-05-06T09:00:00.000Z", "purchase_refunded", event_id="evt_2"),
    ]

    assert in_order(story[::-1]) == story


def test_the_timeline_has_nothing_of_other_payments(
    shop: Shop, operator: Operator
) -> None:
    first = buy(shop, buyer="user_1")
    second = buy(shop, buyer="user_2")

    [told] = operator.json("show", first["id"])["payments"]

    assert first["id"] != second["id"]
    others = {
        event["id"] for event in shop.stripe.events() if second["id"] in str(event)
    }
    assert others
    assert not [e for e in told["timeline"] if e["details"].get("event_id") in others]


def test_an_event_that_nobody_delivered_shows(shop: Shop, operator: Operator) -> None:
    """Which is what an operator looks for: Stripe knows, and we do not."""
    shop.create("content")
    session = newest(shop)
    shop.stripe.pay(session["stripe_session_id"])

    [told] = operator.json("show", session["id"])["payments"]

    assert told["session"]["status"] == "open"
    assert told["stripe"]["session_status"] == "complete"
    assert told["purchases"] == []
    said = [entry["what"] for entry in told["timeline"] if entry["from"] == "Stripe"]
    assert "checkout.session.completed" in said


def test_offline_tells_what_the_tables_know(shop: Shop, operator: Operator) -> None:
    session = buy(shop)
    asked_before = len(shop.stripe.sandbox.requests)

    [told] = operator.json("show", session["id"], "--offline")["payments"]

    assert len(shop.stripe.sandbox.requests) == asked_before
    assert told["stripe"] is None
    assert {entry["from"] for entry in told["timeline"]} == {"us"}


def test_stripe_that_does_not_answer_hides_nothing_else(
    shop: Shop, operator: Operator
) -> None:
    session = buy(shop)
    shop.stripe.sandbox.faults.add(Fault("GET", "/v1/", status=500, times=20))

    result = operator("show", session["id"])

    assert result.exit_code == 0
    assert "Stripe's view is missing" in result.stderr
    assert "checkout_completed" in result.stdout


def test_amounts_are_written_as_people_do(shop: Shop, operator: Operator) -> None:
    session = buy(shop)
    assert "9.99 USD" in operator("show", session["id"]).stdout


def test_so_is_stripes_fee_in_the_currency_of_the_account(
    shop: Shop, operator: Operator
) -> None:
    session = buy(shop)
    # Stripe books the payment; reconcile reads the booking two minutes later.
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        shop.reconcile()

    shown = operator("show", session["id"]).stdout
    [payment] = operator.json("show", session["id"])["payments"]

    assert re.search(r"stripe fee +0\.59 USD", shown)
    assert "stripe_fee 0.59 USD" in shown, "in the timeline, too"
    assert "stripe fee currency" not in shown
    [purchase] = payment["purchases"]
    assert (purchase["stripe_fee"], purchase["stripe_fee_currency"]) == (59, "usd")


@pytest.mark.parametrize("kind", ["content", "product"])
@pytest.mark.parametrize("options", [(), ("--json",), ("--all",)])
def test_what_nobody_may_read_is_never_printed(
    shop: Shop, operator: Operator, kind: str, options: tuple[str, ...]
) -> None:
    """Invariant 8 in the command line: output is shared and pasted."""
    changes = {"customer_email": EMAIL} if kind == "product" else {}
    created = shop.create(kind, email=EMAIL, **changes)
    session = newest(shop)
    shop.stripe.pay(session["stripe_session_id"], DECLINED_CARD)
    shop.stripe.pay(session["stripe_session_id"])
    shop.deliver()
    assert EMAIL in session["stripe_request"]

    result = operator("show", session["id"], *options)

    assert result.exit_code == 0
    secret = created.body.get("client_secret") or session["url"]
    for hidden in (EMAIL, secret, "stripe_request", "success_url", "client_secret"):
        assert hidden not in result.output, hidden


@pytest.mark.parametrize(
    "given",
    [
        *("ps_" + "0" * 32, "pur_0", "pi_nobody", "cs_test_nobody", "evt_nobody"),
        *(
            "live#order#order_1",
            "rate#203.0.113.7",
            "buyer#user_1",
            "owns#order#order_1",
        ),
        *("nothing#1", "order#", "#", "row#", "../../v1/charges", "evt_../charges"),
        *("[red]x[/red]", "' OR 1=1", "{}", "%s", "🦆", "x" * 300),
    ],
)
def test_an_id_of_nothing_is_a_plain_answer(operator: Operator, given: str) -> None:
    from cli.find_at_stripe import nothing_found  # noqa: PLC0415 - once the environment is set

    result = operator("show", "--", given)

    assert result.exit_code == 1
    assert result.stderr == f"{nothing_found(given, offline=False)}\n"
    assert result.stdout == ""


@pytest.mark.parametrize("given", ["", "x" * 3000, "\x1b[2Jps_1", "a\nb", "\udcff"])
def test_an_id_that_can_be_none_is_refused(operator: Operator, given: str) -> None:
    result = operator("show", given)

    assert (result.exit_code, result.stderr) == (
        1,
        "This is not the id of a payment.\n",
    )


def test_a_title_cannot_command_the_terminal(shop: Shop, operator: Operator) -> None:
    title = "\x1b]0;owned\x07[bold]Calm[/bold]"
    shop.change_offer(f"content#{PUBLISHED}", title=title)
    session = buy(shop)

    printed = operator("show", session["id"]).stdout

    assert "\x1b" not in printed
    assert "\x07" not in printed
    assert "[bold]Calm[/bold]" in printed
    told = json.loads(operator("show", session["id"], "--json").stdout)
    assert told["payments"][0]["session"]["title"] == title


def test_what_cannot_be_read_is_a_sentence(shop: Shop, operator: Operator) -> None:
    """An operator comes here with an id from the log of an alarm."""
    shop.create("content")
    [session] = shop.sessions()
    shop.aws.dynamodb.update_item(
        TableName=shop.aws.tables["PaymentSessionsTable"],
        Key={"id": {"S": session["id"]}},
        UpdateExpression="REMOVE title",
    )

    result = operator("show", session["id"])

    assert result.exit_code == 1
    assert result.stderr.startswith(f"{session['id']} cannot be read: ")
    assert "TypeError" in result.stderr


# ---------------------------------------------------------------- what cannot be bought


def test_an_offer_that_nobody_can_buy_shows_why(shop: Shop, operator: Operator) -> None:
    shop.change_offer(f"content#{PUBLISHED}", title=None)
    assert shop.create("content").status == 400

    for given in (PUBLISHED, f"content#{PUBLISHED}"):
        result = operator("show", given)

        assert result.exit_code == 1
        assert "title" in result.stdout
        assert "is missing" in result.stdout


def test_a_request_that_stripe_refused_shows_stripes_words(
    shop: Shop, operator: Operator
) -> None:
    shop.stripe.sandbox.settled_in_dollars = True
    shop.change_offer("bid#42", price={"amount": 50, "currency": "inr"})
    assert shop.create("bid").status == 400

    [payment] = operator.json("show", "row#7")["payments"]

    assert payment["session"]["status"] == "discarded"
    assert payment["session"]["refusal_code"] == "amount_too_small"
    assert payment["session"]["refusal_param"] == "line_items"
    [entry] = [e for e in payment["timeline"] if e["from"] == "us"]
    assert entry["what"] == "checkout_refused"
    assert entry["details"]["stripe_code"] == "amount_too_small"
    assert "amount_too_small" in operator("show", "row#7").stdout


def test_a_payment_of_an_offer_that_broke_later_shows_both(
    shop: Shop, operator: Operator
) -> None:
    session = buy(shop)
    shop.change_offer(f"content#{PUBLISHED}", price={"amount": 1, "currency": "usd"})

    shown = operator.json("show", PUBLISHED)

    assert [each["id"] for each in shown["found"]] == [session["id"]]
    assert [each["field"] for each in shown["problems"]] == ["price.amount"]
    assert "below 0.50 USD" in operator("show", PUBLISHED).stdout


@pytest.mark.parametrize("kind", ["bid", "content"])
def test_a_payment_without_its_session_is_found_by_each_of_its_ids(
    shop: Shop, operator: Operator, kind: str
) -> None:
    purchase_id = lose(shop, kind)
    [purchase] = shop.purchases()
    ids = [purchase_id, purchase["payment_session_id"], purchase["stripe_session_id"]]
    ids += [purchase["stripe_payment_intent_id"]]
    ids += [event["id"] for event in shop.stripe.events("checkout.session.completed")]

    for given in ids:
        shown = operator.json("show", given)
        [report] = shown["payments"]
        assert report["session"]["status"] == "lost", given
        assert [each["id"] for each in report["purchases"]] == [purchase_id], given
        assert report["stripe"]["payment_status"] == "paid", given

    assert "session_lost" in operator("show", purchase_id, "--offline").stdout


def test_a_payment_through_another_checkout_session_is_found_by_its_id(
    shop: Shop, operator: Operator
) -> None:
    session = buy(shop)
    other = shop.stripe.events("checkout.session.completed")[-1]
    other["id"] = "evt_other"
    other["data"]["object"] |= {"id": "cs_test_other", "payment_intent": "pi_other"}
    shop.deliver(other)

    for given in ("cs_test_other", "pi_other", "pur_cs_test_other"):
        assert found_by(operator, given, "--offline") == [session["id"]]


def test_a_lost_payment_is_not_accepted_and_the_command_says_why(
    shop: Shop, operator: Operator
) -> None:
    refused = operator("quarantine", "accept", lose(shop, "bid"), "--yes")

    assert refused.exit_code == 1
    assert "refund or dismiss" in refused.stderr
