"""
Invariant 13: Stripe may send null, nothing, or a word that we do not know.

The cases are generated from the SDK's types. Each is applied, stored, read back, listed
and reconciled; none fails, and none gives access without money.
"""

import json
from typing import Any

import pytest
import stripe
from stripe.checkout import Session

from tests.functional.test_disputes import bought, dispute
from tests.functional.test_refunds import refund_in_dashboard
from tests.nullable import ABSENT, CLASSES, changed, hide, nullable, said, variants
from tests.output import captured_log, metrics_in
from tests.shop import Shop, has_access

pytestmark = pytest.mark.slow

type Json = dict[str, Any]

# A payment is compared with what we prepared; if a fact is missing, a person decides.
COMPARED = {
    "amount_subtotal": "another_amount",
    "amount_total": "another_amount",
    "currency": "another_currency",
    "payment_intent": "no_payment_intent",
}


def paid(shop: Shop, kind: str = "content") -> Json:
    shop.create(kind)
    shop.stripe.pay(shop.stripe.sessions()[0]["id"])
    return shop.stripe.events("checkout.session.completed")[-1]


def with_object(event: Json, stripe_object: Json) -> Json:
    return event | {"data": {"object": stripe_object}}


def deliver(shop: Shop, event: Json, what: str) -> None:
    assert shop.webhook(event).status == 200, what
    assert shop.work() == [], what


def listed(shop: Shop) -> Json:
    """Return the buyer's one purchase, as every page shows it."""
    answer = shop.call("GET /api/purchases", buyer="user_1")
    assert answer.status == 200, answer.body
    [purchase] = answer.body["data"]
    path = {"creatorId": "creator_1"}
    for page in ("purchases", "revenue"):
        route = f"GET /api/creators/{{creatorId}}/{page}"
        assert shop.call(route, buyer="creator_1", path=path).status == 200
    path = {"id": purchase["id"]}
    shown = shop.call("GET /api/purchases/{id}", buyer="user_1", path=path)
    assert shown.body == purchase
    return dict(purchase)


def test_the_sdk_names_fields_of_every_object_that_we_read() -> None:
    """Or the tests below would test nothing."""
    assert {
        *("status", "metadata", "payment_intent", "amount_total", "currency", "url")
    } <= {*nullable(Session)}
    assert "latest_charge" in nullable(stripe.PaymentIntent)
    assert "balance_transaction" in nullable(stripe.Charge)
    assert all(nullable(kind) for kind in CLASSES.values())


def test_a_payment_is_recorded_whatever_its_session_lacks(shop: Shop) -> None:
    event = paid(shop)
    before = shop.aws.snapshot()
    original = event["data"]["object"]
    keep = ("metadata", *COMPARED)

    for what, session in variants(Session, original, keep=keep):
        shop.aws.restore(before)
        deliver(shop, with_object(event, session), what)

        shown, [name, _] = listed(shop), what.split()
        if name in COMPARED:
            assert (shown["status"], has_access(shop)) == ("quarantined", False), what
            [entry] = shop.audit.of("purchase_quarantined")
            assert entry["reason"] == COMPARED[name]
        else:
            assert (shown["status"], has_access(shop)) == ("completed", True), what


@pytest.mark.parametrize("event_type", ["async_payment_failed", "expired", "completed"])
def test_a_session_without_money_is_moved_whatever_it_lacks(
    shop: Shop, event_type: str
) -> None:
    event = paid(shop)
    event["type"] = f"checkout.session.{event_type}"
    status = "expired" if event_type == "expired" else "complete"
    unpaid = {"payment_status": "unpaid", "status": status}
    original = event["data"]["object"] | unpaid
    becomes = {"async_payment_failed": "failed", "completed": "processing"}
    before = shop.aws.snapshot()

    for what, session in variants(Session, original, keep=("metadata",)):
        shop.aws.restore(before)
        deliver(shop, with_object(event, session), what)

        [stored] = shop.sessions()
        assert stored["status"] == becomes.get(event_type, event_type), what
        assert not has_access(shop), what


