"""Refunds by an operator: confirmed first, made once, in the operator's name."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from time_machine import travel

from mocktill import refunds
from mocktill.faults import Fault
from tests.cli.conftest import Operator
from tests.functional.test_pending_purchases import decide, pay_by_bank
from tests.shop import PUBLISHED, Shop, has_access

EMAIL = "ada@example.test"


@pytest.fixture
def purchase(shop: Shop) -> dict[str, Any]:
    """Sell the content for 9.99 USD."""
    shop.create("content", email=EMAIL)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    [purchase] = shop.purchases()
    return purchase


def refunds_at_stripe(shop: Shop) -> list[tuple[int, str]]:
    listed = shop.stripe.get("/v1/refunds")["data"]
    return [(refund["amount"], refund["status"]) for refund in listed]


@pytest.mark.parametrize(("options", "answer"), [(("--yes",), ""), ((), "y\n")])
def test_a_purchase_is_refunded(
    shop: Shop,
    operator: Operator,
    purchase: dict[str, Any],
    options: tuple[str, ...],
    answer: str,
) -> None:
    assert has_access(shop)

    result = operator("refund", purchase["id"], *options, answer=answer)

    assert result.exit_code == 0
    assert "refunded" in result.stdout
    assert refunds_at_stripe(shop) == [(999, "succeeded")]
    assert [found["status"] for found in shop.purchases()] == ["refunded"]
    assert not has_access(shop)


def test_a_part_is_refunded_and_the_buyer_keeps_the_rest(
    shop: Shop, operator: Operator, purchase: dict[str, Any]
) -> None:
    part = ("--amount", "400", "--reason", "requested_by_customer", "--yes")

    shown = operator.json("refund", purchase["id"], *part)["purchase"]

    assert (shown["refunded_amount"], shown["refundable_amount"]) == (400, 599)
    [refund] = shown["refunds"]
    assert (refund["amount"], refund["reason"]) == (400, "requested_by_customer")
    assert has_access(shop)


def test_the_operator_who_refunded_is_on_record(
    operator: Operator, purchase: dict[str, Any]
) -> None:
    operator("refund", purchase["id"], "--yes")

    [told] = operator.json("show", purchase["id"])["payments"]

    [asked] = [e for e in told["timeline"] if e["what"] == "refund_requested"]
    assert asked["details"]["requested_by"].startswith("arn:aws:sts:")
    [refunded] = [e for e in told["timeline"] if e["what"] == "purchase_refunded"]
    assert refunded["details"]["refund_amount"] == 999
    stripe_said = {e["what"] for e in told["timeline"] if e["from"] == "Stripe"}
    assert {"refund.created", "charge.refunded"} <= stripe_said


def test_refunding_asks_first(
    shop: Shop, operator: Operator, purchase: dict[str, Any]
) -> None:
    before = shop.aws.snapshot()

    result = operator("refund", purchase["id"], answer="n\n")

    assert result.exit_code == 1
    assert f"Refund 9.99 USD of {purchase['id']} (completed, " in result.stderr
    assert shop.aws.snapshot() == before
    assert refunds_at_stripe(shop) == []


def test_a_question_cannot_command_the_terminal(shop: Shop, operator: Operator) -> None:
    shop.change_offer(f"content#{PUBLISHED}", title="\x1b[2JCalm")
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()

    result = operator("refund", shop.purchases()[0]["id"], answer="n\n")

    assert "Calm" in result.stderr
    assert "\x1b" not in result.output


def test_no_more_is_refunded_than_was_paid(
    shop: Shop, operator: Operator, purchase: dict[str, Any]
) -> None:
    result = operator("refund", purchase["id"], "--amount", "1000", "--yes")

    assert result.exit_code == 1
    assert result.stderr == f"Only 9.99 USD of {purchase['id']} can be refunded.\n"
    assert refunds_at_stripe(shop) == []


def test_a_second_full_refund_is_refused(
    shop: Shop, operator: Operator, purchase: dict[str, Any]
) -> None:
    operator("refund", purchase["id"], "--yes")

    result = operator("refund", purchase["id"], "--yes")

    assert result.exit_code == 1
    already = f"{purchase['id']} has been refunded already: 9.99 USD.\n"
    assert result.stderr == already
    assert refunds_at_stripe(shop) == [(999, "succeeded")]


def test_a_refund_that_stripe_did_not_confirm_is_made_once(
    shop: Shop, operator: Operator, purchase: dict[str, Any]
) -> None:
    """Reconcile goes on with it, and asking again would be too much."""
    lost = Fault("POST", "/v1/refunds", status=500, when="after", times=5)
    shop.stripe.sandbox.faults.add(lost)

    result = operator("refund", purchase["id"], "--yes")

    assert result.exit_code == 1
    assert "do not repeat it" in result.stderr
    assert operator("refund", purchase["id"], "--yes").exit_code == 1
    shop.stripe.sandbox.faults.clear()
    shop.reconcile()
    assert refunds_at_stripe(shop) == [(999, "succeeded")]
    assert [found["status"] for found in shop.purchases()] == ["refunded"]


@pytest.fixture
def failing_refunds(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the buyer's bank refuse each refund before Stripe has answered."""
    emit = shop.stripe.sandbox.emit

    def emit_and_fail(kind: str, subject: Any, previous: Any = None) -> Any:
        event = emit(kind, subject, previous)
        if kind == "charge.refunded":
            [refund] = shop.stripe.sandbox.store.all("refund")
            refunds.fail(shop.stripe.sandbox, refund["id"])
        return event

    monkeypatch.setattr(shop.stripe.sandbox, "emit", emit_and_fail)


@pytest.mark.usefixtures("failing_refunds")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_refund_that_fails_at_once_is_no_success(
    shop: Shop, operator: Operator, purchase: dict[str, Any], options: tuple[str, ...]
) -> None:
    """A command's metrics raise no alarm, so the operator must see the failure."""
    result = operator("refund", purchase["id"], "--yes", *options)

    assert result.exit_code == 1
    assert f"Refund {shop.refund_of(purchase['id'])} failed" in result.stderr
    assert refunds_at_stripe(shop) == [(999, "failed")]
    assert has_access(shop)


def test_a_refund_that_stripe_refuses_is_no_success(
    shop: Shop, operator: Operator, purchase: dict[str, Any]
) -> None:
    shop.stripe.sandbox.faults.add(Fault("POST", "/v1/refunds", status=400))

    result = operator("refund", purchase["id"], "--yes")

    assert result.exit_code == 1
    assert result.stderr == "The payment provider will not refund this.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("pur_1", "--amount", "0"),
        ("pur_1", "--amount", "-5"),
        ("pur_1", "--amount", "9.99"),
        ("pur_1", "--amount", "all"),
        ("pur_1", "--reason", ""),
        ("pur_1", "--reason", "x" * 501),
        (),
    ],
)
def test_what_can_be_no_refund_is_a_wrong_use(
    operator: Operator, arguments: tuple[str, ...]
) -> None:
    assert operator("refund", *arguments, "--yes").exit_code == 2


def test_an_amount_with_decimals_is_told_what_a_cent_is(operator: Operator) -> None:
    refused = operator("refund", "pur_1", "--amount", "1.50", "--yes").stderr

    # In a box of its own, over several lines.
    words = " ".join(refused.replace("│", " ").split())
    assert "'1.50' must be a whole number of cents" in words
    assert "150 for 1.50 USD" in words


@pytest.mark.parametrize("command", [("refund",), ("quarantine", "accept")])
@pytest.mark.parametrize("given", ["pur_1", "ps_1", "owns#order#order_1"])
def test_a_purchase_that_is_none_is_a_plain_answer(
    operator: Operator, command: tuple[str, ...], given: str
) -> None:
    result = operator(*command, given, "--yes")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"No payment belongs to {given}. ")


# ---------------------------------------------------------------- quarantine


@pytest.fixture
def quarantined(shop: Shop) -> dict[str, Any]:
    """Let Stripe take less for an order than was agreed."""
    shop.create("order", email=EMAIL)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    [event] = shop.stripe.events("checkout.session.completed")
    event["data"]["object"]["amount_total"] = 14000
    shop.deliver(event)
    [purchase] = shop.purchases()
    assert purchase["status"] == "quarantined"
    return purchase


def listed(operator: Operator) -> list[str]:
    return [each["id"] for each in operator.json("quarantine", "list")["quarantined"]]


def test_nothing_in_quarantine_says_so(operator: Operator) -> None:
    assert operator("quarantine", "list").stdout == "Nothing is in quarantine.\n"