@pytest.mark.parametrize("value", [None, ABSENT])
def test_a_session_without_a_page_to_pay_on_is_not_handed_out(
    shop: Shop, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        hide(patch, "checkout.session", ["url"], value)
        answer = shop.create("content")
    assert (answer.status, answer.body["code"]) == (502, "stripe_unavailable")

    assert shop.create("content").status == 200


@pytest.mark.parametrize(
    "facts",
    [
        {"payment_status": "partially_paid"},
        {"payment_status": "a_word_of_the_future"},
        {"status": "a_word_of_the_future"},
    ],
)
def test_a_word_that_we_do_not_know_is_quarantined(
    shop: Shop, facts: Json, capsys: pytest.CaptureFixture[str]
) -> None:
    """Invariants 3 and 4: kept and alarmed, and no access."""
    event = paid(shop)
    event["data"]["object"] |= facts

    deliver(shop, event, str(facts))

    assert (listed(shop)["status"], has_access(shop)) == ("quarantined", False)
    assert metrics_in(capsys.readouterr().out)["payments.checkout.quarantined"] == 1
    [entry] = shop.audit.of("purchase_quarantined")
    assert entry["reason"] == "unknown_status"


@pytest.mark.parametrize("status", [None, ABSENT, "a_word_of_the_future"])
@pytest.mark.parametrize(
    ("payment", "shown"), [("paid", "complete"), ("unpaid", "open")]
)
def test_the_return_page_has_an_answer_whatever_stripe_says(
    shop: Shop,
    status: object,
    payment: str,
    shown: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if payment == "paid":
        paid(shop)
    else:
        shop.create("content")
    hide(monkeypatch, "checkout.session", ["status"], status)

    answer = shop.call(
        "GET /api/checkout/session-status",
        query={"session_id": shop.stripe.sessions()[0]["id"]},
    )

    assert (answer.status, answer.body) == (200, {"status": shown})
    # The worker decides what it means.
    assert len(shop.aws.messages()) == (payment == "paid")


def test_a_declined_payment_is_noted_whatever_it_lacks(shop: Shop) -> None:
    shop.create("content")
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.pay(stripe_id, "4000000000000002")
    [event] = shop.stripe.events("payment_intent.payment_failed")
    original = event["data"]["object"]

    for number, (what, intent) in enumerate(variants(stripe.PaymentIntent, original)):
        declined = with_object(event, intent) | {"id": f"evt_{number}"}
        deliver(shop, declined, what)

    assert not has_access(shop)


def test_refunds_are_found_whatever_their_charge_lacks(shop: Shop) -> None:
    purchase = bought(shop)
    refund_in_dashboard(shop, purchase["id"], amount=999)
    [event] = shop.stripe.events("charge.refunded")
    before = shop.aws.snapshot()

    for what, charge in variants(stripe.Charge, event["data"]["object"]):
        shop.aws.restore(before)
        deliver(shop, with_object(event, charge), what)

        assert (listed(shop)["status"], has_access(shop)) == ("refunded", False), what


@pytest.mark.parametrize("value", [None, ABSENT])
def test_refunds_are_found_without_the_sum_of_a_charge(
    shop: Shop, value: object
) -> None:
    purchase = bought(shop)
    refund_in_dashboard(shop, purchase["id"], amount=999)
    [event] = shop.stripe.events("charge.refunded")

    charge = changed(event["data"]["object"], ["amount_refunded"], value)
    deliver(shop, with_object(event, charge), said(value))

    assert listed(shop)["status"] == "refunded"


def test_an_event_is_applied_whatever_it_lacks(shop: Shop) -> None:
    original = paid(shop)
    before = shop.aws.snapshot()

    for what, event in variants(stripe.Event, original):
        shop.aws.restore(before)
        deliver(shop, event, what)

        assert listed(shop)["status"] == "completed", what


@pytest.mark.parametrize(
    "kind", ["payment_intent", "charge", "balance_transaction", "refund", "dispute"]
)
def test_reconcile_reads_what_stripe_answers_whatever_it_lacks(
    shop: Shop, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A purchase with a pending refund, an open dispute and no receipt."""
    from checkout.domain.dispute import Dispute  # noqa: PLC0415 - once the environment is set
    from checkout.domain.receipt import Receipt  # noqa: PLC0415
    from checkout.domain.refund import Refund  # noqa: PLC0415

    purchase = bought(shop, card="4000000000007726")
    refund_in_dashboard(shop, purchase["id"], amount=1)
    dispute(shop, purchase, amount=2)
    shop.deliver()
    intent = purchase["stripe_payment_intent_id"]
    names = nullable(CLASSES[kind])
    with shop.environment("ReconcileFunction"):
        stripe = _stripe_of(shop)

    for value in (None, ABSENT):
        for hidden in ([name] for name in names):
            hide(monkeypatch, kind, hidden, value)
            [found] = map(Refund.from_stripe, stripe.refunds(intent))
            assert found.amount == 1, hidden
            [taken] = map(Dispute.from_stripe, stripe.disputes(intent))
            assert taken.amount == 2, hidden
            receipt = Receipt.from_stripe(stripe.payment_intent(intent))
            assert receipt.payment_intent_status == "succeeded"
            assert (receipt.fee is None) == (receipt.currency is None)
        hide(monkeypatch, kind, names, value)
        assert shop.invoke("ReconcileFunction", {})["failed"] == 0
        assert shop.work() == []
        assert (listed(shop)["status"], has_access(shop)) == ("disputed", False)


def _stripe_of(shop: Shop) -> Any:
    from checkout.wiring.stripe import stripe_api  # noqa: PLC0415 - once the environment is set
    from tests import flows  # noqa: PLC0415

    return stripe_api(flows._config(shop))  # noqa: SLF001 - as its flows have it


def test_a_debit_that_the_bank_decides_on_is_read_whatever_it_lacks(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reconcile and the return page retrieve its session and payment intent."""
    shop.create("content")
    stripe_id = shop.stripe.sessions()[0]["id"]
    shop.stripe.pay_by_bank(stripe_id)
    shop.deliver()

    for kind in ("checkout.session", "payment_intent"):
        for name in nullable(CLASSES[kind]):
            for value in (None, ABSENT):
                hide(monkeypatch, kind, [name], value)
                answer = shop.call(
                    "GET /api/checkout/session-status", query={"session_id": stripe_id}
                )
                assert answer.status == 200, name
                assert shop.work() == [], name
                assert not has_access(shop), name


# ------------------------------------------------------------ what is stored


BROKEN = [
    {"amount": None},
    {"amount": "much"},
    {"refunds": ["re_1"]},
    {"refunds": {"re_1": {"id": "re_1", "amount": "much"}}},
    {"disputes": {"du_1": 7}},
    {"refund_requests": 7},
    {"receipt": "paid"},
    {"platform_fee_bps": 20_000},
    {"currency": None},
]


def test_a_purchase_of_a_kind_that_is_gone_stays_in_the_history(shop: Shop) -> None:
    purchase = bought(shop)
    shop.aws.change("PurchasesTable", purchase["id"], kind="a_kind_of_the_past")

    answer = shop.call("GET /api/purchases", buyer="user_1")

    assert answer.status == 200
    [shown] = answer.body["data"]
    assert (shown["id"], shown["kind"]) == (purchase["id"], "a_kind_of_the_past")


@pytest.mark.parametrize("broken", BROKEN, ids=json.dumps)
def test_a_purchase_that_cannot_be_read_hides_no_other(
    shop: Shop, broken: Json, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is left out of its buyer's and its creator's page, counted and logged."""
    from checkout.tables.item import to_item  # noqa: PLC0415 - once the environment is set

    purchase = bought(shop)
    bad = {**purchase, "id": "pur_bad", "quarantine": "open", **broken}
    shop.aws.dynamodb.put_item(
        TableName=shop.aws.tables["PurchasesTable"], Item=to_item(bad)
    )
    shop.aws.put("PurchasesTable", {"id": "buyer#user_1", "total": 2, "completed": 2})
    capsys.readouterr()

    with captured_log() as log:
        answers = [
            shop.call("GET /api/purchases", buyer="user_1"),
            shop.call(
                "GET /api/creators/{creatorId}/purchases",
                buyer="creator_1",
                path={"creatorId": "creator_1"},
            ),
        ]

    for answer in answers:
        assert answer.status == 200
        assert [shown["id"] for shown in answer.body["data"]] == [purchase["id"]]
    lines = map(json.loads, log.getvalue().splitlines())
    told = [line for line in lines if line["message"] == "item_unreadable"]
    assert [line["item_id"] for line in told] == ["pur_bad"] * 2
    counted = metrics_in(capsys.readouterr().out)
    assert counted["payments.items.unreadable"] == 2


def test_a_counter_that_cannot_be_read_hides_no_other_day(shop: Shop) -> None:
    bought(shop)
    [counter] = [
        item
        for item in shop.aws.items("PurchasesTable")
        if item["id"].startswith("revenue#")
    ]
    creator, day, shard = counter["id"].removeprefix("revenue#").rsplit("#", 2)
    other = "0" if shard != "0" else "1"
    shop.aws.put(
        "PurchasesTable",
        {"id": f"revenue#{creator}#{day}#{other}", "usd_a_measure_of_the_past": 1},
    )

    answer = shop.call(
        "GET /api/creators/{creatorId}/revenue",
        buyer=creator,
        path={"creatorId": creator},
    )

    assert answer.status == 200
    assert answer.body["totals"][0]["grossCents"] == 999