def test_what_waits_for_a_person_is_listed(
    operator: Operator, quarantined: dict[str, Any]
) -> None:
    printed = operator("quarantine", "list")

    assert listed(operator) == [quarantined["id"]]
    for told in (quarantined["id"], "another_amount", "140.00 USD", "order_1"):
        assert told in printed.stdout
    assert EMAIL not in printed.output


def test_what_is_accepted_is_sold_after_all(
    shop: Shop, operator: Operator, quarantined: dict[str, Any]
) -> None:
    assert shop.aws.item("OffersTable", "order#order_1")["status"] == "CREATED"

    shown = operator.json("quarantine", "accept", quarantined["id"], "--yes")

    assert shown["purchase"]["status"] == "completed"
    assert shop.aws.item("OffersTable", "order#order_1")["status"] == "PAID"
    assert listed(operator) == []
    [told] = operator.json("show", quarantined["id"])["payments"]
    [accepted] = [e for e in told["timeline"] if e["what"] == "quarantine_accepted"]
    assert accepted["details"]["accepted_by"].startswith("arn:aws:sts:")


def test_what_is_not_accepted_is_refunded(
    shop: Shop, operator: Operator, quarantined: dict[str, Any]
) -> None:
    shown = operator.json("quarantine", "refund", quarantined["id"], "--yes")

    assert shown["purchase"]["status"] == "refunded"
    assert refunds_at_stripe(shop) == [(14000, "succeeded")]
    assert listed(operator) == []


def test_what_was_dealt_with_by_other_means_is_dismissed_with_a_note(
    shop: Shop, operator: Operator, quarantined: dict[str, Any]
) -> None:
    shown = operator.json(
        "quarantine", "dismiss", quarantined["id"], "--note", "In cash", "--yes"
    )

    assert shown["purchase"]["status"] == "failed"
    assert refunds_at_stripe(shop) == []
    assert shop.audit.of("quarantine_dismissed")[0]["note"] == "In cash"


@pytest.mark.parametrize(
    ("verb", "question"),
    [
        ("accept", "Accept pur_"),
        ("refund", "Refund 140.00 USD"),
        ("dismiss --note=x", "Dismiss pur_"),
    ],
)
def test_every_way_out_asks_first(
    shop: Shop,
    operator: Operator,
    quarantined: dict[str, Any],
    verb: str,
    question: str,
) -> None:
    before = shop.aws.snapshot()

    result = operator("quarantine", *verb.split(), quarantined["id"], answer="n\n")

    assert result.exit_code == 1
    assert question in result.stderr
    assert shop.aws.snapshot() == before


@pytest.mark.parametrize("verb", ["accept", "refund", "dismiss --note=x"])
def test_what_is_not_in_quarantine_has_no_way_out(
    shop: Shop, operator: Operator, purchase: dict[str, Any], verb: str
) -> None:
    before = shop.aws.snapshot()

    result = operator("quarantine", *verb.split(), purchase["id"], "--yes")

    assert result.exit_code == 1
    assert "completed" in result.stderr
    assert shop.aws.snapshot() == before


def test_a_receipts_address_is_never_printed(
    shop: Shop, operator: Operator, purchase: dict[str, Any]
) -> None:
    with travel(datetime.now(UTC) + timedelta(minutes=2), tick=False):
        operator("reconcile")
    [kept] = shop.purchases()
    assert kept["receipt"]["url"]

    for options in ((), ("--json",)):
        printed = operator("show", purchase["id"], *options).output
        assert kept["receipt"]["url"] not in printed
        assert EMAIL not in printed


# ---------------------------------------------------------------- another currency


@pytest.fixture
def lost_in_euros(shop: Shop, purchase: dict[str, Any]) -> dict[str, Any]:
    """The purchase, of which a bank has taken 9.21 EUR."""
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.control("charges", intent, "dispute")
    [event] = shop.stripe.events("charge.dispute.created")
    lost = {"currency": "eur", "amount": 921, "status": "lost"}
    event["data"]["object"] |= lost
    shop.deliver(event)
    [found] = shop.purchases()
    return found


def test_an_amount_in_another_currency_is_shown_and_listed_as_what_it_is(
    operator: Operator, lost_in_euros: dict[str, Any]
) -> None:
    shown = operator("show", lost_in_euros["id"]).stdout
    listed = operator("quarantine", "list").stdout

    assert "9.21 EUR" in shown
    for printed in (shown, listed):
        assert "returned_in_another_currency" in printed


def test_a_sale_that_stands_has_access_again(
    shop: Shop, operator: Operator, lost_in_euros: dict[str, Any]
) -> None:
    assert not has_access(shop)

    shown = operator.json("quarantine", "accept", lost_in_euros["id"], "--yes")

    assert (shown["purchase"]["status"], has_access(shop)) == ("completed", True)
    assert listed(operator) == []


def test_a_sale_of_which_nothing_is_left_is_dismissed(
    shop: Shop, operator: Operator, lost_in_euros: dict[str, Any]
) -> None:
    options = ("--note", "All of it is lost", "--yes")

    shown = operator.json("quarantine", "dismiss", lost_in_euros["id"], *options)

    assert (shown["purchase"]["status"], has_access(shop)) == ("failed", False)
    assert shop.ownerships() == []
    path = {"creatorId": "creator_1"}
    answer = shop.call(
        "GET /api/creators/{creatorId}/revenue", buyer="creator_1", path=path
    )
    assert answer.body["totals"] == [], "it no longer counts as a sale"


def test_an_amount_that_the_currency_does_not_have_is_not_asked_for(
    shop: Shop, operator: Operator
) -> None:
    price = {"amount": 100_000, "currency": "isk"}
    shop.change_offer(f"content#{PUBLISHED}", price=price)
    shop.create("content")
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    shop.deliver()
    [sold] = shop.purchases()

    result = operator("refund", sold["id"], "--amount", "550", "--yes")

    assert result.exit_code == 1
    assert "must be a multiple of 100" in result.stderr
    assert shop.purchases() == [sold]


def test_a_lost_part_is_shown(
    shop: Shop, operator: Operator, purchase: dict[str, Any]
) -> None:
    intent = purchase["stripe_payment_intent_id"]
    made = shop.stripe.control("charges", intent, "dispute", amount=300)
    shop.stripe.control("disputes", made["id"], "close", status="lost")
    shop.deliver()

    [told] = operator.json("show", purchase["id"])["payments"]

    [shown] = told["purchases"]
    assert (shown["status"], shown["lost_amount"]) == ("completed", 300)
    assert shown["refundable_amount"] == 699


def test_why_stripe_refused_a_refund_is_shown(
    shop: Shop, operator: Operator, purchase: dict[str, Any]
) -> None:
    intent = purchase["stripe_payment_intent_id"]
    shop.stripe.control("charges", intent, "dispute")

    result = operator("refund", purchase["id"], "--yes")

    assert result.exit_code == 1
    assert "charge_disputed" in result.stderr
    assert "charge_disputed" in operator("show", purchase["id"]).stdout


def test_why_a_refund_failed_is_shown(
    shop: Shop, operator: Operator, purchase: dict[str, Any]
) -> None:
    operator("refund", purchase["id"], "--yes")
    [made] = shop.purchases()[0]["refunds"]
    shop.stripe.control("refunds", made, "fail", failure_reason="declined")
    shop.deliver()

    [told] = operator.json("show", purchase["id"])["payments"]

    assert told["purchases"][0]["refunds"][0]["failure_reason"] == "declined"
    [failed] = [e for e in told["timeline"] if e["what"] == "refund_failed"]
    assert failed["details"]["failure_reason"] == "declined"


def test_a_dismissed_purchase_is_not_refunded(
    shop: Shop, operator: Operator, quarantined: dict[str, Any]
) -> None:
    purchase_id = quarantined["id"]
    dismiss = ("quarantine", "dismiss", purchase_id, "--note", "By bank transfer.")
    assert operator(*dismiss, "--yes").exit_code == 0

    refused = operator("refund", purchase_id, "--yes")

    assert refused.exit_code == 1
    assert "dismissed" in refused.stderr
    assert refunds_at_stripe(shop) == []
    told = operator.json("show", purchase_id)["payments"][0]
    assert told["purchases"][0]["refundable_amount"] == 0


@pytest.mark.parametrize("pays", [None, False])
def test_nothing_is_refundable_of_money_that_has_not_arrived(
    shop: Shop, operator: Operator, pays: bool | None
) -> None:
    event = pay_by_bank(shop)
    shop.deliver(event)
    if pays is False:
        shop.deliver(decide(shop, event, pays=False))
    [purchase] = shop.purchases()

    told = operator.json("show", purchase["id"])["payments"][0]
    refused = operator("refund", purchase["id"], "--yes")

    assert told["purchases"][0]["refundable_amount"] == 0
    assert refused.exit_code == 1
    assert "has not arrived" in refused.stderr
